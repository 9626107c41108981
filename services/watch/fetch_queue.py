"""Records that were fetched and not yet processed: the first of a partition is its oldest."""

from collections import deque
from collections.abc import Collection
from typing import NamedTuple

from services.watch.balances import Partition


class FetchedRange(NamedTuple):
    """Consecutive records, as far as their times are concerned."""

    first: int
    """The offset of the first record."""
    last: int
    value: bytes | None
    """The value of the first record."""


class FetchQueue:
    """The partitions that are read here, each with the ranges that wait for its agent."""

    def __init__(self) -> None:
        self._waiting: dict[Partition, deque[FetchedRange]] = {}

    def keep_only(self, places: Collection[Partition]) -> None:
        """Drop the partitions that others read from now on."""
        self._waiting = {place: each for place, each in self._waiting.items() if place in places}

    def add(self, place: Partition, fetched: FetchedRange, worked: int) -> None:
        """Add fetched records; `worked` is behind the last processed record of the partition."""
        waiting = self._waiting.setdefault(place, deque())
        _drop(waiting, worked)
        waiting.append(fetched)

    def first(self, place: Partition, committed: int, worked: int) -> bytes | None:
        """The value of the first record from `committed` on; None where it is not known.

        It is known only of a consumer that has processed exactly as far as the watch.
        """
        waiting = self._waiting.get(place)
        if waiting is None:
            return None
        _drop(waiting, worked)
        if not waiting or not worked <= committed <= waiting[0].first:
            return None
        return waiting[0].value


def _drop(waiting: deque[FetchedRange], worked: int) -> None:
    while waiting and waiting[0].last < worked:
        waiting.popleft()

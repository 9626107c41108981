"""What was fetched of each partition and not yet worked on: the first of it is its oldest. Pure."""

from collections import deque
from collections.abc import Collection
from typing import NamedTuple

from services.watch.balances import Partition


class Waiting(NamedTuple):
    """Records that follow each other, as far as their times are concerned."""

    first: int
    """The offset of the first."""
    last: int
    value: bytes | None
    """Of the first."""


class Coming:
    """The partitions that are read here, each with what waits for its agent."""

    def __init__(self) -> None:
        self._waiting: dict[Partition, deque[Waiting]] = {}

    def keep_only(self, places: Collection[Partition]) -> None:
        """Forget what others read from now on."""
        self._waiting = {place: each for place, each in self._waiting.items() if place in places}

    def add(self, place: Partition, some: Waiting, worked: int) -> None:
        """Records were fetched; `worked` is behind the last one of the partition that is done."""
        waiting = self._waiting.setdefault(place, deque())
        _drop(waiting, worked)
        waiting.append(some)

    def first(self, place: Partition, committed: int, worked: int) -> bytes | None:
        """The value of the first record from `committed` on; None where it is not known.

        It is known only to those who have done no more and no less than the watch.
        """
        waiting = self._waiting.get(place)
        if waiting is None:
            return None
        _drop(waiting, worked)
        if not waiting or not worked <= committed <= waiting[0].first:
            return None
        return waiting[0].value


def _drop(waiting: deque[Waiting], worked: int) -> None:
    while waiting and waiting[0].last < worked:
        waiting.popleft()

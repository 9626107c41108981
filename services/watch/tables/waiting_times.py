"""Event times of records that wait, in bounded memory: fetched ones, and the treasury's orders.

The right to describe groups does not include reading a consumer's next record. The watch reads the
payment orders itself, and so knows the time of each. It keeps the last ones: the oldest event of a
treasury that is further behind is unknown, and never guessed.
"""

from array import array
from bisect import bisect_left
from collections import deque
from collections.abc import Collection
from math import isnan, nan
from typing import Final, NamedTuple

import msgspec

from events.topics import Place
from services.runtime.ops.clock import later_s, seconds_of
from services.watch.tables.partitions import ReadOnce, only

KEPT: Final = 65_536
"""Orders kept of each partition at least, 16 bytes each: years of a large municipality."""


class FetchedRange(NamedTuple):
    """Consecutive records, as far as their times are concerned."""

    first: int
    """The offset of the first record."""
    last: int
    value: bytes | None
    """The value of the first record."""


class FetchQueue:
    """Records that were fetched and not yet processed: the first of a partition is its oldest."""

    def __init__(self) -> None:
        self._waiting: dict[Place, deque[FetchedRange]] = {}

    def keep_only(self, places: Collection[Place]) -> None:
        """Drop the partitions that others read from now on."""
        self._waiting = only(places, self._waiting)

    def add(self, place: Place, fetched: FetchedRange, worked: int) -> None:
        """Add fetched records; `worked` is behind the last processed record of the partition."""
        waiting = self._waiting.setdefault(place, deque())
        _drop(waiting, worked)
        waiting.append(fetched)

    def first(self, place: Place, committed: int, worked: int) -> bytes | None:
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


class _Orders:
    """The last offsets of one partition, in order, each with its event time."""

    def __init__(self) -> None:
        self.known_from = 0
        """The offset before which nothing is kept any more."""
        self.offsets = array("q")
        self.times_s = array("d")
        self.latest_s: float | None = None


class OrderTimes(ReadOnce[_Orders]):
    """The event times of payment orders, by their offset in the treasury's topic."""

    def __init__(self, kept: int = KEPT) -> None:
        super().__init__(_Orders)
        self._kept = kept

    def add(self, number: int, offset: int, raw: bytes | None) -> None:
        """Add one record of the topic of payment orders."""
        orders = self._table(number, offset)
        if orders is None:
            return
        event_s = event_time_s(raw)
        orders.offsets.append(offset)
        orders.times_s.append(nan if event_s is None else event_s)
        orders.latest_s = later_s(orders.latest_s, event_s)
        if len(orders.offsets) >= 2 * self._kept:
            orders.known_from = orders.offsets[self._kept]
            del orders.offsets[: self._kept], orders.times_s[: self._kept]

    def oldest_s(self, number: int, committed: int) -> float | None:
        """The event time of the first order at `committed` or later; None: none, or unknown."""
        orders = self._partitions.get(number)
        if orders is None or committed < orders.known_from:
            return None
        index = bisect_left(orders.offsets, committed)
        if index == len(orders.offsets) or isnan(orders.times_s[index]):
            return None
        return orders.times_s[index]

    def latest_s(self, number: int) -> float | None:
        """The latest event time of the orders of a partition; None without any."""
        orders = self._partitions.get(number)
        return None if orders is None else orders.latest_s


class _Message(msgspec.Struct):
    time: str | None = None


_message: Final = msgspec.json.Decoder(_Message).decode


def event_time_s(raw: bytes | None) -> float | None:
    """The time of a message of the ledger, in seconds since 1970; None where it has none."""
    try:
        return seconds_of(_message(raw or b"").time)
    except msgspec.MsgspecError:
        return None

"""Event times of the payment orders that the treasury has still to read, in bounded memory.

The right to describe groups does not include reading a consumer's next record. The watch reads the
payment orders itself, and so knows the time of each. It keeps the last ones: the oldest event of a
treasury that is further behind is unknown, and never guessed.
"""

from array import array
from bisect import bisect_left
from math import isnan, nan
from typing import Final

import msgspec

from services.runtime.ops.clock import later_s, seconds_of
from services.watch.read_once import ReadOnce

KEPT: Final = 65_536
"""Orders kept of each partition at least, 16 bytes each: years of a large municipality."""


class _Message(msgspec.Struct):
    time: str | None = None


_message: Final = msgspec.json.Decoder(_Message).decode


class _Partition:
    """The last offsets of one partition, in order, each with its event time."""

    def __init__(self) -> None:
        self.next = 0
        self.known_from = 0
        """The offset before which nothing is kept any more."""
        self.offsets = array("q")
        self.times_s = array("d")
        self.latest_s: float | None = None


class OrderTimes(ReadOnce[_Partition]):
    """The event times of payment orders, by their offset in the treasury's topic."""

    def __init__(self, kept: int = KEPT) -> None:
        super().__init__(_Partition)
        self._kept = kept

    def add(self, number: int, offset: int, raw: bytes | None) -> None:
        """Add one record of the topic of payment orders."""
        partition = self._table(number, offset)
        if partition is None:
            return
        event_s = event_time_s(raw)
        partition.offsets.append(offset)
        partition.times_s.append(nan if event_s is None else event_s)
        partition.latest_s = later_s(partition.latest_s, event_s)
        if len(partition.offsets) >= 2 * self._kept:
            partition.known_from = partition.offsets[self._kept]
            del partition.offsets[: self._kept], partition.times_s[: self._kept]

    def oldest_s(self, number: int, committed: int) -> float | None:
        """The event time of the first order at `committed` or later; None: none, or unknown."""
        partition = self._partitions.get(number)
        if partition is None or committed < partition.known_from:
            return None
        return _at(partition, bisect_left(partition.offsets, committed))

    def latest_s(self, number: int) -> float | None:
        """The latest event time of the orders of a partition; None without any."""
        partition = self._partitions.get(number)
        return None if partition is None else partition.latest_s


def _at(partition: _Partition, index: int) -> float | None:
    if not 0 <= index < len(partition.offsets):
        return None
    time_s = partition.times_s[index]
    return None if isnan(time_s) else time_s


def event_time_s(raw: bytes | None) -> float | None:
    """The time of a message of the ledger, in seconds since 1970; None where it has none."""
    try:
        return seconds_of(_message(raw or b"").time)
    except msgspec.MsgspecError:
        return None

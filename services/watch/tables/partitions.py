"""Partitions that are read here, and the progress of reading them: what all tables stand on."""

from collections.abc import Callable, Collection
from typing import Generic, NamedTuple, TypeVar

K = TypeVar("K")
V = TypeVar("V")
P = TypeVar("P")


class ReadProgress(NamedTuple):
    """Progress of reading one partition: offsets, taken in this order."""

    worked: int
    """Behind the last processed record."""
    position: int
    """The fetch position: everything before it was fetched."""
    behind_last: int
    """Behind the last fetched record; from there to `position` there are only markers."""
    end: int
    """The end of the partition, open transactions included."""

    def is_worked(self, end: int) -> bool:
        """True if everything before `end` was processed."""
        return self.worked >= end or (self.position >= end and self.worked >= self.behind_last)


def only(kept: Collection[K], table: dict[K, V]) -> dict[K, V]:
    """The entries of a table whose partitions are still read here."""
    return {key: each for key, each in table.items() if key in kept}


class ReadOnce(Generic[P]):
    """The partitions of a topic that are read here; a record that comes again changes nothing."""

    def __init__(self, make: Callable[[], P]) -> None:
        self._make = make
        self._partitions: dict[int, P] = {}
        self._next: dict[int, int] = {}

    def keep_only(self, numbers: Collection[int]) -> None:
        """Drop the partitions that others read from now on."""
        self._partitions = only(numbers, self._partitions)
        self._next = only(numbers, self._next)

    def next_offset(self, number: int) -> int:
        """The offset behind the last record of a partition; 0 without any."""
        return self._next.get(number, 0)

    def _table(self, number: int, offset: int) -> P | None:
        """The table in which a record counts; None where it was counted before."""
        if offset < self.next_offset(number):
            return None
        self._next[number] = offset + 1
        if number not in self._partitions:
            self._partitions[number] = self._make()
        return self._partitions[number]

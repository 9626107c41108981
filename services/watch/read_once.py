"""Tables over the records of a topic, by partition; each record counts once."""

from collections.abc import Callable, Collection
from typing import Generic, Protocol, TypeVar


class PartitionTable(Protocol):
    """The table of one partition."""

    next: int
    """The offset behind its last record."""


P = TypeVar("P", bound=PartitionTable)


class ReadOnce(Generic[P]):
    """The partitions of a topic that are read here; a record that comes again changes nothing."""

    def __init__(self, make: Callable[[], P]) -> None:
        self._make = make
        self._partitions: dict[int, P] = {}

    def keep_only(self, numbers: Collection[int]) -> None:
        """Drop the partitions that others read from now on."""
        self._partitions = {
            number: each for number, each in self._partitions.items() if number in numbers
        }

    def next_offset(self, number: int) -> int:
        """The offset behind the last record of a partition; 0 without any."""
        partition = self._partitions.get(number)
        return 0 if partition is None else partition.next

    def _table(self, number: int, offset: int) -> P | None:
        """The table in which a record counts; None where it was counted before."""
        partition = self._partitions.get(number)
        if partition is None:
            partition = self._partitions[number] = self._make()
        if offset < partition.next:
            return None
        partition.next = offset + 1
        return partition

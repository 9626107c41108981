"""Rounds: when a balance has waited too long for its other half. Pure: no clock decides it.

A transaction puts a record into the journal and a balance beside it, but two partitions are not
read at one pace. So: what waits is suspect; the ends of both partitions are noted; and what still
waits as it did when both have been read that far is a difference.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from events.topics import BALANCES, JOURNAL
from services.watch.balances import LiveBalances, OpenEnds, Partition
from services.watch.budget_balance import Difference


class Reached(NamedTuple):
    """How far one partition has come; offsets, asked in this order."""

    worked: int
    """Behind the last record that was worked on."""
    position: int
    """Before which everything was fetched."""
    behind_last: int
    """Behind the last record that was fetched; from there to `position` are markers alone."""
    end: int
    """Where the partition ends, open transactions included."""

    def is_worked(self, end: int) -> bool:
        """Whether everything before `end` is done."""
        return self.worked >= end or (self.position >= end and self.worked >= self.behind_last)


class Stand(NamedTuple):
    """How far a partition was worked on, and where it ended, as of the last round."""

    worked: int
    """The end itself where markers alone are left to it."""
    end: int


class Shrunk(Exception):
    """A partition ends before what was read of it: it is not the same any more."""

    def __init__(self, place: Partition, worked: int, end: int) -> None:
        super().__init__(f"{place.topic}/{place.number} ends at {end}, but was read to {worked}")


@dataclass(slots=True)
class _Pair:
    """The same partition of both topics."""

    ends: dict[Partition, int]
    """How far both are to be read until the suspects are overdue."""
    seen: OpenEnds = field(default_factory=dict)
    suspects: OpenEnds = field(default_factory=dict)
    read: bool = False
    """Whether both were read to where they ended when they were assigned."""


class Rounds:
    """What each pair of partitions is suspected of, round by round."""

    def __init__(self, live: LiveBalances) -> None:
        self.stands: dict[Partition, Stand] = {}
        """Where each partition stands, as of the last round."""
        self._live = live
        self._answered = False
        self._pairs: dict[int, _Pair] = {}
        self._unread: dict[Partition, int] = {}
        """Where each partition ended when it was assigned, until it is read that far."""
        self._read: set[Partition] = set()

    @property
    def ready(self) -> bool:
        """Whether all was read that was there at assignment, and the cluster still answers."""
        return (
            self._answered and bool(self._pairs) and all(each.read for each in self._pairs.values())
        )

    @property
    def behind(self) -> dict[Partition, int]:
        """How many offsets each partition is behind its end, as of the last round."""
        return {place: each.end - each.worked for place, each in self.stands.items()}

    def no_answer(self) -> None:
        """The cluster did not say how far its partitions go."""
        self._answered = False

    def keep_only(self, partitions: Iterable[Partition]) -> None:
        """Forget what others read from now on; what comes back is read anew."""
        kept = set(partitions)
        self._pairs = {
            number: pair for number, pair in self._pairs.items() if kept.issuperset(pair.ends)
        }
        self._unread = {place: end for place, end in self._unread.items() if place in kept}
        self._read &= kept

    def has_read(self, topic: str) -> bool:
        """The same of one topic: all that is assigned of it, and was there at assignment."""
        is_read = [place in self._read for place in self.stands if place.topic == topic]
        return self._answered and bool(is_read) and all(is_read)

    def is_read(self, number: int) -> bool:
        """Whether one pair of partitions was read to where both ended at assignment."""
        return number in self._pairs and self._pairs[number].read

    def is_current(self, number: int) -> bool:
        """The same, and the cluster still answers: what comes is read as it comes."""
        return self._answered and self.is_read(number)

    def turn(self, reached: Mapping[Partition, Reached]) -> list[Difference]:
        """One round: what has waited too long.

        Args:
            reached: how far every partition that is assigned has come, asked since the last round.

        Raises:
            Shrunk: a topic was made anew, or has lost records; so the table is no longer its sum.
        """
        for place, each in reached.items():
            if each.worked > each.end:
                raise Shrunk(place, each.worked, each.end)
        self._answered = True
        ends = _ends_of_pairs(reached)
        self._pairs = {number: self._pairs.get(number) or _Pair(ends[number]) for number in ends}
        overdue: list[Difference] = []
        for number, pair in self._pairs.items():
            if all(reached[place].is_worked(end) for place, end in pair.ends.items()):
                overdue += self._live.overdue(pair.suspects)
                self._suspect(number, pair)
                pair.ends, pair.read = ends[number], True
        self._look(reached)
        return overdue

    def _look(self, reached: Mapping[Partition, Reached]) -> None:
        """Where every partition stands, and which were read to where they ended."""
        self.stands = {
            place: Stand(each.end if each.is_worked(each.end) else each.worked, each.end)
            for place, each in reached.items()
        }
        for place, each in reached.items():
            if place not in self._read and each.is_worked(self._unread.setdefault(place, each.end)):
                self._read.add(place)
                del self._unread[place]

    def _suspect(self, number: int, pair: _Pair) -> None:
        """What waited already when the ends were asked for."""
        waiting = self._live.open_ends(number)
        pair.suspects = {
            place: how_far for place, how_far in waiting.items() if pair.seen.get(place) == how_far
        }
        pair.seen = waiting


def _ends_of_pairs(reached: Mapping[Partition, Reached]) -> dict[int, dict[Partition, int]]:
    """The ends of both topics, by number; a partition without its counterpart is left out."""
    numbers = {place.number for place in reached}
    pairs = {each: (Partition(JOURNAL, each), Partition(BALANCES, each)) for each in numbers}
    return {
        number: {place: reached[place].end for place in pair}
        for number, pair in pairs.items()
        if all(place in reached for place in pair)
    }

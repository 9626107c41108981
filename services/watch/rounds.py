"""Rounds: when a balance has waited too long for its other half. Pure: no clock decides it.

A transaction puts a record into the journal and a balance beside it, but two partitions are not
read at one pace. So: what waits is suspect; the ends of both partitions are noted; and what still
waits as it did when both have been read that far is a difference.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from events.topics import BALANCES, JOURNAL
from services.watch.balances import LiveBalances, OpenEnds, Partition
from services.watch.budget import Difference


class Reached(NamedTuple):
    """How far a partition is fetched, and where it ends, open transactions included."""

    position: int
    behind_last: int
    """The offset behind the last record that was fetched; from there to `position` are markers."""
    end: int

    def is_worked(self, worked: int, end: int) -> bool:
        """Whether everything before `end` is done, when all before `worked` is."""
        return worked >= end or (self.position >= end and worked >= self.behind_last)


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
        self.behind: dict[Partition, int] = {}
        """How many offsets each partition is behind its end, as of the last round."""
        self._live = live
        self._answered = False
        self._pairs: dict[int, _Pair] = {}

    @property
    def ready(self) -> bool:
        """Whether all was read that was there at assignment, and the cluster still answers."""
        return (
            self._answered and bool(self._pairs) and all(each.read for each in self._pairs.values())
        )

    def no_answer(self) -> None:
        """The cluster did not say how far its partitions go."""
        self._answered = False

    def is_read(self, number: int) -> bool:
        """The same of one pair of partitions."""
        return number in self._pairs and self._pairs[number].read

    def turn(self, reached: Mapping[Partition, Reached]) -> list[Difference]:
        """One round: what has waited too long.

        Args:
            reached: how far partitions are fetched and where they end, asked since the last round.
        """
        self._answered = True
        worked = {place: self._live.next_offset(place) or 0 for place in reached}
        ends = _ends_of_pairs(reached)
        self._pairs = {number: self._pairs.get(number) or _Pair(ends[number]) for number in ends}
        overdue: list[Difference] = []
        for number, pair in self._pairs.items():
            if all(
                reached[place].is_worked(worked[place], end) for place, end in pair.ends.items()
            ):
                overdue += self._live.overdue(pair.suspects)
                self._suspect(number, pair)
                pair.ends, pair.read = ends[number], True
        self.behind = {
            place: 0 if each.is_worked(worked[place], each.end) else each.end - worked[place]
            for place, each in reached.items()
        }
        return overdue

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

"""Reconciliation of journal and published balances: one without the other, for too long.

A transaction writes a record of the journal and a balance, but two partitions are not read at one
pace. So a balance or record without its counterpart is suspect; the ends of both partitions are
noted; and if it is still alone when both were read that far, it is a difference. No clock decides.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from events.topics import BALANCES, JOURNAL, Place
from services.watch.tables.balances import LiveBalances, OpenEnds
from services.watch.tables.budget_balance import Difference
from services.watch.tables.partitions import ReadProgress, only

SHRUNK_AFTER: Final = 10
"""After so many samples in a row a partition that ends too early is one that was made anew. Fewer
are a broker that was frozen: it leads no more, does not know it yet, and says an old end."""


class Progress(NamedTuple):
    """The processed offset and the end of a partition, as of the last reconciliation."""

    worked: int
    """The end itself where only markers are left before it."""
    end: int


class Shrunk(Exception):
    """A partition ends before an offset that was read: it is not the same any more."""

    def __init__(self, place: Place, worked: int, end: int) -> None:
        super().__init__(f"{place.topic}/{place.partition} ends at {end}, but was read to {worked}")


@dataclass(slots=True)
class _Pair:
    """The same partition of both topics."""

    ends: dict[Place, int]
    """The offsets up to which both are to be read until the suspects are overdue."""
    seen: OpenEnds = field(default_factory=dict)
    suspects: OpenEnds = field(default_factory=dict)
    read: bool = False
    """True if both were read to where they ended when they were assigned."""


class Reconciliation:
    """The pairs of partitions, each with its suspects."""

    def __init__(self, live: LiveBalances) -> None:
        self.progress: dict[Place, Progress] = {}
        """The progress of each partition, as of the last reconciliation."""
        self._live = live
        self._answered = False
        self._pairs: dict[int, _Pair] = {}
        self._unread: dict[Place, int] = {}
        """The end of each partition at its assignment, until it is read that far."""
        self._short: dict[Place, int] = {}
        """How many samples in a row have found a partition to end before what was read of it."""
        self._read: set[Place] = set()

    @property
    def ready(self) -> bool:
        """True if everything present at the assignment was read, and the cluster answers."""
        return (
            self._answered and bool(self._pairs) and all(each.read for each in self._pairs.values())
        )

    @property
    def behind(self) -> dict[Place, int]:
        """Offsets between progress and end of each partition, as of the last reconciliation."""
        return {place: each.end - each.worked for place, each in self.progress.items()}

    def no_answer(self) -> None:
        """Take note that the cluster did not report the ends of its partitions."""
        self._answered = False

    def keep_only(self, partitions: Iterable[Place]) -> None:
        """Drop the partitions that others read from now on; returned ones are read anew."""
        kept = set(partitions)
        self._pairs = {
            number: pair for number, pair in self._pairs.items() if kept.issuperset(pair.ends)
        }
        self._unread = only(kept, self._unread)
        self._read &= kept

    def has_read(self, topic: str) -> bool:
        """The same as `ready` of one topic alone."""
        is_read = [place in self._read for place in self.progress if place.topic == topic]
        return self._answered and bool(is_read) and all(is_read)

    def is_read(self, number: int) -> bool:
        """True if one pair of partitions was read to the ends that it had at its assignment."""
        return number in self._pairs and self._pairs[number].read

    def is_current(self, number: int) -> bool:
        """The same, while the cluster answers: new records are read as they arrive."""
        return self._answered and self.is_read(number)

    def is_answer(self, reached: Mapping[Place, ReadProgress]) -> bool:
        """False where a partition ends before what was read of it: that was no answer.

        Raises:
            Shrunk: it stays so: the topic was made anew, or has lost records, and the balances are
                no longer its sum.
        """
        short = [place for place, each in reached.items() if each.worked > each.end]
        self._short = {place: self._short.get(place, 0) + 1 for place in short}
        for place, samples in self._short.items():
            if samples >= SHRUNK_AFTER:
                raise Shrunk(place, reached[place].worked, reached[place].end)
        if short:
            self.no_answer()
        return not short

    def reconcile(self, reached: Mapping[Place, ReadProgress]) -> list[Difference]:
        """The differences that are overdue.

        Args:
            reached: the progress of every assigned partition, taken since the last call.
        """
        self._answered = True
        ends = _ends_of_pairs(reached)
        self._pairs = {number: self._pairs.get(number) or _Pair(ends[number]) for number in ends}
        overdue: list[Difference] = []
        for number, pair in self._pairs.items():
            if all(reached[place].is_worked(end) for place, end in pair.ends.items()):
                overdue += self._live.overdue(pair.suspects)
                self._suspect(number, pair)
                pair.ends, pair.read = ends[number], True
        self._note(reached)
        return overdue

    def _note(self, reached: Mapping[Place, ReadProgress]) -> None:
        """Note the progress of every partition, and those read to their end at assignment."""
        self.progress = {
            place: Progress(each.end if each.is_worked(each.end) else each.worked, each.end)
            for place, each in reached.items()
        }
        for place, each in reached.items():
            if place not in self._read and each.is_worked(self._unread.setdefault(place, each.end)):
                self._read.add(place)
                del self._unread[place]

    def _suspect(self, number: int, pair: _Pair) -> None:
        """Note as suspects what was open already when the ends were asked for."""
        waiting = self._live.open_ends(number)
        pair.suspects = {
            place: how_far for place, how_far in waiting.items() if pair.seen.get(place) == how_far
        }
        pair.seen = waiting


def _ends_of_pairs(reached: Mapping[Place, ReadProgress]) -> dict[int, dict[Place, int]]:
    """The ends of both topics, by number, without partitions that lack their counterpart."""
    numbers = {place.partition for place in reached}
    pairs = {each: (Place(JOURNAL, each), Place(BALANCES, each)) for each in numbers}
    return {
        number: {place: reached[place].end for place in pair}
        for number, pair in pairs.items()
        if all(place in reached for place in pair)
    }

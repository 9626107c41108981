"""Live balances of every budget read here, compared with the published ones."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from events.journal import Record
from events.topics import BALANCES, JOURNAL, Place
from services.watch.tables.budget_balance import (
    Budget,
    Comparisons,
    Difference,
    Kind,
    NotReadable,
    TopicKey,
    read_balance,
    read_key,
)
from services.watch.tables.partitions import ReadProgress, only

UNREADABLE: Final = "_dead."
"""Prefix of the chains of unreadable records, which belong to no budget and move nothing."""


class Fault(NamedTuple):
    """A budget whose journal cannot be added up any further."""

    budget: str
    partition: int
    offset: int
    why: str


OpenEnds = dict[TopicKey, tuple[int, int, int]]
"""Balances of which the record or the published balance is missing, and how far both are."""


class LiveBalances:
    """The budgets whose partitions this process reads, and the next offset of each partition.

    A record that comes again is recognised by its offset, and changes nothing.
    """

    def __init__(self) -> None:
        self.budgets: dict[str, Budget] = {}
        self.comparisons = Comparisons()
        self._next: dict[Place, int] = {}
        self._open: set[str] = set()
        self._unnamed: set[tuple[Place, bytes]] = set()
        """The keys that name no balance, until a tombstone takes each away."""

    def next_offset(self, partition: Place) -> int:
        """The offset behind the last processed record of `partition`; 0 without any."""
        return self._next.get(partition, 0)

    def keep_only(self, partitions: Iterable[Place]) -> None:
        """Drop the partitions that others read from now on."""
        kept = set(partitions)
        self._next = only(kept, self._next)
        self.budgets = {
            name: budget
            for name, budget in self.budgets.items()
            if Place(JOURNAL, budget.partition) in kept
        }
        self._open &= self.budgets.keys()
        self._unnamed = {each for each in self._unnamed if each[0] in kept}

    def add(
        self, number: int, offset: int, key: bytes | None, record: Record | None, why: str = ""
    ) -> list[Difference] | Fault:
        """Add up one record of the journal's partition `number`; differences found by it.

        None is a record that cannot be read, `why` the reason.
        """
        place = Place(JOURNAL, number)
        self._next[place] = max(self.next_offset(place), offset + 1)
        if record is None:
            budget = self._budget((key or b"").decode(errors="replace"), number)
            return self._fault(budget, offset, why)
        if record.budget.startswith(UNREADABLE):
            return []
        budget = self._budget(record.budget, number)
        if offset <= budget.offset or budget.fault is not None:
            return []
        budget.partition, budget.offset = number, offset
        if record.sequence != budget.sequence + 1:
            why = f"record {record.sequence} follows {budget.sequence}"
            return self._fault(budget, offset, why)
        found = budget.apply(record)
        self._note(budget)
        return found

    def publish(
        self, number: int, offset: int, key: bytes | None, raw: bytes | None
    ) -> list[Difference]:
        """Compare one record of the balances' partition `number` with the live balances."""
        partition = Place(BALANCES, number)
        if offset < self.next_offset(partition):
            return []  # An older balance must not replace a newer one.
        self._next[partition] = offset + 1
        try:
            place = read_key(key)
        except NotReadable as error:
            return self._publish_unnamed(partition, key or b"", raw, str(error))
        budget = self._budget(place.budget, number)
        found = self._publish(budget, place, raw) if budget.fault is None else None
        self._note(budget)
        return [] if found is None else [found]

    def _publish_unnamed(
        self, partition: Place, key: bytes, raw: bytes | None, why: str
    ) -> list[Difference]:
        """Take a record whose key names no balance: it differs until a tombstone removes it."""
        if raw is None:
            self._unnamed.discard((partition, key))
            return []
        self._unnamed.add((partition, key))
        name = key.decode(errors="replace")
        return [Difference(Kind.NOT_READABLE, name, None, None, why=why)]

    def _publish(self, budget: Budget, place: TopicKey, raw: bytes | None) -> Difference | None:
        if raw is None:
            budget.withdraw(place.key)
            return None
        try:
            return budget.publish(place.key, read_balance(raw, place))
        except NotReadable as error:
            found = Difference(Kind.NOT_READABLE, budget.name, place.key, None, why=str(error))
            budget.differences[place.key] = found
            return found

    def open_ends(self, number: int) -> OpenEnds:
        """The open ends of one partition: there are some at any time, none for long."""
        return {
            TopicKey(name, key): how_far
            for name in self._open
            if self.budgets[name].partition == number
            for key, how_far in self.budgets[name].open_ends().items()
        }

    def overdue(self, ends: Mapping[TopicKey, tuple[int, int, int]]) -> list[Difference]:
        """Differences, where everything was read and these ends are still open as before."""
        budgets = self.budgets
        found = [
            budgets[place.budget].overdue(place.key, how_far)
            for place, how_far in ends.items()
            if place.budget in budgets
        ]
        return [each for each in found if each is not None]

    def differences(self) -> int:
        """The number of published balances that differ now, keys that name none included."""
        of_budgets = sum(len(budget.differences) for budget in self.budgets.values())
        return of_budgets + len(self._unnamed)

    def faults(self) -> int:
        """The number of budgets whose journal cannot be added up."""
        return sum(budget.fault is not None for budget in self.budgets.values())

    def _budget(self, name: str, number: int) -> Budget:
        budget = self.budgets.get(name)
        if budget is None:
            budget = self.budgets[name] = Budget(name, number, self.comparisons)
        return budget

    def _fault(self, budget: Budget, offset: int, why: str) -> Fault:
        budget.fault = why
        budget.unpublished.clear()
        budget.ahead.clear()
        self._note(budget)
        return Fault(budget.name, budget.partition, offset, why)

    def _note(self, budget: Budget) -> None:
        if budget.unpublished or budget.ahead:
            self._open.add(budget.name)
        else:
            self._open.discard(budget.name)


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
        """Return whether one topic was read, as `ready` says of both."""
        is_read = [place in self._read for place in self.progress if place.topic == topic]
        return self._answered and bool(is_read) and all(is_read)

    def is_read(self, number: int) -> bool:
        """True if one pair of partitions was read to the ends that it had at its assignment."""
        return number in self._pairs and self._pairs[number].read

    def is_current(self, number: int) -> bool:
        """Return whether a pair was read and the cluster answers: records are read as they come."""
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

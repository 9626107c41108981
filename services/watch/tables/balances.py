"""Live balances of every budget read here, compared with the published ones."""

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from events.journal import Record
from events.topics import BALANCES, JOURNAL, Place
from services.watch.tables.budget_balance import Budget, Comparisons, Difference, Kind
from services.watch.tables.journal_records import NotReadable, TopicKey, read_balance, read_key
from services.watch.tables.partitions import only

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
        """A key that names no balance: it differs until a tombstone removes it."""
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

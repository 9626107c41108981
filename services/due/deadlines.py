"""The deadlines of every budget whose journal is read here, and the deadline events to write.

It keeps what is open: an order until it is paid, a convention until it is carried over, or its year
is closed and it can owe no document.
Deadline events that were written are known from the journal, once the ledger has decided them, and
before that from the caller that reads their topic (`wrote`).
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Final

import msgspec

from events.journal import Event, Record
from events.lag import Order, ParkedEvent, Report
from services.due.budget import Budget, Due
from services.due.deadline_events import DeadlineEvent, deadline_event_id, deadline_event_of

UNACKNOWLEDGED_DAYS: Final = 5.0
"""The default time in which an accountant acknowledges an order."""


@dataclass(slots=True)
class _Partition:
    """One partition of the journal, with its deadline events."""

    next_offset: int = 0
    budgets: dict[str, Budget] = field(default_factory=dict)
    written: set[str] = field(default_factory=set)
    """Ids of written deadline events: what they were decided on is known from the journal alone."""

    def take(self, record: Record, event: Event) -> None:
        budget = self.budgets.get(record.budget)
        if budget is None:
            budget = self.budgets[record.budget] = Budget(record.budget)
        budget.apply(record, event)

    def list_unreported(self, now: datetime) -> Iterator[Due]:
        """Passed deadlines without a deadline event, in the order in which they passed."""
        found = [due for budget in self.budgets.values() for due in budget.list_passed(now)]
        for due in sorted(found, key=lambda each: (each.passes_at, each.deadline)):
            if deadline_event_id(due.deadline) not in self.written:
                yield due


class Deadlines:
    """Due items, by partition of the journal."""

    def __init__(self) -> None:
        self._partitions: dict[int, _Partition] = {}

    def add(self, number: int, offset: int, record: Record | None) -> None:
        """Apply the record at `offset` of the journal's partition `number`, once.

        None, a record that cannot be read, changes nothing: the watch's balances report it.
        """
        partition = self._open_partition(number)
        if offset < partition.next_offset:
            return
        partition.next_offset = offset + 1
        if record is None or record.event is None:
            return
        try:
            partition.take(record, record.event)
        except (msgspec.MsgspecError, ValueError):
            return

    def wrote(self, number: int, deadline_event_id: str) -> None:
        """Note that a deadline event stands in its topic: it is not written again."""
        self._open_partition(number).written.add(deadline_event_id)

    def keep_only(self, numbers: Collection[int]) -> None:
        """Drop the partitions that other processes read from now on."""
        self._partitions = {
            number: each for number, each in self._partitions.items() if number in numbers
        }

    def deadline_events(self, number: int, now: datetime) -> list[DeadlineEvent]:
        """The deadline events to be written by now, in the order in which their days passed.

        Before the journal was read to its end, some of them may concern settled items.
        """
        return [
            deadline_event_of(*each) for each in self._open_partition(number).list_unreported(now)
        ]

    def pending(self, now: datetime) -> int:
        """The number of deadline events to be written by now, all partitions."""
        return sum(1 for each in self._partitions.values() for _ in each.list_unreported(now))

    def orders(
        self, now: datetime, unacknowledged_days: float = UNACKNOWLEDGED_DAYS
    ) -> list[Order]:
        """The payment orders that are not paid, the oldest first."""
        patience = timedelta(days=unacknowledged_days)
        found = [each for one in self._budgets() for each in one.waiting_orders(now, patience)]
        return sorted(found, key=attrgetter("issued_at", "budget", "payment_order"))

    def reports_overdue(self, now: datetime) -> list[Report]:
        """The documents owed by a day that has passed, the oldest first."""
        found = [each for one in self._budgets() for each in one.overdue_reports(now)]
        return sorted(
            found, key=attrgetter("due_on", "budget", "convention", "document_kind", "year")
        )

    def list_parked(self, now: datetime) -> list[ParkedEvent]:
        """The events that wait, the oldest first."""
        found = [each for one in self._budgets() for each in one.list_parked_events(now)]
        return sorted(found, key=attrgetter("since", "budget"))

    def _open_partition(self, number: int) -> _Partition:
        return self._partitions.setdefault(number, _Partition())

    def _budgets(self) -> Iterator[Budget]:
        for partition in self._partitions.values():
            yield from partition.budgets.values()

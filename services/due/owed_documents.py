"""One convention: the documents that it owes, by day, and those received.

It owes what its text names with a day (`obligations`). Where the text names none, it owes each
document that an instalment without an order waits for, six months after the end of its year; and
one that was rejected behind an order, or after it had left nothing to pay. A convention that ended
owes what accounts for its money, while anything stays paid (rules, 29).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from types import MappingProxyType
from typing import Final, NamedTuple

from events import journal

REJECTED: Final = "rejected"
"""State of an order whose unpaid part is planned again (rules, 21)."""

GIVEN_BACK: Final = frozenset((REJECTED, "cancelled"))
"""States of an order that holds no money any more."""


class Document(NamedTuple):
    """A document that may be owed: its kind, and the year it reports on."""

    kind: str
    year: int


@lru_cache(maxsize=4096)
def document(kind: str, year: int) -> Document:
    """The one copy in memory of a document that thousands of schedules name."""
    return Document(kind, year)


NONE: frozenset[Document] = frozenset()
NO_DAYS: frozenset[date] = frozenset()
UNCHANGED: Mapping[str, str] = MappingProxyType({})
NO_EVENTS: Mapping[date, int] = MappingProxyType({})
NONE_LATE: Mapping[Document, date] = MappingProxyType({})


class OwedDocument(NamedTuple):
    """A document owed by a day."""

    document: Document
    due_on: date


@dataclass(slots=True)
class Plan:
    """An instalment that waits for documents."""

    documents: tuple[Document, ...]
    left_cents: int
    """The amount still to be ordered; unused while an order holds the instalment."""
    ordered: bool = False
    """True while an order holds it: only documents rejected later are owed (rules, 29)."""
    paid: bool = False
    """True where a rejected or cancelled order of it was paid in part, in whatever year."""

    def waits(self, *, ended: bool) -> bool:
        """True where its documents are owed."""
        return self.ordered or self.paid or (not ended and self.left_cents > 0)


def find_plans(
    instalments: Iterable[journal.Instalment], names: Mapping[str, str] = UNCHANGED
) -> dict[str, Plan]:
    """Instalments of a schedule that depend on documents.

    `names` has the new names of grants by the old ones (rules, 32).
    """
    plans = {}
    for each in instalments:
        if each.documents:
            cents = sum(line.amount_cents for line in each.lines)
            named = tuple(document(one.kind, one.year) for one in each.documents)
            # Carried over without lines and not settled: an order of an earlier year holds it.
            held, paid = not cents and not each.settled, each.paid_order is not None
            grant, slash, name = each.instalment.rpartition("/")
            plans[f"{names.get(grant, grant)}{slash}{name}"] = Plan(named, cents, held, paid)
    return plans


def report_due_on(year: int) -> date:
    """The due day of a document of `year` without one: six months after the end of its year."""
    return date(year + 1, 6, 30)


def find_obligations(obligations: Iterable[journal.Obligation] | None) -> tuple[OwedDocument, ...]:
    """The documents that a convention's text names with a day, each once."""
    found = (
        OwedDocument(document(each.kind, each.year), each.due_on) for each in obligations or ()
    )
    return tuple(dict.fromkeys(found))


@dataclass(slots=True)
class Convention:
    """A convention, or a grant without one that stands in its place (rules, 13)."""

    grant: str
    alone: bool
    obligations: tuple[OwedDocument, ...] = ()
    plans: dict[str, Plan] = field(default_factory=dict)
    received: frozenset[Document] = NONE
    had_cents: int = 0
    """Paid and not recovered, in all years, with orders still open when earlier ones closed."""
    ended: bool = False
    """True once it was terminated, or its award withdrawn."""
    reported: Mapping[date, int] = field(default_factory=lambda: NO_EVENTS)
    """The number of deadline events by due day."""
    late: Mapping[Document, date] = field(default_factory=lambda: NONE_LATE)
    """Documents that a deadline event found open, with its day, until they are received, or until
    another finds them owed no more: those that the list of what is to do names as late."""
    owed: tuple[OwedDocument, ...] = ()
    """Documents not received, as `reckon` found them last."""
    rejected: frozenset[Document] = NONE
    """Documents that did not do, and have not come again."""
    unreported: frozenset[date] = NO_DAYS
    """Due days whose deadline events have not named what is owed now, or name what is not.

    Such a day has no event yet; or a document is open again that came, or was not owed, when they
    were decided; or one that they named is owed no more, though it never came.
    """

    def reckon(self) -> None:
        """Compute again the owed documents, by day; one that was received is late no more."""
        owed = dict.fromkeys(each for each in self._all() if each.document not in self.received)
        self.owed = tuple(sorted(owed, key=lambda each: (each.due_on, each.document)))
        if not self.received.isdisjoint(self.late):
            self.late = {each: day for each, day in self.late.items() if each not in self.received}
        self.unreported = self._list_unreported()

    def _all(self) -> Iterator[OwedDocument]:
        if self.ended and self.had_cents <= 0:
            return
        if self.obligations:
            yield from self.obligations
        else:
            yield from self._list_planned()

    def _list_planned(self) -> Iterator[OwedDocument]:
        for plan in self.plans.values():
            waits = plan.waits(ended=self.ended)
            for each in plan.documents:
                if waits or (not self.ended and each in self.rejected):
                    yield OwedDocument(each, report_due_on(each.year))

    def _list_unreported(self) -> frozenset[date]:
        return frozenset(
            each.due_on
            for each in self.owed
            if each.due_on not in self.reported or each.document not in self.late
        ).union(day for each, day in self.late.items() if each not in self._open_by(day))

    def report(self, day: date) -> None:
        """Note that a deadline event about a day was decided: it named what is open (rules, 29)."""
        self.reported = {**self.reported, day: self.reported.get(day, 0) + 1}
        found = dict.fromkeys(self._open_by(day), day)
        # It is late by the day of the event that named it first: so the list says.
        before = {each: on for each, on in self.late.items() if each in found or on > day}
        self.late = found | before or NONE_LATE
        self.unreported = self._list_unreported()

    def _open_by(self, day: date) -> set[Document]:
        """The open documents that obligations owe by a day, else those of the plan (rules, 29)."""
        if self.ended and self.had_cents <= 0:
            return set()
        owed = [each for each in self.obligations if each.due_on <= day] or self._list_planned()
        return {each.document for each in owed} - self.received

    def receive(self, document: Document) -> None:
        """Note a received document."""
        self.received |= {document}
        self.rejected -= {document}

    def reject(self, document: Document) -> None:
        """Note a rejected document, which counts as not received (rules, 24)."""
        self.received -= {document}
        self.rejected |= {document}

    def amend(self, plans: dict[str, Plan]) -> None:
        """Replace all instalments that no order holds by a new schedule (rules, 15)."""
        held = {name: plan for name, plan in self.plans.items() if plan.ordered}
        self.plans = held | plans

    def release(self, instalment: str, cents: int) -> None:
        """Subtract a released amount of an instalment."""
        plan = self.plans.get(instalment)
        if plan is None or plan.ordered:
            return
        plan.left_cents -= cents

    def hand_over(self, grant: str) -> dict[str, Plan]:
        """Ordered instalments of a grant, under the names that its convention gives (rules, 13)."""
        return {f"{grant}/{name}": plan for name, plan in self.plans.items() if plan.ordered}

    def follow(self, order: journal.PaymentOrder, instalment: str) -> bool:
        """Note that an order holds the instalment, or gives it back.

        False where nothing changes, as with most payments and acknowledgements.
        """
        plan = self.plans.get(instalment)
        if plan is None or (plan.ordered and order.state not in GIVEN_BACK):
            return False
        plan.ordered = order.state not in GIVEN_BACK
        if not plan.ordered:
            plan.paid |= order.paid_cents > 0
            left_cents = order.amount_cents - order.paid_cents
            plan.left_cents = left_cents if order.state == REJECTED else 0
        return True

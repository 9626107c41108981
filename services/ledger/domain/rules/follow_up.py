"""Passed deadlines, reviews, withdrawals: as every subject of the table of handlers, a module."""

from typing import Any, Final

from events.follow_up import DeadlinePassed, EventWithdrawn, RecordReviewed
from services.ledger.domain.handler import Context, Handler
from services.ledger.domain.model.answers import Flag, FlagCode, Refusal
from services.ledger.domain.model.book import Book, find_parked
from services.ledger.domain.model.conventions import Convention
from services.ledger.domain.model.orders import CLOSED
from services.ledger.domain.model.schedules import documents_due
from services.ledger.domain.model.verdicts import Accepted, Refused, Waits, find_convention


def check(book: Book, event: DeadlinePassed, _at: Context) -> Accepted | Refused | Waits:
    """A payment or a report that is late is flagged; a parked event is refused behind this one."""
    if event.payment_order is not None:
        return _payment_due(book, event, event.payment_order)
    if event.convention is not None:
        return _report_due(book, event, event.convention)
    return Accepted()


def _payment_due(book: Book, event: DeadlinePassed, payment_order: str) -> Accepted | Refused:
    """A grant is paid within 60 days, unless otherwise agreed (loi 2021-875); late, it is owed."""
    order = book.orders.get(payment_order)
    if order is None:
        return Refused(Refusal.UNKNOWN_PAYMENT_ORDER, {"payment_order": payment_order})
    if order.state in CLOSED:
        return Accepted()
    facts = {"payment_order": payment_order, "due_on": event.due_on.isoformat()}
    return Accepted(flags=[Flag(FlagCode.PAYMENT_LATE, facts)])


def _report_due(book: Book, event: DeadlinePassed, name: str) -> Accepted | Refused | Waits:
    """Flag documents that the convention owes by a day, or its instalments wait for.

    A grant given for a purpose (subvention affectée) owes a financial report within six months of
    the year's end; a certified copy of budget and accounts is owed every year (CGCT L1611-4).
    """
    convention = find_convention(book, name)
    if not isinstance(convention, Convention):
        return convention
    late = documents_due(book, convention, event.due_on)
    if not late:
        return Accepted()
    facts = {
        "convention": name,
        "documents": [key._asdict() for key in late],
        "due_on": event.due_on.isoformat(),
    }
    return Accepted(flags=[Flag(FlagCode.REPORT_LATE, facts)])


def review(_book: Book, event: RecordReviewed, at: Context) -> Accepted | Refused:
    """A record of this budget is there already; chains of dead letters are not known here."""
    if event.chain is None and event.sequence >= at.sequence:
        return Refused(Refusal.UNKNOWN_RECORD, {"sequence": event.sequence})
    return Accepted()


def withdraw(_book: Book, event: EventWithdrawn, at: Context) -> Accepted | Refused:
    """Only a parked event can be withdrawn: one that was decided stays decided."""
    if find_parked(at.memory, event.event) is None:
        facts = {"event_source": event.event.source, "event_id": event.event.id}
        return Refused(Refusal.NOT_PARKED, facts)
    return Accepted()


HANDLERS: Final[tuple[Handler[Any], ...]] = (
    Handler(
        event=DeadlinePassed,
        decide=check,
        ends=lambda event: event.event,
        reports_on=lambda event: event.convention,
    ),
    Handler(event=RecordReviewed, decide=review, outlives_closing=True),
    Handler(event=EventWithdrawn, decide=withdraw, ends=lambda event: event.event),
)

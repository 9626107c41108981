"""Reviews and withdrawals: a person deals with a record. They move nothing (rules, 38 and 39)."""

from typing import Any, Final

from events.reviews import EventWithdrawn, RecordReviewed
from services.ledger.domain.handler import Context, Handler
from services.ledger.domain.model.book import Book
from services.ledger.domain.model.refusals import Refusal
from services.ledger.domain.model.verdicts import Accepted, Refused
from services.ledger.domain.parking import parked_as


def review(_book: Book, event: RecordReviewed, at: Context) -> Accepted | Refused:
    """A record of this budget is there already; chains of dead letters are not known here."""
    if event.chain is None and event.sequence >= at.sequence:
        return Refused(Refusal.UNKNOWN_RECORD, {"sequence": event.sequence})
    return Accepted()


def withdraw(_book: Book, event: EventWithdrawn, at: Context) -> Accepted | Refused:
    """Only a parked event can be withdrawn: one that was decided stays decided."""
    if parked_as(at.memory, event.event) is None:
        facts = {"event_source": event.event.source, "event_id": event.event.id}
        return Refused(Refusal.NOT_PARKED, facts)
    return Accepted()


HANDLERS: Final[tuple[Handler[Any], ...]] = (
    Handler(event=RecordReviewed, decide=review, outlives_closing=True),
    Handler(event=EventWithdrawn, decide=withdraw, ends=lambda event: event.event),
)

"""Reviews: a person has seen a record that needs action. They move nothing (rules, 38)."""

from typing import Any, Final

from events.reviews import RecordReviewed
from services.ledger.domain.handler import Context, Handler
from services.ledger.domain.model.book import Book
from services.ledger.domain.model.refusals import Refusal
from services.ledger.domain.model.verdicts import Accepted, Refused


def review(_book: Book, event: RecordReviewed, at: Context) -> Accepted | Refused:
    """A record of this budget is there already; chains of dead letters are not known here."""
    if event.chain is None and event.sequence >= at.sequence:
        return Refused(Refusal.UNKNOWN_RECORD, {"sequence": event.sequence})
    return Accepted()


HANDLERS: Final[tuple[Handler[Any], ...]] = (
    Handler(event=RecordReviewed, decide=review, outlives_closing=True),
)

"""Late events: all that a closed year refuses, and what it still decides (rules, 31)."""

from events.envelope import Event
from services.ledger.domain.model.book import Book
from services.ledger.domain.model.refusals import Refusal
from services.ledger.domain.model.verdicts import Refused
from services.ledger.domain.rules.table import handler_of


def year_closed(book: Book) -> Refused:
    """The refusal of whatever comes after the closing."""
    return Refused(Refusal.FISCAL_YEAR_CLOSED, {"budget": book.budget})


def comes_too_late(book: Book, event: Event) -> bool:
    """True for an event that a closed year refuses (rules, 31).

    Events about an order that was open at closing are still decided; recoveries always are, since
    what was paid may be owed back.
    """
    handler = handler_of(event)
    if handler.outlives_closing:
        return False
    if handler.payment_order is None:
        return True
    order = book.orders.get(handler.payment_order(event))
    return order is None or not order.open_at_closing

"""Late events: all that a closed year refuses, and what it still decides (rules, 31)."""

from events.envelope import Event
from services.ledger.domain.fiscal_year.year_openings import next_year
from services.ledger.domain.model.book import Book
from services.ledger.domain.model.refusals import Refusal
from services.ledger.domain.model.verdicts import Refused
from services.ledger.domain.rules.table import handler_of


def year_closed(book: Book) -> Refused:
    """The refusal of whatever comes after the closing."""
    return Refused(Refusal.FISCAL_YEAR_CLOSED, {"budget": book.budget})


def refusal_of_late(book: Book, event: Event) -> Refused | None:
    """The refusal of an event that comes after the closing, if it is not decided any more.

    Events about an order that was open at closing still are. Recoveries always are, since what was
    paid may be owed back, and so are reports, which are due long after the closing; those on a
    convention that was carried over belong to the year in which it goes on.
    """
    handler = handler_of(event)
    if is_always_decided(event):
        name = None if handler.reports_on is None else handler.reports_on(event)
        convention = None if name is None else book.conventions.get(name)
        if convention is None or not convention.is_carried_over:
            return None
        goes_on = {"budget": next_year(book.budget), "convention": name}
        return Refused(Refusal.FISCAL_YEAR_CLOSED, goes_on)
    if handler.payment_order is not None:
        order = book.orders.get(handler.payment_order(event))
        if order is not None and order.open_at_closing:
            return None
    return year_closed(book)


def is_always_decided(event: Event) -> bool:
    """True for an event that a year decides, and whose id it keeps, after its closing too."""
    handler = handler_of(event)
    if handler.reports_on is not None:
        return handler.reports_on(event) is not None
    return handler.outlives_closing

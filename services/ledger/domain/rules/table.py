"""The handlers of all event types, above the rules of every subject; what a closed year decides."""

from typing import Any, Final

from events.envelope import Event
from events.parts import EventData
from services.ledger.domain.fiscal_year import next_year
from services.ledger.domain.handler import Handler
from services.ledger.domain.model.answers import Refusal
from services.ledger.domain.model.book import Book
from services.ledger.domain.model.verdicts import Refused
from services.ledger.domain.rules import (
    amendments,
    budgets,
    conventions,
    deliberations,
    fiscal_years,
    follow_up,
    payments,
)

HANDLERS: Final[dict[type[EventData], Handler[Any]]] = {
    handler.event: handler
    for subject in (
        budgets,
        deliberations,
        conventions,
        amendments,
        payments,
        fiscal_years,
        follow_up,
    )
    for handler in subject.HANDLERS
}
"""By the model of the type; a test holds it complete."""


def handler_of(event: EventData) -> Handler[Any]:
    """The handler of an event's type."""
    return HANDLERS[type(event)]


def refuse_closed_year(book: Book) -> Refused:
    """The refusal of whatever comes after the closing."""
    return Refused(Refusal.FISCAL_YEAR_CLOSED, {"budget": book.budget})


def refuse_late(book: Book, event: Event) -> Refused | None:
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
    return refuse_closed_year(book)


def is_always_decided(event: Event) -> bool:
    """True for an event that a year decides, and whose id it keeps, after its closing too."""
    handler = handler_of(event)
    if handler.reports_on is not None:
        return handler.reports_on(event) is not None
    return handler.outlives_closing

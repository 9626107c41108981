"""The table of event types: the handler of each."""

from typing import Any, Final

from events.parts import EventData
from services.ledger.domain.handler import Handler
from services.ledger.domain.rules import (
    amendments,
    budgets,
    conventions,
    deadlines,
    deliberations,
    fiscal_years,
    payments,
    recoveries,
    reports,
    reviews,
    terminations,
)

HANDLERS: Final[dict[type[EventData], Handler[Any]]] = {
    handler.event: handler
    for subject in (
        budgets,
        deliberations,
        conventions,
        amendments,
        terminations,
        reports,
        payments,
        recoveries,
        deadlines,
        fiscal_years,
        reviews,
    )
    for handler in subject.HANDLERS
}
"""By the model of the type; a test holds it complete."""


def handler_of(event: EventData) -> Handler[Any]:
    """The handler of an event's type."""
    return HANDLERS[type(event)]

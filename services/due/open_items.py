"""What people are shown: orders that wait for their money, documents owed, events that wait."""

from datetime import date, datetime
from typing import Final, NamedTuple

OPEN: Final = frozenset(("issued", "taken_in_charge", "on_hold"))
"""States of an order that may still be paid (rules, 20)."""

REJECTED: Final = "rejected"
"""State of an order whose unpaid part is planned again (rules, 21)."""

GIVEN_BACK: Final = frozenset((REJECTED, "cancelled"))
"""States of an order that holds no money any more."""


class WaitingOrder(NamedTuple):
    """A payment order that was not paid in full; one that was rejected waits to be issued again."""

    budget: str
    payment_order: str
    amount_cents: int
    paid_cents: int
    state: str
    """`issued`, `taken_in_charge`, `on_hold` or `rejected`."""
    due_on: date
    issued_at: datetime
    """The time of the event that had it issued, in UTC."""
    due: bool = False
    """Whether the day has passed on which it was due."""
    unacknowledged: bool = False
    """Whether the accountant has not answered for too long."""


class OverdueReport(NamedTuple):
    """A document that was owed by a day and has not come."""

    budget: str
    convention: str
    document_kind: str
    year: int
    due_on: date
    closed: bool
    """Whether the budget's year is closed: then no deadline event says it."""


class ParkedEvent(NamedTuple):
    """An event that waits for another (rules, 28)."""

    budget: str
    sequence: int
    """Of the record that parked it."""
    event_id: str
    event_source: str
    type: str
    waits_for: dict[str, str]
    """`kind` and `id` of what is missing."""
    since: datetime
    """The event's own time, in UTC."""
    gives_up_at: datetime
    """From when on a deadline event may end its wait, in UTC."""
    past: bool = False
    """Whether that moment has come."""

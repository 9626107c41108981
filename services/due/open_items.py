"""Open items as people see them: unpaid orders, owed documents, parked events."""

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
    """True once its due day has passed."""
    unacknowledged: bool = False
    """True where the accountant has not acknowledged it in time."""


class OverdueReport(NamedTuple):
    """A document that was owed by a day and has not come."""

    budget: str
    convention: str
    document_kind: str
    year: int
    due_on: date
    closed: bool
    """True where the budget's year is closed: then there is no deadline event."""


class ParkedEvent(NamedTuple):
    """An event that waits for another (rules, 28)."""

    budget: str
    sequence: int
    """The sequence of the record that parked it."""
    event_id: str
    event_source: str
    type: str
    waits_for: dict[str, str]
    """`kind` and `id` of what is missing."""
    since: datetime
    """The event's own time, in UTC."""
    gives_up_at: datetime
    """The moment from which a deadline event may end its wait, in UTC."""
    past: bool = False
    """True once that moment has passed."""

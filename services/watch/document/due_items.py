"""Waiting payment orders, overdue reports and parked events of the lag document."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from events.lag import DatedSum, Order, Orders, Parked, ParkedEvent, Report, Reports, Sum
from services.lag.client.merge import ITEMS_MAX

ORDER_STATES: Final = ("issued", "taken_in_charge", "on_hold", "rejected")


def orders_of(oldest_first: Sequence[Order]) -> Orders:
    """The waiting payment orders."""
    unacknowledged = [each for each in oldest_first if each.unacknowledged]
    states = Counter(each.state for each in oldest_first)
    return Orders(
        *_sum(oldest_first),
        _issued_at(oldest_first),
        Sum(*_sum([each for each in oldest_first if each.due])),
        DatedSum(*_sum(unacknowledged), _issued_at(unacknowledged)),
        {state: states[state] for state in ORDER_STATES},
        tuple(oldest_first[:ITEMS_MAX]),
    )


def _sum(orders: Sequence[Order]) -> tuple[int, int]:
    return len(orders), sum(each.amount_cents - each.paid_cents for each in orders)


def _issued_at(oldest_first: Sequence[Order]) -> datetime | None:
    return oldest_first[0].issued_at if oldest_first else None


def reports_of(oldest_first: Sequence[Report]) -> Reports:
    """The overdue reports."""
    return Reports(
        len(oldest_first),
        oldest_first[0].due_on if oldest_first else None,
        tuple(oldest_first[:ITEMS_MAX]),
    )


def parked_of(oldest_first: Sequence[ParkedEvent]) -> Parked:
    """The parked events."""
    return Parked(
        len(oldest_first),
        oldest_first[0].since if oldest_first else None,
        sum(each.past for each in oldest_first),
        tuple(oldest_first[:ITEMS_MAX]),
    )

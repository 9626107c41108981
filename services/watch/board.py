"""Groups of figures of the lag document, made of what the watch has read.

An unknown group is None; a known one without anything in it is 0.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from events.lag import (
    POINT_S,
    VERSION,
    DatedSum,
    DeadLetters,
    History,
    Order,
    Orders,
    Outcomes,
    Parked,
    ParkedEvent,
    Refusals,
    Report,
    Reports,
    StageHistory,
    Sum,
)
from services.lag.judge.model import instant_of
from services.watch.lag_history import NOT_KNOWN, Point
from services.watch.outcomes import OutcomeCounts
from services.watch.rejections import Rejections

ITEMS_MAX: Final = 20
"""Orders, reports and events listed by name: the oldest."""

ORDER_STATES: Final = ("issued", "taken_in_charge", "on_hold", "rejected")


def outcomes_of(counts: OutcomeCounts, in_flight: int | None, gap: int | None) -> Outcomes:
    """The outcomes of source records.

    Args:
        counts: the outcomes in the journal.
        in_flight: the offsets that the ledger has still to read.
        gap: the records that its workers read and journalled without an outcome.
    """
    return Outcomes(
        counts.received,
        counts.accepted,
        counts.duplicate,
        counts.refused,
        counts.parked,
        counts.dead_letter,
        counts.resumed,
        in_flight,
        None if gap is None else gap + counts.unreadable,
        counts.repeated,
    )


def orders_of(orders: Sequence[Order]) -> Orders:
    """The waiting payment orders."""
    oldest_first = sorted(orders, key=lambda each: each.issued_at)
    unacknowledged = [each for each in oldest_first if each.unacknowledged]
    states = Counter(each.state for each in orders)
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


def reports_of(reports: Sequence[Report]) -> Reports:
    """The overdue reports."""
    oldest_first = sorted(reports, key=lambda each: each.due_on)
    return Reports(
        len(reports),
        oldest_first[0].due_on if oldest_first else None,
        tuple(oldest_first[:ITEMS_MAX]),
    )


def parked_of(parked: Sequence[ParkedEvent]) -> Parked:
    """The parked events."""
    oldest_first = sorted(parked, key=lambda each: each.since)
    return Parked(
        len(parked),
        oldest_first[0].since if oldest_first else None,
        sum(each.past for each in parked),
        tuple(oldest_first[:ITEMS_MAX]),
    )


def dead_letters_of(found: Rejections) -> DeadLetters:
    """The unreadable records."""
    oldest, newest = instant_of(found.oldest_s), instant_of(found.newest_s)
    return DeadLetters(found.count, oldest, newest, found.by_code)


def refusals_of(found: Rejections) -> Refusals:
    """The refused events."""
    return Refusals(found.count, instant_of(found.newest_s), found.by_code)


def history_of(points: Sequence[Point], stages: Iterable[str], at: datetime) -> History:
    """The last hour of these stages."""
    return History(
        VERSION,
        at,
        float(POINT_S),
        instant_of(points[0].at_s) if points else None,
        {
            name: StageHistory(
                tuple(each.stages.get(name, NOT_KNOWN).behind for each in points),
                tuple(each.stages.get(name, NOT_KNOWN).late_s for each in points),
            )
            for name in stages
        },
        tuple(each.orders for each in points),
    )

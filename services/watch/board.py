"""The answer to /lag: what the watch knows, put together as the contract prints it. Pure.

Times are RFC 3339 in UTC, money is in cents. What is not known is null, and never 0; a group of
figures of which nothing is known is null as a whole.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple, TypeVar

from services.due.open_items import OverdueReport, ParkedEvent, WaitingOrder
from services.watch.lag.states import OLD_AFTER_S, is_fresh
from services.watch.lag_history import EVERY_S, NOT_KNOWN, Point
from services.watch.latencies import Latency
from services.watch.outcomes import OutcomeCounts
from services.watch.rejections import Aside
from services.watch.stages import Row, Stage, worst_of

VERSION: Final = 1
ITEMS_MAX: Final = 20
"""Of how many orders, reports and events each is named: the oldest."""

ORDER_STATES: Final = ("issued", "taken_in_charge", "on_hold", "rejected")

Json = dict[str, Any]
Thing = TypeVar("Thing")


class OfItself(NamedTuple):
    """What the watch says of itself."""

    instance: str
    ready: bool
    budgets: int | None
    balances_differing: int | None
    journal_faults: int | None


class OfDeadlineEvents(NamedTuple):
    """Deadline events of the watch.

    How many stand in their topic, how many are due and do not yet.
    """

    written: int | None
    pending: int


class Known(NamedTuple):
    """Everything that is known at one moment. Times are seconds since 1970; None: not known."""

    at_s: float
    sampled_s: float | None
    """When the cluster last told where the groups are."""
    sample_s: float
    """How often it is asked."""
    watch: OfItself
    stages: Sequence[Stage]
    told: OutcomeCounts | None
    in_flight: int | None
    """How many offsets the ledger has still to read."""
    gap: int | None
    """How many records the ledger took without telling what became of them."""
    latencies: Sequence[Latency]
    """The steps in the order of the way."""
    orders: Sequence[WaitingOrder] | None
    reports: Sequence[OverdueReport] | None
    parked: Sequence[ParkedEvent] | None
    dead_letters: Aside | None
    refusals: Aside | None
    deadline_events: OfDeadlineEvents | None

    @property
    def is_sampled(self) -> bool:
        """Whether the cluster answered just now."""
        return is_fresh(self.sampled_s, self.at_s)


def board_of(known: Known) -> Json:
    """The answer to /lag."""
    return {
        "version": VERSION,
        "at": time_of(known.at_s),
        "sampled_at": time_of(known.sampled_s),
        "old_after_s": OLD_AFTER_S,
        "sample_s": known.sample_s,
        "state": worst_of(each.state for each in known.stages),
        "watch": known.watch._asdict(),
        "stages": [_stage(each) for each in known.stages],
        "outcomes": _or_null(known.told, lambda told: _outcomes(told, known)),
        "latencies": [_latency(each) for each in known.latencies],
        "orders": _or_null(known.orders, _orders),
        "reports_overdue": _or_null(known.reports, _reports),
        "parked": _or_null(known.parked, _parked),
        "dead_letters": _or_null(known.dead_letters, _dead_letters),
        "refusals": _or_null(known.refusals, _refusals),
        "deadline_events": _or_null(
            known.deadline_events, lambda deadline_events: deadline_events._asdict()
        ),
    }


def history_of(points: Sequence[Point], stages: Iterable[str], at_s: float) -> Json:
    """The answer to /lag/history."""
    return {
        "version": VERSION,
        "at": time_of(at_s),
        "every_s": EVERY_S,
        "since": time_of(points[0].at_s) if points else None,
        "stages": {
            name: {
                "behind": [each.stages.get(name, NOT_KNOWN).behind for each in points],
                "late_s": [_rounded(each.stages.get(name, NOT_KNOWN).late_s) for each in points],
            }
            for name in stages
        },
        "orders": [each.orders for each in points],
    }


def time_of(seconds: float | None) -> str | None:
    """A time as the contract prints it, to the millisecond; what no calendar holds is unknown."""
    if seconds is None:
        return None
    try:
        return _time(datetime.fromtimestamp(seconds, UTC))
    except (ValueError, OverflowError, OSError):
        return None


def _time(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)


def _or_null(known: Thing | None, said: Callable[[Thing], Json]) -> Json | None:
    return None if known is None else said(known)


# ------------------------------------------------------------------ stages
def _stage(stage: Stage) -> Json:
    return {
        "stage": stage.consumer.stage,
        "group": stage.consumer.group,
        "state": stage.state,
        "rule": stage.rule,
        "members": stage.members,
        "behind": stage.behind,
        "oldest_event_at": time_of(stage.oldest_event_s),
        "latest_event_at": time_of(stage.latest_event_s),
        "watched_s": _rounded(stage.watched_s),
        "trend": stage.trend,
        "drain_s": _rounded(stage.drain_s),
        "partitions": [_row(each) for each in stage.rows],
    }


def _row(row: Row) -> Json:
    judged, latest_event_s = row
    return {
        "topic": judged.place.topic,
        "partition": judged.place.partition,
        "state": judged.state,
        "rule": judged.rule,
        "committed": judged.committed,
        "end": judged.end,
        "behind": judged.behind,
        "oldest_event_at": time_of(judged.oldest_event_s),
        "oldest_recorded_at": time_of(judged.oldest_recorded_s),
        "latest_event_at": time_of(latest_event_s),
        "watched_s": _rounded(judged.watched_s),
        "owner": judged.owner,
        "doing": judged.doing,
        "trend": judged.trend,
        "drain_s": _rounded(judged.drain_s),
        "held": None if judged.held is None else judged.held._asdict(),
    }


def _latency(latency: Latency) -> Json:
    return {
        "stage": latency.step,
        "count": latency.count,
        "p50_s": _rounded(latency.p50_s),
        "p95_s": _rounded(latency.p95_s),
        "max_s": _rounded(latency.max_s),
    }


# ------------------------------------------------------------------ what the journal says
def _outcomes(told: OutcomeCounts, known: Known) -> Json:
    return {
        "received": told.received,
        "accepted": told.accepted,
        "duplicate": told.duplicate,
        "refused": told.refused,
        "parked": told.parked,
        "dead_letter": told.dead_letter,
        "resumed": told.resumed,
        "in_flight": known.in_flight,
        "gap": known.gap,
        "repeated": told.repeated,
    }


def _orders(orders: Sequence[WaitingOrder]) -> Json:
    oldest_first = sorted(orders, key=lambda each: each.issued_at)
    unacknowledged = [each for each in oldest_first if each.unacknowledged]
    return {
        **_sum(oldest_first),
        "oldest_issued_at": _issued_at(oldest_first),
        "due": _sum([each for each in oldest_first if each.due]),
        "unacknowledged": {
            **_sum(unacknowledged),
            "oldest_issued_at": _issued_at(unacknowledged),
        },
        "by_state": by_state(orders),
        "items": [_order(each) for each in oldest_first[:ITEMS_MAX]],
    }


def by_state(orders: Iterable[WaitingOrder]) -> dict[str, int]:
    """How many of some orders are in each state."""
    found = Counter(each.state for each in orders)
    return {state: found[state] for state in ORDER_STATES}


def left_cents(orders: Iterable[WaitingOrder]) -> int:
    """What is still to be paid of some orders."""
    return sum(each.amount_cents - each.paid_cents for each in orders)


def _sum(orders: Sequence[WaitingOrder]) -> Json:
    return {"count": len(orders), "amount_cents": left_cents(orders)}


def _issued_at(oldest_first: Sequence[WaitingOrder]) -> str | None:
    return _time(oldest_first[0].issued_at) if oldest_first else None


def _order(order: WaitingOrder) -> Json:
    return {
        "budget": order.budget,
        "payment_order": order.payment_order,
        "amount_cents": order.amount_cents,
        "paid_cents": order.paid_cents,
        "state": order.state,
        "due_on": order.due_on.isoformat(),
        "issued_at": _time(order.issued_at),
        "due": order.due,
        "unacknowledged": order.unacknowledged,
    }


def _reports(reports: Sequence[OverdueReport]) -> Json:
    oldest_first = sorted(reports, key=lambda each: each.due_on)
    return {
        "count": len(reports),
        "oldest_due_on": oldest_first[0].due_on.isoformat() if oldest_first else None,
        "items": [
            each._asdict() | {"due_on": each.due_on.isoformat()}
            for each in oldest_first[:ITEMS_MAX]
        ],
    }


def _parked(parked: Sequence[ParkedEvent]) -> Json:
    oldest_first = sorted(parked, key=lambda each: each.since)
    return {
        "count": len(parked),
        "oldest_since": _time(oldest_first[0].since) if oldest_first else None,
        "past": sum(each.past for each in parked),
        "items": [_parked_event(each) for each in oldest_first[:ITEMS_MAX]],
    }


def _parked_event(event: ParkedEvent) -> Json:
    return {
        "budget": event.budget,
        "event_id": event.event_id,
        "type": event.type,
        "waits_for": event.waits_for,
        "since": _time(event.since),
        "gives_up_at": _time(event.gives_up_at),
        "past": event.past,
    }


def _dead_letters(aside: Aside) -> Json:
    return {
        "count": aside.count,
        "oldest_at": time_of(aside.oldest_s),
        "newest_at": time_of(aside.newest_s),
        "reasons": dict(aside.why),
    }


def _refusals(aside: Aside) -> Json:
    return {
        "count": aside.count,
        "newest_at": time_of(aside.newest_s),
        "codes": dict(aside.why),
    }

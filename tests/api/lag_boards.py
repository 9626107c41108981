"""What a watch answers, as builders: of a quiet night, in which nothing is wrong."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

Json = dict[str, Any]

NIGHT: Final = datetime(2026, 11, 26, 2, 40, 11, 123000, tzinfo=UTC)
PARTITIONS: Final = 3
POINTS: Final = 360
BUDGET: Final = "21590350100017-00-2026"
GROUPS: Final = {
    "ledger": ("ecluse.ledger", ("ecluse.events.v1", "ecluse.internal-events.v1")),
    "projector": ("ecluse.projector", ("ecluse.journal.v1",)),
    "watch": ("ecluse.watch", ("ecluse.journal.v1",)),
    "treasury": ("ecluse.treasury", ("ecluse.payment-orders.v1",)),
}
ENDS: Final = {
    "ecluse.events.v1": (68_211, 71_004, 59_870),
    "ecluse.internal-events.v1": (14, 9, 0),
    "ecluse.journal.v1": (68_225, 71_013, 59_870),
    "ecluse.payment-orders.v1": (3_120, 2_981, 2_404),
}
OWNERS: Final = {"ledger": ("ledger-1", "ledger-2", "ledger-1"), "treasury": ("chorus",) * 3}

JOURNAL: Final = [
    "outcomes",
    "latencies",
    "orders",
    "reports_overdue",
    "parked",
    "dead_letters",
    "refusals",
    "deadline_events",
]
"""Groups of figures that a watch reads in its part of the journal."""


def timestamp(instant: datetime | None) -> str | None:
    """As the watch spells an instant."""
    if instant is None:
        return None
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def a_partition(topic: str = "ecluse.events.v1", partition: int = 0, **phrase: Any) -> Json:
    """One that keeps up."""
    end = ENDS[topic][partition]
    return {
        "topic": topic,
        "partition": partition,
        "state": "OK",
        "rule": "keeps_up",
        "committed": end,
        "end": end,
        "behind": 0,
        "oldest_event_at": None,
        "oldest_recorded_at": None,
        "latest_event_at": None,
        "owner": "ledger-1",
        "doing": "running",
        "trend": "level",
        "drain_s": None,
        "held": None,
    } | phrase


def a_stage(now: datetime, stage: str = "ledger", **phrase: Any) -> Json:
    """One that keeps up, over all partitions of its topics."""
    group, topics = GROUPS[stage]
    to = timestamp(now - timedelta(seconds=8))
    owners = OWNERS.get(stage, (f"{stage}-1",) * PARTITIONS)
    partitions = [
        a_partition(topic, number, owner=owners[number], latest_event_at=to)
        for topic in topics
        for number in range(PARTITIONS)
    ]
    return {
        "stage": stage,
        "group": group,
        "state": "OK",
        "rule": "keeps_up",
        "members": len(set(owners)),
        "behind": 0,
        "oldest_event_at": None,
        "latest_event_at": to,
        "trend": "level",
        "drain_s": None,
        "partitions": partitions,
    } | phrase


def stages(now: datetime, **others: Json) -> list[Json]:
    """All four; those that are named are otherwise."""
    return [a_stage(now, name) | others.get(name, {}) for name in GROUPS]


OUTCOMES: Final[Json] = {
    "received": 139_108,
    "accepted": 138_402,
    "duplicate": 511,
    "refused": 166,
    "parked": 5,
    "dead_letter": 24,
    "resumed": 87,
    "in_flight": 0,
    "gap": 0,
    "repeated": 0,
}
LATENCIES: Final[Sequence[Json]] = (
    {"stage": "broker", "count": 2_410, "p50_s": 0.42, "p95_s": 3.1, "max_s": 41.7},
    {"stage": "decided", "count": 2_410, "p50_s": 0.018, "p95_s": 0.064, "max_s": 0.391},
    {"stage": "published", "count": 2_410, "p50_s": 0.004, "p95_s": 0.011, "max_s": 0.09},
    {"stage": "projected", "count": 2_410, "p50_s": 0.035, "p95_s": 0.12, "max_s": 0.8},
    {"stage": "treasury", "count": 38, "p50_s": 5_400.0, "p95_s": 93_600.0, "max_s": 201_600.0},
)


def an_order(now: datetime, number: int, days: int, **phrase: Any) -> Json:
    """One that was issued so many days ago."""
    issued = now - timedelta(days=days)
    return {
        "budget": BUDGET,
        "payment_order": f"CONV-2026-{number:03d}/advance",
        "amount_cents": 1_250_000 + number * 10_000,
        "paid_cents": 0,
        "state": "issued",
        "due_on": (issued + timedelta(days=60)).date().isoformat(),
        "issued_at": timestamp(issued),
        "due": False,
        "unacknowledged": False,
    } | phrase


def orders(now: datetime) -> Json:
    """Some that wait: one of them is due, one has no answer."""
    items = [
        an_order(now, 7, 62, state="on_hold", due=True),
        an_order(now, 19, 9, unacknowledged=True),
        an_order(now, 23, 3, state="taken_in_charge", paid_cents=300_000),
        an_order(now, 31, 1),
    ]
    return {
        "count": 41,
        "amount_cents": 61_480_000,
        "oldest_issued_at": items[0]["issued_at"],
        "due": {"count": 1, "amount_cents": 1_320_000},
        "unacknowledged": {
            "count": 1,
            "amount_cents": 1_440_000,
            "oldest_issued_at": items[1]["issued_at"],
        },
        "by_state": {"issued": 29, "taken_in_charge": 11, "on_hold": 1, "rejected": 0},
        "items": items,
    }


def reports(now: datetime) -> Json:
    """Two that should have come, one of them of a closed year."""
    due_on = (now - timedelta(days=149)).date().isoformat()
    item = {
        "budget": BUDGET,
        "convention": "CONV-2025-ORCHESTRE",
        "document_kind": "activity_report",
        "year": 2025,
        "due_on": due_on,
        "closed": False,
    }
    closed = {"convention": "CONV-2024-THEATRE", "year": 2024, "closed": True}
    return {"count": 2, "oldest_due_on": due_on, "items": [item, item | closed]}


def parked(now: datetime) -> Json:
    """Some that wait, one of them for longer than it may."""
    since = now - timedelta(days=31)
    item = {
        "budget": BUDGET,
        "event_id": "rapport-patronage",
        "type": "ecluse.report.received.v1",
        "waits_for": {"kind": "convention", "id": "CONV-2026-PATRONAGE"},
        "since": timestamp(since),
        "gives_up_at": timestamp(since + timedelta(days=30)),
        "past": True,
    }
    return {"count": 5, "oldest_since": timestamp(since), "past": 1, "items": [item]}


def a_board(now: datetime = NIGHT, **phrase: Any) -> Json:
    """A quiet night, in which nothing is wrong."""
    return {
        "version": 1,
        "at": timestamp(now),
        "sampled_at": timestamp(now - timedelta(seconds=1)),
        "old_after_s": 10,
        "sample_s": 2,
        "state": "OK",
        "watch": {
            "instance": "watch-1",
            "ready": True,
            "budgets": 3,
            "balances_differing": 0,
            "journal_faults": 0,
        },
        "stages": stages(now),
        "outcomes": dict(OUTCOMES),
        "latencies": list(LATENCIES),
        "orders": orders(now),
        "reports_overdue": reports(now),
        "parked": parked(now),
        "dead_letters": {
            "count": 24,
            "oldest_at": timestamp(now - timedelta(days=41)),
            "newest_at": timestamp(now - timedelta(hours=6)),
            "reasons": {"missing_field": 17, "bad_json": 7},
            "redriven": 0,
        },
        "refusals": {
            "count": 166,
            "newest_at": timestamp(now - timedelta(minutes=52)),
            "codes": {"insufficient_credit": 101, "overpayment": 65},
        },
        "deadline_events": {"written": 12, "pending": 0},
    } | phrase


def a_history(
    now: datetime = NIGHT,
    *,
    late_s: Mapping[str, Callable[[int], float | None]] | None = None,
    behind: Mapping[str, Callable[[int], int | None]] | None = None,
    orders_waiting: Callable[[int], int | None] = lambda ago_s: 41 - min(ago_s // 900, 3),
    points: int = POINTS,
) -> Json:
    """The hour before; each series is reported by how many seconds ago a look was."""
    ago_s = [10 * (points - 1 - at) for at in range(points)]
    lates, behinds = late_s or {}, behind or {}
    return {
        "version": 1,
        "at": timestamp(now),
        "every_s": 10,
        "since": timestamp(now - timedelta(seconds=ago_s[0] if ago_s else 0)),
        "stages": {
            name: {
                "late_s": [lates[name](each) if name in lates else 0.0 for each in ago_s],
                "behind": [behinds[name](each) if name in behinds else 0 for each in ago_s],
            }
            for name in GROUPS
        },
        "orders": [orders_waiting(each) for each in ago_s],
    }

"""The answer to /lag, whole; what is not known is null, and never 0."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from events.lag import (
    Awaited,
    Board,
    DeadlineEvents,
    Latency,
    Order,
    ParkedEvent,
    Report,
    State,
    Watch,
    as_json,
    read_board,
    read_history,
)
from services.lag.client.age import is_old, is_sampled
from services.lag.judge.stages import stages_of
from services.lag.judge.states import Rule
from services.runtime.processing.offset_metadata import Held
from services.watch.board import (
    dead_letters_of,
    history_of,
    orders_of,
    outcomes_of,
    parked_of,
    refusals_of,
    reports_of,
)
from services.watch.lag_history import Point, StagePoint
from services.watch.latencies import Step
from services.watch.outcomes import OutcomeCounts
from services.watch.rejections import Rejections
from tests.builders import BUDGET
from tests.unit.lag.builders import LEDGER, NOW_S, PROJECTOR, a_board, judged, never, unknown

GOLDEN = Path(__file__).resolve().parents[2] / "golden" / "lag.json"
NOW = datetime.fromtimestamp(NOW_S, UTC)


def an_order(name: str = "C/1", days: float = 1, **more: Any) -> Order:
    known: dict[str, Any] = {
        "budget": BUDGET,
        "payment_order": name,
        "amount_cents": 1_000,
        "paid_cents": 0,
        "state": "issued",
        "due_on": date(2023, 12, 1),
        "issued_at": NOW - timedelta(days=days),
    }
    return Order(**known | more)


def a_wait(event_id: str, **more: Any) -> ParkedEvent:
    since = NOW - timedelta(days=2)
    named = Awaited("grant", "G")
    given = ParkedEvent(BUDGET, event_id, "ecluse.convention.signed.v1", named, since, since)
    return replace(given, **more)


def everything_known() -> Board:
    held = judged(
        number=1,
        state=State.BROKEN,
        rule=Rule.HELD,
        committed=2,
        behind=3,
        oldest_event_s=NOW_S - 120.5,
        oldest_recorded_s=NOW_S - 120.25,
        trend=None,
        held=Held(2, "e1"),
        doing="broken",
    )
    seen = [
        judged(watched_s=20.0),
        held,
        judged(PROJECTOR, behind=1, drain_s=1.23456, trend="down"),
    ]
    orders = [
        an_order("C/2", days=1, state="on_hold", paid_cents=400),
        an_order("C/1", days=9, due=True, unacknowledged=True),
    ]
    reports = [Report(BUDGET, "C", "activity_report", 2022, date(2023, 6, 30), closed=True)]
    return a_board(
        sampled_at=NOW - timedelta(seconds=1),
        state=State.BROKEN,
        watch=Watch("watch-1", ready=True, budgets=3, balances_differing=0, journal_faults=0),
        stages=stages_of([LEDGER, PROJECTOR], seen, never, {LEDGER: 2, PROJECTOR: 1}),
        outcomes=outcomes_of(OutcomeCounts(9, 4, 1, 2, 1, 1, 3, 0, 0), 3, 0),
        latencies=(
            Latency(Step.BROKER, 100, 0.01, 0.05, 0.25),
            *(Latency(step, 0) for step in list(Step)[1:]),
        ),
        orders=orders_of(orders),
        reports_overdue=reports_of(reports),
        parked=parked_of([a_wait("late", past=True), a_wait("early")]),
        dead_letters=dead_letters_of(Rejections(2, NOW_S - 60, NOW_S - 30, {"bad_json": 2})),
        refusals=refusals_of(Rejections(3, NOW_S - 90, NOW_S - 10, {"insufficient_credit": 3})),
        deadline_events=DeadlineEvents(2, 1),
    )


def test_the_whole_answer_is_that_of_the_contract() -> None:
    assert json.loads(GOLDEN.read_bytes()) == json.loads(json.dumps(as_json(everything_known())))


def test_the_page_and_the_command_read_it() -> None:
    board = read_board(json.dumps(as_json(everything_known())).encode())
    assert (State.BROKEN, NOW) == (board.state, board.at)
    assert board.stages[0].partitions[1].held is not None
    assert board.orders is not None
    assert ("C/1", 1_600) == (board.orders.items[0].payment_order, board.orders.amount_cents)
    assert is_sampled(board, NOW)
    assert is_old(board, NOW + timedelta(seconds=13))


def test_nothing_but_zeros_where_there_is_nothing_and_that_is_known() -> None:
    nothing = Rejections(0, None, None, {})
    known = (
        orders_of([]),
        reports_of([]),
        parked_of([]),
        dead_letters_of(nothing),
        refusals_of(nothing),
    )
    assert [0] * 5 == [each.count for each in known]
    orders, _, _, dead_letters, _ = known
    assert {"issued": 0, "taken_in_charge": 0, "on_hold": 0, "rejected": 0} == orders.by_state
    assert (None, None) == (orders.oldest_issued_at, dead_letters.oldest_at)
    outcomes = outcomes_of(OutcomeCounts(0, 0, 0, 0, 0, 0, 0, 0, 0), None, None)
    assert (0, None, None) == (outcomes.received, outcomes.gap, outcomes.in_flight)


def test_the_figures_of_a_silent_cluster_are_unknown_though_its_journal_was_read() -> None:
    (stage,) = stages_of([LEDGER], [unknown(), unknown(number=1)], never, {})
    assert [(None, None, None)] * 2 == [
        (row.committed, row.end, row.behind) for row in stage.partitions
    ]


def test_the_twenty_oldest_are_named_and_all_are_counted() -> None:
    orders = orders_of([an_order(f"C/{number}", days=number) for number in range(30)])
    assert (30, 30_000, 20) == (orders.count, orders.amount_cents, len(orders.items))
    assert ["C/29", "C/28"] == [each.payment_order for each in orders.items[:2]]
    assert orders.oldest_issued_at == orders.items[0].issued_at


# ------------------------------------------------------------------ the last hour
def test_the_last_hour_is_printed_by_stage_oldest_first() -> None:
    points = [
        Point(NOW_S - 20, {}, None),
        Point(NOW_S - 10, {"ledger": StagePoint(3, 1.23456)}, 2),
        Point(NOW_S, {"ledger": StagePoint(None, None)}, 0),
    ]
    history = history_of(points, ["ledger", "projector"], NOW + timedelta(seconds=1))
    expected = {
        "version": 1,
        "at": "2023-11-14T22:13:21.000Z",
        "every_s": 10.0,
        "since": "2023-11-14T22:13:00.000Z",
        "stages": {
            "ledger": {"behind": [None, 3, None], "late_s": [None, 1.235, None]},
            "projector": {"behind": [None] * 3, "late_s": [None] * 3},
        },
        "orders": [None, 2, 0],
    }
    assert expected == as_json(history)
    assert (None, 2, 0) == read_history(json.dumps(expected).encode()).orders


def test_an_hour_that_has_not_begun_is_empty() -> None:
    history = history_of([], ["ledger"], NOW)
    assert (None, (), ()) == (history.since, history.orders, history.stages["ledger"].behind)

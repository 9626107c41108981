"""The answer to /lag, whole; what is not known is null, and never 0."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from events.lag import (
    Awaited,
    Board,
    DeadLetters,
    DeadlineEvents,
    Held,
    Latency,
    Order,
    Outcomes,
    ParkedEvent,
    Refusals,
    Report,
    State,
    Watch,
    as_json,
    read_board,
)
from services.lag.document import is_old, is_sampled
from services.lag.judge.history import stages_of
from services.lag.judge.states import Rule
from services.watch.document import count_parked, orders_of, reports_of
from services.watch.tables.latencies import Step
from tests.builders import BUDGET
from tests.unit.lag.builders import LEDGER, NOW_S, PROJECTOR, a_board, judged, unknown

GOLDEN = Path(__file__).resolve().parents[2] / "golden" / "lag.json"
NOW = datetime.fromtimestamp(NOW_S, UTC)
SECOND = timedelta(seconds=1)


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
        state_since=NOW - SECOND * 119,
    )
    seen = [
        judged(watched_s=20.0),
        held,
        judged(PROJECTOR, behind=1, drain_s=1.23456, trend="down", waits_since=NOW - SECOND * 3),
    ]
    orders = [
        an_order("C/1", days=9, due=True, unacknowledged=True),
        an_order("C/2", days=1, state="on_hold", paid_cents=400),
    ]
    reports = [Report(BUDGET, "C", "activity_report", 2022, date(2023, 6, 30), closed=True)]
    return a_board(
        sampled_at=NOW - timedelta(seconds=1),
        state=State.BROKEN,
        watch=Watch("watch-1", ready=True, budgets=3, balances_differing=0, journal_faults=0),
        stages=stages_of([LEDGER, PROJECTOR], seen, {LEDGER: 2, PROJECTOR: 1}),
        outcomes=Outcomes(9, 4, 1, 2, 1, 1, 3, in_flight=3, gap=0, repeated=0),
        latencies=(
            Latency(Step.BROKER, 100, 0.01, 0.05, 0.25),
            *(Latency(step, 0) for step in list(Step)[1:]),
        ),
        orders=orders_of(orders),
        reports_overdue=reports_of(reports),
        parked=count_parked([a_wait("late", past=True), a_wait("early")]),
        dead_letters=DeadLetters(2, NOW - SECOND * 60, NOW - SECOND * 30, {"bad_json": 2}, 1),
        refusals=Refusals(3, NOW - SECOND * 10, {"insufficient_credit": 3}),
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
    orders = orders_of([])
    assert [0] * 3 == [each.count for each in (orders, reports_of([]), count_parked([]))]
    assert {"issued": 0, "taken_in_charge": 0, "on_hold": 0, "rejected": 0} == orders.by_state
    assert orders.oldest_issued_at is None


def test_the_figures_of_a_silent_cluster_are_unknown_though_its_journal_was_read() -> None:
    (stage,) = stages_of([LEDGER], [unknown(), unknown(number=1)], {})
    assert [(None, None, None)] * 2 == [
        (row.committed, row.end, row.behind) for row in stage.partitions
    ]


def test_the_twenty_oldest_are_named_and_all_are_counted() -> None:
    orders = orders_of([an_order(f"C/{number}", days=number) for number in range(29, -1, -1)])
    assert (30, 30_000, 20) == (orders.count, orders.amount_cents, len(orders.items))
    assert ["C/29", "C/28"] == [each.payment_order for each in orders.items[:2]]
    assert orders.oldest_issued_at == orders.items[0].issued_at

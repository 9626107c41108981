"""The answer to /lag, whole; what is not known is null, and never 0."""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from services.api.lag_board import State as ReadState
from services.api.lag_board import is_old, is_sampled, read_board
from services.api.lag_history import read_history
from services.due.open_items import OverdueReport, ParkedEvent, WaitingOrder
from services.runtime.processing.offset_metadata import Held
from services.watch.board import OfDeadlineEvents, OfItself, board_of, history_of, time_of
from services.watch.lag.model import State
from services.watch.lag.states import Rule
from services.watch.lag_history import Point, Standing
from services.watch.latencies import Latency, Step
from services.watch.outcomes import OutcomeCounts
from services.watch.rejections import Aside
from services.watch.stages import stages_of
from tests.builders import BUDGET
from tests.unit.watch.lag_figures import (
    LEDGER,
    NOW_S,
    PROJECTOR,
    judged,
    never,
    unknown,
    what_is_known,
)

GOLDEN = Path(__file__).resolve().parents[2] / "golden" / "lag.json"
NOW = datetime.fromtimestamp(NOW_S, UTC)


def an_order(name: str = "C/1", days: float = 1, **more: Any) -> WaitingOrder:
    said: dict[str, Any] = {
        "budget": BUDGET,
        "payment_order": name,
        "amount_cents": 1_000,
        "paid_cents": 0,
        "state": "issued",
        "due_on": date(2023, 12, 1),
        "issued_at": NOW - timedelta(days=days),
    }
    return WaitingOrder(**said | more)


def a_wait(event_id: str, **more: Any) -> ParkedEvent:
    since = NOW - timedelta(days=2)
    named = {"kind": "grant", "id": "G"}
    said = ParkedEvent(
        BUDGET, 1, event_id, "urn:test", "ecluse.convention.signed.v1", named, since, since
    )
    return said._replace(**more)


def all_known() -> dict[str, Any]:
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
    known = what_is_known(
        sampled_s=NOW_S - 1,
        watch=OfItself("watch-1", ready=True, budgets=3, balances_differing=0, journal_faults=0),
        stages=stages_of([LEDGER, PROJECTOR], seen, never, {LEDGER: 2, PROJECTOR: 1}),
        told=OutcomeCounts(9, 4, 1, 2, 1, 1, 3, 0, 0),
        in_flight=3,
        gap=0,
        latencies=[
            Latency(Step.BROKER, 100, 0.01, 0.05, 0.25),
            *(Latency(step, 0, None, None, None) for step in list(Step)[1:]),
        ],
        orders=[
            an_order("C/2", days=1, state="on_hold", paid_cents=400),
            an_order("C/1", days=9, due=True, unacknowledged=True),
        ],
        reports=[
            OverdueReport(BUDGET, "C", "activity_report", 2022, date(2023, 6, 30), closed=True)
        ],
        parked=[a_wait("late", past=True), a_wait("early")],
        dead_letters=Aside(2, NOW_S - 60, NOW_S - 30, {"bad_json": 2}),
        refusals=Aside(3, NOW_S - 90, NOW_S - 10, {"insufficient_credit": 3}),
        deadline_events=OfDeadlineEvents(2, 1),
    )
    return board_of(known)


def test_the_whole_answer_is_that_of_the_contract() -> None:
    assert json.loads(GOLDEN.read_bytes()) == json.loads(json.dumps(all_known()))


def test_the_page_and_the_command_read_it() -> None:
    board = read_board(json.dumps(all_known()).encode())
    assert (ReadState.BROKEN, NOW) == (board.state, board.at)
    assert board.stages[0].partitions[1].held is not None
    assert board.orders is not None
    assert ("C/1", 1_600) == (board.orders.items[0].payment_order, board.orders.amount_cents)
    assert is_sampled(board, NOW)
    assert is_old(board, NOW + timedelta(seconds=13))


def test_a_watch_that_knows_nothing_says_so_of_every_group_of_figures() -> None:
    said = board_of(what_is_known(stages=stages_of([LEDGER], [], never, {})))
    groups = (
        "outcomes orders reports_overdue parked dead_letters refusals deadline_events sampled_at"
    )
    assert [None] * 8 == [said[name] for name in groups.split()]
    assert State.UNKNOWN == said["state"]
    (stage,) = said["stages"]
    figures = "members behind oldest_event_at latest_event_at trend drain_s"
    assert [None] * 6 == [stage[name] for name in figures.split()]
    assert {None} == {each["count"] for each in said["latencies"]}
    board = read_board(json.dumps(said).encode())
    assert not is_sampled(board, NOW)
    assert (None, False) == (board.watch.budgets, board.watch.ready)


def test_nothing_but_zeros_where_there_is_nothing_and_that_is_known() -> None:
    nothing = Aside(0, None, None, {})
    said = board_of(
        what_is_known(
            told=OutcomeCounts(0, 0, 0, 0, 0, 0, 0, 0, 0),
            orders=[],
            reports=[],
            parked=[],
            dead_letters=nothing,
            refusals=nothing,
            deadline_events=OfDeadlineEvents(0, 0),
        )
    )
    counted = ("orders", "reports_overdue", "parked", "dead_letters", "refusals")
    assert [0] * 5 == [said[name]["count"] for name in counted]
    assert {"issued": 0, "taken_in_charge": 0, "on_hold": 0, "rejected": 0} == (
        said["orders"]["by_state"]
    )
    assert (0, None, None) == tuple(
        said["outcomes"][name] for name in ("received", "gap", "in_flight")
    )
    assert (None, None) == (said["orders"]["oldest_issued_at"], said["dead_letters"]["oldest_at"])


def test_the_figures_of_a_silent_cluster_are_unknown_though_its_journal_was_read() -> None:
    seen = [unknown(), unknown(number=1)]
    said = board_of(what_is_known(stages=stages_of([LEDGER], seen, never, {})))
    rows = said["stages"][0]["partitions"]
    assert [(None, None, None)] * 2 == [
        (row["committed"], row["end"], row["behind"]) for row in rows
    ]


def test_the_twenty_oldest_are_named_and_all_are_counted() -> None:
    orders = [an_order(f"C/{number}", days=number) for number in range(30)]
    said = board_of(what_is_known(orders=orders))["orders"]
    assert (30, 30_000, 20) == (said["count"], said["amount_cents"], len(said["items"]))
    assert ["C/29", "C/28"] == [each["payment_order"] for each in said["items"][:2]]
    assert said["oldest_issued_at"] == said["items"][0]["issued_at"]


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (NOW_S, "2023-11-14T22:13:20.000Z"),
        (NOW_S + 0.0126, "2023-11-14T22:13:20.012Z"),
        (-1.0, "1969-12-31T23:59:59.000Z"),
        (1e18, None),
        (None, None),
    ],
)
def test_times_are_utc_to_the_millisecond(seconds: float | None, said: str | None) -> None:
    assert said == time_of(seconds)


# ------------------------------------------------------------------ the last hour
def test_the_last_hour_is_told_by_stage_oldest_first() -> None:
    points = [
        Point(NOW_S - 20, {}, None),
        Point(NOW_S - 10, {"ledger": Standing(3, 1.23456)}, 2),
        Point(NOW_S, {"ledger": Standing(None, None)}, 0),
    ]
    said = history_of(points, ["ledger", "projector"], NOW_S + 1)
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
    assert expected == said
    assert (None, 2, 0) == read_history(json.dumps(said).encode()).orders


def test_an_hour_that_has_not_begun_is_empty() -> None:
    said = history_of([], ["ledger"], NOW_S)
    assert (None, [], []) == (said["since"], said["orders"], said["stages"]["ledger"]["behind"])

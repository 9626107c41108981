"""The last hour, point by point."""

import json
from datetime import UTC, datetime, timedelta

from events.lag import POINT_S, POINTS, History, Orders, Stage, State, as_json, read_history
from services.watch.document import LagHistory
from tests.unit.lag.builders import a_board

NOW = datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)


def hour(*points: tuple[float, int]) -> History:
    """The hour of a ledger with one record behind, by seconds and waiting orders."""
    past = LagHistory()
    stage = Stage("ledger", "g", State.OK, "r", behind=1)
    for at_s, orders in points:
        at = NOW + timedelta(seconds=at_s)
        past.add(a_board(at=at, stages=(stage,), orders=Orders(orders)))
    return past.document(["ledger"], NOW)


def test_an_hour_is_kept_and_no_more() -> None:
    found = hour(*((number * POINT_S, number) for number in range(POINTS + 5)))
    assert (POINTS, 5, POINTS + 4) == (len(found.orders), found.orders[0], found.orders[-1])
    assert NOW + timedelta(seconds=5 * POINT_S) == found.since


def test_of_a_time_without_points_it_is_known_that_nothing_is_known() -> None:
    found = hour((0.0, 1), (31.0, 2))
    assert (1, None, None, 2) == found.orders
    assert (1, None, None, 1) == found.stages["ledger"].behind


def test_a_watch_that_slept_for_a_day_has_an_hour_of_nothing_behind_it() -> None:
    found = hour((0.0, 1), (86_400.0, 2))
    assert (POINTS, {None, 2}) == (len(found.orders), set(found.orders))


def test_a_clock_that_is_set_back_adds_nothing_between() -> None:
    assert (1, 2) == hour((100.0, 1), (50.0, 2)).orders


def test_the_last_hour_is_printed_by_stage_oldest_first() -> None:
    past = LagHistory()
    late = Stage(
        "ledger", "g", State.OK, "r", behind=3, oldest_event_at=NOW - timedelta(seconds=11.23456)
    )
    unknown = Stage("ledger", "g", State.UNKNOWN, "r")
    for ago_s, stages, orders in ((20, (), None), (10, (late,), 2), (0, (unknown,), 0)):
        at = NOW - timedelta(seconds=ago_s)
        past.add(a_board(at=at, stages=stages, orders=None if orders is None else Orders(orders)))
    history = past.document(["ledger", "projector"], NOW + timedelta(seconds=1))
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
    history = LagHistory().document(["ledger"], NOW)
    assert (None, (), ()) == (history.since, history.orders, history.stages["ledger"].behind)

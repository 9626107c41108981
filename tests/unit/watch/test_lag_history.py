"""The last hour, point by point."""

from events.lag import POINT_S, POINTS
from services.watch.lag_history import LagHistory, Point, StagePoint

STOOD = {"ledger": StagePoint(1, 2.0)}


def test_an_hour_is_kept_and_no_more() -> None:
    past = LagHistory()
    for number in range(POINTS + 5):
        past.add(Point(number * POINT_S, STOOD, number))
    assert (POINTS, 5, POINTS + 4) == (
        len(past.points),
        past.points[0].orders,
        past.points[-1].orders,
    )


def test_of_a_time_without_points_it_is_known_that_nothing_is_known() -> None:
    past = LagHistory()
    past.add(Point(0.0, STOOD, 1))
    past.add(Point(31.0, STOOD, 2))
    assert [0.0, 10.0, 20.0, 31.0] == [each.at_s for each in past.points]
    assert [1, None, None, 2] == [each.orders for each in past.points]
    assert {} == past.points[1].stages


def test_a_watch_that_slept_for_a_day_has_an_hour_of_nothing_behind_it() -> None:
    past = LagHistory()
    past.add(Point(0.0, STOOD, 1))
    past.add(Point(86_400.0, STOOD, 2))
    assert (POINTS, {None, 2}) == (len(past.points), {each.orders for each in past.points})


def test_a_clock_that_is_set_back_adds_nothing_between() -> None:
    past = LagHistory()
    past.add(Point(100.0, STOOD, 1))
    past.add(Point(50.0, STOOD, 2))
    assert [1, 2] == [each.orders for each in past.points]

"""A day ends at midnight in the scenario, whatever its clocks do that night."""

from datetime import UTC, date, datetime, timedelta

import pytest

from events.follow_up import PATIENCE
from services.due.calendar_days import day_of, end_of, moment_of
from tests.unit.due.scenario import on


@pytest.mark.parametrize(
    ("day", "passed_at"),
    [
        ("2023-01-31", "2023-01-31T23:00:00+00:00"),
        ("2023-07-14", "2023-07-14T22:00:00+00:00"),
        ("2023-03-25", "2023-03-25T23:00:00+00:00"),  # the next one has 23 hours
        ("2023-03-26", "2023-03-26T22:00:00+00:00"),
        ("2023-10-28", "2023-10-28T22:00:00+00:00"),  # the next one has 25
        ("2023-10-29", "2023-10-29T23:00:00+00:00"),
        ("2024-02-29", "2024-02-29T23:00:00+00:00"),
    ],
)
def test_a_day_has_passed_at_midnight_summer_or_winter(day: str, passed_at: str) -> None:
    last, passed = date.fromisoformat(day), datetime.fromisoformat(passed_at)
    assert passed == end_of(last)
    assert last == day_of(passed - timedelta(microseconds=1))
    assert last + timedelta(days=1) == day_of(passed)


def test_a_moment_of_another_offset_has_the_day_of_paris() -> None:
    assert date(2023, 7, 15) == day_of(datetime(2023, 7, 14, 22, 30, tzinfo=UTC))
    assert date(2023, 1, 14) == day_of(datetime(2023, 1, 14, 22, 30, tzinfo=UTC))
    assert on("2023-07-15", "00:30") == datetime(2023, 7, 14, 22, 30, tzinfo=UTC)


def test_a_moment_without_offset_is_none() -> None:
    with pytest.raises(AssertionError, match="offset"):
        day_of(datetime(2023, 7, 14))  # noqa: DTZ001 # the case in point


@pytest.mark.parametrize(
    ("time", "moment"),
    [
        ("2023-06-01T12:00:00+02:00", "2023-06-01T10:00:00+00:00"),
        ("2023-06-01t12:00:00.123456789z", "2023-06-01T12:00:00.123456+00:00"),
        ("0001-01-01T00:00:00+14:00", "1900-01-01T00:00:00+00:00"),
        ("9999-12-31T23:59:59-12:00", "9999-11-30T00:00:00+00:00"),
    ],
)
def test_whatever_time_an_event_bears_can_be_reckoned_with(time: str, moment: str) -> None:
    assert moment == moment_of(time).isoformat()
    assert moment_of(time).tzinfo is UTC
    day_of(moment_of(time) + PATIENCE)


def test_what_is_no_time_is_refused() -> None:
    with pytest.raises(ValueError, match="pattern"):
        moment_of("noon")

"""The times of the day at which slips are made, in Paris."""

from datetime import datetime, time
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from services.treasury.process.slip_schedule import has_come, read_times, write_times
from services.treasury.settings import TreasurySettings

PARIS = ZoneInfo("Europe/Paris")
NINE, FOUR = time(9, 30), time(16, 0)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("text", "times"),
    [("", ()), ("09:30", (NINE,)), ("16:00, 09:30", (NINE, FOUR)), ("9:30", (NINE,))],
)
def test_times_are_written_as_clocks_show_them(text: str, times: tuple[time, ...]) -> None:
    assert times == read_times(TreasurySettings(treasury_schedule=text).treasury_schedule)
    assert times == read_times(write_times(times))


@pytest.mark.parametrize("text", ["9h30", "24:00", "noon", "09:30;16:00", "09:30,", "9:5"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValidationError, match="treasury_schedule"):
        TreasurySettings(treasury_schedule=text)


@pytest.mark.parametrize(
    ("after", "until", "come"),
    [
        # 09:30 in Paris is 08:30 UTC in winter and 07:30 in summer.
        ("2023-01-10T08:29:59Z", "2023-01-10T08:30:00Z", True),
        ("2023-01-10T08:30:00Z", "2023-01-10T08:30:05Z", False),
        ("2023-07-10T07:29:00Z", "2023-07-10T07:31:00Z", True),
        ("2023-07-10T08:29:00Z", "2023-07-10T08:31:00Z", False),
        # A machine that slept over a day, and one over a night without such a time.
        ("2023-07-10T20:00:00Z", "2023-07-12T05:00:00Z", True),
        ("2023-07-10T20:00:00Z", "2023-07-11T05:00:00Z", False),
    ],
)
def test_a_time_comes_once_by_the_clocks_of_paris(after: str, until: str, come: bool) -> None:
    assert come is has_come((NINE, FOUR), PARIS, at(after), at(until))


def test_without_times_nothing_comes() -> None:
    assert not has_come((), PARIS, at("2023-01-01T00:00:00Z"), at("2023-02-01T00:00:00Z"))

"""How `ecluse lag` writes counts, moments and spans, in both languages."""

from datetime import UTC, date, datetime, timedelta

import pytest

from services.cli.lag_figures import Figures
from services.cli.terminal.screen import Screen
from services.texts.language import Language

NOW = datetime(2026, 11, 26, 2, 40, 11, tzinfo=UTC)
YESTERDAY = "25/11/2026 23:59:59"


def figures(language: Language = Language.EN) -> Figures:
    return Figures(Screen(language), NOW)


@pytest.mark.parametrize(
    ("span_s", "said"),
    [
        (None, "—"),
        (0.0, "0 ms"),
        (0.0184, "18 ms"),
        (1.0, "1 s"),
        (119.9, "119 s"),
        (120.0, "2 min"),
        (7_199.0, "119 min"),
        (7_200.0, "2 h"),
        (172_799.0, "47 h"),
        (172_800.0, "2 d"),
    ],
)
def test_a_span_is_said_in_the_largest_unit_of_which_it_has_several(
    span_s: float | None, said: str
) -> None:
    assert said == figures().span(span_s)


def test_a_span_of_days_in_french() -> None:
    assert "62 j" == figures(Language.FR).span(62 * 86_400.0)


@pytest.mark.parametrize(
    ("seconds", "english", "french"),
    [
        (0, "0 s ago", "il y a 0 s"),
        (8, "8 s ago", "il y a 8 s"),
        (-8, "in 8 s", "dans 8 s"),
        (-1_000_000, "in 11 d", "dans 11 j"),
    ],
)
def test_an_age_knows_before_and_after(seconds: int, english: str, french: str) -> None:
    then = NOW - timedelta(seconds=seconds)
    assert (english, french) == (figures().age(then), figures(Language.FR).age(then))


@pytest.mark.parametrize(
    ("instant", "english", "french"),
    [
        (None, "—", "—"),
        (NOW, "03:40:11", "03:40:11"),
        # It is the day before in Paris too, though not yet midnight in Greenwich.
        (datetime(2026, 11, 25, 22, 59, 59, tzinfo=UTC), "2026-11-25 23:59:59", YESTERDAY),
        (datetime(2026, 11, 25, 23, 0, 0, tzinfo=UTC), "00:00:00", "00:00:00"),
    ],
)
def test_a_moment_is_reported_by_the_clocks_of_paris(
    instant: datetime | None, english: str, french: str
) -> None:
    assert english == figures().instant(instant)
    assert french == figures(Language.FR).instant(instant)


def test_what_nobody_knows_is_a_dash() -> None:
    unknown = figures()
    said = [unknown.count(None), unknown.euros(None), unknown.day(None), unknown.aged(None)]
    assert ["—"] * 4 == said


def test_counts_days_and_amounts_are_written_as_people_write_them() -> None:
    english, french = figures(), figures(Language.FR)
    assert ("48,211", "48\u202f211") == (english.count(48_211), french.count(48_211))
    assert ("2026-06-30", "30/06/2026") == tuple(
        each.day(date(2026, 6, 30)) for each in (english, french)
    )
    assert ("€13.20", "13,20\u00a0€") == (english.euros(1_320), french.euros(1_320))

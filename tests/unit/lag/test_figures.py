"""How counts, moments and spans are written, in both languages."""

from datetime import UTC, date, datetime, timedelta

import pytest

from events.lag import DeadLetters, Orders, Sum
from events.texts import verbatim
from services.lag.present.headline import Moments, count, day, duration_text, euros
from services.texts.language import Language
from services.texts.translation import translate

NOW = datetime(2026, 11, 26, 2, 40, 11, tzinfo=UTC)
YESTERDAY = "25/11/2026 23:59:59"


MOMENTS = Moments(NOW)


def english(fact: object) -> str:
    return translate(verbatim(fact), Language.EN)


def french(fact: object) -> str:
    return translate(verbatim(fact), Language.FR)


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
    assert said == english(duration_text(span_s))


def test_a_span_of_days_in_french() -> None:
    assert "62 j" == french(duration_text(62 * 86_400.0))


@pytest.mark.parametrize(
    ("seconds", "in_english", "in_french"),
    [
        (0, "0 s ago", "il y a 0 s"),
        (8, "8 s ago", "il y a 8 s"),
        (-8, "in 8 s", "dans 8 s"),
        (-1_000_000, "in 11 d", "dans 11 j"),
    ],
)
def test_an_age_knows_before_and_after(seconds: int, in_english: str, in_french: str) -> None:
    then = NOW - timedelta(seconds=seconds)
    age = MOMENTS.age(then)
    assert (in_english, in_french) == (english(age), french(age))


@pytest.mark.parametrize(
    ("instant", "in_english", "in_french"),
    [
        (None, "—", "—"),
        (NOW, "03:40:11", "03:40:11"),
        # It is the day before in Paris too, though not yet midnight in Greenwich.
        (datetime(2026, 11, 25, 22, 59, 59, tzinfo=UTC), "2026-11-25 23:59:59", YESTERDAY),
        (datetime(2026, 11, 25, 23, 0, 0, tzinfo=UTC), "00:00:00", "00:00:00"),
    ],
)
def test_a_moment_is_reported_by_the_clocks_of_paris(
    instant: datetime | None, in_english: str, in_french: str
) -> None:
    found = MOMENTS.instant(instant)
    assert (in_english, in_french) == (english(found), french(found))


def test_what_nobody_knows_is_a_dash() -> None:
    assert ["—"] * 4 == [count(None), euros(None), day(None), MOMENTS.format_with_age(None)]


def test_counts_days_and_amounts_are_written_as_people_write_them() -> None:
    for fact, in_english, in_french in (
        (count(48_211), "48,211", "48\u202f211"),
        (day(date(2026, 6, 30)), "2026-06-30", "30/06/2026"),
        (euros(1_320), "€13.20", "13,20\u00a0€"),
    ):
        assert (in_english, in_french) == (english(fact), french(fact))


def test_the_figures_of_a_group_go_by_their_name_and_by_its_first_word() -> None:
    facts = MOMENTS.facts(Orders(3, 1_320, NOW, Sum(1, None)))
    amount, oldest = english(facts["amount"]), english(facts["oldest"])
    assert ("3", "€13.20", "03:40:11 (0 s ago)") == (english(facts["count"]), amount, oldest)
    assert facts["amount"] == facts["amount_cents"]
    assert Sum(1, None) == facts["due"]
    unknown = MOMENTS.facts(DeadLetters(0))
    assert ("0", "—") == (english(unknown["count"]), unknown["newest"])

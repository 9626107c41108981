"""Formats of a locale: money, days, instants and ages, as French and English readers write them."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.texts import ngettext
from events.values import AMOUNT_MAX_CENTS
from services.texts.formats import euros
from services.texts.language import Language
from services.texts.locale_format import LocaleFormat

FR = LocaleFormat(Language.FR)
EN = LocaleFormat(Language.EN)
NOON = datetime(2023, 7, 20, 12, tzinfo=UTC)
ORDERS = ngettext("{count} order", "{count} orders")


@pytest.mark.parametrize(
    ("cents", "french", "english"),
    [
        (135_560_000, "1\u202f355\u202f600,00\u00a0€", "€1,355,600.00"),
        (0, "0,00\u00a0€", "€0.00"),
        (1, "0,01\u00a0€", "€0.01"),
        (-1, "−0,01\u00a0€", "−€0.01"),
        (
            AMOUNT_MAX_CENTS,
            "90\u202f071\u202f992\u202f547\u202f409,91\u00a0€",
            "€90,071,992,547,409.91",
        ),
        (None, "—", "—"),
    ],
)
def test_money(cents: int | None, french: str, english: str) -> None:
    assert (french, english) == (FR.money(cents), EN.money(cents))


@given(st.integers(-AMOUNT_MAX_CENTS, AMOUNT_MAX_CENTS))
def test_money_is_shown_as_the_ledger_says_it(cents: int) -> None:
    assert (euros(cents, Language.FR), euros(cents, Language.EN)) == (
        FR.money(cents),
        EN.money(cents),
    )


@pytest.mark.parametrize(
    ("day", "french", "english"),
    [
        (date(2023, 7, 14), "14 juillet 2023", "14 July 2023"),
        (date(2023, 1, 1), "1er janvier 2023", "1 January 2023"),
        (date(2023, 1, 11), "11 janvier 2023", "11 January 2023"),
        ("2023-02-03", "3 février 2023", "3 February 2023"),
        (None, "—", "—"),
    ],
)
def test_a_day(day: date | str | None, french: str, english: str) -> None:
    assert (french, english) == (FR.day(day), EN.day(day))


def test_an_instant_is_shown_by_the_clocks_of_the_zone_summer_and_winter() -> None:
    winter = datetime(2023, 1, 20, 12, 2, 11, tzinfo=UTC)
    assert "20 juillet 2023 à 14:00:00" == FR.instant(NOON)
    assert "20 January 2023 at 13:02:11" == EN.instant(winter)
    assert "—" == FR.instant(None)


def test_the_day_is_that_of_the_zone() -> None:
    late = datetime(2023, 7, 20, 22, 30, tzinfo=UTC)
    assert date(2023, 7, 21) == FR.local_day(late)


@pytest.mark.parametrize(
    ("ago", "french", "english"),
    [
        (timedelta(seconds=8), "il y a 8 secondes", "8 seconds ago"),
        (timedelta(seconds=119), "il y a 119 secondes", "119 seconds ago"),
        (timedelta(minutes=3), "il y a 3 minutes", "3 minutes ago"),
        (timedelta(hours=30), "il y a 30 heures", "30 hours ago"),
        (timedelta(days=3), "il y a 3 jours", "3 days ago"),
        (timedelta(days=-3), "dans 3 jours", "in 3 days"),
        (timedelta(days=1000), "il y a 3 ans", "3 years ago"),
    ],
)
def test_an_age(ago: timedelta, french: str, english: str) -> None:
    assert (french, english) == (FR.age(NOON - ago, NOON), EN.age(NOON - ago, NOON))


@pytest.mark.parametrize(
    ("seconds", "french", "english"),
    [
        (0.0, "0 s", "0 s"),
        (3.4, "3 s", "3 s"),
        (119, "119 s", "119 s"),
        (1_380, "23 min", "23 min"),
        (5_400, "90 min", "90 min"),
        (93_600, "26 h", "26 h"),
        (201_600, "2 j", "2 d"),
        (900_000_000, "10 417 j", "10,417 d"),
        (None, "—", "—"),
    ],
)
def test_a_span_in_a_column(seconds: float | None, french: str, english: str) -> None:
    found = (FR.span(seconds), EN.span(seconds))
    assert (french, english) == tuple(phrase.replace("\u202f", " ") for phrase in found)


@pytest.mark.parametrize(
    ("seconds", "french", "english"),
    [
        (0.0004, "0 ms", "0 ms"),
        (0.0184, "18 ms", "18 ms"),
        (3.14, "3,1 s", "3.1 s"),
        (41.7, "42 s", "42 s"),
        (None, "—", "—"),
    ],
)
def test_a_duration_that_was_measured(seconds: float | None, french: str, english: str) -> None:
    found = (FR.exact_span(seconds), EN.exact_span(seconds))
    assert (french, english) == tuple(phrase.replace("\u202f", " ") for phrase in found)


@pytest.mark.parametrize(
    ("days", "french", "english"),
    [
        (0, "aujourd'hui", "today"),
        (1, "dans 1 jour", "in 1 day"),
        (60, "dans 60 jours", "in 60 days"),
        (-1238, "il y a 1\u202f238 jours", "1,238 days ago"),
    ],
)
def test_a_due_date_is_counted_in_days(days: int, french: str, english: str) -> None:
    today = date(2023, 7, 20)
    due = today + timedelta(days=days)
    assert (french, english) == (FR.days_away(due, today), EN.days_away(due, today))


@pytest.mark.parametrize(
    ("days", "french", "english"),
    [
        (1, "échu depuis 1 jour", "1 day overdue"),
        (1238, "échu depuis 1\u202f238 jours", "1,238 days overdue"),
    ],
)
def test_an_overdue_order_says_since_how_many_days(days: int, french: str, english: str) -> None:
    due, today = date(2023, 7, 20), date(2023, 7, 20) + timedelta(days=days)
    assert (french, english) == (FR.days_overdue(due, today), EN.days_overdue(due, today))


@pytest.mark.parametrize(
    ("count", "french", "english"),
    [
        (0, "0 mandat", "0 orders"),
        (1, "1 mandat", "1 order"),
        (2, "2 mandats", "2 orders"),
        (35_000, "35\u202f000 mandats", "35,000 orders"),
    ],
)
def test_things_are_counted(count: int, french: str, english: str) -> None:
    assert (french, english) == (FR.quantity(ORDERS, count), EN.quantity(ORDERS, count))


def test_an_unknown_number_is_no_zero() -> None:
    assert ("—", "0") == (FR.number(None), FR.number(0))

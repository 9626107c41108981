"""The chart of a year's months: cumulated, by the day that counts, beside the year before."""

from datetime import date

from services.api.budgets.chart import MonthChart, month_chart, year_sums
from services.api.budgets.moves import DayMoved
from services.texts.language import Language
from services.texts.locale_format import LocaleFormat

ENGLISH = LocaleFormat(Language.EN)


def moved(day: str, ordered_cents: int = 0, paid_cents: int = 0) -> DayMoved:
    return DayMoved(date.fromisoformat(day), ordered_cents, paid_cents)


YEAR = [
    moved("2022-12-20", ordered_cents=1_00),
    moved("2023-03-05", ordered_cents=10_00),
    moved("2023-03-20", ordered_cents=-4_00, paid_cents=4_00),
    moved("2023-06-01", paid_cents=5_00),
]


def drawn(until: str, *more: DayMoved) -> MonthChart:
    sums = year_sums(2023, [*YEAR, *more], date.fromisoformat(until))
    return month_chart(sums, None, ENGLISH)


def test_each_month_has_the_sums_up_to_its_end_and_those_to_come_have_none() -> None:
    sums = year_sums(2023, YEAR, date(2023, 7, 14))
    # What took effect before January counts in it; what is paid stays ordered.
    ordered = [1_00, 1_00, 11_00, 11_00, 11_00, 16_00, 16_00]
    assert [*ordered, *[None] * 6] == list(sums.ordered_cents)
    assert [0, 0, 4_00, 4_00, 4_00, 9_00, 9_00, *[None] * 6] == list(sums.paid_cents)


def test_a_move_behind_the_day_counts_too() -> None:
    sums = year_sums(2023, YEAR, date(2023, 2, 1))
    assert (16_00, None) == (sums.ordered_cents[5], sums.ordered_cents[6])


def test_what_came_after_december_has_a_place_of_its_own_where_there_is_any() -> None:
    assert "December" == drawn("2024-06-01").rows[-1].month
    later = drawn("2024-06-01", moved("2024-01-20", -7_00, 7_00), moved("2025-03-01", 0, 1_00))
    assert ("After December", ["€17.00", "€17.00"]) == later.rows[-1]


def test_the_curves_share_a_scale_and_differ_without_colour() -> None:
    before = year_sums(2022, [moved("2022-01-31", ordered_cents=32_00)], date(2023, 7, 14))
    chart = month_chart(year_sums(2023, YEAR, date(2023, 7, 14)), before, ENGLISH)
    assert [
        ("Ordered, paid or not, 2023", "ordered"),
        ("Paid, 2023", "paid"),
        ("Ordered, paid or not, 2022", "ordered before"),
        ("Paid, 2022", "paid before"),
    ] == [(each.name, each.style) for each in chart.curves]
    # The greatest figure reaches the top (8 of 100), half of it the middle.
    this, _, last_year, _ = chart.curves
    assert last_year.line.startswith("M0 100L27 8")
    assert " 54L" in this.line
    assert "Ordered, paid or not, 2023: €16.00 at the end of July" in chart.description
    assert "Paid, 2023: €9.00 at the end of July" in chart.description


def test_a_year_without_a_move_lies_at_the_bottom() -> None:
    chart = month_chart(year_sums(2023, [], date(2023, 12, 31)), None, ENGLISH)
    assert ["M0 100L332 100L360 100"] * 2 == [each.line for each in chart.curves]

"""A chart of a year's months: what was ordered and paid so far, with the year before. Pure.

What is ordered counts whether it is paid or not: the curve of what is paid never lies above it.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from itertools import accumulate
from typing import Final, NamedTuple

from events.texts import _
from services.api.budgets.moves import DayMoved
from services.api.console.charts import chart
from services.texts.locale_format import LocaleFormat

MONTHS: Final = 12
LATER: Final = MONTHS
"""The place behind December: payments of the complementary period, and what comes after it."""

ORDERED: Final = _("Ordered, paid or not")
PAID: Final = _("Paid")
AFTER_DECEMBER: Final = _("After December")
NAMED: Final = _("{name}, {year}")

Sums = Sequence[int | None]
"""Cents at the end of each month, and of what came later; None of months that are to come."""


class YearSums(NamedTuple):
    """Sums ordered and paid from the beginning of a year to the end of each month."""

    year: int
    ordered_cents: Sums
    paid_cents: Sums


class Curve(NamedTuple):
    """One line of the chart; `style` is how it is drawn: by width and dashes, not colour alone."""

    name: str
    style: str
    line: str


class MonthRow(NamedTuple):
    """A month in the table: the figures of each curve, None where it is to come."""

    month: str
    cells: Sequence[str | None]


class MonthChart(NamedTuple):
    """The chart, its text, and its table; the curves are in the order of the columns."""

    curves: Sequence[Curve]
    description: str
    first: str
    last: str
    rows: Sequence[MonthRow]


def year_sums(year: int, days: Iterable[DayMoved], until: date) -> YearSums:
    """The sums of a year's months, known up to the day `until`, or to the last move behind it.

    What took effect before January counts in it; what did after December stands apart.
    """
    ordered, paid = [0] * (MONTHS + 1), [0] * (MONTHS + 1)
    known = place_of(until, year)
    for day in days:
        at = place_of(day.effective_on, year)
        ordered[at] += day.ordered_cents + day.paid_cents
        paid[at] += day.paid_cents
        known = max(known, at)
    return YearSums(year, _sum_until(ordered, known), _sum_until(paid, known))


def place_of(day: date, year: int) -> int:
    """The month of a day in a year, from 0; `LATER` behind December."""
    return max(0, min(LATER, (day.year - year) * MONTHS + day.month - 1))


def _sum_until(changes: Sequence[int], last: int) -> Sums:
    sums = accumulate(changes)
    return [cents if at <= last else None for at, cents in enumerate(sums)]


def month_chart(this: YearSums, before: YearSums | None, locale: LocaleFormat) -> MonthChart:
    """The chart of a year, beside the year before where there is one."""
    series = [
        (ORDERED, this.year, "ordered", this.ordered_cents),
        (PAID, this.year, "paid", this.paid_cents),
    ]
    if before is not None:
        series += [
            (ORDERED, before.year, "ordered before", before.ordered_cents),
            (PAID, before.year, "paid before", before.paid_cents),
        ]
    # What came after December has a place of its own only where something did.
    length = MONTHS + any(sums[LATER] not in {None, sums[LATER - 1]} for *_, sums in series)
    months = [locale.month(number) for number in range(1, MONTHS + 1)]
    months = [*months, locale.say(AFTER_DECEMBER)][:length]
    # All curves share a scale, and begin at nothing.
    top = max((cents for *_, sums in series for cents in sums if cents is not None), default=0)
    curves = [
        Curve(
            locale.say(NAMED, name=locale.say(name), year=str(year)),
            style,
            chart([0, *sums[:length]], max(top, 1)).line,
        )
        for name, year, style, sums in series
    ]
    rows = [
        MonthRow(
            month, [None if sums[at] is None else locale.money(sums[at]) for *_, sums in series]
        )
        for at, month in enumerate(months)
    ]
    return MonthChart(curves, _description(rows, curves, locale), months[0], months[-1], rows)


def _description(rows: Sequence[MonthRow], curves: Sequence[Curve], locale: LocaleFormat) -> str:
    """The last known figure of each curve, for screen readers."""
    texts = []
    for at, curve in enumerate(curves):
        month, text = next(
            ((row.month, row.cells[at]) for row in reversed(rows) if row.cells[at] is not None),
            ("", ""),
        )
        texts.append(
            locale.say(
                _("{curve}: {amount} at the end of {month}"),
                curve=curve.name,
                amount=text or "",
                month=month,
            )
        )
    return "; ".join(texts)

"""The payment plan: what is due when, by week and by beneficiary. Pure but for one query."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.api.queries.orders import MONTH, WEEK, Counted, OrderFilter, conditions
from services.api.queries.rows import Entities, mask_text, total, visible
from services.projector.tables import payment_orders

PERIODS: Final = ("overdue", "7_days", "30_days", "later")
"""When an order is due: before today, within 7 days, behind those within 30, later."""

DAYS_OF_A_WEEK: Final = timedelta(days=6)


class DueOrders(NamedTuple):
    """The orders of one beneficiary that are due on one day: their number and what is left."""

    due_on: date
    siret: str
    beneficiary: str | None
    """Its name, as the orders have it."""
    orders: int
    left_cents: int


@dataclass(frozen=True, slots=True)
class WeekDue:
    """A week from Monday to Sunday, and the orders due in it."""

    monday: date
    due: Counted

    @property
    def sunday(self) -> date:
        """The week's last day."""
        return self.monday + DAYS_OF_A_WEEK


@dataclass(frozen=True, slots=True)
class BeneficiaryDue:
    """A beneficiary, and what is due to it in each period."""

    siret: str
    beneficiary: str | None
    """Its name, as the order that is due last has it."""
    due: Counted
    by_period: dict[str, int]
    """Cents left to pay, by period."""

    @property
    def name(self) -> str:
        """The name as people may see it."""
        return mask_text(self.beneficiary) or ""


@dataclass(frozen=True, slots=True)
class PaymentPlan:
    """Payments that are due, to whom and when, as of a day."""

    periods: dict[str, Counted]
    total: Counted
    weeks: Sequence[WeekDue]
    """Those that have something due, the first one first; what is overdue stands in its own."""
    beneficiaries: Sequence[BeneficiaryDue]
    """The one to which most is due first."""


async def payment_plan(
    conn: AsyncConnection, entities: Entities, today: date, filters: OrderFilter
) -> PaymentPlan:
    """The plan of these orders; they should be open ones."""
    table = payment_orders.c
    key = (table.due_on, func.coalesce(table.siret, ""))
    query = (
        select(
            *key,
            func.max(table.beneficiary),
            func.count(),
            total(table.amount_cents - table.paid_cents),
        )
        .where(visible(table.budget, entities), *conditions(filters))
        .group_by(*key)
        .order_by(*key)
    )
    rows = await conn.execute(query)
    return plan_of([DueOrders(*row) for row in rows], today)


def plan_of(orders: Sequence[DueOrders], today: date) -> PaymentPlan:
    """The plan of these orders, as of a day."""
    by_day: dict[date, list[DueOrders]] = {}
    by_siret: dict[str, list[DueOrders]] = {}
    for each in orders:
        by_day.setdefault(each.due_on, []).append(each)
        by_siret.setdefault(each.siret, []).append(each)
    # Thousands of orders wait in a large city, on some hundred days.
    period_of_day = {day: period_of(day, today) for day in by_day}
    by_period: dict[str, list[DueOrders]] = {period: [] for period in PERIODS}
    by_week: dict[date, list[DueOrders]] = {}
    for day, rows in by_day.items():
        by_period[period_of_day[day]] += rows
        by_week.setdefault(monday_of(day), []).extend(rows)
    beneficiaries = [_beneficiary(rows, period_of_day) for rows in by_siret.values()]
    return PaymentPlan(
        {period: _count_orders(rows) for period, rows in by_period.items()},
        _count_orders(orders),
        [WeekDue(monday, _count_orders(by_week[monday])) for monday in sorted(by_week)],
        sorted(beneficiaries, key=lambda each: (-each.due.left_cents, each.siret)),
    )


def period_of(due_on: date, today: date) -> str:
    """The period of a due date."""
    ends = zip(PERIODS, (today - timedelta(days=1), today + WEEK, today + MONTH), strict=False)
    return next((period for period, end in ends if due_on <= end), PERIODS[-1])


def monday_of(day: date) -> date:
    """The first day of its week."""
    return day - timedelta(days=day.weekday())


def _beneficiary(rows: Sequence[DueOrders], period_of_day: Mapping[date, str]) -> BeneficiaryDue:
    cents = dict.fromkeys(PERIODS, 0)
    for each in rows:
        cents[period_of_day[each.due_on]] += each.left_cents
    last = rows[-1]
    return BeneficiaryDue(last.siret, last.beneficiary, _count_orders(rows), cents)


def _count_orders(rows: Sequence[DueOrders]) -> Counted:
    return Counted(sum([row.orders for row in rows]), sum([row.left_cents for row in rows]))

"""The payment plan: each order in one period and one week, sums that agree."""

from collections.abc import Sequence
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.api.orders.plan import PERIODS, DueOrders, monday_of, period_of, plan_of
from services.api.orders.waiting import period_days
from services.api.queries.orders import Counted

TODAY = date(2023, 7, 20)
"""A Thursday."""


@pytest.mark.parametrize(
    ("due_on", "period"),
    [
        ("2023-07-19", "overdue"),
        ("2023-07-20", "7_days"),
        ("2023-07-27", "7_days"),
        ("2023-07-28", "30_days"),
        ("2023-08-19", "30_days"),
        ("2023-08-20", "later"),
    ],
)
def test_a_day_is_in_one_period(due_on: str, period: str) -> None:
    assert period == period_of(date.fromisoformat(due_on), TODAY)


@given(days=st.integers(-400, 400))
def test_the_days_of_a_period_are_those_in_it(days: int) -> None:
    day = TODAY + timedelta(days=days)
    within = []
    for period in PERIODS:
        first, last = period_days(period, TODAY)
        if (first is None or first <= day) and (last is None or day <= last):
            within.append(period)
    assert [period_of(day, TODAY)] == within


@pytest.mark.parametrize("day", ["2023-07-17", "2023-07-20", "2023-07-23"])
def test_a_week_begins_on_monday(day: str) -> None:
    assert date(2023, 7, 17) == monday_of(date.fromisoformat(day))


def due(day: str, siret: str, count: int, left_cents: int) -> DueOrders:
    return DueOrders(date.fromisoformat(day), siret, f"Name of {siret}", count, left_cents)


def test_a_plan_by_period_week_and_beneficiary() -> None:
    plan = plan_of(
        [
            due("2023-07-10", "A", 1, 100),
            due("2023-07-21", "A", 2, 50),
            due("2023-07-23", "B", 1, 500),
            due("2023-09-01", "B", 1, 7),
        ],
        TODAY,
    )
    assert {
        "overdue": Counted(1, 100),
        "7_days": Counted(3, 550),
        "30_days": Counted(0, 0),
        "later": Counted(1, 7),
    } == plan.periods
    assert [
        (date(2023, 7, 10), date(2023, 7, 16), Counted(1, 100)),
        (date(2023, 7, 17), date(2023, 7, 23), Counted(3, 550)),
        (date(2023, 8, 28), date(2023, 9, 3), Counted(1, 7)),
    ] == [(each.monday, each.sunday, each.due) for each in plan.weeks]
    first, second = plan.beneficiaries
    assert ("B", Counted(2, 507)) == (first.siret, first.due)
    assert {"overdue": 0, "7_days": 500, "30_days": 0, "later": 7} == first.by_period
    assert ("A", Counted(3, 150)) == (second.siret, second.due)


ORDERS = st.lists(
    st.builds(
        DueOrders,
        st.dates(date(2023, 1, 1), date(2024, 12, 31)),
        st.sampled_from("ABC"),
        st.just("Name"),
        st.integers(1, 5),
        st.integers(0, 10**9),
    ),
    max_size=20,
)


@given(orders=ORDERS)
def test_weeks_periods_and_beneficiaries_come_to_the_same(orders: Sequence[DueOrders]) -> None:
    plan = plan_of(orders, TODAY)
    whole = plan.total.count, plan.total.left_cents
    for parts in (
        list(plan.periods.values()),
        [each.due for each in plan.weeks],
        [each.due for each in plan.beneficiaries],
    ):
        assert whole == (sum(each.count for each in parts), sum(each.left_cents for each in parts))
    assert all(sum(each.by_period.values()) == each.due.left_cents for each in plan.beneficiaries)

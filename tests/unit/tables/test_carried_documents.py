"""Rules 19, 22 and 32: what a convention had received when its year ended counts in the next."""

from typing import Any

import pytest

from tests.builders import (
    NEXT_BUDGET,
    Json,
    Scenario,
    a_closing,
    a_convention,
    a_new_account,
    a_notification,
    a_report,
    a_vote,
    an_amendment,
    an_award,
    an_instalment,
)
from tests.unit.tables.years import NEXT

A, B, C = ("activity_report", 2022), ("certified_accounts", 2022), ("financial_report", 2022)
WAITING = [
    a_vote(100),
    an_award(100),
    a_convention(
        bank_account=..., instalments=[an_instalment(100, documents=[A, B, C], ceiling=True)]
    ),
]
"""Everything is there but a bank account, so nothing is ordered in the first year."""
ACCOUNT = a_new_account(**NEXT)


def costing(document: tuple[str, int], cost_cents: int, **more: Any) -> Json:
    return a_report(*document, eligible_cost_cents=cost_cents, **more)


# The order of receipt, what follows in the next year, and what the last cost leaves.
LAST: list[tuple[str, list[Json], list[Json], int]] = [
    ("the first listed last", [costing(C, 70), costing(B, 80), costing(A, 90)], [], 90),
    ("the second listed last", [costing(A, 70), costing(C, 80), costing(B, 90)], [], 90),
    ("the third listed last", [costing(B, 70), costing(A, 80), costing(C, 90)], [], 90),
    (
        "one without a cost last",
        [costing(A, 70), costing(B, 80), a_report(*C)],
        [],
        80,
    ),
    (
        "a corrected copy of the last listed, in the next year",
        [costing(C, 70), costing(B, 80), costing(A, 90)],
        [costing(C, 60, **NEXT, _id="corrected")],
        60,
    ),
    (
        "a corrected copy of the first listed, in the next year",
        [costing(A, 70), costing(B, 80), costing(C, 90)],
        [costing(A, 60, **NEXT, _id="corrected")],
        60,
    ),
]


@pytest.mark.parametrize(
    ("before", "after", "ordered_cents"), [row[1:] for row in LAST], ids=[row[0] for row in LAST]
)
def test_rule_22_of_the_costs_of_both_years_the_last_received_counts(
    before: list[Json], after: list[Json], ordered_cents: int
) -> None:
    scenario = Scenario(*WAITING, *before, a_closing("all"))
    scenario.deliver()
    for event in (*after, ACCOUNT):
        scenario.tell(event)
    assert {"C/advance": ("issued", ordered_cents, 0)} == scenario.orders(NEXT_BUDGET)


def test_rule_32_documents_without_a_cost_come_first_by_kind_and_year() -> None:
    scenario = Scenario(
        *WAITING,
        costing(A, 90),
        a_report("evaluation", 2022, received_on="2023-06-03"),
        a_report("evaluation", 2021, received_on="2023-06-04"),
        a_report(*B, received_on="2023-06-05"),
        a_closing("all"),
    )
    [internal_event] = scenario.internal_events()
    sent = [
        (row["document"]["kind"], row["document"]["year"])
        for row in internal_event["data"]["documents"]
    ]
    assert [B, ("evaluation", 2021), ("evaluation", 2022), A] == sent


def test_rule_19_a_notification_of_the_year_before_sets_an_instalment_off() -> None:
    """Nothing is reported a second time: a new schedule finds the notification there."""
    waiting = an_instalment(100, documents=[("evaluation", 2023)])
    scenario = Scenario(
        a_vote(100),
        an_award(100),
        a_convention(instalments=[waiting]),
        a_notification(),
        a_closing("all"),
    )
    scenario.deliver()
    notified = an_instalment(100, "rest", trigger="notification")
    scenario.tell(an_amendment(instalments=[notified], **NEXT))
    [change] = scenario.last.payment_orders
    assert ("C/rest", "2023-07-19") == (
        change.order.payment_order,
        change.order.due_on.isoformat(),
    )

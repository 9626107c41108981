"""Where a rule meets the end of a year: what an earlier year did counts in the next."""

from typing import Any

import pytest

from tests.builders import (
    NEXT_BUDGET,
    Json,
    Scenario,
    a_closing,
    a_concurring_act,
    a_convention,
    a_line,
    a_new_account,
    a_payment,
    a_reduction,
    a_rejected_report,
    a_report,
    a_transfer,
    a_vote,
    a_withdrawal,
    an_acknowledgement,
    an_act,
    an_amendment,
    an_amount,
    an_award,
    an_instalment,
)
from tests.unit.tables.rows import Money, figures
from tests.unit.tables.years import NEXT, OPENED, Row, check, next_money

REPORT = [("activity_report", 2022)]
AGAIN: dict[str, Any] = {"_id": "again"}

BALANCE = an_instalment(40, "balance", documents=[("activity_report", 2023)], ceiling=True)
ADVANCE = an_instalment(60, documents=REPORT)
ORDERED: list[Json] = [
    a_vote(100),
    an_award(100),
    a_convention(instalments=[ADVANCE, BALANCE]),
    a_report(),
]
TAKEN = [*ORDERED, an_acknowledgement()]
REJECTED = [*ORDERED, an_acknowledgement("rejected")]
CONCURRING = [
    a_concurring_act(act=an_act(f"2023-05-{day:02}"), _id=str(day)) for day in range(1, 26)
]
OWED = {"convention": "C", "amount_cents": 60}
REJECTED_IN_THE_NEXT = a_rejected_report(**NEXT)


def rests() -> list[tuple[str, Json]]:
    facts = {
        "convention": "C",
        "document": {"kind": "activity_report", "year": 2022},
        "payment_order": "C/advance",
    }
    return [("report_rejected_after_order", facts)]


OTHER_ARTICLE = a_line(article="6574")
BEFORE_THE_VOTE = [
    a_reduction(30, **NEXT),
    an_amendment(
        act=an_act("2024-02-01"),
        instalments=[
            an_instalment(name="rest", lines=[an_amount(10), an_amount(20, line=OTHER_ARTICLE)])
        ],
        **NEXT,
    ),
    a_vote(5, vote_level="article", **NEXT),
]
"""What was reduced on one article was committed on another, before credit was voted by article."""

ROWS = [
    Row(
        "an article that was overdrawn before the vote is given credit: who adds may leave it so",
        [*ORDERED, an_acknowledgement(), a_payment(60)],
        "accepted",
        Money(
            {
                "489": figures(appropriated=35, available=25, ordered=10),
                "65/6574/61/489": figures(appropriated=10, available=-10, ordered=20),
            },
            {
                "C": {
                    "489": figures(granted=40, ordered=10, released=30),
                    "65/6574/61/489": figures(granted=20, ordered=20),
                }
            },
            {"C/rest": ("issued", 30, 0)},
        ),
        after=[
            *BEFORE_THE_VOTE,
            a_transfer(10, to_line=OTHER_ARTICLE, **NEXT),
        ],
    ),
    Row(
        "the new account came before the internal event: the rejected order is issued with it",
        REJECTED,
        "accepted",
        Money(
            {"489": {"appropriated": 100, "committed": 40, "ordered": 60}},
            {"C": {"489": {"granted": 100, "remaining": 40, "ordered": 60}}},
            {"C/advance/2": ("issued", 60, 0)},
        ),
        before=[a_new_account(**NEXT)],
    ),
    Row(
        "the account that rejected it, sent again before the internal event, is no newer one",
        REJECTED,
        "accepted",
        Money(
            {"489": {"appropriated": 100, "committed": 100}},
            {"C": {"489": {"granted": 100, "remaining": 100}}},
        ),
        before=[a_new_account("FR7610278027150004578690110", **NEXT)],
    ),
    Row(
        "the 25th concurring act is withdrawn in the new year: a flag, and nothing falls",
        [*CONCURRING, *TAKEN, a_payment(60)],
        "accepted",
        OPENED,
        after=[a_withdrawal(act=an_act("2023-05-25"), **NEXT)],
        flags=[
            (
                "concurring_act_withdrawn",
                {"grant": "G", "act": {"number": None} | an_act("2023-05-25")},
            )
        ],
    ),
    Row(
        "a report is rejected on which an earlier year's order rests",
        [*TAKEN, a_payment(60)],
        "accepted",
        OPENED,
        after=[REJECTED_IN_THE_NEXT],
        flags=rests(),
    ),
    Row(
        "rejected once more: nothing rests on it any longer",
        [*TAKEN, a_payment(60)],
        "accepted",
        OPENED,
        after=[REJECTED_IN_THE_NEXT, a_rejected_report(**NEXT, **AGAIN)],
    ),
    Row(
        "its award falls while an order of the closed year is with the treasury: it may be paid",
        TAKEN,
        "accepted",
        next_money({"available": 40}, {"released": 40}),
        after=[a_withdrawal(**NEXT)],
        flags=[("recovery_due", OWED)],
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.says)
def test_rules_17_21_and_24_what_an_earlier_year_did_counts_in_the_next(row: Row) -> None:
    check(row)


def test_rule_25_of_many_acts_that_an_internal_event_brings_an_order_carries_twenty() -> None:
    scenario = Scenario(*CONCURRING, *TAKEN, a_closing("all"))
    [internal_event] = scenario.internal_events()
    assert 26 == len(internal_event["data"]["acts"])
    scenario.deliver()
    scenario.tell(a_report(year=2023, **NEXT))
    [change] = scenario.last.payment_orders
    assert change.issued is not None
    assert 20 == len(change.issued["acts"])
    assert {"C/balance": ("issued", 40, 0)} == scenario.orders(NEXT_BUDGET)


def test_rule_25_an_order_that_waited_for_the_account_in_an_opening_carries_its_acts_too() -> None:
    """The grant that this year awarded before the opening came has the act of the year before."""
    concurring = a_concurring_act(act=an_act("2023-04-13"))
    alone = an_award(50, requires_convention=False, **NEXT)
    scenario = Scenario(
        *TAKEN[:2], concurring, *TAKEN[2:], a_closing("all"), a_vote(50, **NEXT), alone
    )
    assert {} == scenario.orders(NEXT_BUDGET), "nobody knows yet where to pay it"
    scenario.deliver()
    [change] = scenario.last.payment_orders
    assert change.issued is not None
    assert ["2023-04-12", "2023-04-13"] == [act["date"] for act in change.issued["acts"]]

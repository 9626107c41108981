"""Rule 32: what a year carried over opens the next one, and is paid there."""

import pytest

from tests.builders import (
    a_beneficiary,
    a_concurring_act,
    a_convention,
    a_new_account,
    a_notification,
    a_payment,
    a_report,
    a_vote,
    an_acknowledgement,
    an_amount,
    an_award,
    an_instalment,
)
from tests.unit.tables.rows import Money
from tests.unit.tables.test_closing import BALANCE, HALVES, PAID, REJECTED, TAKEN
from tests.unit.tables.years import BALANCE_ISSUED, NEXT, OPENED, REPORT, Row, check, next_money


def whole(balance: str, state: str = "issued", paid: int = 0) -> Money:
    """100 cents in the next year, of which one order asks all or a part."""
    cents = 100 if balance == "advance" else 60
    left = 100 - cents
    line = {"ordered": cents - paid} | ({"committed": left} if left else {})
    share = {"ordered": cents - paid} | ({"remaining": left} if left else {})
    return Money(
        {"489": {"appropriated": 100} | line},
        {"C": {"489": {"granted": 100} | share}},
        {"C/advance/2": (state, cents, paid)},
    )


REISSUED = whole("balance")
WAITING = [
    a_vote(100),
    an_award(100),
    a_convention(instalments=[an_instalment(60), BALANCE], bank_account=...),
]
"""Nobody knows where to pay convention C."""
BOTH_WAIT = Money(
    {"489": {"appropriated": 100, "committed": 100}},
    {"C": {"489": {"granted": 100, "remaining": 100}}},
)
ADVANCE_ISSUED = Money(
    {"489": {"appropriated": 100, "committed": 40, "ordered": 60}},
    {"C": {"489": {"granted": 100, "remaining": 40, "ordered": 60}}},
    {"C/advance": ("issued", 60, 0)},
)

OPENING_ROWS = [
    Row("carried over, the balance is committed without a vote", PAID, "accepted", OPENED),
    Row(
        "an order that was still open is no matter of the new budget",
        TAKEN,
        "accepted",
        OPENED,
    ),
    Row(
        "the report of 2023 sets the balance off, before any vote",
        PAID,
        "accepted",
        BALANCE_ISSUED,
        after=[REPORT],
    ),
    Row(
        "the report came before the internal event, waited, and sets it off behind it",
        PAID,
        "accepted",
        BALANCE_ISSUED,
        before=[REPORT],
    ),
    Row(
        "the balance is paid",
        PAID,
        "accepted",
        next_money({"paid": 40}, {"paid": 40}, balance=("paid", 40, 40)),
        after=[REPORT, a_payment(40, "C/balance", **NEXT)],
    ),
    Row(
        "the vote opens credit beside what is carried over",
        PAID,
        "accepted",
        Money({"489": {"appropriated": 90, "available": 50, "committed": 40}}, OPENED.conventions),
        after=[a_vote(50, **NEXT)],
    ),
    Row(
        "the vote may come first",
        PAID,
        "accepted",
        Money({"489": {"appropriated": 90, "available": 50, "committed": 40}}, OPENED.conventions),
        before=[a_vote(50, **NEXT)],
    ),
    Row(
        "the order of the year before is not known here",
        TAKEN,
        "unknown_payment_order",
        OPENED,
        after=[a_payment(60, **NEXT)],
        facts={"payment_order": "C/advance"},
    ),
    Row(
        "its number is taken here as well",
        PAID,
        "convention_exists",
        Money({"489": {"appropriated": 90, "reserved": 50, "committed": 40}}, OPENED.conventions),
        after=[
            a_vote(50, **NEXT),
            an_award(50, grant="H", **NEXT),
            a_convention(50, grant="H", **NEXT),
        ],
        facts={"convention": "C"},
    ),
    Row(
        "its grant is awarded already: another award needs a reference of its own",
        PAID,
        "grant_already_awarded",
        Money({"489": {"appropriated": 90, "available": 50, "committed": 40}}, OPENED.conventions),
        after=[a_vote(50, **NEXT), an_award(50, **NEXT)],
        facts={"grant": "G"},
    ),
    Row(
        "the carried award has nothing left for another convention",
        PAID,
        "exceeds_award",
        OPENED,
        after=[a_convention(1, convention="D", **NEXT)],
        facts={
            "convention": "D",
            "line": an_amount(1)["line"],
            "award_cents": 0,
            "asked_cents": 1,
        },
    ),
    Row(
        "a concurring act finds the award of the year before",
        PAID,
        "accepted",
        OPENED,
        after=[a_concurring_act(beneficiary=a_beneficiary(name="Autre"), **NEXT)],
        flags=[("name_differs", {"field": "name", "expected": "Lille Avenirs", "found": "Autre"})],
    ),
]

TWO_DOCUMENTS = [("certified_accounts", 2023), ("activity_report", 2023)]
COST_PROVED = [
    a_vote(100),
    an_award(100),
    a_convention(
        instalments=[
            an_instalment(60),
            an_instalment(40, "balance", documents=TWO_DOCUMENTS, ceiling=True),
        ]
    ),
    a_report("certified_accounts", 2023, eligible_cost_cents=80),
    an_acknowledgement(),
]
"""A cost of 80 is proved; the balance waits for one report more."""

CEILING_ROWS = [
    Row(
        "a ceiling counts what earlier years paid: 90 in all, 60 of them had",
        PAID,
        "accepted",
        next_money(
            {"available": 10, "ordered": 30},
            {"released": 10, "ordered": 30},
            balance=("issued", 30, 0),
        ),
        after=[a_report(year=2023, eligible_cost_cents=90, **NEXT)],
    ),
    Row(
        "and what they left ordered",
        TAKEN,
        "accepted",
        next_money(
            {"available": 10, "ordered": 30},
            {"released": 10, "ordered": 30},
            balance=("issued", 30, 0),
        ),
        after=[a_report(year=2023, eligible_cost_cents=90, **NEXT)],
    ),
    Row(
        "what is released before the vote is credit once it is there",
        PAID,
        "accepted",
        Money(
            {"489": {"appropriated": 90, "available": 60, "ordered": 30}},
            {"C": {"489": {"granted": 40, "released": 10, "ordered": 30}}},
            {"C/balance": ("issued", 30, 0)},
        ),
        after=[a_report(year=2023, eligible_cost_cents=90, **NEXT), a_vote(50, **NEXT)],
    ),
    Row(
        "a cost below what earlier years paid: a recovery is due",
        PAID,
        "accepted",
        next_money({"available": 40}, {"released": 40}),
        after=[a_report(year=2023, eligible_cost_cents=50, **NEXT)],
        flags=[("recovery_due", {"convention": "C", "amount_cents": 10})],
    ),
    Row(
        "a cost that was proved in the year before still bounds, unless a newer one comes",
        COST_PROVED,
        "accepted",
        next_money(
            {"available": 20, "ordered": 20},
            {"released": 20, "ordered": 20},
            balance=("issued", 20, 0),
        ),
        after=[REPORT],
    ),
    Row(
        "the newer one counts",
        COST_PROVED,
        "accepted",
        next_money(
            {"available": 5, "ordered": 35},
            {"released": 5, "ordered": 35},
            balance=("issued", 35, 0),
        ),
        after=[a_report(year=2023, eligible_cost_cents=95, **NEXT)],
    ),
]

REISSUE_ROWS = [
    Row("a rejected order waits on in the next year", REJECTED, "accepted", BOTH_WAIT),
    Row(
        "a new bank account issues it again, its number counted on",
        REJECTED,
        "accepted",
        REISSUED,
        after=[a_new_account(**NEXT)],
    ),
    Row(
        "so does a report on the convention",
        REJECTED,
        "accepted",
        REISSUED,
        after=[a_report(**NEXT)],
    ),
    Row(
        "a notification does not",
        REJECTED,
        "accepted",
        BOTH_WAIT,
        after=[a_notification(**NEXT)],
    ),
    Row(
        "of a rejected order what was paid is not asked again",
        [*HALVES, a_payment(10), an_acknowledgement("rejected")],
        "accepted",
        Money(
            {"489": {"appropriated": 90, "committed": 40, "ordered": 50}},
            {"C": {"489": {"granted": 90, "remaining": 40, "ordered": 50}}},
            {"C/advance/2": ("issued", 50, 0)},
        ),
        after=[a_new_account(**NEXT)],
    ),
]

ACCOUNT_ROWS = [
    Row("without a bank account nothing is issued", WAITING, "accepted", BOTH_WAIT),
    Row(
        "the account of the new year issues the advance",
        WAITING,
        "accepted",
        ADVANCE_ISSUED,
        after=[a_new_account(**NEXT)],
    ),
    Row(
        "an account that the new year knew first issues it with the internal event",
        WAITING,
        "accepted",
        ADVANCE_ISSUED,
        before=[a_new_account(**NEXT)],
    ),
    Row(
        "and a balance whose report had come, under its ceiling",
        [*WAITING, a_report(year=2023, eligible_cost_cents=90)],
        "accepted",
        Money(
            {"489": {"appropriated": 100, "available": 10, "ordered": 90}},
            {"C": {"489": {"granted": 100, "released": 10, "ordered": 90}}},
            {"C/advance": ("issued", 60, 0), "C/balance": ("issued", 30, 0)},
        ),
        before=[a_new_account(**NEXT)],
    ),
]

ROWS = [*OPENING_ROWS, *CEILING_ROWS, *REISSUE_ROWS, *ACCOUNT_ROWS]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.says)
def test_rule_32_what_is_carried_over_lives_on_in_the_next_year(row: Row) -> None:
    check(row)

"""Rules 15 to 17, 21 and 32: how a convention lives on in the year into which it was carried."""

from typing import Any

import pytest

from tests.builders import (
    Json,
    Scenario,
    a_closing,
    a_collection,
    a_convention,
    a_deadline,
    a_new_account,
    a_payment,
    a_recovery,
    a_reduction,
    a_rejected_report,
    a_report,
    a_resumption,
    a_suspension,
    a_termination,
    a_vote,
    a_withdrawal,
    an_acknowledgement,
    an_act,
    an_amendment,
    an_award,
    an_instalment,
)
from tests.unit.tables.rows import Money
from tests.unit.tables.test_closing import BALANCE, PAID, REJECTED, TAKEN
from tests.unit.tables.years import BALANCE_ISSUED, NEXT, OPENED, REPORT, Row, check, next_money

REST = an_instalment(40, "rest")


BALANCE_FIRST = [
    a_vote(100),
    an_award(100),
    a_convention(instalments=[BALANCE, an_instalment(60)]),
]


def amendment(*instalments: Json, **more: Any) -> Json:
    return an_amendment(instalments=list(instalments), signed_on="2024-03-01", **NEXT, **more)


STATE_ROWS = [
    Row(
        "suspended in the old year, it is suspended in the new one",
        [*PAID, a_suspension()],
        "accepted",
        OPENED,
        after=[REPORT],
    ),
    Row(
        "resumed there, the balance is ordered",
        [*PAID, a_suspension()],
        "accepted",
        BALANCE_ISSUED,
        after=[REPORT, a_resumption(**NEXT)],
    ),
    Row(
        "suspended twice over the end of the year",
        [*PAID, a_suspension()],
        "wrong_state",
        OPENED,
        after=[a_suspension(**NEXT)],
        facts={"convention": "C", "state": "suspended"},
    ),
    Row(
        "a report that was rejected in the old year is awaited in the new one",
        [*PAID, a_suspension(), a_report(year=2023), a_rejected_report(year=2023), a_resumption()],
        "accepted",
        OPENED,
    ),
    Row(
        "terminated in the new year: what was carried over becomes available there",
        PAID,
        "accepted",
        next_money({"available": 40}, {"released": 40}),
        after=[a_termination(**NEXT)],
    ),
    Row(
        "its award falls in the new year: what earlier years paid is due back",
        PAID,
        "accepted",
        next_money({"available": 40}, {"released": 40}),
        after=[a_withdrawal(**NEXT)],
        flags=[("recovery_due", {"convention": "C", "amount_cents": 60})],
    ),
]

SCHEDULE_ROWS = [
    Row(
        "an amendment plans anew what was carried over",
        PAID,
        "accepted",
        next_money({"ordered": 40}, {"ordered": 40}, rest=("issued", 40, 0)),
        after=[amendment(REST)],
    ),
    Row(
        "it may not name what an earlier year ordered",
        PAID,
        "below_ordered",
        OPENED,
        after=[amendment(an_instalment(40))],
        facts={
            "convention": "C",
            "instalment": "advance",
            "remaining_cents": 0,
            "asked_cents": 40,
        },
    ),
    Row(
        "nor what was still open then",
        TAKEN,
        "below_ordered",
        OPENED,
        after=[amendment(an_instalment(40))],
        facts={
            "convention": "C",
            "instalment": "advance",
            "remaining_cents": 0,
            "asked_cents": 40,
        },
    ),
    Row(
        "upwards it is bound by what was carried over, not by what the old year had awarded",
        PAID,
        "exceeds_award",
        OPENED,
        after=[amendment(an_instalment(41, "rest"))],
        facts={
            "convention": "C",
            "line": REST["lines"][0]["line"],
            "award_cents": 40,
            "asked_cents": 41,
        },
    ),
    Row(
        "an act raises it, on credit of the new year",
        PAID,
        "accepted",
        Money(
            {"489": {"appropriated": 90, "available": 40, "ordered": 50}},
            {"C": {"489": {"granted": 50, "ordered": 50}}},
            {"C/rest": ("issued", 50, 0)},
        ),
        after=[
            a_vote(50, **NEXT),
            amendment(an_instalment(50, "rest"), act=an_act("2024-02-15")),
        ],
    ),
    Row(
        "before the vote there is no credit",
        PAID,
        "insufficient_credit",
        OPENED,
        after=[amendment(an_instalment(50, "rest"), act=an_act("2024-02-15"))],
        facts={
            "level": "chapter",
            "group": "65",
            "available_cents": 0,
            "asked_cents": 10,
            "shortfall_cents": 10,
        },
    ),
    Row(
        "a rejected instalment is planned anew under its name: its number counts on",
        REJECTED,
        "accepted",
        Money(
            {"489": {"appropriated": 100, "available": 45, "ordered": 55}},
            {"C": {"489": {"granted": 100, "released": 45, "ordered": 55}}},
            {"C/advance/2": ("issued", 55, 0)},
        ),
        after=[amendment(an_instalment(55))],
    ),
    Row(
        "one that an amendment of the old year had taken away counts on as well",
        [*REJECTED, an_amendment(instalments=[BALANCE])],
        "accepted",
        next_money({"ordered": 40}, {"ordered": 40}, advance_2=("issued", 40, 0)),
        after=[amendment(an_instalment(40))],
    ),
    Row(
        "and one of which the old year gave up all that was left",
        [*BALANCE_FIRST, an_acknowledgement("rejected"), a_reduction(60)],
        "accepted",
        next_money({"ordered": 40}, {"ordered": 40}, advance_2=("issued", 40, 0)),
        after=[amendment(an_instalment(40))],
    ),
    Row(
        "a reduction gives up what was carried over, from the last instalment backwards",
        REJECTED,
        "accepted",
        Money(
            {"489": {"appropriated": 100, "available": 50, "committed": 50}},
            {"C": {"489": {"granted": 100, "released": 50, "remaining": 50}}},
        ),
        after=[a_reduction(50, **NEXT)],
    ),
    Row(
        "what is left of a rejected order then is asked again",
        REJECTED,
        "accepted",
        Money(
            {"489": {"appropriated": 100, "available": 50, "ordered": 50}},
            {"C": {"489": {"granted": 100, "released": 50, "ordered": 50}}},
            {"C/advance/2": ("issued", 50, 0)},
        ),
        after=[a_reduction(50, **NEXT), a_new_account(**NEXT)],
    ),
]

MONEY_ROWS = [
    Row(
        "what was asked back before the closing does not count as had",
        [*PAID, a_recovery(30), a_collection(30)],
        "accepted",
        next_money({"ordered": 40}, {"ordered": 40}, balance=("issued", 40, 0)),
        after=[a_report(year=2023, eligible_cost_cents=70, **NEXT)],
    ),
    Row(
        "what comes back after the closing does: the internal event says what was had then",
        PAID,
        "accepted",
        next_money(
            {"available": 30, "ordered": 10},
            {"released": 30, "ordered": 10},
            balance=("issued", 10, 0),
        ),
        before=[a_recovery(30), a_collection(30)],
        after=[a_report(year=2023, eligible_cost_cents=70, **NEXT)],
    ),
    Row(
        "what the old year paid is asked back there, not here",
        PAID,
        "recovery_exceeds",
        OPENED,
        after=[a_recovery(1, **NEXT)],
        facts={"convention": "C", "room_cents": 0, "asked_cents": 1},
    ),
]

OWED = a_convention(
    instalments=[an_instalment(60), BALANCE],
    obligations=[{"kind": "financial_report", "year": 2023, "due_on": "2024-06-30"}],
)
DEADLINE_ROWS = [
    Row(
        "a document that is owed in the new year is late there",
        [a_vote(100), an_award(100), OWED, an_acknowledgement(), a_payment(60)],
        "accepted",
        OPENED,
        after=[a_deadline("report_due", due_on="2024-06-30", **NEXT)],
        flags=[
            (
                "report_late",
                {
                    "convention": "C",
                    "documents": [{"kind": "financial_report", "year": 2023}],
                    "due_on": "2024-06-30",
                },
            )
        ],
    ),
]

ROWS = [*STATE_ROWS, *SCHEDULE_ROWS, *MONEY_ROWS, *DEADLINE_ROWS]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.says)
def test_a_convention_that_was_carried_over_lives_by_the_same_rules(row: Row) -> None:
    check(row)


def test_rule_32_a_terminated_convention_is_not_carried_over() -> None:
    scenario = Scenario(*PAID, a_termination(), a_closing("all"))
    assert ("accepted", []) == (scenario.answer(), scenario.internal_events())
    scenario = Scenario(*PAID, a_termination(), a_closing(["C"]))
    assert ("accepted", []) == (scenario.answer(), scenario.internal_events())


def test_rule_32_nor_is_one_whose_award_fell() -> None:
    scenario = Scenario(*TAKEN, a_withdrawal(), a_closing("all"))
    assert ("accepted", []) == (scenario.answer(), scenario.internal_events())


def test_rule_32_the_day_of_an_amendment_travels() -> None:
    waiting = a_convention(instalments=[an_instalment(60), BALANCE], bank_account=...)
    amended = an_amendment(instalments=[an_instalment(100, "rest")], signed_on="2023-09-01")
    scenario = Scenario(a_vote(100), an_award(100), waiting, amended, a_closing("all"))
    scenario.deliver()
    scenario.tell(a_new_account(**NEXT))
    [change] = scenario.last.payment_orders
    assert ("C/rest", "2023-10-31") == (
        change.order.payment_order,
        change.order.due_on.isoformat(),
    )


def test_rule_14_what_an_act_of_the_new_year_adds_is_awarded_there() -> None:
    raised = amendment(an_instalment(50, "rest"), act=an_act("2024-02-15"))
    scenario = Scenario(*PAID, a_closing("all"), a_vote(50, **NEXT))
    scenario.deliver()
    scenario.tell(raised)
    book = scenario.ledger.budgets[NEXT["budget"]].book
    assert {"37887770800040": 10} == book.awarded_cents
    scenario.tell(a_withdrawal(**NEXT))
    assert {} == book.awarded_cents

"""Rules 15 to 17, 19, 21, 22 and 32: how a convention that was carried over lives on."""

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
    a_termination,
    a_vote,
    a_withdrawal,
    an_act,
    an_amendment,
    an_award,
    an_instalment,
)
from tests.unit.tables.years import BALANCE, NEXT, PAID, TAKEN, Row, check, reader_of

BALANCE_FIRST = [a_vote(100), an_award(100), a_convention(instalments=[BALANCE, an_instalment(60)])]


def amendment(*instalments: Json, **more: Any) -> Json:
    return an_amendment(instalments=list(instalments), signed_on="2024-03-01", **NEXT, **more)


read_rows = reader_of(globals())

STATE_ROWS = read_rows("""
    suspended in the old year, it is suspended in the new one
        PAID; suspension; CARRIED; REPORT
        => 489 for C: 40 committed
    resumed there, the balance is ordered
        PAID; suspension; CARRIED; REPORT; resumption, next year
        => 489 for C: 40 ordered; C/balance issued 40
    suspended twice over the end of the year
        PAID; suspension; CARRIED; suspension, next year
        => refused wrong_state: convention C, state suspended; 489 for C: 40 committed
    a report that was rejected in the old year is awaited in the new one
        PAID; suspension; report activity_report 2023; rejected report activity_report 2023;
        resumption; CARRIED
        => 489 for C: 40 committed
    terminated in the new year: what was carried over becomes available there
        PAID; CARRIED; termination, next year
        => 489 for C: 40 available
    its award falls in the new year: what earlier years paid is due back
        PAID; CARRIED; withdrawal, next year
        => flag recovery_due: convention C, amount_cents 60; 489 for C: 40 available
""")

SCHEDULE_ROWS = read_rows("""
    an amendment plans anew what was carried over
        PAID; CARRIED; amendment 40, signed_on 2024-03-01, next year
        => 489 for C: 40 ordered; C/rest issued 40
    it may not name what an earlier year ordered
        PAID; CARRIED; amendment [advance 40], signed_on 2024-03-01, next year
        => refused below_ordered: convention C, instalment advance, remaining_cents 0,
           asked_cents 40; 489 for C: 40 committed
    nor what was still open then
        TAKEN; CARRIED; amendment [advance 40], signed_on 2024-03-01, next year
        => refused below_ordered: convention C, instalment advance, remaining_cents 0,
           asked_cents 40; 489 for C: 40 committed
    upwards it is bound by what was carried over, not by what the old year had awarded
        PAID; CARRIED; amendment 41, signed_on 2024-03-01, next year
        => refused exceeds_award: convention C, line 489, award_cents 40, asked_cents 41;
           489 for C: 40 committed
    an act raises it, on credit of the new year
        PAID; CARRIED; vote 50, next year;
        amendment 50, signed_on 2024-03-01, act 2024-02-15, next year
        => 489: 90 = 40 available + 50 ordered; C on 489: 50 ordered; C/rest issued 50
    before the vote there is no credit
        PAID; CARRIED; amendment 50, signed_on 2024-03-01, act 2024-02-15, next year
        => refused insufficient_credit: level chapter, group '65', available_cents 0,
           asked_cents 10, shortfall_cents 10; 489 for C: 40 committed
    a rejected instalment is planned anew under its name: its number counts on
        REJECTED; CARRIED; amendment [advance 55], signed_on 2024-03-01, next year
        => 489 for C: 100 = 45 available + 55 ordered; C/advance/2 issued 55
    one that an amendment of the old year had taken away counts on as well
        REJECTED; amendment [balance 40 against activity_report 2023 with ceiling]; CARRIED;
        amendment [advance 40], signed_on 2024-03-01, next year
        => 489 for C: 40 ordered; C/advance/2 issued 40
    and one of which the old year gave up all that was left
        BALANCE_FIRST; C/advance rejected; reduction 60; CARRIED;
        amendment [advance 40], signed_on 2024-03-01, next year
        => 489 for C: 40 ordered; C/advance/2 issued 40
    a reduction gives up what was carried over, from the last instalment backwards
        REJECTED; CARRIED; reduction 50, next year
        => 489 for C: 100 = 50 available + 50 committed
    what is left of a rejected order then is asked again
        REJECTED; CARRIED; reduction 50, next year; new account, next year
        => 489 for C: 100 = 50 available + 50 ordered; C/advance/2 issued 50
""")

MONEY_ROWS = read_rows("""
    what was asked back before the closing does not count as had
        PAID; recovery 30; collection 30; CARRIED;
        report activity_report 2023, eligible_cost_cents 70, next year
        => 489 for C: 40 ordered; C/balance issued 40
    what comes back after the closing does: the internal event says what was had then
        PAID; closing all; recovery 30; collection 30; DELIVERY;
        report activity_report 2023, eligible_cost_cents 70, next year
        => 489 for C: 40 = 30 available + 10 ordered; C/balance issued 10
    what the old year paid is asked back there, not here
        PAID; CARRIED; recovery 1, next year
        => refused recovery_exceeds: convention C, room_cents 0, asked_cents 1;
           489 for C: 40 committed
""")

OWED = a_convention(
    instalments=[an_instalment(60), BALANCE],
    obligations=[{"kind": "financial_report", "year": 2023, "due_on": "2024-06-30"}],
)
DEADLINE_ROWS = read_rows("""
    a document that is owed in the new year is late there
        vote 100; award 100; OWED; C/advance taken_in_charge; payment 60; CARRIED;
        deadline report_due, due_on 2024-06-30, next year
        => flag report_late: convention C, documents [{kind financial_report, year 2023}],
           due_on 2024-06-30; 489 for C: 40 committed
""")

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
    assert ("C/rest", "2023-10-31") == (change.order.payment_order, change.order.due_on.isoformat())


def test_rule_14_what_an_act_of_the_new_year_adds_is_awarded_there() -> None:
    raised = amendment(an_instalment(50, "rest"), act=an_act("2024-02-15"))
    scenario = Scenario(*PAID, a_closing("all"), a_vote(50, **NEXT))
    scenario.deliver()
    scenario.tell(raised)
    book = scenario.ledger.budgets[NEXT["budget"]].book
    assert {"37887770800040": 10} == book.awarded_cents
    scenario.tell(a_withdrawal(**NEXT))
    assert {} == book.awarded_cents


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
    ("one without a cost last", [costing(A, 70), costing(B, 80), a_report(*C)], [], 80),
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
    assert ("C/rest", "2023-07-19") == (change.order.payment_order, change.order.due_on.isoformat())

"""Payment orders.

Which wait for their money, and which deadline event says that a day has passed.
"""

from datetime import UTC, datetime

import pytest

from tests.builders import (
    BUDGET,
    NEXT_BUDGET,
    Json,
    a_closing,
    a_convention,
    a_new_account,
    a_payment,
    a_reduction,
    a_report,
    a_suspension,
    a_termination,
    a_vote,
    a_withdrawal,
    an_acknowledgement,
    an_amendment,
    an_award,
    an_instalment,
)
from tests.unit.due.scenario import HOME, Row, Scenario, check, each_row, on

SIGNED = [a_vote(100), an_award(100), a_convention(100)]
"""100 cents ordered on 1 June 2023 as C/advance, to be paid by 14 July."""

REJECTED = [*SIGNED, a_payment(40), an_acknowledgement("rejected")]
"""60 cents of them came back."""

IN_TWO = [
    a_vote(100),
    an_award(100),
    a_convention(instalments=[an_instalment(60), an_instalment(40, "rest")]),
]
LATE = ["payment_due C/advance 2023-07-14"]

ROWS = [
    Row(
        "on the day itself it may still be paid",
        SIGNED,
        "2023-07-14",
        [],
        ["C/advance issued 100 unanswered"],
    ),
    Row(
        "the day behind it says so",
        SIGNED,
        "2023-07-15",
        LATE,
        ["C/advance issued 100 due unanswered"],
    ),
    Row(
        "taken in charge, it waits all the same",
        [*SIGNED, an_acknowledgement()],
        "2023-07-15",
        LATE,
        ["C/advance taken_in_charge 100 due"],
    ),
    Row(
        "on hold, and paid in part",
        [*SIGNED, an_acknowledgement("on_hold"), a_payment(30)],
        "2023-07-15",
        LATE,
        ["C/advance on_hold 70 due"],
    ),
    Row(
        "paid in two parts, nothing waits",
        [*SIGNED, a_payment(40), a_payment(60)],
        "2023-07-15",
        [],
        [],
    ),
    Row("suspended conventions owe what is ordered", [*SIGNED, a_suspension()], "2023-07-15", LATE),
    Row("and so do terminated ones", [*SIGNED, a_termination()], "2023-07-15", LATE),
    Row("cancelled with the award, it is gone", [*SIGNED, a_withdrawal()], "2023-07-15", [], []),
    Row("a payment that is refused changes nothing", [*SIGNED, a_payment(101)], "2023-07-15", LATE),
    Row(
        "rejected, it waits to be issued again: nobody has to pay it",
        REJECTED,
        "2023-07-15",
        [],
        ["C/advance rejected 60 due"],
    ),
    Row(
        "issued again, it is due on the same day",
        [*REJECTED, a_new_account()],
        "2023-07-15",
        ["payment_due C/advance/2 2023-07-14"],
        ["C/advance/2 issued 60 due unanswered"],
    ),
    Row(
        "an amendment plans anew what was rejected",
        [*REJECTED, an_amendment(60)],
        "2023-07-15",
        [],
        ["C/rest issued 60 unanswered"],
    ),
    Row(
        "under the same name too",
        [*REJECTED, an_amendment(instalments=[an_instalment(60)])],
        "2023-10-31",
        [],
        ["C/advance/2 issued 60 unanswered"],
    ),
    Row(
        "what was rejected may be given up in part",
        [*REJECTED, a_reduction(20)],
        "2023-07-15",
        [],
        ["C/advance rejected 40 due"],
    ),
    Row(
        "or as a whole",
        [*REJECTED, a_reduction(20), a_reduction(40, _id="all")],
        "2023-07-15",
        [],
        [],
    ),
    Row("or with the convention", [*REJECTED, a_termination()], "2023-07-15", [], []),
    Row(
        "rejected under a terminated convention, it is not issued again",
        [*SIGNED, a_termination(), an_acknowledgement("rejected")],
        "2023-07-15",
        [],
        [],
    ),
    Row(
        "each order has its own day",
        [*IN_TWO, a_payment(60), an_acknowledgement("rejected", "C/rest")],
        "2023-07-15",
        [],
        ["C/rest rejected 40 due"],
    ),
    Row(
        "of a closed year it is shown, and no deadline event is written",
        [*SIGNED, an_acknowledgement(), a_closing()],
        "2024-03-01",
        [],
        ["C/advance taken_in_charge 100 due"],
    ),
    Row(
        "rejected after the closing, it is gone",
        [*SIGNED, an_acknowledgement(), a_closing(), an_acknowledgement("rejected")],
        "2024-03-01",
        [],
        [],
    ),
    Row(
        "rejected before the closing, it is gone too",
        [*REJECTED, a_closing()],
        "2024-03-01",
        [],
        [],
    ),
]


@each_row(ROWS)
def test_an_order_is_late_when_the_day_has_passed_on_which_it_was_due(row: Row) -> None:
    check(row)


def test_paid_after_the_closing_it_is_gone() -> None:
    scenario = Scenario(*SIGNED, an_acknowledgement(), a_closing(), a_payment(40))
    assert ["C/advance taken_in_charge 60 due"] == scenario.orders(on("2024-03-01"))
    scenario.send(a_payment(60, _id="rest"))
    assert [] == scenario.orders(on("2024-03-01"))


def test_an_order_of_the_next_year_is_reported_there() -> None:
    later = an_instalment(40, "later", documents=[("activity_report", 2023)])
    scenario = Scenario(
        a_vote(100),
        an_award(100),
        a_convention(instalments=[an_instalment(60), later]),
        an_acknowledgement(),
        a_closing("all"),
    )
    scenario.deliver()
    scenario.send(a_report(year=2023, budget=NEXT_BUDGET, received_on="2024-02-01"))
    assert [(BUDGET, "C/advance"), (NEXT_BUDGET, "C/later")] == [
        (each.budget, each.payment_order) for each in scenario.deadlines.orders(on("2024-06-01"))
    ]
    [deadline_event] = scenario.deadlines.deadline_events(HOME, on("2024-06-01"))
    assert NEXT_BUDGET == deadline_event.budget


@pytest.mark.parametrize(
    ("moment", "due"),
    [
        (datetime(2023, 7, 14, 21, 59, 59, 999_999, tzinfo=UTC), []),
        (datetime(2023, 7, 14, 22, tzinfo=UTC), LATE),
    ],
)
def test_the_deadline_event_is_due_with_the_first_moment_of_the_next_day(
    moment: datetime, due: list[str]
) -> None:
    assert due == Scenario(*SIGNED).deadline_events(moment)


@pytest.mark.parametrize(
    ("day", "at", "shown"),
    [
        ("2023-06-06", "12:00", "C/advance issued 100"),
        ("2023-06-06", "12:01", "C/advance issued 100 unanswered"),
    ],
)
def test_an_accountant_who_has_not_answered_for_five_days_is_asked(
    day: str, at: str, shown: str
) -> None:
    scenario = Scenario(*SIGNED)
    assert [shown] == scenario.orders(on(day, at))
    [patient] = scenario.deadlines.orders(on(day, at), unacknowledged_days=30)
    assert not patient.unacknowledged
    scenario.send(an_acknowledgement())
    assert ["C/advance taken_in_charge 100"] == scenario.orders(on(day, at))


def test_an_order_whose_event_had_waited_is_as_old_as_what_it_waited_for() -> None:
    waited = a_convention(100, _time="2023-05-16T09:00:00+02:00")
    award = an_award(100, _time="2023-06-20T09:00:00+02:00")
    [order] = Scenario(a_vote(100), waited, award).deadlines.orders(on("2023-07-01"))
    assert on("2023-06-20", "09:00") == order.issued_at
    [order] = Scenario(a_vote(100), award, waited).deadlines.orders(on("2023-07-01"))
    assert on("2023-05-16", "09:00") == order.issued_at


def test_the_oldest_order_comes_first() -> None:
    def paid_on(number: int, day: str) -> list[Json]:
        named: Json = {"grant": f"G{number}", "_time": f"2023-06-{day}T09:00:00+02:00"}
        return [an_award(10, **named), a_convention(10, convention=f"C{number}", **named)]

    scenario = Scenario(a_vote(100), *paid_on(1, "20"), *paid_on(2, "10"), *paid_on(3, "15"))
    assert ["C2/advance", "C3/advance", "C1/advance"] == [
        each.payment_order for each in scenario.deadlines.orders(on("2023-07-01"))
    ]

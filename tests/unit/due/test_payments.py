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
    a_payment,
    a_report,
    a_vote,
    an_acknowledgement,
    an_award,
    an_instalment,
)
from tests.unit.due.scenario import HOME, Row, Scenario, check, each_row, on, reader_of
from tests.unit.tables.event_notation import read_events

SIGNED = [a_vote(100), an_award(100), a_convention(100)]
"""100 cents ordered on 1 June 2023 as C/advance, to be paid by 14 July."""

REJECTED = [*SIGNED, a_payment(40), an_acknowledgement("rejected")]
"""60 cents of them came back."""

IN_TWO = read_events("vote 100; award 100; convention [advance 60, rest 40]")
LATE = ["payment_due C/advance 2023-07-14"]

read_rows = reader_of(globals())

ROWS = read_rows("""
    on the day itself it may still be paid
        SIGNED
        => 2023-07-14: order C/advance issued 100 unanswered
    the day behind it says so
        SIGNED
        => 2023-07-15: payment_due C/advance 2023-07-14; order C/advance issued 100 due unanswered
    taken in charge, it waits all the same
        SIGNED; C/advance taken_in_charge
        => 2023-07-15: payment_due C/advance 2023-07-14; order C/advance taken_in_charge 100 due
    on hold, and paid in part
        SIGNED; C/advance on_hold; payment 30
        => 2023-07-15: payment_due C/advance 2023-07-14; order C/advance on_hold 70 due
    paid in two parts, nothing waits
        SIGNED; payment 40; payment 60
        => 2023-07-15: no order
    suspended conventions owe what is ordered
        SIGNED; suspension
        => 2023-07-15: payment_due C/advance 2023-07-14
    and so do terminated ones
        SIGNED; termination
        => 2023-07-15: payment_due C/advance 2023-07-14
    cancelled with the award, it is gone
        SIGNED; withdrawal
        => 2023-07-15: no order
    a payment that is refused changes nothing
        SIGNED; payment 101
        => 2023-07-15: payment_due C/advance 2023-07-14
    rejected, it waits to be issued again: nobody has to pay it
        REJECTED
        => 2023-07-15: order C/advance rejected 60 due
    issued again, it is due on the same day
        REJECTED; new account
        => 2023-07-15: payment_due C/advance/2 2023-07-14;
           order C/advance/2 issued 60 due unanswered
    an amendment plans anew what was rejected
        REJECTED; amendment 60
        => 2023-07-15: order C/rest issued 60 unanswered
    under the same name too
        REJECTED; amendment [advance 60]
        => 2023-10-31: order C/advance/2 issued 60 unanswered
    what was rejected may be given up in part
        REJECTED; reduction 20
        => 2023-07-15: order C/advance rejected 40 due
    or as a whole
        REJECTED; reduction 20; reduction 40, id all
        => 2023-07-15: no order
    or with the convention
        REJECTED; termination
        => 2023-07-15: no order
    rejected under a terminated convention, it is not issued again
        SIGNED; termination; C/advance rejected
        => 2023-07-15: no order
    each order has its own day
        IN_TWO; payment 60; C/rest rejected
        => 2023-07-15: order C/rest rejected 40 due
    of a closed year it is shown, and no deadline event is written
        SIGNED; C/advance taken_in_charge; closing none
        => 2024-03-01: order C/advance taken_in_charge 100 due
    rejected after the closing, it is gone
        SIGNED; C/advance taken_in_charge; closing none; C/advance rejected
        => 2024-03-01: no order
    rejected before the closing, it is gone too
        REJECTED; closing none
        => 2024-03-01: no order
""")


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

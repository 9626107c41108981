"""Rules 17, 18 and 21: conventions suspended, resumed and terminated."""

from tests.builders import (
    Json,
    Scenario,
    a_notification,
    a_reduction,
    a_report,
    a_resumption,
    a_suspension,
    a_termination,
    an_amendment,
)
from tests.unit.tables.rows import AGAIN, IN_HALVES, Row, check, each_row, reader_of

read_rows = reader_of(globals())

SUSPENSION_ROWS = read_rows("""
    a convention is suspended: nothing moves
        IN_HALVES; suspension
        => 489: 200 = 50 available + 50 reserved + 40 committed + 60 ordered;
           C on 489: 100 = 40 remaining + 60 ordered; C/advance issued 60
    what falls due meanwhile is not ordered
        IN_HALVES; suspension; report
        => 489: 200 = 50 available + 50 reserved + 40 committed + 60 ordered;
           C on 489: 100 = 40 remaining + 60 ordered; C/advance issued 60
    it resumes: what fell due is ordered
        IN_HALVES; suspension; report; resumption
        => 489: 200 = 50 available + 50 reserved + 100 ordered; C on 489: 100 ordered;
           C/advance issued 60; C/balance issued 40; no entries
    nothing is settled by a ceiling while it is suspended
        vote 100; award 100; convention [advance 100 against activity_report 2022 with ceiling];
        suspension; report, eligible_cost_cents 70
        => 489 for C: 100 committed
    a ceiling is settled when it resumes
        vote 100; award 100; convention [advance 100 against activity_report 2022 with ceiling];
        suspension; report, eligible_cost_cents 70; resumption
        => 489 for C: 100 = 30 available + 70 ordered; C/advance issued 70; decommitment 489 30 C
    open orders go on: they are paid
        SIGNED; suspension; payment 100
        => 489 for C: 100 paid; C/advance paid 100
    a rejected order is not issued again by new bank details
        SIGNED; REJECTED; suspension; new account
        => 489 for C: 100 committed; C/advance rejected 100
    a rejected order is issued again when it resumes (rule 21)
        SIGNED; REJECTED; suspension; resumption
        => 489 for C: 100 ordered; C/advance rejected 100; C/advance/2 issued 100
    suspended twice
        IN_HALVES; suspension; suspension, id again
        => refused wrong_state: convention C, state suspended;
           489: 200 = 50 available + 50 reserved + 40 committed + 60 ordered;
           C on 489: 100 = 40 remaining + 60 ordered; C/advance issued 60
    resumed, and not suspended
        IN_HALVES; resumption
        => refused wrong_state: convention C, state in_force;
           489: 200 = 50 available + 50 reserved + 40 committed + 60 ordered;
           C on 489: 100 = 40 remaining + 60 ordered; C/advance issued 60
    resumed twice
        IN_HALVES; suspension; resumption; resumption, id again
        => refused wrong_state: convention C, state in_force;
           489: 200 = 50 available + 50 reserved + 40 committed + 60 ordered;
           C on 489: 100 = 40 remaining + 60 ordered; C/advance issued 60
    a grant without convention is suspended under its reference (rule 13)
        vote 100; award 100, without convention; suspension, convention G; new account
        => 489 for G: 100 committed
    a convention signed for a suspended grant without one is suspended as well
        vote 100; award 100, without convention; suspension, convention G; convention 100
        => 489 for C: 100 committed
    and is paid when it resumes, under its own number
        vote 100; award 100, without convention; suspension, convention G; convention 100;
        resumption
        => 489 for C: 100 ordered; C/advance issued 100
""")


TERMINATION_ROWS = [
    *read_rows("""
    a termination releases what is not ordered, and the grant's reserved rest
        IN_HALVES; termination
        => 489: 200 = 140 available + 60 ordered; C on 489: 100 = 40 released + 60 ordered;
           C/advance issued 60; decommitment 489 40 C; decommitment 489 50
    a suspended convention may be terminated
        IN_HALVES; suspension; termination
        => 489: 200 = 140 available + 60 ordered; C on 489: 100 = 40 released + 60 ordered;
           C/advance issued 60
    nothing is left to release
        SIGNED; termination
        => 489 for C: 100 ordered; C/advance issued 100; no entries
    open orders stay payable
        IN_HALVES; termination; payment 60
        => 489: 200 = 140 available + 60 paid; C on 489: 100 = 40 released + 60 paid;
           C/advance paid 60
    what a rejection gives back is released in the same record
        IN_HALVES; termination; REJECTED
        => 489: 200 available; C on 489: 100 released; C/advance rejected 60; decommitment 489 60 C
    what a rejection gives back of an order paid in part
        IN_HALVES; termination; payment 25; REJECTED
        => 489: 200 = 175 available + 25 paid; C on 489: 100 = 75 released + 25 paid;
           C/advance rejected 60 (25 paid); decommitment 489 35 C
    it is not issued again
        IN_HALVES; termination; REJECTED; new account
        => 489: 200 available; C on 489: 100 released; C/advance rejected 60
    a report is recorded and pays nothing
        IN_HALVES; termination; report
        => 489: 200 = 140 available + 60 ordered; C on 489: 100 = 40 released + 60 ordered;
           C/advance issued 60
    recoveries go on
        IN_HALVES; payment 60; termination; recovery 60; collection 60
        => 489: 200 available; C on 489: 100 released; C/advance paid 60; no entries
    a convention signed on the grant afterwards finds nothing reserved
        IN_HALVES; termination; convention 1, convention D
        => refused exceeds_award: convention D, line 489, award_cents 0, asked_cents 1;
           489: 200 = 140 available + 60 ordered; C on 489: 100 = 40 released + 60 ordered;
           C/advance issued 60
    """),
    *(
        Row(
            f"terminated: {says}",
            [*IN_HALVES, a_termination(), event],
            "refused convention_terminated: convention C; 489: 200 = 140 available + 60 ordered; "
            "C on 489: 100 = 40 released + 60 ordered; C/advance issued 60",
        )
        for says, event in {
            "an amendment": an_amendment(1),
            "a notification": a_notification(),
            "a suspension": a_suspension(),
            "a resumption": a_resumption(),
            "a second termination": a_termination(**AGAIN),
            "a reduction": a_reduction(1),
        }.items()
    ),
]

ROWS = [*SUSPENSION_ROWS, *TERMINATION_ROWS]


@each_row(SUSPENSION_ROWS)
def test_rule_17_a_suspended_convention_is_not_paid_until_it_resumes(row: Row) -> None:
    check(row)


@each_row(TERMINATION_ROWS)
def test_rule_17_a_terminated_convention_releases_what_is_not_ordered(row: Row) -> None:
    check(row)


def due_days(scenario: Scenario) -> list[tuple[str, str]]:
    orders: list[Json] = scenario.summary()["payment_orders"]
    return [(order["payment_order"], order["due_on"]) for order in orders]


def test_rule_19_a_resumption_does_not_move_the_due_date() -> None:
    scenario = Scenario(*IN_HALVES, a_suspension(), a_report(received_on="2023-06-26"))
    scenario.tell(a_resumption(effective_on="2023-12-01", _time="2023-12-01T12:00:00+01:00"))
    assert [("C/advance", "2023-07-14"), ("C/balance", "2023-08-25")] == due_days(scenario)


def test_rule_34_the_entries_of_a_termination_rest_on_the_award_and_bear_its_own_day() -> None:
    scenario = Scenario(*IN_HALVES, a_termination(effective_on="2023-09-30"))
    act = {"body": "Conseil municipal", "number": None, "date": "2023-04-12"}
    assert [("2023-09-30", act)] * 2 == [
        (entry["effective_on"], entry["act"]) for entry in scenario.last.commitment_entries
    ]

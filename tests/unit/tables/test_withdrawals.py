"""Rules 9 and 17: acts that are withdrawn or annulled, and what falls with them."""

from tests.builders import (
    Json,
    Scenario,
    a_notification,
    a_payment,
    a_reduction,
    a_resumption,
    a_suspension,
    a_termination,
    a_withdrawal,
    an_acknowledgement,
    an_act,
    an_amendment,
)
from tests.unit.tables.rows import IN_HALVES, Row, check, each_row, reader_of

TAKEN, HELD = an_acknowledgement(), an_acknowledgement("on_hold")


def printed(act: Json) -> Json:
    return {"body": act["body"], "number": act.get("number"), "date": act["date"]}


read_rows = reader_of(globals())

WITHDRAWAL_ROWS = read_rows("""
    an award without convention yet: all that is reserved is available again
        vote 200; award 150; withdrawal
        => 489: 200 available; decommitment 489 150
    what is reserved, committed and ordered is released, the open order cancelled
        IN_HALVES; withdrawal
        => 489: 200 available; C on 489: 100 released; C/advance cancelled 60; decommitment 489 50;
           decommitment 489 100 C
    annulled: the same
        IN_HALVES; withdrawal, cause annulled
        => 489: 200 available; C on 489: 100 released; C/advance cancelled 60
    an order taken in charge is cancelled
        IN_HALVES; TAKEN; withdrawal
        => 489: 200 available; C on 489: 100 released; C/advance cancelled 60
    an order on hold and paid in part: its rest is cancelled, what was paid is flagged
        IN_HALVES; HELD; payment 25; withdrawal
        => flag recovery_due: convention C, amount_cents 25; 489: 200 = 175 available + 25 paid;
           C on 489: 100 = 75 released + 25 paid; C/advance cancelled 60 (25 paid)
    an order paid in full stays paid, and is flagged
        IN_HALVES; payment 60; withdrawal
        => flag recovery_due: convention C, amount_cents 60; 489: 200 = 140 available + 60 paid;
           C on 489: 100 = 40 released + 60 paid; C/advance paid 60
    what was recovered before is owed no more
        IN_HALVES; payment 60; recovery 20; collection 20; withdrawal
        => flag recovery_due: convention C, amount_cents 40; 489: 200 = 160 available + 40 paid;
           C on 489: 100 = 60 released + 40 paid; C/advance paid 60
    a rejected order stays rejected; its money is released
        IN_HALVES; REJECTED; withdrawal
        => 489: 200 available; C on 489: 100 released; C/advance rejected 60
    a terminated convention's open order is cancelled as well
        IN_HALVES; termination; withdrawal
        => 489: 200 available; C on 489: 100 released; C/advance cancelled 60
    a suspended convention falls with its award
        IN_HALVES; suspension; withdrawal
        => 489: 200 available; C on 489: 100 released; C/advance cancelled 60
    two conventions on one grant, in order of signature
        IN_HALVES; convention 50, convention B, id B; payment 60; payment 50 of B/advance;
        withdrawal
        => flag recovery_due: convention C, amount_cents 60;
           flag recovery_due: convention B, amount_cents 50; 489: 200 = 90 available + 110 paid;
           B on 489: 50 paid; C on 489: 100 = 40 released + 60 paid; C/advance paid 60;
           B/advance paid 50
    an award that stands without convention (rule 13)
        vote 200; new account; award 150, without convention; withdrawal
        => 489: 200 available; G on 489: 150 released; G/1 cancelled 150
    an act that the grant does not know falls on the award, flagged
        IN_HALVES; withdrawal, act 2020-01-01
        => flag act_not_found: grant G, act {body 'Conseil municipal', number null,
           date 2020-01-01}; 489: 200 available; C on 489: 100 released; C/advance cancelled 60
    an act is found by its body and its day
        IN_HALVES; withdrawal, act {body 'Conseil municipal', date 2023-04-12, number 2023/40}
        => 489: 200 available; C on 489: 100 released; C/advance cancelled 60
    a concurring act: a flag, and no money moves
        IN_HALVES; concurring act, act {body 'Conseil municipal de Lille', date 2023-04-13};
        withdrawal, act {body 'Conseil municipal de Lille', date 2023-04-13}
        => flag concurring_act_withdrawn: grant G, act {body 'Conseil municipal de Lille',
           number null, date 2023-04-13};
           489: 200 = 50 available + 50 reserved + 40 committed + 60 ordered;
           C on 489: 100 = 40 remaining + 60 ordered; C/advance issued 60; no entries
    of two acts of one day the number tells which falls
        IN_HALVES; concurring act, act {body 'Conseil municipal', date 2023-04-12, number '41'};
        withdrawal, act {body 'Conseil municipal', date 2023-04-12, number '41'}
        => flag concurring_act_withdrawn: grant G, act {body 'Conseil municipal', number '41',
           date 2023-04-12}; 489: 200 = 50 available + 50 reserved + 40 committed + 60 ordered;
           C on 489: 100 = 40 remaining + 60 ordered; C/advance issued 60
    without a number it is the award
        vote 200; concurring act, act {body 'Conseil municipal', date 2023-04-12, number '41'};
        award 150; withdrawal
        => 489: 200 available
    of two numbered acts of one day a withdrawal without number fells the award
        vote 200; concurring act, act {body 'Conseil municipal', date 2023-04-12, number '41'};
        award 150, act {body 'Conseil municipal', date 2023-04-12, number '40'}; withdrawal
        => 489: 200 available
    an act that raised the award is an act of the grant: it falls alone
        IN_HALVES; amendment [balance 100 against activity_report 2022], act 2023-09-01;
        withdrawal, act 2023-09-01
        => flag concurring_act_withdrawn: grant G, act {body 'Conseil municipal', number null,
           date 2023-09-01}; 489: 200 = 40 available + 100 committed + 60 ordered;
           C on 489: 160 = 100 remaining + 60 ordered; C/advance issued 60
""")

AFTERWARDS_ROWS = [
    *read_rows("""
    a second withdrawal
        IN_HALVES; withdrawal; withdrawal, id again
        => refused grant_withdrawn: grant G; 489: 200 available; C on 489: 100 released;
           C/advance cancelled 60
    a second award
        IN_HALVES; withdrawal; award 1, id again
        => refused grant_withdrawn: grant G; 489: 200 available; C on 489: 100 released;
           C/advance cancelled 60
    a convention signed on it
        IN_HALVES; withdrawal; convention 1, convention D
        => refused grant_withdrawn: grant G; 489: 200 available; C on 489: 100 released;
           C/advance cancelled 60
    a convention that waited behind the withdrawal of its grant
        vote 200; withdrawal; convention; award 150
        => refused grant_withdrawn: grant G; 489: 200 available
    a concurring act falls at once, though the award is not there yet
        vote 200; concurring act, act {body 'Conseil municipal de Lille', date 2023-04-13};
        withdrawal, act {body 'Conseil municipal de Lille', date 2023-04-13}
        => flag concurring_act_withdrawn: grant G, act {body 'Conseil municipal de Lille',
           number null, date 2023-04-13}; 489: 200 available
    the award that comes later stands without it
        vote 200; concurring act, act {body 'Conseil municipal de Lille', date 2023-04-13};
        withdrawal, act {body 'Conseil municipal de Lille', date 2023-04-13}; award 150
        => 489: 200 = 50 available + 150 reserved
    another act that is named waits for the award
        vote 200; concurring act, act {body 'Conseil municipal de Lille', date 2023-04-13};
        withdrawal
        => waits for grant G; 489: 200 available
    what waits goes on with the award, though its act was recorded meanwhile
        vote 200; withdrawal, act {body 'Conseil municipal de Lille', date 2023-04-13};
        concurring act, act {body 'Conseil municipal de Lille', date 2023-04-13}; award 150
        => flag concurring_act_withdrawn: grant G, act {body 'Conseil municipal de Lille',
           number null, date 2023-04-13}; 489: 200 = 50 available + 150 reserved
    a concurring act is a recorded fact all the same
        IN_HALVES; withdrawal;
        concurring act, act {body 'Conseil municipal de Lille', date 2023-04-13}
        => 489: 200 available; C on 489: 100 released; C/advance cancelled 60
    a report is recorded and pays nothing
        IN_HALVES; withdrawal; report
        => 489: 200 available; C on 489: 100 released; C/advance cancelled 60
    new bank details order nothing again
        IN_HALVES; REJECTED; withdrawal; new account
        => 489: 200 available; C on 489: 100 released; C/advance rejected 60
    what was paid is recovered
        IN_HALVES; payment 60; withdrawal; recovery 60; collection 60
        => 489: 200 available; C on 489: 100 released; C/advance paid 60
    a cancelled order is neither taken in charge
        IN_HALVES; withdrawal; TAKEN
        => refused payment_order_closed: payment_order C/advance, state cancelled;
           489: 200 available; C on 489: 100 released; C/advance cancelled 60
    nor paid
        IN_HALVES; withdrawal; payment 60
        => refused payment_order_closed: payment_order C/advance, state cancelled;
           489: 200 available; C on 489: 100 released; C/advance cancelled 60
    """),
    *(
        Row(
            f"its convention is as good as terminated: {says}",
            [*IN_HALVES, a_withdrawal(), event],
            "refused convention_terminated: convention C; 489: 200 available; "
            "C on 489: 100 released; C/advance cancelled 60",
        )
        for says, event in {
            "an amendment": an_amendment(1),
            "a notification": a_notification(),
            "a suspension": a_suspension(),
            "a resumption": a_resumption(),
            "a termination": a_termination(),
            "a reduction": a_reduction(1),
        }.items()
    ),
]

ROWS = [*WITHDRAWAL_ROWS, *AFTERWARDS_ROWS]


@each_row(WITHDRAWAL_ROWS)
def test_rule_17_an_award_that_falls_releases_what_is_not_paid(row: Row) -> None:
    check(row)


@each_row(AFTERWARDS_ROWS)
def test_rule_17_nothing_is_granted_any_more_on_a_grant_that_fell(row: Row) -> None:
    check(row)


def test_rule_17_the_money_of_a_cancelled_order_goes_in_two_moves() -> None:
    scenario = Scenario(*IN_HALVES, a_payment(25), a_withdrawal(_time="2023-08-30T12:00:00+02:00"))
    of_order = [move for move in scenario.last.moves if move.instalment == "advance"]
    assert [("ordered", "committed", 35), ("committed", "available", 35)] == [
        (move.kind.origin, move.kind.target, move.amount_cents) for move in of_order
    ]
    assert {"2023-08-30"} == {entry["effective_on"] for entry in scenario.last.commitment_entries}
    acts = [entry["act"] for entry in scenario.last.commitment_entries]
    assert [printed(an_act())] * 2 == acts

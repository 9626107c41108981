"""Rule 15: amendments plan anew what is not ordered: up, down, and beyond the award."""

from typing import Any

from tests.builders import (
    SIRET,
    Json,
    Scenario,
    a_vote,
    an_act,
    an_amendment,
    an_award,
    an_instalment,
)
from tests.unit.tables.rows import HALVES, IN_HALVES, REPORT, Row, check, each_row, reader_of

NUMBERED = [a_vote(200), an_award(150, act=an_act(number="40")), HALVES]

ACT = an_act("2023-09-01", number="2023/99")


def waiting(amount_cents: int, name: str = "balance", **more: Any) -> Json:
    """An instalment that waits for a report: nothing of it is ordered yet."""
    return an_instalment(amount_cents, name, documents=REPORT, **more)


def amended(*instalments: Json, **more: Any) -> Json:
    return an_amendment(instalments=list(instalments), **more)


read_rows = reader_of(globals())

AMENDMENT_ROWS = [
    *read_rows("""
    down: what is given up is available again, granted stays
        IN_HALVES; amendment [balance 15 against activity_report 2022]
        => 489: 200 = 75 available + 50 reserved + 15 committed + 60 ordered;
           C on 489: 100 = 25 released + 15 remaining + 60 ordered; C/advance issued 60;
           decommitment 489 25 C
    an empty schedule releases everything that is not ordered
        IN_HALVES; amendment []
        => 489: 200 = 90 available + 50 reserved + 60 ordered;
           C on 489: 100 = 40 released + 60 ordered; C/advance issued 60; decommitment 489 40 C
    the same amounts planned otherwise: no money moves
        IN_HALVES;
        amendment [first 30 against activity_report 2022, second 10 against activity_report 2022]
        => 489: 200 = 50 available + 50 reserved + 40 committed + 60 ordered;
           C on 489: 100 = 40 remaining + 60 ordered; C/advance issued 60; no entries
    up within what the award still holds: legal commitment
        IN_HALVES; amendment [balance 70 against activity_report 2022]
        => 489: 200 = 50 available + 20 reserved + 70 committed + 60 ordered;
           C on 489: 130 = 70 remaining + 60 ordered; C/advance issued 60; legal_commitment 489 30 C
    up to the last cent of the award
        IN_HALVES; amendment [balance 90 against activity_report 2022]
        => 489: 200 = 50 available + 90 committed + 60 ordered;
           C on 489: 150 = 90 remaining + 60 ordered; C/advance issued 60; legal_commitment 489 50 C
    a cent beyond the award without an act
        IN_HALVES; amendment [balance 91 against activity_report 2022]
        => refused exceeds_award: convention C, line 489, award_cents 90, asked_cents 91;
           489: 200 = 50 available + 50 reserved + 40 committed + 60 ordered;
           C on 489: 100 = 40 remaining + 60 ordered; C/advance issued 60
    """),
    *(
        Row(
            f"a cent beyond the award, citing the act that awarded it{how}: nothing decided anew",
            [*IN_HALVES, amended(waiting(91), act=an_act(**number))],
            "refused exceeds_award: convention C, line 489, award_cents 90, asked_cents 91; "
            "489: 200 = 50 available + 50 reserved + 40 committed + 60 ordered; "
            "C on 489: 100 = 40 remaining + 60 ordered; C/advance issued 60",
        )
        for how, number in [("", {}), (" and a number, which the award left out", {"number": "7"})]
    ),
    *(
        Row(
            f"a cent beyond the award, citing {which} raises it",
            [*NUMBERED, amended(waiting(91), act=act)],
            "489: 200 = 49 available + 91 committed + 60 ordered; "
            "C on 489: 151 = 91 remaining + 60 ordered; C/advance issued 60",
        )
        for which, act in [
            ("another act of that day", an_act(number="41")),
            ("an act of that day in another assembly", an_act(body="Conseil métropolitain")),
        ]
    ),
    *read_rows("""
    beyond the award with the act that raises it: from the reserve, then from credit
        IN_HALVES; amendment [balance 100 against activity_report 2022],
        act {body 'Conseil municipal', date 2023-09-01, number 2023/99}
        => 489: 200 = 40 available + 100 committed + 60 ordered;
           C on 489: 160 = 100 remaining + 60 ordered; C/advance issued 60;
           legal_commitment 489 50 C; supplementary_commitment 489 10 C
    beyond the award and beyond the credit
        IN_HALVES; amendment [balance 141 against activity_report 2022],
        act {body 'Conseil municipal', date 2023-09-01, number 2023/99}
        => refused insufficient_credit: level chapter, group '65', available_cents 50,
           asked_cents 51, shortfall_cents 1;
           489: 200 = 50 available + 50 reserved + 40 committed + 60 ordered;
           C on 489: 100 = 40 remaining + 60 ordered; C/advance issued 60
    what an act raised may be planned again without another
        IN_HALVES; amendment [balance 100 against activity_report 2022],
        act {body 'Conseil municipal', date 2023-09-01, number 2023/99};
        amendment [balance 10 against activity_report 2022], amendment '2', id down;
        amendment [balance 100 against activity_report 2022], amendment '3', id 'up again'
        => 489: 200 = 40 available + 100 committed + 60 ordered;
           C on 489: 250 = 90 released + 100 remaining + 60 ordered; C/advance issued 60;
           supplementary_commitment 489 90 C
    and not a cent more
        IN_HALVES; amendment [balance 100 against activity_report 2022],
        act {body 'Conseil municipal', date 2023-09-01, number 2023/99};
        amendment [balance 101 against activity_report 2022], amendment '2', id again
        => refused exceeds_award: convention C, line 489, award_cents 100, asked_cents 101;
           489: 200 = 40 available + 100 committed + 60 ordered;
           C on 489: 160 = 100 remaining + 60 ordered; C/advance issued 60
    what was released lives no more: it may be committed again within the award
        IN_HALVES; amendment [balance 90 against activity_report 2022];
        amendment [balance 10 against activity_report 2022], amendment '2', id down;
        amendment [balance 50 against activity_report 2022], amendment '3', id 'up again'
        => 489: 200 = 90 available + 50 committed + 60 ordered;
           C on 489: 190 = 80 released + 50 remaining + 60 ordered; C/advance issued 60;
           supplementary_commitment 489 40 C
    what another convention of the grant holds is no room
        IN_HALVES; convention [balance 50 against activity_report 2022], convention D, id D;
        amendment [balance 41 against activity_report 2022]
        => refused exceeds_award: convention C, line 489, award_cents 40, asked_cents 41;
           489: 200 = 50 available + 90 committed + 60 ordered;
           C on 489: 100 = 40 remaining + 60 ordered; D on 489: 50 remaining; C/advance issued 60
    a line that the award does not know needs an act
        vote 200 on 489 + 9 on 490; award 150; HALVES;
        amendment [balance 9 on 490 against activity_report 2022]
        => refused exceeds_award: convention C, line 490, award_cents 0, asked_cents 9;
           489: 200 = 50 available + 50 reserved + 40 committed + 60 ordered;
           C on 489: 100 = 40 remaining + 60 ordered; 490: 9 available; C/advance issued 60
    with an act it moves money from line to line, within the credit of their chapter
        vote 100 on 489 + 1 on 490; award 100; HALVES;
        amendment [balance 40 on 490 against activity_report 2022], act {body 'Conseil municipal',
        date 2023-09-01, number 2023/99}
        => flag line_overdrawn: line 490, available_cents -39;
           489 for C: 100 = 40 available + 60 ordered; 490: 1 = -39 available + 40 committed;
           C on 490: 40 remaining; C/advance issued 60; supplementary_commitment 490 40 C;
           decommitment 489 40 C
    """),
]

ROWS = AMENDMENT_ROWS


@each_row(AMENDMENT_ROWS)
def test_rule_15_an_amendment_plans_anew_what_is_not_ordered(row: Row) -> None:
    check(row)


def test_rule_15_an_act_raises_the_award_by_a_single_cent() -> None:
    scenario = Scenario(*IN_HALVES, amended(waiting(91), act=ACT))
    award = scenario.book.grants["G"].award
    assert award is not None
    assert 151 == award.total_cents == scenario.book.awarded_cents[SIRET]


def test_rule_15_an_act_that_is_not_needed_raises_nothing() -> None:
    scenario = Scenario(*IN_HALVES, amended(waiting(90), act=ACT))
    award = scenario.book.grants["G"].award
    assert award is not None
    assert 150 == award.total_cents == scenario.book.awarded_cents[SIRET]


def test_rule_15_an_act_raises_nothing_where_the_award_has_the_room() -> None:
    """Raised to 160 and planned down, it has room for what another act plans again."""
    raised = [*IN_HALVES, amended(waiting(100), act=ACT)]
    lowered = amended(waiting(10), amendment="2", _id="down")
    another = an_act("2023-10-01", number="2023/120")
    again = amended(waiting(100), amendment="3", act=another, _id="up again")
    scenario = Scenario(*raised, lowered, again)
    award = scenario.book.grants["G"].award
    assert award is not None
    assert 160 == award.total_cents == scenario.book.awarded_cents[SIRET]

"""Rule 28: turns in the life of a grant or a convention that nobody knows yet are waited for."""

from collections.abc import Callable

from tests.builders import (
    Json,
    a_convention,
    a_recovery,
    a_reduction,
    a_rejected_report,
    a_resumption,
    a_suspension,
    a_termination,
    a_vote,
    an_amendment,
    an_award,
    an_instalment,
)
from tests.unit.tables.rows import REPORT, Row, check, each_row, reader_of

WAITING: dict[str, Callable[..., Json]] = {
    "an amendment": an_amendment,
    "a suspension": a_suspension,
    "a resumption": a_resumption,
    "a termination": a_termination,
    "a rejected report": a_rejected_report,
    "a reduction": a_reduction,
    "a recovery": a_recovery,
}

read_rows = reader_of(globals())

WAITING_ROWS = [
    *(
        Row(
            f"{says} of a convention that nobody knows",
            [a_vote(100), an_award(100), build()],
            "waits for convention C; 489: 100 reserved",
        )
        for says, build in WAITING.items()
    ),
    *read_rows("""
    a report's deadline on one
        vote 100; deadline report_due
        => waits for convention C; 489: 100 available
    a recovery that came, on one
        vote 100; collection
        => waits for recovery C/R; 489: 100 available
    a withdrawal before its award
        vote 100; withdrawal
        => waits for grant G; 489: 100 available
    a withdrawal behind a concurring act, before the award
        vote 100; concurring act; withdrawal
        => waits for grant G; 489: 100 available
    """),
]

AT_THE_REPORT = a_convention(instalments=[an_instalment(100, documents=REPORT)])
BEFORE = [a_vote(100), an_award(100)]

RESUMED_ROWS = read_rows("""
    a recovery whose number has strokes of its own goes on when it is asked back
        BEFORE; convention 100; payment 100; collection 40, recovery 2023/7/b;
        recovery 40, recovery 2023/7/b
        => 489 for C: 100 = 40 available + 60 paid; C/advance paid 100
    a withdrawal goes on with its award: all is available again
        vote 100; withdrawal; award 100
        => 489: 100 available
    a suspension goes on behind the signature: the advance is ordered already
        BEFORE; suspension; convention 100
        => 489 for C: 100 ordered; C/advance issued 100
    a report behind a suspension pays nothing
        BEFORE; suspension; report; AT_THE_REPORT
        => 489 for C: 100 committed
    an amendment and a reduction go on in their order
        BEFORE; amendment [advance 90 against activity_report 2022]; reduction 20; AT_THE_REPORT
        => 489 for C: 100 = 30 available + 70 committed
    what came behind a termination is refused when it goes on
        BEFORE; termination; suspension; AT_THE_REPORT
        => refused convention_terminated: convention C; 489 for C: 100 available
    a recovery in the wrong order, everything paid
        BEFORE; convention 100; payment 100; collection 60; recovery 60
        => 489 for C: 100 = 60 available + 40 paid; C/advance paid 100
""")

ROWS = [*WAITING_ROWS, *RESUMED_ROWS]


@each_row(WAITING_ROWS)
def test_rule_28_a_turn_waits_for_what_it_is_about(row: Row) -> None:
    check(row)


@each_row(RESUMED_ROWS)
def test_rule_28_turns_go_on_in_their_order(row: Row) -> None:
    check(row)

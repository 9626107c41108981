"""Rule 28: turns in the life of a grant or a convention that nobody knows yet are waited for."""

from collections.abc import Callable

from tests.builders import (
    Json,
    a_collection,
    a_concurring_act,
    a_convention,
    a_deadline,
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
    an_amendment,
    an_award,
    an_instalment,
)
from tests.unit.tables.rows import Money, Row, check, each_row, figures, on_one_line, stands

VOTED = on_one_line(100, available=100)
RESERVED = on_one_line(100, reserved=100)

WAITING: dict[str, Callable[..., Json]] = {
    "an amendment": an_amendment,
    "a suspension": a_suspension,
    "a resumption": a_resumption,
    "a termination": a_termination,
    "a rejected report": a_rejected_report,
    "a reduction": a_reduction,
    "a recovery": a_recovery,
}

WAITING_ROWS = [
    *(
        Row(
            f"{says} of a convention that nobody knows",
            [a_vote(100), an_award(100), build()],
            "waits for convention C",
            RESERVED,
        )
        for says, build in WAITING.items()
    ),
    Row(
        "a report's deadline on one",
        [a_vote(100), a_deadline("report_due")],
        "waits for convention C",
        VOTED,
    ),
    Row(
        "a recovery that came, on one",
        [a_vote(100), a_collection()],
        "waits for recovery C/R",
        VOTED,
    ),
    Row("a withdrawal before its award", [a_vote(100), a_withdrawal()], "waits for grant G", VOTED),
    Row(
        "a withdrawal behind a concurring act, before the award",
        [a_vote(100), a_concurring_act(), a_withdrawal()],
        "waits for grant G",
        VOTED,
    ),
]

REPORT = [("activity_report", 2022)]
AT_THE_REPORT = a_convention(instalments=[an_instalment(100, documents=REPORT)])
BEFORE = [a_vote(100), an_award(100)]

RESUMED_ROWS = [
    Row(
        "a recovery whose number has strokes of its own goes on when it is asked back",
        [
            *BEFORE,
            a_convention(100),
            a_payment(100),
            a_collection(40, recovery="2023/7/b"),
            a_recovery(40, recovery="2023/7/b"),
        ],
        "accepted",
        Money(
            {"489": figures(appropriated=100, available=40, paid=60)},
            {"C": {"489": figures(granted=100, paid=60, released=40)}},
            {"C/advance": ("paid", 100, 100)},
        ),
    ),
    Row(
        "a withdrawal goes on with its award: all is available again",
        [a_vote(100), a_withdrawal(), an_award(100)],
        "accepted",
        VOTED,
    ),
    Row(
        "a suspension goes on behind the signature: the advance is ordered already",
        [*BEFORE, a_suspension(), a_convention(100)],
        "accepted",
        stands(ordered=100, advance=("issued", 100, 0)),
    ),
    Row(
        "a report behind a suspension pays nothing",
        [*BEFORE, a_suspension(), a_report(), AT_THE_REPORT],
        "accepted",
        on_one_line(100, figures(granted=100, remaining=100), committed=100),
    ),
    Row(
        "an amendment and a reduction go on in their order",
        [
            *BEFORE,
            an_amendment(instalments=[an_instalment(90, documents=REPORT)]),
            a_reduction(20),
            AT_THE_REPORT,
        ],
        "accepted",
        on_one_line(
            100,
            figures(granted=100, remaining=70, released=30),
            available=30,
            committed=70,
        ),
    ),
    Row(
        "what came behind a termination is refused when it goes on",
        [*BEFORE, a_termination(), a_suspension(), AT_THE_REPORT],
        "convention_terminated",
        on_one_line(100, figures(granted=100, released=100), available=100),
        facts={"convention": "C"},
    ),
    Row(
        "a recovery in the wrong order, everything paid",
        [*BEFORE, a_convention(100), a_payment(100), a_collection(60), a_recovery(60)],
        "accepted",
        Money(
            {"489": figures(appropriated=100, available=60, paid=40)},
            {"C": {"489": figures(granted=100, paid=40, released=60)}},
            {"C/advance": ("paid", 100, 100)},
        ),
    ),
]

ROWS = [*WAITING_ROWS, *RESUMED_ROWS]


@each_row(WAITING_ROWS)
def test_rule_28_a_turn_waits_for_what_it_is_about(row: Row) -> None:
    check(row)


@each_row(RESUMED_ROWS)
def test_rule_28_turns_go_on_in_their_order(row: Row) -> None:
    check(row)

"""Rules 17, 18 and 21: conventions suspended, resumed and terminated."""

from tests.builders import (
    Json,
    Scenario,
    a_convention,
    a_new_account,
    a_notification,
    a_payment,
    a_recovery,
    a_reduction,
    a_report,
    a_resumption,
    a_suspension,
    a_termination,
    a_vote,
    an_acknowledgement,
    an_amendment,
    an_award,
    an_instalment,
)
from tests.unit.tables.rows import (
    SIGNED,
    Money,
    Row,
    check,
    each_row,
    figures,
    on_one_line,
    stands,
)

REPORT = [("activity_report", 2022)]
HALVES = a_convention(
    instalments=[an_instalment(60), an_instalment(40, "balance", documents=REPORT)]
)
IN_HALVES = [a_vote(200), an_award(150), HALVES]
"""150 awarded of 200; 100 under convention: 60 ordered at signature, 40 wait for a report."""

REJECTED, TWICE = an_acknowledgement("rejected"), {"_id": "again"}
SUSPENDED = {"convention": "C", "state": "suspended"}
ENDED = {"convention": "C"}


ADVANCE = {"C/advance": ("issued", 60, 0)}
BALANCE = {"C/balance": ("issued", 40, 0)}
WAITING = on_one_line(
    200,
    figures(granted=100, remaining=40, ordered=60),
    ADVANCE,
    available=50,
    reserved=50,
    committed=40,
    ordered=60,
)
BOTH = on_one_line(
    200,
    figures(granted=100, ordered=100),
    ADVANCE | BALANCE,
    available=50,
    reserved=50,
    ordered=100,
)

SUSPENSION_ROWS = [
    Row(
        "a convention is suspended: nothing moves",
        [*IN_HALVES, a_suspension()],
        "accepted",
        WAITING,
    ),
    Row(
        "what falls due meanwhile is not ordered",
        [*IN_HALVES, a_suspension(), a_report()],
        "accepted",
        WAITING,
    ),
    Row(
        "it resumes: what fell due is ordered",
        [*IN_HALVES, a_suspension(), a_report(), a_resumption()],
        "accepted",
        BOTH,
        entries=[],
    ),
    Row(
        "nothing is settled by a ceiling while it is suspended",
        [
            a_vote(100),
            an_award(100),
            a_convention(instalments=[an_instalment(100, documents=REPORT, ceiling=True)]),
            a_suspension(),
            a_report(eligible_cost_cents=70),
        ],
        "accepted",
        on_one_line(100, figures(granted=100, remaining=100), committed=100),
    ),
    Row(
        "a ceiling is settled when it resumes",
        [
            a_vote(100),
            an_award(100),
            a_convention(instalments=[an_instalment(100, documents=REPORT, ceiling=True)]),
            a_suspension(),
            a_report(eligible_cost_cents=70),
            a_resumption(),
        ],
        "accepted",
        on_one_line(
            100,
            figures(granted=100, ordered=70, released=30),
            {"C/advance": ("issued", 70, 0)},
            available=30,
            ordered=70,
        ),
        entries=[("decommitment", "489", 30, "C")],
    ),
    Row(
        "open orders go on: they are paid",
        [*SIGNED, a_suspension(), a_payment(100)],
        "accepted",
        stands(paid=100, advance=("paid", 100, 100)),
    ),
    Row(
        "a rejected order is not issued again by new bank details",
        [*SIGNED, REJECTED, a_suspension(), a_new_account()],
        "accepted",
        stands(committed=100, advance=("rejected", 100, 0)),
    ),
    Row(
        "a rejected order is issued again when it resumes (rule 21)",
        [*SIGNED, REJECTED, a_suspension(), a_resumption()],
        "accepted",
        stands(ordered=100, advance=("rejected", 100, 0), advance_2=("issued", 100, 0)),
    ),
    Row(
        "suspended twice",
        [*IN_HALVES, a_suspension(), a_suspension(**TWICE)],
        "wrong_state",
        WAITING,
        facts=SUSPENDED,
    ),
    Row(
        "resumed, and not suspended",
        [*IN_HALVES, a_resumption()],
        "wrong_state",
        WAITING,
        facts={"convention": "C", "state": "in_force"},
    ),
    Row(
        "resumed twice",
        [*IN_HALVES, a_suspension(), a_resumption(), a_resumption(**TWICE)],
        "wrong_state",
        WAITING,
        facts={"convention": "C", "state": "in_force"},
    ),
    Row(
        "a grant without convention is suspended under its reference (rule 13)",
        [
            a_vote(100),
            an_award(100, requires_convention=False),
            a_suspension(convention="G"),
            a_new_account(),
        ],
        "accepted",
        on_one_line(100, figures(granted=100, remaining=100), convention="G", committed=100),
    ),
    Row(
        "a convention signed for a suspended grant without one is suspended as well",
        [
            a_vote(100),
            an_award(100, requires_convention=False),
            a_suspension(convention="G"),
            a_convention(100),
        ],
        "accepted",
        on_one_line(100, figures(granted=100, remaining=100), committed=100),
    ),
    Row(
        "and is paid when it resumes, under its own number",
        [
            a_vote(100),
            an_award(100, requires_convention=False),
            a_suspension(convention="G"),
            a_convention(100),
            a_resumption(),
        ],
        "accepted",
        stands(ordered=100, advance=("issued", 100, 0)),
    ),
]

TERMINATED = on_one_line(
    200,
    figures(granted=100, ordered=60, released=40),
    ADVANCE,
    available=140,
    ordered=60,
)


def after_rejection(paid: int) -> Money:
    return on_one_line(
        200,
        figures(granted=100, paid=paid, released=100 - paid),
        {"C/advance": ("rejected", 60, paid)},
        available=200 - paid,
        paid=paid,
    )


TERMINATION_ROWS = [
    Row(
        "a termination releases what is not ordered, and the grant's reserved rest",
        [*IN_HALVES, a_termination()],
        "accepted",
        TERMINATED,
        entries=[("decommitment", "489", 40, "C"), ("decommitment", "489", 50, None)],
    ),
    Row(
        "a suspended convention may be terminated",
        [*IN_HALVES, a_suspension(), a_termination()],
        "accepted",
        TERMINATED,
    ),
    Row(
        "nothing is left to release",
        [*SIGNED, a_termination()],
        "accepted",
        stands(ordered=100, advance=("issued", 100, 0)),
        entries=[],
    ),
    Row(
        "open orders stay payable",
        [*IN_HALVES, a_termination(), a_payment(60)],
        "accepted",
        on_one_line(
            200,
            figures(granted=100, paid=60, released=40),
            {"C/advance": ("paid", 60, 60)},
            available=140,
            paid=60,
        ),
    ),
    Row(
        "what a rejection gives back is released in the same record",
        [*IN_HALVES, a_termination(), REJECTED],
        "accepted",
        after_rejection(0),
        entries=[("decommitment", "489", 60, "C")],
    ),
    Row(
        "what a rejection gives back of an order paid in part",
        [*IN_HALVES, a_termination(), a_payment(25), REJECTED],
        "accepted",
        after_rejection(25),
        entries=[("decommitment", "489", 35, "C")],
    ),
    Row(
        "it is not issued again",
        [*IN_HALVES, a_termination(), REJECTED, a_new_account()],
        "accepted",
        after_rejection(0),
    ),
    Row(
        "a report is recorded and pays nothing",
        [*IN_HALVES, a_termination(), a_report()],
        "accepted",
        TERMINATED,
    ),
    Row(
        "recoveries go on",
        [
            *IN_HALVES,
            a_payment(60),
            a_termination(),
            a_recovery(60),
            a_recovery(60, "collected"),
        ],
        "accepted",
        on_one_line(
            200, figures(granted=100, released=100), {"C/advance": ("paid", 60, 60)}, available=200
        ),
        entries=[],
    ),
    Row(
        "a convention signed on the grant afterwards finds nothing reserved",
        [*IN_HALVES, a_termination(), a_convention(1, convention="D")],
        "exceeds_award",
        TERMINATED,
        facts={
            "convention": "D",
            "line": {"chapter": "65", "article": "65748", "function": "61", "operation": "489"},
            "award_cents": 0,
            "asked_cents": 1,
        },
    ),
    *(
        Row(
            f"terminated: {says}",
            [*IN_HALVES, a_termination(), event],
            "convention_terminated",
            TERMINATED,
            facts=ENDED,
        )
        for says, event in {
            "an amendment": an_amendment(1),
            "a notification": a_notification(),
            "a suspension": a_suspension(),
            "a resumption": a_resumption(),
            "a second termination": a_termination(**TWICE),
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

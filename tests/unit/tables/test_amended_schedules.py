"""Rules 13 to 15 and 21: amendments and orders; grants without convention that are amended."""

from tests.builders import (
    SIRET,
    Json,
    Scenario,
    a_convention,
    a_line,
    a_new_account,
    a_notification,
    a_payment,
    a_report,
    a_suspension,
    a_vote,
    an_amount,
    an_award,
    an_instalment,
)
from tests.unit.tables.rows import Money, Row, check, each_row, figures, on_one_line
from tests.unit.tables.test_amendments import (
    ACT,
    ADVANCE,
    IN_HALVES,
    REJECTED,
    REPORT,
    UNCHANGED,
    amended,
    exceeds,
    waiting,
)


def services_differ(instalment: str, stated_cents: int, sum_cents: int) -> tuple[str, Json]:
    where = {"of": "services", "instalment": instalment, "line": a_line()}
    return "figures_differ", where | {"stated_cents": stated_cents, "sum_cents": sum_cents}


ORDER_ROWS = [
    Row(
        "naming an instalment that has an order",
        [*IN_HALVES, amended(an_instalment(61), waiting(20))],
        "below_ordered",
        UNCHANGED,
        facts={
            "convention": "C",
            "instalment": "advance",
            "remaining_cents": 0,
            "asked_cents": 61,
        },
    ),
    Row(
        "naming one that was paid",
        [*IN_HALVES, a_payment(60), amended(an_instalment(1))],
        "below_ordered",
        on_one_line(
            200,
            figures(granted=100, remaining=40, paid=60),
            {"C/advance": ("paid", 60, 60)},
            available=50,
            reserved=50,
            committed=40,
            paid=60,
        ),
        facts={"convention": "C", "instalment": "advance", "remaining_cents": 0, "asked_cents": 1},
    ),
    Row(
        "of an award and an order, the award is said first",
        [*IN_HALVES, amended(an_instalment(91))],
        "exceeds_award",
        UNCHANGED,
        facts=exceeds(90, 91),
    ),
    Row(
        "an instalment at signature is ordered by the amendment itself",
        [*IN_HALVES, amended(an_instalment(40, "rest"))],
        "accepted",
        on_one_line(
            200,
            figures(granted=100, ordered=100),
            ADVANCE | {"C/rest": ("issued", 40, 0)},
            available=50,
            reserved=50,
            ordered=100,
        ),
        entries=[],
    ),
    Row(
        "what had arrived before still counts: the report is there",
        [
            *IN_HALVES[:2],
            a_convention(instalments=[an_instalment(60)]),
            a_report(),
            amended(waiting(40)),
        ],
        "accepted",
        on_one_line(
            200,
            figures(granted=100, ordered=100),
            ADVANCE | {"C/balance": ("issued", 40, 0)},
            available=50,
            reserved=50,
            ordered=100,
        ),
    ),
    Row(
        "a ceiling counts what was ordered before the amendment",
        [
            *IN_HALVES,
            a_report(kind="evaluation", eligible_cost_cents=75),
            amended(
                an_instalment(40, "rest", documents=[("evaluation", 2022)], ceiling=True),
            ),
        ],
        "accepted",
        on_one_line(
            200,
            figures(granted=100, ordered=75, released=25),
            ADVANCE | {"C/rest": ("issued", 15, 0)},
            available=75,
            reserved=50,
            ordered=75,
        ),
        entries=[("decommitment", "489", 25, "C")],
    ),
    Row(
        "a suspended convention may be amended; nothing is ordered yet",
        [*IN_HALVES, a_suspension(), amended(an_instalment(40, "rest"))],
        "accepted",
        UNCHANGED,
    ),
    Row(
        "a rejected instalment is replaced: the same id is ordered again, with its new amount",
        [*IN_HALVES, REJECTED, amended(an_instalment(50), waiting(50))],
        "accepted",
        on_one_line(
            200,
            figures(granted=100, remaining=50, ordered=50),
            {"C/advance": ("rejected", 60, 0), "C/advance/2": ("issued", 50, 0)},
            available=50,
            reserved=50,
            committed=50,
            ordered=50,
        ),
        entries=[],
    ),
    Row(
        "what was paid of a rejected order stays paid",
        [*IN_HALVES, a_payment(25), REJECTED, amended(an_instalment(30))],
        "accepted",
        on_one_line(
            200,
            figures(granted=100, ordered=30, paid=25, released=45),
            {"C/advance": ("rejected", 60, 25), "C/advance/2": ("issued", 30, 0)},
            available=95,
            reserved=50,
            ordered=30,
            paid=25,
        ),
        entries=[("decommitment", "489", 45, "C")],
    ),
    Row(
        "a rejected instalment left out is given up: new bank details order nothing",
        [*IN_HALVES, REJECTED, amended(waiting(40)), a_new_account()],
        "accepted",
        on_one_line(
            200,
            figures(granted=100, remaining=40, released=60),
            {"C/advance": ("rejected", 60, 0)},
            available=110,
            reserved=50,
            committed=40,
        ),
    ),
    Row(
        "brought back by a later amendment, it goes on counting its orders",
        [
            *IN_HALVES,
            REJECTED,
            amended(waiting(40)),
            amended(an_instalment(10), waiting(40), amendment="2", _id="back"),
        ],
        "accepted",
        on_one_line(
            200,
            figures(granted=110, remaining=40, ordered=10, released=60),
            {"C/advance": ("rejected", 60, 0), "C/advance/2": ("issued", 10, 0)},
            available=110,
            reserved=40,
            committed=40,
            ordered=10,
        ),
        entries=[("legal_commitment", "489", 10, "C")],
    ),
    Row(
        "figures that disagree are flagged as in a convention",
        [*IN_HALVES, amended(waiting(0, lines=[an_amount(40, services={"EMPLOI": 39})]))],
        "accepted",
        UNCHANGED,
        flags=[services_differ("balance", 40, 39)],
    ),
    Row(
        "of each instalment on which they disagree",
        [
            *IN_HALVES,
            amended(
                waiting(0, lines=[an_amount(25, services={"EMPLOI": 24})]),
                waiting(0, "rest", lines=[an_amount(15, services={"EMPLOI": 13})]),
            ),
        ],
        "accepted",
        UNCHANGED,
        flags=[services_differ("balance", 25, 24), services_differ("rest", 15, 13)],
    ),
]

ALONE = [
    a_vote(9_000_000),
    an_award(
        2_000_000,
        requires_convention=False,
        instalments=[an_instalment(2_000_000, "1", documents=REPORT)],
    ),
]


def alone(remaining: int, granted: int | None = None, released: int = 0) -> Money:
    share = figures(granted=granted or remaining, remaining=remaining, released=released)
    return on_one_line(
        9_000_000, share, convention="G", available=9_000_000 - remaining, committed=remaining
    )


ALONE_ROWS = [
    Row(
        "a grant without convention is amended under its reference (rule 13)",
        [*ALONE, amended(waiting(1_500_000), convention="G")],
        "accepted",
        alone(1_500_000, granted=2_000_000, released=500_000),
    ),
    Row(
        "an act may raise it to 23,000 €",
        [*ALONE, amended(waiting(2_300_000), convention="G", act=ACT)],
        "accepted",
        alone(2_300_000),
        entries=[("supplementary_commitment", "489", 300_000, "G")],
    ),
    Row(
        "not above: a convention is required first (rule 14)",
        [*ALONE, amended(waiting(2_300_001), convention="G", act=ACT)],
        "convention_required",
        alone(2_000_000),
        facts={"siret": SIRET, "total_cents": 2_300_001, "limit_cents": 2_300_000},
    ),
    Row(
        "an award that was raised counts raised: another without convention is refused",
        [
            *ALONE,
            amended(waiting(2_300_000), convention="G", act=ACT),
            an_award(1, grant="H", requires_convention=False),
        ],
        "convention_required",
        alone(2_300_000),
        facts={"siret": SIRET, "total_cents": 2_300_001, "limit_cents": 2_300_000},
    ),
    Row(
        "a convention signed for it later takes up to what was raised",
        [
            *ALONE,
            amended(waiting(2_300_000), convention="G", act=ACT),
            a_convention(instalments=[waiting(2_300_000)]),
        ],
        "accepted",
        on_one_line(
            9_000_000,
            figures(granted=2_300_000, remaining=2_300_000),
            available=6_700_000,
            committed=2_300_000,
        ),
    ),
    Row(
        "what its own schedule had left unplanned is given up by an amendment",
        [
            a_vote(100),
            an_award(100, requires_convention=False, instalments=[waiting(70)]),
            amended(waiting(60), convention="G"),
        ],
        "accepted",
        on_one_line(
            100,
            figures(granted=100, remaining=60, released=40),
            convention="G",
            available=40,
            committed=60,
        ),
    ),
]

ROWS = [*ORDER_ROWS, *ALONE_ROWS]


@each_row(ORDER_ROWS)
def test_rules_15_and_21_what_is_ordered_stays_and_the_rest_is_ordered_as_it_falls_due(
    row: Row,
) -> None:
    check(row)


@each_row(ALONE_ROWS)
def test_rules_13_to_15_a_grant_without_convention_is_amended(row: Row) -> None:
    check(row)


def issued(scenario: Scenario) -> list[Json]:
    return [
        change.row("")
        for record in scenario.records
        for change in record.payment_orders
        if change.issued is not None
    ]


def test_rules_19_and_21_a_new_schedule_is_due_from_the_amendment_and_names_what_it_replaces() -> (
    None
):
    scenario = Scenario(*IN_HALVES, REJECTED, amended(an_instalment(100), signed_on="2023-10-01"))
    assert [("C/advance", "2023-07-14", None), ("C/advance/2", "2023-11-30", "C/advance")] == [
        (order["payment_order"], order["due_on"], order["previous"]) for order in issued(scenario)
    ]


def test_rule_19_notifications_and_reports_are_due_from_their_own_day() -> None:
    scenario = Scenario(*IN_HALVES, a_notification(notified_on="2023-05-20"), a_report())
    notified = an_instalment(20, "more", trigger="notification")
    scenario.tell(amended(notified, waiting(10, "last"), signed_on="2023-10-01"))
    days = {order["payment_order"]: order["due_on"] for order in issued(scenario)}
    assert ("2023-07-19", "2023-08-25") == (days["C/more"], days["C/last"])


def test_rule_25_the_orders_of_an_amendment_carry_the_act_that_raised_the_award() -> None:
    scenario = Scenario(*IN_HALVES, amended(an_instalment(100, "rest"), act=ACT))
    act = {"body": "Conseil municipal", "number": "2023/99", "date": "2023-09-01"}
    assert act == issued(scenario)[-1]["acts"][-1]
    assert [act] * 2 == [entry["act"] for entry in scenario.last.commitment_entries]
    assert {"2023-09-01"} == {entry["effective_on"] for entry in scenario.last.commitment_entries}
    scenario.tell(amended(amendment="2", _id="none"))
    assert 2 == len(scenario.book.grants["G"].acts), "an act on a grant is kept once"

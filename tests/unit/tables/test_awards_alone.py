"""Rules 13 and 14: grants without convention, and the 23,000 € above which one is required."""

from typing import Any

from tests.builders import (
    OTHER_ESTABLISHMENT,
    SIRET,
    Json,
    Scenario,
    a_beneficiary,
    a_convention,
    a_line,
    a_new_account,
    a_notification,
    a_payment,
    a_report,
    a_vote,
    an_act,
    an_amount,
    an_award,
    an_instalment,
)
from tests.unit.tables.rows import Figures, Money, Row, check, each_row

LINE_489 = a_line("489")
AVAILABLE = Money({"489": {"appropriated": 100_000, "available": 100_000}})
RESERVED = Money({"489": {"appropriated": 100_000, "reserved": 100_000}})
COMMITTED = Money(
    {"489": {"appropriated": 100_000, "committed": 100_000}},
    {"G": {"489": {"granted": 100_000, "remaining": 100_000}}},
)
ORDERED = Money(
    {"489": {"appropriated": 100_000, "ordered": 100_000}},
    {"G": {"489": {"granted": 100_000, "ordered": 100_000}}},
    {"G/1": ("issued", 100_000, 0)},
)


def an_award_alone(amount_cents: int = 100_000, **more: Any) -> Json:
    """A grant without convention."""
    return an_award(amount_cents, requires_convention=False, **more)


def figures_differ(of: str, stated_cents: int, sum_cents: int, **where: Any) -> tuple[str, Json]:
    facts = {"of": of, **where, "stated_cents": stated_cents, "sum_cents": sum_cents}
    return ("figures_differ", facts)


ALONE_ROWS = [
    Row(
        "an award without convention reserves and commits in one record",
        [a_vote(), an_award_alone()],
        "accepted",
        COMMITTED,
        entries=[
            ("accounting_commitment", "489", 100_000, None),
            ("legal_commitment", "489", 100_000, "G"),
        ],
    ),
    Row(
        "an award without convention to a body whose account is known is ordered at once",
        [a_vote(), a_new_account(), an_award_alone()],
        "accepted",
        ORDERED,
    ),
    Row(
        "an award without convention is ordered when the account is known",
        [a_vote(), an_award_alone(), a_new_account()],
        "accepted",
        ORDERED,
        entries=[],
    ),
    Row(
        "its one instalment pays all of its lines",
        [
            a_vote(appropriations=[an_amount(60_000), an_amount(40_000, "490")]),
            a_new_account(),
            an_award_alone(lines=[an_amount(60_000), an_amount(40_000, "490")]),
        ],
        "accepted",
        Money(
            {
                "489": {"appropriated": 60_000, "ordered": 60_000},
                "490": {"appropriated": 40_000, "ordered": 40_000},
            },
            {
                "G": {
                    "489": {"granted": 60_000, "ordered": 60_000},
                    "490": {"granted": 40_000, "ordered": 40_000},
                }
            },
            {"G/1": ("issued", 100_000, 0)},
        ),
    ),
    Row(
        "an instalment of its own schedule waits for the notification of the grant",
        [
            a_vote(),
            a_new_account(),
            an_award_alone(instalments=[an_instalment(name="A", trigger="notification")]),
        ],
        "accepted",
        COMMITTED,
    ),
    Row(
        "the notification of the grant sets it off",
        [
            a_vote(),
            a_new_account(),
            an_award_alone(instalments=[an_instalment(name="A", trigger="notification")]),
            a_notification(convention="G"),
        ],
        "accepted",
        Money(ORDERED.lines, ORDERED.conventions, {"G/A": ("issued", 100_000, 0)}),
    ),
    Row(
        "a report received on the grant sets it off",
        [
            a_vote(),
            a_new_account(),
            an_award_alone(instalments=[an_instalment(name="B", documents=[("evaluation", 2022)])]),
            a_report("evaluation", convention="G"),
        ],
        "accepted",
        Money(ORDERED.lines, ORDERED.conventions, {"G/B": ("issued", 100_000, 0)}),
    ),
    Row(
        "its own instalments plan more than its lines",
        [
            a_vote(),
            an_award_alone(instalments=[an_instalment(60_000, "A"), an_instalment(40_001, "B")]),
        ],
        "exceeds_award",
        AVAILABLE,
        facts={
            "convention": "G",
            "line": LINE_489,
            "award_cents": 100_000,
            "asked_cents": 100_001,
        },
    ),
    Row(
        "its own instalments plan on a line that it does not have",
        [a_vote(), an_award_alone(instalments=[an_instalment(lines=[an_amount(1, "490")])])],
        "exceeds_award",
        AVAILABLE,
        facts={
            "convention": "G",
            "line": a_line("490"),
            "award_cents": 0,
            "asked_cents": 1,
        },
    ),
    Row(
        "its own instalments plan less than its lines: flagged, and the rest stays committed",
        [a_vote(), a_new_account(), an_award_alone(instalments=[an_instalment(60_000, "A")])],
        "accepted",
        Money(
            {"489": {"appropriated": 100_000, "committed": 40_000, "ordered": 60_000}},
            {"G": {"489": {"granted": 100_000, "remaining": 40_000, "ordered": 60_000}}},
            {"G/A": ("issued", 60_000, 0)},
        ),
        flags=[
            (
                "figures_differ",
                {
                    "of": "instalments",
                    "line": LINE_489,
                    "stated_cents": 100_000,
                    "sum_cents": 60_000,
                },
            )
        ],
    ),
    Row(
        "a grant without convention whose reference is already the number of a convention",
        [
            a_vote(),
            an_award(),
            a_convention(60_000, convention="H", bank_account=...),
            an_award_alone(grant="H"),
        ],
        "convention_exists",
        Money(
            {"489": {"appropriated": 100_000, "reserved": 40_000, "committed": 60_000}},
            {"H": {"489": {"granted": 60_000, "remaining": 60_000}}},
        ),
        facts={"convention": "H"},
    ),
    Row(
        "a grant that requires a convention never pays before it is signed, however small",
        [a_vote(), an_award(1), a_new_account()],
        "accepted",
        Money({"489": {"appropriated": 100_000, "available": 99_999, "reserved": 1}}),
    ),
    Row(
        "the services of an instalment of the award's own schedule do not add up to its line",
        [
            a_vote(),
            an_award_alone(
                instalments=[an_instalment(lines=[an_amount(100_000, services={"EMPLOI": 1})])]
            ),
        ],
        "accepted",
        COMMITTED,
        flags=[figures_differ("services", 100_000, 1, instalment="advance", line=LINE_489)],
    ),
]

BIG = a_vote(10_000_000)
LIMIT = 2_300_000


def required(total_cents: int, siret: str = SIRET) -> Json:
    return {"siret": siret, "total_cents": total_cents, "limit_cents": LIMIT}


def held(total_cents: int) -> tuple[str, Json]:
    return ("convention_required", {"convention": "G"} | required(total_cents))


def big(**figures: int) -> dict[str, Figures]:
    """Line 489 of the big budget: what is in no stage is still available."""
    available = 10_000_000 - sum(figures.values())
    return {"489": {"appropriated": 10_000_000, "available": available} | figures}


def alone(grant: str, cents: int) -> dict[str, dict[str, Figures]]:
    return {grant: {"489": {"granted": cents, "remaining": cents}}}


HELD = [BIG, an_award_alone(1_000_000), an_award(1_300_001, grant="H")]

LIMIT_ROWS = [
    Row(
        "23,000.00 € without convention",
        [BIG, an_award_alone(LIMIT)],
        "accepted",
        Money(big(committed=LIMIT), alone("G", LIMIT)),
    ),
    Row(
        "23,000.01 € without convention",
        [BIG, an_award_alone(LIMIT + 1)],
        "convention_required",
        Money(big()),
        facts=required(LIMIT + 1),
    ),
    Row(
        "two grants of the year make 23,000.00 € together",
        [BIG, an_award_alone(1_300_000), an_award_alone(1_000_000, grant="H")],
        "accepted",
        Money(big(committed=LIMIT), alone("G", 1_300_000) | alone("H", 1_000_000)),
    ),
    Row(
        "two grants of the year make 23,000.01 € together",
        [BIG, an_award_alone(1_300_000), an_award_alone(1_000_001, grant="H")],
        "convention_required",
        Money(big(committed=1_300_000), alone("G", 1_300_000)),
        facts=required(LIMIT + 1),
    ),
    Row(
        "a grant with a convention counts in the sum",
        [BIG, an_award(LIMIT), an_award_alone(1, grant="H")],
        "convention_required",
        Money(big(reserved=LIMIT)),
        facts=required(LIMIT + 1),
    ),
    Row(
        "a refused award does not count in the sum",
        [BIG, an_award_alone(LIMIT + 1), an_award_alone(LIMIT, grant="H")],
        "accepted",
        Money(big(committed=LIMIT), alone("H", LIMIT)),
    ),
    Row(
        "each SIRET has its own sum",
        [
            BIG,
            an_award_alone(LIMIT),
            an_award_alone(LIMIT, grant="H", beneficiary=a_beneficiary(siret=OTHER_ESTABLISHMENT)),
        ],
        "accepted",
        Money(big(committed=2 * LIMIT), alone("G", LIMIT) | alone("H", LIMIT)),
    ),
    Row(
        "an award that requires a convention may be of any amount",
        [BIG, an_award(10_000_000)],
        "accepted",
        Money({"489": {"appropriated": 10_000_000, "reserved": 10_000_000}}),
    ),
    Row(
        "a later award takes the sum above 23,000 €: what was not ordered is held back",
        [*HELD, a_new_account()],
        "accepted",
        Money(big(reserved=1_300_001, committed=1_000_000), alone("G", 1_000_000)),
        flags=[held(LIMIT + 1)],
    ),
    Row(
        "a later award takes the sum to 23,000.00 €: nothing is held back",
        [BIG, an_award_alone(1_000_000), an_award(1_300_000, grant="H"), a_new_account()],
        "accepted",
        Money(
            big(reserved=1_300_000, ordered=1_000_000),
            {"G": {"489": {"granted": 1_000_000, "ordered": 1_000_000}}},
            {"G/1": ("issued", 1_000_000, 0)},
        ),
    ),
    Row(
        "a convention is signed for the grant that was held back: it is paid",
        [*HELD, a_new_account(), a_convention(1_000_000, bank_account=...)],
        "accepted",
        Money(
            big(reserved=1_300_001, ordered=1_000_000),
            {"C": {"489": {"granted": 1_000_000, "ordered": 1_000_000}}},
            {"C/advance": ("issued", 1_000_000, 0)},
        ),
        entries=[],
    ),
    Row(
        "a convention on the other grant does not free the one held back",
        [*HELD, a_convention(1_300_001, grant="H"), a_notification(convention="G")],
        "accepted",
        Money(
            big(committed=1_000_000, ordered=1_300_001),
            alone("G", 1_000_000) | {"C": {"489": {"granted": 1_300_001, "ordered": 1_300_001}}},
            {"C/advance": ("issued", 1_300_001, 0)},
        ),
        flags=[held(LIMIT + 1)],
    ),
    Row(
        "an order issued before the sum passed 23,000 € is paid",
        [
            BIG,
            a_new_account(),
            an_award_alone(1_000_000),
            an_award(1_300_001, grant="H"),
            a_payment(1_000_000, "G/1"),
        ],
        "accepted",
        Money(
            big(reserved=1_300_001, paid=1_000_000),
            {"G": {"489": {"granted": 1_000_000, "paid": 1_000_000}}},
            {"G/1": ("paid", 1_000_000, 1_000_000)},
        ),
    ),
]


ROWS = [*ALONE_ROWS, *LIMIT_ROWS]


@each_row(ALONE_ROWS)
def test_rule_13_a_grant_without_convention_stands_for_one(row: Row) -> None:
    check(row)


@each_row(LIMIT_ROWS)
def test_rule_14_no_order_above_23_000_euros_without_convention(row: Row) -> None:
    check(row)


def test_rule_19_an_award_without_convention_is_due_60_days_after_its_act() -> None:
    scenario = Scenario(a_vote(), a_new_account(), an_award_alone(act=an_act("2023-04-12")))
    assert ["2023-06-11"] == [each["due_on"] for each in scenario.summary()["payment_orders"]]

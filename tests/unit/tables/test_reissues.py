"""Rule 21: a rejected payment order is issued again, for what it left unpaid."""

from tests.builders import (
    OTHER_ESTABLISHMENT,
    OTHER_IBAN,
    SIRET,
    Json,
    Scenario,
    a_bank_account,
    a_beneficiary,
    a_convention,
    a_line,
    a_new_account,
    a_notification,
    a_payment,
    a_report,
    a_vote,
    an_acknowledgement,
    an_amount,
    an_award,
    an_instalment,
)
from tests.unit.tables.rows import SIGNED, Figures, Money, Row, check, each_row, stands

REJECTED = an_acknowledgement("rejected")
PART, ALL = a_payment(40), a_payment(100)
NEW_ACCOUNT = a_new_account(_id="a new account")
REISSUED = stands(ordered=100, advance=("rejected", 100, 0), advance_2=("issued", 100, 0))
STILL_REJECTED = stands(committed=100, advance=("rejected", 100, 0))

REISSUE_ROWS = [
    Row(
        "a new bank account issues the rejected order again",
        [*SIGNED, REJECTED, NEW_ACCOUNT],
        "accepted",
        REISSUED,
        entries=[],
    ),
    Row(
        "the account of another establishment does not",
        [*SIGNED, REJECTED, a_new_account(beneficiary=a_beneficiary(siret=OTHER_ESTABLISHMENT))],
        "accepted",
        STILL_REJECTED,
    ),
    Row(
        "a report on the convention issues it again",
        [*SIGNED, REJECTED, a_report()],
        "accepted",
        REISSUED,
    ),
    Row(
        "a notification does not",
        [*SIGNED, REJECTED, a_notification()],
        "accepted",
        STILL_REJECTED,
    ),
    Row(
        "another convention that brings an account does not",
        [
            a_vote(100),
            an_award(60),
            an_award(40, grant="H"),
            a_convention(60),
            REJECTED,
            a_convention(40, convention="D", grant="H", bank_account=a_bank_account(OTHER_IBAN)),
        ],
        "accepted",
        Money(
            {"489": {"appropriated": 100, "committed": 60, "ordered": 40}},
            {
                "C": {"489": {"granted": 60, "remaining": 60}},
                "D": {"489": {"granted": 40, "ordered": 40}},
            },
            {"C/advance": ("rejected", 60, 0), "D/advance": ("issued", 40, 0)},
        ),
    ),
    Row(
        "a live order is not issued again",
        [*SIGNED, NEW_ACCOUNT],
        "accepted",
        stands(ordered=100, advance=("issued", 100, 0)),
    ),
    Row(
        "a paid order is not issued again",
        [*SIGNED, ALL, NEW_ACCOUNT, a_report()],
        "accepted",
        stands(paid=100, advance=("paid", 100, 100)),
    ),
    Row(
        "only what was not paid is ordered again",
        [*SIGNED, PART, REJECTED, NEW_ACCOUNT],
        "accepted",
        stands(ordered=60, paid=40, advance=("rejected", 100, 40), advance_2=("issued", 60, 0)),
    ),
    Row(
        "rejected twice, the third order is /3 and for what both left unpaid",
        [
            *SIGNED,
            PART,
            REJECTED,
            NEW_ACCOUNT,
            a_payment(25, "C/advance/2"),
            an_acknowledgement("rejected", "C/advance/2"),
            a_report(),
        ],
        "accepted",
        stands(
            ordered=35,
            paid=65,
            advance=("rejected", 100, 40),
            advance_2=("rejected", 60, 25),
            advance_3=("issued", 35, 0),
        ),
    ),
    Row(
        "the new order is paid, the rejected one stays as it was",
        [*SIGNED, PART, REJECTED, NEW_ACCOUNT, a_payment(60, "C/advance/2")],
        "accepted",
        stands(paid=100, advance=("rejected", 100, 40), advance_2=("paid", 60, 60)),
    ),
    Row(
        "one event may issue a rejected order again and another for the first time",
        [
            a_vote(100),
            an_award(100),
            a_convention(
                instalments=[
                    an_instalment(60),
                    an_instalment(40, "balance", documents=[("activity_report", 2022)]),
                ]
            ),
            REJECTED,
            a_report(),
        ],
        "accepted",
        stands(
            ordered=100,
            advance=("rejected", 60, 0),
            advance_2=("issued", 60, 0),
            balance=("issued", 40, 0),
        ),
    ),
    Row(
        "a rejected order of a grant that now needs a convention is held back (rule 14)",
        [
            a_vote(10_000_000),
            a_new_account(),
            an_award(1_000_000, requires_convention=False),
            an_acknowledgement("rejected", "G/1"),
            an_award(1_300_001, grant="H"),
            NEW_ACCOUNT,
        ],
        "accepted",
        Money(
            {
                "489": {
                    "appropriated": 10_000_000,
                    "available": 7_699_999,
                    "reserved": 1_300_001,
                    "committed": 1_000_000,
                }
            },
            {"G": {"489": {"granted": 1_000_000, "remaining": 1_000_000}}},
            {"G/1": ("rejected", 1_000_000, 0)},
        ),
        flags=[
            (
                "convention_required",
                {
                    "convention": "G",
                    "siret": SIRET,
                    "total_cents": 2_300_001,
                    "limit_cents": 2_300_000,
                },
            )
        ],
    ),
]

ROWS = REISSUE_ROWS


@each_row(REISSUE_ROWS)
def test_rule_21_a_rejected_order_is_issued_again_for_what_it_left_unpaid(row: Row) -> None:
    check(row)


EMPLOI_35_JEUNESSE_25 = {"EMPLOI": 35, "JEUNESSE": 25}
TWO_LINES = [an_amount(60, services=EMPLOI_35_JEUNESSE_25), an_amount(40, "490")]
TWO_LINES_SIGNED = [
    a_vote(appropriations=[an_amount(60), an_amount(40, "490")]),
    an_award(lines=TWO_LINES),
    a_convention(instalments=[an_instalment(lines=TWO_LINES)]),
]


def test_rules_20_and_21_what_payments_left_of_lines_and_departments_is_ordered_again() -> None:
    def after(paid_cents: int) -> tuple[list[Json], Figures, Figures]:
        scenario = Scenario(*TWO_LINES_SIGNED, a_payment(paid_cents), REJECTED, NEW_ACCOUNT)
        order = scenario.summary()["payment_orders"][-1]
        assert ("C/advance/2", 100 - paid_cents) == (order["payment_order"], order["amount_cents"])
        return order["lines"], scenario.line("489"), scenario.line("490")

    def left(cents: int, **services: int) -> Json:
        rows = [{"code": code, "amount_cents": part} for code, part in services.items()]
        return {"line": a_line(), "amount_cents": cents, "services": rows}

    other = {"line": a_line("490"), "amount_cents": 40, "services": None}
    untouched = {"appropriated": 40, "ordered": 40}
    assert (
        [left(50, EMPLOI=25, JEUNESSE=25), other],
        {"appropriated": 60, "ordered": 50, "paid": 10},
        untouched,
    ) == after(10)
    assert (
        [left(20, JEUNESSE=20), other],
        {"appropriated": 60, "ordered": 20, "paid": 40},
        untouched,
    ) == after(40)
    assert (
        [other | {"amount_cents": 10}],
        {"appropriated": 60, "paid": 60},
        {"appropriated": 40, "ordered": 10, "paid": 30},
    ) == after(90)


def test_rule_21_a_new_order_keeps_the_due_date_and_names_the_one_that_it_replaces() -> None:
    late = "2023-11-20T12:00:00+01:00"
    scenario = Scenario(*SIGNED, REJECTED, a_new_account(_id="second", _time=late))
    scenario.tell(an_acknowledgement("rejected", "C/advance/2"))
    scenario.tell(a_report(_time=late))
    issued = [
        (change.order.payment_order, change.order.due_on.isoformat(), change.issued["previous"])
        for record in scenario.records
        for change in record.payment_orders
        if change.issued is not None
    ]
    assert [
        ("C/advance", "2023-07-14", None),
        ("C/advance/2", "2023-07-14", "C/advance"),
        ("C/advance/3", "2023-07-14", "C/advance/2"),
    ] == issued

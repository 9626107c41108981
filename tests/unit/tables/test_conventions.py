"""Rules 10 and 12: conventions commit what the award reserved; where their money is paid."""

from tests.builders import (
    OTHER_ESTABLISHMENT,
    Json,
    a_bank_account,
    a_beneficiary,
    a_convention,
    a_line,
    a_new_account,
    a_notification,
    a_vote,
    an_amount,
    an_award,
    an_instalment,
)
from tests.unit.tables.rows import Figures, Money, Row, check, each_row

AWARDED = [a_vote(), an_award()]
RESERVED = Money({"489": {"appropriated": 100_000, "reserved": 100_000}})
ORDERED = Money(
    {"489": {"appropriated": 100_000, "ordered": 100_000}},
    {"C": {"489": {"granted": 100_000, "ordered": 100_000}}},
    {"C/advance": ("issued", 100_000, 0)},
)
COMMITTED = Money(
    {"489": {"appropriated": 100_000, "committed": 100_000}},
    {"C": {"489": {"granted": 100_000, "remaining": 100_000}}},
)
ON_60_40 = [an_amount(60_000), an_amount(40_000, "490")]
TWO_LINES = [a_vote(appropriations=ON_60_40), an_award(lines=ON_60_40)]
TWO_RESERVED = Money(
    {
        "489": {"appropriated": 60_000, "reserved": 60_000},
        "490": {"appropriated": 40_000, "reserved": 40_000},
    }
)


def exceeds(line: Json, award_cents: int, asked_cents: int, convention: str = "C") -> Json:
    return {
        "convention": convention,
        "line": line,
        "award_cents": award_cents,
        "asked_cents": asked_cents,
    }


def waiting(cents: int) -> dict[str, Figures]:
    return {"489": {"granted": cents, "remaining": cents}}


def no_account(cents: int, **more: object) -> Json:
    """A convention of which no bank account is known: what it commits stays committed."""
    return a_convention(cents, bank_account=..., **more)


COMMITMENT_ROWS = [
    Row(
        "the signature commits what the award reserved",
        [*AWARDED, no_account(100_000)],
        "accepted",
        COMMITTED,
        entries=[("legal_commitment", "489", 100_000, "C")],
    ),
    Row(
        "what the award has beyond the convention stays reserved",
        [*AWARDED, no_account(60_000)],
        "accepted",
        Money(
            {"489": {"appropriated": 100_000, "reserved": 40_000, "committed": 60_000}},
            {"C": waiting(60_000)},
        ),
        entries=[("legal_commitment", "489", 60_000, "C")],
    ),
    Row(
        "a second one does not take the place of one that bears its grant's reference",
        [
            *AWARDED,
            a_convention(60_000, convention="G", bank_account=...),
            no_account(40_000),
        ],
        "accepted",
        Money(
            {"489": {"appropriated": 100_000, "committed": 100_000}},
            {"C": waiting(40_000), "G": waiting(60_000)},
        ),
        entries=[("legal_commitment", "489", 40_000, "C")],
    ),
    Row(
        "a line has one entry, whatever the number of instalments that pay it",
        [
            *TWO_LINES,
            no_account(
                0,
                instalments=[
                    an_instalment(30_000, "A"),
                    an_instalment(name="B", lines=[an_amount(40_000, "490"), an_amount(30_000)]),
                ],
            ),
        ],
        "accepted",
        Money(
            {
                "489": {"appropriated": 60_000, "committed": 60_000},
                "490": {"appropriated": 40_000, "committed": 40_000},
            },
            {
                "C": {
                    "489": {"granted": 60_000, "remaining": 60_000},
                    "490": {"granted": 40_000, "remaining": 40_000},
                }
            },
        ),
        entries=[
            ("legal_commitment", "489", 60_000, "C"),
            ("legal_commitment", "490", 40_000, "C"),
        ],
    ),
    Row(
        "the convention asks a cent more than its award",
        [*AWARDED, a_convention(100_001)],
        "exceeds_award",
        RESERVED,
        facts=exceeds(a_line(), 100_000, 100_001),
        entries=[],
    ),
    Row(
        "its instalments exceed the award together, each line on its own",
        [*TWO_LINES, a_convention(instalments=[an_instalment(30_000, "A"), an_instalment(30_001)])],
        "exceeds_award",
        TWO_RESERVED,
        facts=exceeds(a_line(), 60_000, 60_001),
    ),
    Row(
        "what one line has left does not pay for another",
        [
            *TWO_LINES,
            a_convention(
                instalments=[an_instalment(lines=[an_amount(1), an_amount(40_001, "490")])]
            ),
        ],
        "exceeds_award",
        TWO_RESERVED,
        facts=exceeds(a_line("490"), 40_000, 40_001),
    ),
    Row(
        "the convention pays on a line that its award does not have",
        [*AWARDED, a_convention(instalments=[an_instalment(lines=[an_amount(1, "1978")])])],
        "exceeds_award",
        RESERVED,
        facts=exceeds(a_line("1978"), 0, 1),
    ),
    Row(
        "two conventions share an award",
        [*AWARDED, no_account(60_000), no_account(40_000, convention="D")],
        "accepted",
        Money(
            {"489": {"appropriated": 100_000, "committed": 100_000}},
            {"C": waiting(60_000), "D": waiting(40_000)},
        ),
        entries=[("legal_commitment", "489", 40_000, "D")],
    ),
    Row(
        "the second convention asks more than the first has left",
        [*AWARDED, no_account(60_000), no_account(40_001, convention="D")],
        "exceeds_award",
        Money(
            {"489": {"appropriated": 100_000, "reserved": 40_000, "committed": 60_000}},
            {"C": waiting(60_000)},
        ),
        facts=exceeds(a_line(), 40_000, 40_001, "D"),
    ),
    Row(
        "the first convention left nothing",
        [*AWARDED, no_account(100_000), no_account(1, convention="D")],
        "exceeds_award",
        COMMITTED,
        facts=exceeds(a_line(), 0, 1, "D"),
    ),
    Row(
        "a number that is known",
        [*AWARDED, no_account(60_000), no_account(40_000, _id="again")],
        "convention_exists",
        Money(
            {"489": {"appropriated": 100_000, "reserved": 40_000, "committed": 60_000}},
            {"C": waiting(60_000)},
        ),
        facts={"convention": "C"},
    ),
    Row(
        "a number that is known of another grant",
        [
            a_vote(),
            an_award(60_000),
            an_award(40_000, grant="H"),
            no_account(60_000),
            no_account(40_000, grant="H"),
        ],
        "convention_exists",
        Money(
            {"489": {"appropriated": 100_000, "reserved": 40_000, "committed": 60_000}},
            {"C": waiting(60_000)},
        ),
        facts={"convention": "C"},
    ),
    Row(
        "the number of a refused convention is free",
        [*AWARDED, no_account(100_001), no_account(100_000, _id="corrected")],
        "accepted",
        COMMITTED,
    ),
]


OTHER_ACCOUNT_HOLDER = a_new_account(beneficiary=a_beneficiary(siret=OTHER_ESTABLISHMENT))

ACCOUNT_ROWS = [
    Row(
        "the bank account came before the convention",
        [*AWARDED, a_new_account(), no_account(100_000)],
        "accepted",
        ORDERED,
    ),
    Row(
        "the bank account comes after the convention",
        [*AWARDED, no_account(100_000), a_new_account()],
        "accepted",
        ORDERED,
        entries=[],
    ),
    Row(
        "the bank account of another establishment is not the convention's",
        [*AWARDED, no_account(100_000), OTHER_ACCOUNT_HOLDER],
        "accepted",
        COMMITTED,
    ),
    Row(
        "the account is that of the establishment that the convention names",
        [
            *AWARDED,
            a_convention(bank_account=..., beneficiary=a_beneficiary(siret=OTHER_ESTABLISHMENT)),
            OTHER_ACCOUNT_HOLDER,
        ],
        "accepted",
        ORDERED,
    ),
    Row(
        "the account of a refused convention is not known",
        [*AWARDED, a_convention(100_001), no_account(100_000, _id="corrected")],
        "accepted",
        COMMITTED,
    ),
    Row(
        "a second convention brings the account that the first still waits for (rule 18)",
        [*AWARDED, no_account(60_000), a_convention(40_000, convention="D")],
        "accepted",
        Money(
            {"489": {"appropriated": 100_000, "ordered": 100_000}},
            {
                "C": {"489": {"granted": 60_000, "ordered": 60_000}},
                "D": {"489": {"granted": 40_000, "ordered": 40_000}},
            },
            {"C/advance": ("issued", 60_000, 0), "D/advance": ("issued", 40_000, 0)},
        ),
    ),
    Row(
        "the notification is a fact; nothing waits for it",
        [*AWARDED, a_convention(), a_notification()],
        "accepted",
        ORDERED,
    ),
]

ROWS = [*COMMITMENT_ROWS, *ACCOUNT_ROWS]


@each_row(COMMITMENT_ROWS)
def test_rule_10_a_convention_commits_what_its_award_still_has(row: Row) -> None:
    check(row)


@each_row(ACCOUNT_ROWS)
def test_rule_12_the_account_may_come_with_before_or_after_the_convention(row: Row) -> None:
    check(row)


def test_rule_12_the_last_accepted_account_is_in_force_for_the_next_order() -> None:
    first, last = a_bank_account(), a_new_account()["data"]["bank_account"]
    schedule = [an_instalment(60_000), an_instalment(40_000, "rest", trigger="notification")]
    convention = a_convention(bank_account=first, instalments=schedule)
    scenario = check(
        Row(
            "the account changes between two orders",
            [*AWARDED, convention, a_new_account(), a_notification()],
            "accepted",
            Money(
                ORDERED.lines,
                ORDERED.conventions,
                {"C/advance": ("issued", 60_000, 0), "C/rest": ("issued", 40_000, 0)},
            ),
        )
    )
    issued = [change.issued for record in scenario.records for change in record.payment_orders]
    ibans = [each["bank_account"]["iban"] for each in issued if each is not None]
    assert [first["iban"], last["iban"]] == ibans

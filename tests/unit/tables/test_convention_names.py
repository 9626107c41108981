"""Rules 10 and 11: whom a convention names, and on which acts it rests."""

from tests.builders import (
    OTHER_BODY,
    OTHER_ESTABLISHMENT,
    SIRET,
    Json,
    a_beneficiary,
    a_concurring_act,
    a_convention,
    a_vote,
    an_act,
    an_award,
)
from tests.unit.tables.rows import Money, Row, check, each_row

AWARDED = [a_vote(), an_award()]
THOUSANDTH = "37887770810007"
"""Of the same SIREN, 378877708; its tenth digit is not the same."""
RESERVED = Money({"489": {"appropriated": 100_000, "reserved": 100_000}})
ORDERED = Money(
    {"489": {"appropriated": 100_000, "ordered": 100_000}},
    {"C": {"489": {"granted": 100_000, "ordered": 100_000}}},
    {"C/advance": ("issued", 100_000, 0)},
)


def name_differs(field: str, expected: str, found: str) -> tuple[str, Json]:
    return ("name_differs", {"field": field, "expected": expected, "found": found})


def award_to(**beneficiary: str) -> list[Json]:
    return [a_vote(), an_award(beneficiary=a_beneficiary(**beneficiary))]


def signed_by(signatory: str | None = None, **beneficiary: str) -> Json:
    return a_convention(beneficiary=a_beneficiary(**beneficiary), signatory=signatory)


MARTIN, DAVID = "Martin DAVID-BROCHEN", "David MARTIN-BROCHEN"

NAME_ROWS = [
    Row(
        "the convention names another body than the award",
        [*AWARDED, signed_by(siret=OTHER_BODY)],
        "beneficiary_differs",
        RESERVED,
        facts={"award": SIRET, "convention": OTHER_BODY},
    ),
    Row(
        "the convention names another establishment of the same body",
        [*AWARDED, signed_by(siret=OTHER_ESTABLISHMENT)],
        "accepted",
        ORDERED,
        flags=[name_differs("siret", SIRET, OTHER_ESTABLISHMENT)],
    ),
    Row(
        "the convention names the thousandth establishment: nine digits say which body it is",
        [*AWARDED, signed_by(siret=THOUSANDTH)],
        "accepted",
        ORDERED,
        flags=[name_differs("siret", SIRET, THOUSANDTH)],
    ),
    Row(
        "the convention spells the name another way",
        [*AWARDED, signed_by(name="Lille-Avenirs")],
        "accepted",
        ORDERED,
        flags=[name_differs("name", "Lille Avenirs", "Lille-Avenirs")],
    ),
    Row(
        "capitals and spaces make no other name",
        [*award_to(representative=MARTIN), signed_by(name=" LILLE   AVENIRS")],
        "accepted",
        ORDERED,
    ),
    Row(
        "the representative is David MARTIN-BROCHEN here, Martin DAVID-BROCHEN there",
        [*award_to(representative=DAVID), signed_by(representative=MARTIN)],
        "accepted",
        ORDERED,
        flags=[name_differs("representative", DAVID, MARTIN)],
    ),
    Row(
        "one act alone names the representative",
        [*AWARDED, signed_by(representative=MARTIN)],
        "accepted",
        ORDERED,
    ),
    Row(
        "the convention is signed by another than the representative that it names",
        [*AWARDED, signed_by(MARTIN, representative=DAVID)],
        "accepted",
        ORDERED,
        flags=[name_differs("signatory", DAVID, MARTIN)],
    ),
    Row(
        "the convention is signed by another than the representative whom the award names",
        [*award_to(representative=DAVID), signed_by(MARTIN)],
        "accepted",
        ORDERED,
        flags=[name_differs("signatory", DAVID, MARTIN)],
    ),
    Row(
        "the convention is signed by its representative",
        [*AWARDED, signed_by(MARTIN.upper(), representative=MARTIN)],
        "accepted",
        ORDERED,
    ),
    Row(
        "the signatory is named, no representative is",
        [*AWARDED, signed_by(MARTIN)],
        "accepted",
        ORDERED,
    ),
]

LOMME, LILLE = "Conseil communal de Lomme", "Conseil municipal de Lille"
TWO_ACTS = [
    a_vote(),
    an_award(act=an_act("2023-04-12", LOMME, number="2023/40")),
    a_concurring_act(act=an_act("2023-04-13", LILLE)),
]


def not_found(body: str, date: str, number: str | None = None) -> tuple[str, Json]:
    return ("act_not_found", {"grant": "G", "act": {"body": body, "number": number, "date": date}})


ACT_ROWS = [
    Row(
        "the convention cites both acts of the grant by body and date",
        [
            *TWO_ACTS,
            a_convention(acts=[an_act("2023-04-12", LOMME), an_act("2023-04-13", LILLE)]),
        ],
        "accepted",
        ORDERED,
    ),
    Row(
        "the source's own case: 13 April is cited for both acts, Lomme's is of 12 April",
        [
            *TWO_ACTS,
            a_convention(
                acts=[
                    an_act("2023-04-13", LOMME, number="2023/40"),
                    an_act("2023-04-13", LILLE),
                ]
            ),
        ],
        "accepted",
        ORDERED,
        flags=[not_found(LOMME, "2023-04-13", "2023/40")],
    ),
    Row(
        "acts of another grant do not count, and each act not found is flagged",
        [
            a_vote(200_000),
            an_award(),
            an_award(grant="H", act=an_act("2023-04-13", LILLE)),
            a_convention(acts=[an_act("2023-04-13", LILLE), an_act("2023-04-12", LOMME)]),
        ],
        "accepted",
        Money(
            {"489": {"appropriated": 200_000, "reserved": 100_000, "ordered": 100_000}},
            ORDERED.conventions,
            ORDERED.orders,
        ),
        flags=[not_found(LILLE, "2023-04-13"), not_found(LOMME, "2023-04-12")],
    ),
]

ROWS = [*NAME_ROWS, *ACT_ROWS]


@each_row(NAME_ROWS)
def test_rule_11_another_body_is_refused_another_name_flagged(row: Row) -> None:
    check(row)


@each_row(ACT_ROWS)
def test_rule_10_an_act_that_the_grant_does_not_have_is_flagged(row: Row) -> None:
    check(row)

"""Rule 9: awards reserve, concurring acts are facts, and what looks odd in an act is flagged."""

from typing import Any

from tests.builders import (
    OTHER_BODY,
    SIRET,
    Json,
    a_beneficiary,
    a_concurring_act,
    a_line,
    a_vote,
    an_amount,
    an_award,
)
from tests.unit.tables.rows import Money, Row, check, each_row

LINE_489 = a_line("489")
AVAILABLE = Money({"489": {"appropriated": 100_000, "available": 100_000}})
RESERVED = Money({"489": {"appropriated": 100_000, "reserved": 100_000}})


def name_differs(field: str, expected: str, found: str) -> tuple[str, Json]:
    return ("name_differs", {"field": field, "expected": expected, "found": found})


ACT_ROWS = [
    Row(
        "the award reserves its lines",
        [a_vote(), an_award()],
        "accepted",
        RESERVED,
        entries=[("accounting_commitment", "489", 100_000, None)],
    ),
    Row(
        "an award on two lines writes an entry a line",
        [a_vote(), an_award(lines=[an_amount(60_000), an_amount(40_000, "490")])],
        "accepted",
        Money(
            {
                "489": {"appropriated": 100_000, "available": 40_000, "reserved": 60_000},
                "490": {"available": -40_000, "reserved": 40_000},
            }
        ),
        flags=[("line_overdrawn", {"line": a_line("490"), "available_cents": -40_000})],
        entries=[
            ("accounting_commitment", "489", 60_000, None),
            ("accounting_commitment", "490", 40_000, None),
        ],
    ),
    Row(
        "Lille concurs with Lomme's award: two acts, one reservation",
        [a_vote(), an_award(), a_concurring_act()],
        "accepted",
        RESERVED,
        entries=[],
    ),
    Row(
        "an act that concurs before the award is a fact and reserves nothing",
        [a_vote(), a_concurring_act()],
        "accepted",
        AVAILABLE,
        entries=[],
    ),
    Row(
        "the award after a concurring act reserves once",
        [a_vote(), a_concurring_act(), an_award()],
        "accepted",
        RESERVED,
        entries=[("accounting_commitment", "489", 100_000, None)],
    ),
    Row("a concurring act needs no vote of the budget", [a_concurring_act()], "accepted", Money()),
    Row(
        "the conditions year of a concurring act is not compared",
        [a_vote(), an_award(conditions_year=2022), a_concurring_act(conditions_year=2023)],
        "accepted",
        RESERVED,
    ),
    Row(
        "a concurring act that names another body is flagged, not refused",
        [
            a_vote(),
            an_award(),
            a_concurring_act(beneficiary={"name": "Mission Locale", "siret": OTHER_BODY}),
        ],
        "accepted",
        RESERVED,
        flags=[
            name_differs("name", "Lille Avenirs", "Mission Locale"),
            name_differs("siret", SIRET, OTHER_BODY),
        ],
    ),
    Row(
        "a concurring act came first under another name: the award is flagged",
        [a_vote(), a_concurring_act(beneficiary=a_beneficiary(name="Avenirs Lille")), an_award()],
        "accepted",
        RESERVED,
        flags=[name_differs("name", "Lille Avenirs", "Avenirs Lille")],
    ),
    Row(
        "capitals and spaces make no other name",
        [a_vote(), an_award(), a_concurring_act(beneficiary=a_beneficiary(name="LILLE  avenirs "))],
        "accepted",
        RESERVED,
    ),
    Row(
        "a second award on a grant",
        [a_vote(), an_award(60_000), an_award(40_000, _id="second")],
        "grant_already_awarded",
        Money({"489": {"appropriated": 100_000, "available": 40_000, "reserved": 60_000}}),
        facts={"grant": "G"},
    ),
]


def figures_differ(of: str, stated_cents: int, sum_cents: int, **where: Any) -> tuple[str, Json]:
    facts = {"of": of, **where, "stated_cents": stated_cents, "sum_cents": sum_cents}
    return ("figures_differ", facts)


SERVICES = {"EMPLOI": 60_000, "JEUNESSE": 39_999}

FLAG_ROWS = [
    Row(
        "an interested councillor who was recused",
        [a_vote(), an_award(interested=["Karima HARIZI"], recused=["karima  harizi"])],
        "accepted",
        RESERVED,
    ),
    Row(
        "an interested councillor who was not recused",
        [a_vote(), an_award(interested=["Karima HARIZI"])],
        "accepted",
        RESERVED,
        flags=[("interested_not_recused", {"names": ["Karima HARIZI"]})],
    ),
    Row(
        "of three interested councillors two voted, on the concurring act",
        [
            a_vote(),
            an_award(),
            a_concurring_act(interested=["A", "B", "C"], recused=["B", "D"]),
        ],
        "accepted",
        RESERVED,
        flags=[("interested_not_recused", {"names": ["A", "C"]})],
    ),
    Row(
        "the services of a line do not add up to it",
        [a_vote(), an_award(lines=[an_amount(100_000, services=SERVICES)])],
        "accepted",
        RESERVED,
        flags=[figures_differ("services", 100_000, 99_999, line=LINE_489)],
    ),
    Row(
        "the services of a line add up to it",
        [a_vote(), an_award(lines=[an_amount(100_000, services=SERVICES | {"RI": 1})])],
        "accepted",
        RESERVED,
    ),
    Row(
        "the total that the act states is not the sum of its lines",
        [a_vote(), an_award(stated_total_cents=100_001)],
        "accepted",
        RESERVED,
        flags=[figures_differ("total", 100_001, 100_000)],
    ),
    Row(
        "the total that the act states is the sum of its lines",
        [a_vote(), an_award(stated_total_cents=100_000)],
        "accepted",
        RESERVED,
    ),
]

ROWS = [*ACT_ROWS, *FLAG_ROWS]


@each_row(ACT_ROWS)
def test_rule_9_an_award_reserves_and_a_concurring_act_is_a_fact(row: Row) -> None:
    check(row)


@each_row(FLAG_ROWS)
def test_what_looks_odd_in_an_act_is_flagged_and_the_money_goes_on(row: Row) -> None:
    check(row)

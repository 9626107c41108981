"""Rules 3 and 4: who an event is, what it says, and what the ledger remembers of it."""

from dataclasses import dataclass

import pytest

from tests.builders import (
    BUDGET,
    Json,
    Scenario,
    a_convention,
    a_payment,
    a_report,
    a_vote,
    an_award,
    encoded,
)
from tests.unit.tables.rows import Money, Row, check, each_row

VOTED = Money({"489": {"appropriated": 100_000, "available": 100_000}})
RESERVED = Money({"489": {"appropriated": 100_000, "reserved": 100_000}})
ORDERED = Money(
    {"489": {"appropriated": 100_000, "ordered": 100_000}},
    {"C": {"489": {"granted": 100_000, "ordered": 100_000}}},
    {"C/advance": ("issued", 100_000, 0)},
)
REUSED = {"event_id": "deliberation.adopted/G/award"}
OTHER_BUDGET = "21590350100017-00-2024"

ROWS = [
    Row(
        "the same award again: silence",
        [a_vote(), an_award(), an_award()],
        "duplicate",
        RESERVED,
        entries=[],
    ),
    Row(
        "other content under the id of an accepted event",
        [a_vote(), an_award(), an_award(title="Another title")],
        "event_id_reused",
        RESERVED,
        facts=REUSED,
    ),
    Row(
        "another time is other content",
        [a_vote(), an_award(), an_award(_time="2023-06-01T12:00:01+02:00")],
        "event_id_reused",
        RESERVED,
        facts=REUSED,
    ),
    Row(
        "another subject is other content",
        [a_vote(), an_award(), an_award(_subject="G")],
        "event_id_reused",
        RESERVED,
        facts=REUSED,
    ),
    Row(
        "another type is other content",
        [a_vote(), an_award(), a_report(_id="deliberation.adopted/G/award")],
        "event_id_reused",
        RESERVED,
        facts=REUSED,
    ),
    Row(
        "tracing attributes are no content",
        [
            a_vote(),
            an_award(),
            an_award(
                _correlationid="c",
                _causationid="e",
                _traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                _datacontenttype="application/json",
                _anotherattribute="x",
            ),
        ],
        "duplicate",
        RESERVED,
    ),
    Row(
        "a member that is null says what its absence says",
        [a_vote(), an_award(), an_award(conditions_year=None)],
        "duplicate",
        RESERVED,
    ),
    Row(
        "the same id from another source is another event",
        [a_vote(), an_award(), an_award(_source="urn:other")],
        "grant_already_awarded",
        RESERVED,
        facts={"grant": "G"},
    ),
    Row(
        "source and id are two: a space more in one and less in the other is another event",
        [a_vote(_source="urn:a b", _id="c"), an_award(_source="urn:a", _id="b c")],
        "accepted",
        RESERVED,
    ),
    Row(
        "a refused event is remembered: sent again, it is a duplicate even if it would now pass",
        [an_award(100_001), a_vote(), a_vote(stage="supplementary"), an_award(100_001)],
        "duplicate",
        Money({"489": {"appropriated": 200_000, "available": 200_000}}),
    ),
    Row(
        "whoever wants a refused event decided again sends a new id",
        [
            a_vote(),
            an_award(100_001),
            a_vote(stage="supplementary"),
            an_award(100_001, _id="second reading"),
        ],
        "accepted",
        Money({"489": {"appropriated": 200_000, "available": 99_999, "reserved": 100_001}}),
    ),
    Row(
        "other content under the id of a refused event",
        [a_vote(), an_award(100_001), an_award(100_000)],
        "event_id_reused",
        VOTED,
        facts=REUSED,
    ),
    Row(
        "an event_id_reused refusal remembers nothing: the first content still stands for the id",
        [a_vote(), an_award(), an_award(title="Another title"), an_award()],
        "duplicate",
        RESERVED,
    ),
    Row(
        "an event_id_reused refusal remembers nothing: the second content is refused again",
        [a_vote(), an_award(), an_award(title="Another title"), an_award(title="Another title")],
        "event_id_reused",
        RESERVED,
        facts=REUSED,
    ),
    Row(
        "a resumed event is remembered",
        [a_vote(), a_convention(), an_award(), a_convention()],
        "duplicate",
        ORDERED,
    ),
    Row(
        "a payment sent twice pays once",
        [a_vote(), an_award(), a_convention(), a_payment(40_000), a_payment(40_000)],
        "duplicate",
        Money(
            {"489": {"appropriated": 100_000, "ordered": 60_000, "paid": 40_000}},
            {"C": {"489": {"granted": 100_000, "ordered": 60_000, "paid": 40_000}}},
            {"C/advance": ("issued", 100_000, 40_000)},
        ),
    ),
]


@each_row(ROWS)
def test_rules_3_and_4_an_event_is_known_by_source_and_id(row: Row) -> None:
    check(row)


def test_rule_3_the_same_id_in_another_budget_is_another_event() -> None:
    scenario = Scenario(a_vote(), a_vote(budget=OTHER_BUDGET))
    assert "accepted" == scenario.answer()
    lines = {row["budget"]: row["available_cents"] for row in scenario.summary()["lines"]}
    assert {BUDGET: 100_000, OTHER_BUDGET: 100_000} == lines


def test_rule_4_a_dead_letter_remembers_nothing() -> None:
    scenario = Scenario(a_vote(), an_award(colour="red"))
    assert "unknown_field: /data/colour" == scenario.answer()
    scenario.tell(an_award())
    assert ("accepted", RESERVED.lines["489"]) == (scenario.answer(), scenario.line())


def _reversed(event: Json) -> Json:
    return {
        name: _reversed(value) if isinstance(value, dict) else value
        for name, value in reversed(event.items())
    }


@dataclass(frozen=True)
class Spelling:
    says: str
    first: bytes
    second: bytes


SPELLINGS = [
    Spelling("members in another order", encoded(an_award()), encoded(_reversed(an_award()))),
    Spelling(
        "spaces between tokens",
        encoded(an_award()),
        encoded(an_award()).replace(b'":', b'" : ').replace(b',"', b',\n "'),
    ),
    Spelling(
        "accents escaped",
        encoded(an_award(title="Délibération")),
        encoded(an_award(title="Délibération")).replace("é".encode(), rb"\u00e9"),
    ),
]


@pytest.mark.parametrize("row", SPELLINGS, ids=lambda row: row.says)
def test_rule_3_the_spelling_of_the_json_is_no_content(row: Spelling) -> None:
    assert row.first != row.second
    scenario = Scenario(a_vote(), row.first, row.second)
    assert ("duplicate", RESERVED.lines["489"]) == (scenario.answer(), scenario.line())

"""Rules 3 and 4: who an event is, what it says, and what the ledger remembers of it."""

from dataclasses import dataclass

import pytest

from tests.builders import BUDGET, Json, Scenario, a_vote, an_award, encoded
from tests.unit.tables.rows import Row, check, each_row, reader_of

RESERVED = {"appropriated": 100_000, "reserved": 100_000}
OTHER_BUDGET = "21590350100017-00-2024"

read_rows = reader_of(globals())

ROWS = [
    *read_rows("""
    the same award again: silence
        vote; award; award
        => duplicate; 489: 100_000 reserved; no entries
    other content under the id of an accepted event
        vote; award; award, title 'Another title'
        => refused event_id_reused: event_id deliberation.adopted/G/award; 489: 100_000 reserved
    another time is other content
        vote; award; award, time 2023-06-01T12:00:01+02:00
        => refused event_id_reused: event_id deliberation.adopted/G/award; 489: 100_000 reserved
    another subject is other content
        vote; award; award, subject G
        => refused event_id_reused: event_id deliberation.adopted/G/award; 489: 100_000 reserved
    another type is other content
        vote; award; report, id deliberation.adopted/G/award
        => refused event_id_reused: event_id deliberation.adopted/G/award; 489: 100_000 reserved
    """),
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
        "duplicate; 489: 100_000 reserved",
    ),
    *read_rows("""
    a member that is null says what its absence says
        vote; award; award, conditions_year null
        => duplicate; 489: 100_000 reserved
    the same id from another source is another event
        vote; award; award, source urn:other
        => refused grant_already_awarded: grant G; 489: 100_000 reserved
    source and id are two: a space more in one and less in the other is another event
        vote, id c, source 'urn:a b'; award, id 'b c', source urn:a
        => 489: 100_000 reserved
    a refused event is remembered: sent again, it is a duplicate even if it would now pass
        award 100_001; vote; supplementary vote 100_000; award 100_001
        => duplicate; 489: 200_000 available
    whoever wants a refused event decided again sends a new id
        vote; award 100_001; supplementary vote 100_000; award 100_001, id 'second reading'
        => 489: 200_000 = 99_999 available + 100_001 reserved
    other content under the id of a refused event
        vote; award 100_001; award
        => refused event_id_reused: event_id deliberation.adopted/G/award; 489: 100_000 available
    an event_id_reused refusal remembers nothing: the first content still stands for the id
        vote; award; award, title 'Another title'; award
        => duplicate; 489: 100_000 reserved
    an event_id_reused refusal remembers nothing: the second content is refused again
        vote; award; award, title 'Another title'; award, title 'Another title'
        => refused event_id_reused: event_id deliberation.adopted/G/award; 489: 100_000 reserved
    a resumed event is remembered
        vote; convention; award; convention
        => duplicate; 489 for C: 100_000 ordered; C/advance issued 100_000
    a payment sent twice pays once
        vote; award; convention; payment 40_000; payment 40_000
        => duplicate; 489 for C: 100_000 = 60_000 ordered + 40_000 paid;
           C/advance issued 100_000 (40_000 paid)
    """),
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
    assert ("accepted", RESERVED) == (scenario.answer(), scenario.line())


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
    assert ("duplicate", RESERVED) == (scenario.answer(), scenario.line())

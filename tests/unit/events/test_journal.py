"""The journal record: its schema and its structs, against recorded journals."""

import json
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest
from jsonschema import Draft202012Validator

from events import journal, schemas
from tests.journal_records import a_record

GOLDEN: Final = Path(__file__).resolve().parents[2] / "golden"
RECORDS: Final = [
    raw for path in GOLDEN.glob("**/*.journal.jsonl") for raw in path.read_bytes().splitlines()
]
SCHEMA: Final = json.loads(schemas.documents()[f"{schemas.JOURNAL_RECORD}.schema.json"])
VALIDATOR: Final = Draft202012Validator(SCHEMA)


def test_the_schema_is_one_of_draft_2020_12() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert "urn:ecluse:journal:record:v1" == SCHEMA["$id"]
    assert sorted(SCHEMA["properties"]) == sorted(SCHEMA["required"])


def test_recorded_records_have_the_members_of_the_schema_and_fit_it() -> None:
    rows = [json.loads(raw) for raw in RECORDS]
    assert rows
    for row in rows:
        assert [] == [error.message for error in VALIDATOR.iter_errors(row)]
        assert set(SCHEMA["properties"]) == set(row)


def test_members_stand_in_canonical_order() -> None:
    """The ledger writes structs as they are declared; the hash is that of sorted members."""
    for kind in (journal.HashedMembers, journal.Move, journal.Line, journal.ChangedOrder):
        assert sorted(kind.__struct_encode_fields__) == list(kind.__struct_encode_fields__)


def test_every_member_of_the_event_data_is_one_of_the_contract() -> None:
    published = json.dumps(list(schemas.documents().values()))
    for name in journal.EventData.__struct_fields__:
        assert f'\\"{name}\\"' in published, name


@pytest.mark.parametrize("change", [{"sequence": 0}, {"outcome": "lost"}, {"hash": "x"}])
def test_the_schema_refuses_what_no_ledger_writes(change: dict[str, Any]) -> None:
    assert VALIDATOR.is_valid(json.loads(a_record()))
    assert not VALIDATOR.is_valid(json.loads(a_record()) | change)


def test_an_opening_under_another_name_renames_its_convention() -> None:
    flag = {"code": "convention_renamed", "facts": {"from": "C", "to": "C@2023"}}
    data = {"convention": "C", "grant": "G"}
    event = {"type": "any", "time": "2024-01-01T00:00:00Z", "data": data}
    renamed = journal.read_record(a_record(event=event, review_flags=[flag]))
    assert ({"C": "C@2023"}, "C@2023") == (renamed.renamed, renamed.convention)
    same = journal.read_record(a_record(event=event))
    assert ({}, "C") == (same.renamed, same.convention)
    assert journal.read_record(a_record()).convention is None


def test_a_record_that_cannot_be_read_is_none() -> None:
    assert journal.try_read_record(None) is None
    assert journal.try_read_record(a_record()) == journal.read_record(a_record())


def test_the_head_of_a_record_says_the_same_as_the_whole() -> None:
    event = {"type": "any", "time": "2024-01-01T00:00:00Z", "data": {}}
    raw = a_record(event=event)
    head, record = journal.read_head(raw), journal.read_record(raw)
    assert (record.budget, record.sequence) == (head.budget, head.sequence)
    assert (record.event_id, record.outcome) == (head.event_id, head.outcome)
    assert head.event is not None
    assert record.event is not None
    assert (record.event.time, record.event.type) == (head.event.time, head.event.type)
    assert journal.read_head(a_record()).event is None


def test_a_missing_member_is_named() -> None:
    assert "G" == journal.require("G", "grant")
    with pytest.raises(ValueError, match="a member grant"):
        journal.require(None, "grant")


def test_codes_of_a_line_and_columns_of_an_act() -> None:
    line = journal.Line(chapter="65", article="65748", operation="OP")
    assert ("65", "65748", "", "OP") == line.codes
    event = b'{"body":"CM","date":"2023-01-01","number":"1"}'
    act = msgspec.json.decode(event, type=journal.Act)
    assert ("CM", "1", act.day) == act.row

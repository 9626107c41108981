"""The files in schemas/ are generated, valid, and say what the codec says, as far as they can."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from events import schemas
from events.codec import ReceivedEvent, decode
from events.envelope import INBOUND
from events.outbound import OUTBOUND, Outbound
from events.treasury import SLIP_MESSAGES, AccountingEntryRecorded
from tests.unit.tables.bad_input import BAD_INPUT
from tests.unit.tables.bad_records import Bad
from tests.unit.tables.good_input import GOOD_INPUT, Good

FOLDER = Path(__file__).resolve().parents[3] / "schemas"
EXAMPLES = [
    pytest.param(line, id=f"{path.stem}:{number}")
    for path in sorted((FOLDER / "examples").glob("*.jsonl"))
    for number, line in enumerate(path.read_bytes().splitlines(), start=1)
]

# A schema's `format` only informs, unless a reader asks for it: here, for calendar days.
DAYS = FormatChecker(["date"])
DOCUMENTS = schemas.documents()
VALIDATORS: dict[str, Draft202012Validator] = {
    name.removesuffix(".schema.json"): Draft202012Validator(json.loads(text), format_checker=DAYS)
    for name, text in DOCUMENTS.items()
    if name != f"{schemas.JOURNAL_RECORD}.schema.json"
}

NOT_IN_JSON = {"bad_json", "too_large"}
"""A schema sees a document that was parsed: neither its bytes nor its length."""

CODEC_ONLY = {
    "patterns would have to be at every string, members' names included, for U+0000": {
        "U+0000 in an unknown attribute",
        "U+0000 deep in an unknown attribute",
        "U+0000 in an attribute's name",
    },
    "`date-time` is not checked by every reader, and the pattern knows no calendar": {
        "25 o'clock",
        "a time on 30 February",
        "the year 0",
        "an offset of 99 hours",
    },
    "the input topic is no part of an event: at that of internal events the ledger speaks": {
        "in the ledger's name",
        "in the ledger's name in capitals",
        "a deadline in the ledger's name",
    },
    "a schema cannot compare two members": {"the partition key names another budget"},
    "JSON Schema takes 1.0 for an integer": {
        "the amount is a float",
        "the amount is an exponent",
        "a year as a float",
    },
    "a range has no hole": {"zero in a later vote"},
    "JSON Schema cannot compare days": {"a day before 1900", "a day after 2199"},
    "check digits are computed": {
        "a budget whose SIRET has a wrong digit",
        "a SIRET with a wrong digit",
        "La Poste with a wrong digit",
        "IBAN: check digits",
        "IBAN: RIB key",
    },
    "the countries and their lengths are a register of their own": {
        "IBAN: too short",
        "IBAN: unknown country",
        "BIC: unknown country",
    },
    "`uniqueItems` compares whole items, not their lines or ids": {
        "a line voted twice",
        "a line awarded twice",
        "a line twice in an instalment",
        "an instalment twice",
        "a convention to carry over is named twice",
        "an instalment twice in an amendment",
    },
    "a schema cannot tell by the budget that no year follows": {"no year follows the last one"},
    "these depend on `requires_convention`, whose default a schema does not apply": {
        "instalments of an award that requires a convention",
        "a slash in a grant without convention",
    },
}
"""Bad rows that our schemas let pass, by the reason why only the codec refuses them."""

LET_PASS = {name for names in CODEC_ONLY.values() for name in names}


def schema_allows(raw: bytes) -> bool:
    """Whether the schema of its type allows the event; that of the vote where it has none."""
    event = json.loads(raw, parse_int=lambda digits: int(digits[:400]))
    name = event.get("type")
    known = isinstance(name, str) and name in VALIDATORS
    return VALIDATORS[name if known else "ecluse.budget.voted.v1"].is_valid(event)


def test_the_files_are_what_the_models_say() -> None:
    files = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.schema.json")}
    generated = DOCUMENTS
    assert sorted(generated) == sorted(files), "schemas/ has drifted: run `make schemas`"
    drifted = [name for name, text in generated.items() if text != files[name]]
    assert [] == drifted, "schemas/ has drifted: run `make schemas`"


TREASURYS: tuple[type[Outbound], ...] = (*SLIP_MESSAGES, AccountingEntryRecorded)


def test_each_type_that_comes_in_or_goes_out_has_a_schema() -> None:
    types = [each.TYPE for each in INBOUND] + [each.TYPE for each in (*OUTBOUND, *TREASURYS)]
    names = [*types, schemas.JOURNAL_RECORD]
    assert sorted(f"{each}.schema.json" for each in names) == sorted(DOCUMENTS)


@pytest.mark.parametrize("name", VALIDATORS)
def test_each_schema_is_one_of_draft_2020_12(name: str) -> None:
    schema: dict[str, Any] = json.loads(DOCUMENTS[f"{name}.schema.json"])
    Draft202012Validator.check_schema(schema)
    assert schemas.DIALECT == schema["$schema"] == Draft202012Validator.META_SCHEMA["$id"]
    assert f"urn:{name.replace('.', ':')}" == schema["$id"]
    assert {"const": name} == schema["properties"]["type"]
    assert name == schema["title"]
    assert {"specversion", "id", "source", "type", "time", "partitionkey", "data"} == set(
        schema["required"]
    )


@pytest.mark.parametrize("line", EXAMPLES)
def test_each_example_is_allowed_by_its_schema_and_read_by_the_codec(line: bytes) -> None:
    event = json.loads(line)
    assert [] == [error.message for error in VALIDATORS[event["type"]].iter_errors(event)]
    assert isinstance(decode(line), ReceivedEvent)


def test_there_are_examples() -> None:
    assert EXAMPLES


@pytest.mark.parametrize("row", GOOD_INPUT, ids=lambda row: row.name)
def test_what_the_codec_reads_the_schema_allows(row: Good) -> None:
    event = json.loads(row.value)
    assert [] == [error.message for error in VALIDATORS[event["type"]].iter_errors(event)]


@pytest.mark.parametrize(
    "row", [row for row in BAD_INPUT if row.reason not in NOT_IN_JSON], ids=lambda row: row.name
)
def test_what_the_codec_refuses_the_schema_refuses_but_for_what_it_cannot_say(row: Bad) -> None:
    assert (row.name in LET_PASS) == schema_allows(row.value)


def test_what_only_the_codec_says_is_listed_once_and_exists() -> None:
    listed = sorted(name for names in CODEC_ONLY.values() for name in names)
    assert sorted(LET_PASS) == listed
    assert set() == LET_PASS - {row.name for row in BAD_INPUT}


def contents(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}


def test_make_schemas_writes_all_files_and_removes_stale_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schemas, "FOLDER", tmp_path)
    (tmp_path / "ecluse.budget.dreamed.v1.schema.json").write_text("{}")
    (tmp_path / "ecluse.budget.voted.v1.schema.json").write_text("{}")
    (tmp_path / "topics.yaml").write_text("kept")
    schemas.main()
    assert DOCUMENTS | {"topics.yaml": "kept"} == contents(tmp_path)


def test_make_schemas_again_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schemas, "FOLDER", tmp_path)
    schemas.main()
    first = contents(tmp_path)
    schemas.main()
    assert first == contents(tmp_path)


def test_the_folder_is_the_one_of_the_repository() -> None:
    assert FOLDER == schemas.FOLDER.resolve()

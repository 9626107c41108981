"""`ecluse schema`: the published language at hand, without its folder."""

import json
from pathlib import Path

import pytest

from services.cli.commands.schema import FOLDER, types
from tests.integration.command import ecluse

SIGNED = "ecluse.convention.signed.v1"


def test_every_schema_is_listed_by_its_name_in_both_languages() -> None:
    listed = json.loads(ecluse("schema", "--json").out)["schemas"]
    assert sorted(types()) == sorted(each["type"] for each in listed)
    assert ["in", "out"] == sorted({each["direction"] for each in listed})
    text = ecluse("schema", "--lang", "fr").text
    for each in listed:
        assert f"{each['type']} " in text
        assert each["name"]["fr"] in text
        assert each["name"]["fr"] != each["name"]["en"]


@pytest.mark.parametrize("name", [SIGNED, "convention.signed"])
def test_a_schema_is_printed_as_it_is_published(name: str) -> None:
    published = json.loads((FOLDER / f"{SIGNED}.schema.json").read_bytes())
    shown = ecluse("schema", name)
    assert (0, published) == (shown.code, json.loads(shown.out))
    assert "\n  " in shown.text, "for a person, on many lines"
    line = ecluse("schema", name, "--json")
    assert (1, published) == (line.text.count("\n"), json.loads(line.out))


def test_an_example_is_an_event_of_the_type(tmp_path: Path) -> None:
    shown = ecluse("schema", "convention.signed", "--example", "--json")
    assert SIGNED == json.loads(shown.out)["type"]
    file = tmp_path / "example.jsonl"
    file.write_bytes(shown.out)
    assert 0 == ecluse("validate", file).code


def test_what_is_not_there_is_named() -> None:
    unknown = ecluse("schema", "convention.sined", "--lang", "fr")
    assert (2, True) == (unknown.code, "convention.sined" in unknown.err)
    none = ecluse("schema", "journal.record", "--example")
    assert (3, True) == (none.code, "ecluse.journal.record.v1" in none.err)
    assert 2 == ecluse("schema", "--example").code

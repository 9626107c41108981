"""Rule 32: which source may bring which type, as docs/contract.md has it in one table."""

import json
from pathlib import Path

import pytest

from events.codec import ReceivedEvent, decode
from events.envelope import INBOUND, INTERNAL_EVENTS, SourceKind
from tests.builders import Json, a_deadline, a_vote, encoded
from tests.integration.command import ROOT, ecluse, written
from tests.unit.tables.good_input import EACH_TYPE
from tests.unit.tables.test_internal_events import a_internal_event

EVENTS: dict[str, Json] = {
    event["type"]: event for event in (*EACH_TYPE, a_deadline(), a_internal_event())
}
COLUMNS = (SourceKind.INTERNAL_EVENTS, SourceKind.EVENTS, SourceKind.FILE)
OTHERS = "all others of this section"
LINE = "Line 2: warning: ecluse.deadline.passed.v1 is read from a file"


def the_table() -> dict[str, list[bool]]:
    """By type, whether it is read, in the order of the columns."""
    text = (ROOT / "docs" / "contract.md").read_text(encoding="utf-8")
    part = text.split("### Which source may bring which type\n")[1].split("\n### ")[0]
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in part.splitlines()
        if line.startswith("|")
    ]
    return {row[0].strip("`"): [cell == "read" for cell in row[2:]] for row in rows[2:]}


def test_rule_32_the_contract_s_table_is_what_the_codec_does() -> None:
    table = the_table()
    assert {OTHERS, *INTERNAL_EVENTS} == set(table)
    assert {each.TYPE for each in INBOUND} == set(EVENTS)
    for name, event in EVENTS.items():
        read = [
            isinstance(decode(encoded(event), source_kind=kind), ReceivedEvent) for kind in COLUMNS
        ]
        assert table.get(name, table[OTHERS]) == read, name


@pytest.mark.parametrize("language", ["en", "fr"])
def test_rule_32_validate_warns_of_what_a_file_alone_may_bring(
    tmp_path: Path, language: str
) -> None:
    file = written(tmp_path / "deadline.jsonl", a_vote(), a_deadline())
    said = ecluse("--lang", language, "validate", file, COLUMNS="250")
    assert 0 == said.code
    warning = {"en": LINE, "fr": "Ligne 2\u00a0: avertissement\u00a0: ecluse.deadline.passed.v1"}
    assert warning[language] in said.text
    found = json.loads(ecluse("validate", file, "--json").out)
    assert {"lines": 2, "valid": 2, "faults": []} == {
        name: found[name] for name in ("lines", "valid", "faults")
    }
    [row] = found["warnings"]
    assert (2, "ecluse.deadline.passed.v1") == (row["position"], row["type"])
    assert row["message"]["en"].startswith(LINE)


def test_rule_32_publish_sends_no_such_line(tmp_path: Path) -> None:
    file = written(tmp_path / "deadline.jsonl", a_deadline())
    said = json.loads(ecluse("publish", file, "--json").out)
    assert (0, ["unknown_type: /type"]) == (
        said["published"],
        [fault["reason"] for fault in said["faults"]],
    )

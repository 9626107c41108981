"""`ecluse replay` over the end of a year.

Internal events directly behind the closing that wrote them, whatever stops in between.
"""

import json
from pathlib import Path

import pytest

from events.topics import INTERNAL_EVENTS
from services.ledger.application.restore import open_ledger
from services.ledger.domain.journal import read_record
from services.ledger.files import replay as replaying
from services.ledger.files.stores import SqliteStore
from tests.builders import BUDGET, NEXT_BUDGET, Json
from tests.integration.command import CARRY_OVER, EXAMPLE, ecluse

FIRST, SECOND = CARRY_OVER


def summary(*arguments: Path | str) -> Json:
    result: Json = json.loads(ecluse("replay", *arguments, "--json").out)
    return result


def test_the_files_of_two_years_are_replayed_by_one_command() -> None:
    result = summary(FIRST, SECOND)
    assert 12 == result["events"] == result["outcomes"]["accepted"]
    assert [BUDGET, NEXT_BUDGET] == list(result["heads"])


def test_rule_32_one_file_may_hold_several_years(tmp_path: Path) -> None:
    both = tmp_path / "both.jsonl"
    both.write_bytes(FIRST.read_bytes() + SECOND.read_bytes())
    assert summary(FIRST, SECOND) == summary(both)


@pytest.mark.parametrize("batch_lines", ["1", "2", "5000"])
def test_rule_32_internal_events_are_decided_before_the_next_line(
    tmp_path: Path, batch_lines: str
) -> None:
    db, file = tmp_path / "ledger.db", tmp_path / "years.jsonl"
    file.write_bytes(FIRST.read_bytes() + b"{\n" + SECOND.read_bytes())
    summary(file, "--db", str(db), "--batch-lines", batch_lines)
    store = SqliteStore(db)
    written = [read_record(row.record) for row in store.journal()]
    store.close()
    closing = len(FIRST.read_bytes().splitlines())
    name = written[0].source.topic
    places = [(INTERNAL_EVENTS, 0), (name, closing + 1)]
    assert places == [(each.source.topic, each.source.offset) for each in written[closing:][:2]]


def test_or_by_one_command_a_year_over_a_database_that_is_kept(tmp_path: Path) -> None:
    db = tmp_path / "ledger.db"
    first = summary(FIRST, "--db", str(db))
    assert {"accepted": 8} == {name: n for name, n in first["outcomes"].items() if n}
    assert first == summary(FIRST, "--db", str(db)), (
        "nothing is read twice, internal events included"
    )
    assert summary(FIRST, SECOND) == summary(SECOND, "--db", str(db))


def test_a_replay_that_stops_before_the_internal_events_reads_them_before_the_next_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    db, both = tmp_path / "ledger.db", tmp_path / "both.jsonl"
    both.write_bytes(FIRST.read_bytes() + SECOND.read_bytes())
    store = SqliteStore(db)

    def stop(its: SqliteStore, *_: object) -> None:
        assert not list(its.internal_events()), "stopped"

    monkeypatch.setattr(replaying, "read_internal_events", stop)
    with both.open("rb") as stream, pytest.raises(AssertionError, match="stopped"):
        replaying.replay(store, both.name, stream, open_ledger(store), lambda _: None)
    monkeypatch.undo()
    store.close()
    assert summary(both) == summary(both, "--db", str(db))


def test_an_internal_event_stands_in_the_journal_as_what_it_is(tmp_path: Path) -> None:
    db = tmp_path / "ledger.db"
    summary(FIRST, "--db", str(db))
    asked = ("journal", "tail", "--db", str(db), "--json")
    [line] = ecluse(*asked, "--budget", NEXT_BUDGET).text.splitlines()
    record = json.loads(line)
    assert {"topic": INTERNAL_EVENTS, "partition": 0, "offset": 0} == record["source"]
    assert "ecluse.fiscal-year.opened.v1" == record["event"]["type"]


def test_what_was_carried_over_is_shown_to_people() -> None:
    french = ecluse("--lang", "fr", "replay", FIRST, SECOND).text
    assert "report (reste à réaliser)" in french
    assert "reporté" in french
    assert "reporté" not in ecluse("--lang", "fr", "replay", EXAMPLE).text


def test_the_examples_are_valid_events() -> None:
    for file in (FIRST, SECOND):
        assert 0 == ecluse("validate", file).code

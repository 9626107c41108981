"""`ecluse journal export` and `import` from outside, over SQLite: the same records, the same heads.

Over Kafka: tests/kafka/test_backup.py. Damage: tests/property/test_exports.py.
"""

import json
from pathlib import Path
from typing import Any, Final

import pytest
from msgspec.structs import replace

from events.texts import verbatim
from services.ledger.application.ports import Batch, StoreError, Versions
from services.ledger.domain.journal import read_record
from services.ledger.files.stores import SqliteStore
from tests.builders import BUDGET, NEXT_BUDGET, Json, a_vote, an_award
from tests.golden.record import HERE as GOLDEN
from tests.integration.command import CARRY_OVER, EXAMPLE, CommandResult, ecluse, written
from tests.kept_state import one_by_one

FIRST, SECOND = CARRY_OVER
HARD: Final = GOLDEN / "hard-year-2023.events.jsonl"
YEAR_END: Final = GOLDEN / "year-end-2023.events.jsonl"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "journal.jsonl"


@pytest.fixture
def new(tmp_path: Path) -> Path:
    return tmp_path / "new.db"


def nothing(tmp_path: Path) -> Path:
    return written(tmp_path / "nothing.jsonl")


def summary(db: Path, *files: Path) -> Json:
    result: Json = json.loads(ecluse("replay", *files, "--db", db, "--json").out)
    return result


def rows_of(db: Path) -> list[Any]:
    store = SqliteStore(db)
    try:
        return [one_by_one(store.state()), [*store.journal()], store.versions()]
    finally:
        store.close()


def exported(file: Path, db: Path, *more: object) -> Json:
    result = ecluse("journal", "export", file, "--db", db, "--json", *more)
    assert (0, "") == (result.code, result.err)
    found: Json = json.loads(result.out)
    return found


@pytest.mark.parametrize("history", [HARD, YEAR_END], ids=["hard year", "end of a year"])
def test_a_ledger_comes_back_from_its_export_as_it_was(
    tmp_path: Path, db: Path, new: Path, file: Path, history: Path
) -> None:
    before = summary(db, history)
    records = ecluse("journal", "tail", "--db", db, "-n", 999, "--json").out
    result = exported(file, db)
    assert records == file.read_bytes(), "each record's own bytes, and nothing else"
    lines = len(records.splitlines())
    assert (lines, lines) == (result["records"], result["written"])
    assert before["heads"].items() <= result["heads"].items()
    imported = json.loads(ecluse("journal", "import", file, "--db", new, "--json").out)
    assert result == imported
    assert rows_of(db) == rows_of(new), "state and versions too"
    assert before == summary(new, nothing(tmp_path))


def test_what_comes_behind_is_decided_as_it_would_have_been(
    tmp_path: Path, db: Path, new: Path, file: Path
) -> None:
    summary(db, FIRST)
    exported(file, db)
    ecluse("journal", "import", file, "--db", new)
    assert summary(db, SECOND) == summary(new, SECOND)
    more = written(tmp_path / "more.jsonl", a_vote(), an_award())
    assert summary(db, more) == summary(new, more)


def test_events_that_are_sent_again_are_known(db: Path, new: Path, file: Path) -> None:
    before = summary(db, EXAMPLE)
    exported(file, db)
    ecluse("journal", "import", file, "--db", new)
    after = summary(new, EXAMPLE)
    assert {"accepted": 10, "duplicate": 10} == {k: n for k, n in after["outcomes"].items() if n}
    assert [before[each] for each in ("lines", "payment_orders")] == [
        after[each] for each in ("lines", "payment_orders")
    ]


def test_an_export_grows_with_its_journal(db: Path, file: Path) -> None:
    summary(db, FIRST)
    first = exported(file, db)
    before = file.read_bytes()
    assert 0 == exported(file, db)["written"]
    summary(db, SECOND)
    second = exported(file, db)
    assert second["records"] - first["records"] == second["written"] > 0
    assert file.read_bytes().startswith(before)


def test_standard_output_takes_an_export_too(db: Path, file: Path) -> None:
    summary(db, FIRST, SECOND)
    result = ecluse("journal", "export", "-", "--db", db, "--json")
    exported(file, db)
    assert (0, file.read_bytes()) == (result.code, result.out)
    assert 12 == json.loads(result.err)["records"]


def test_one_budget_is_exported_alone(db: Path, file: Path) -> None:
    summary(db, FIRST, SECOND)
    result = exported(file, db, "--budget", NEXT_BUDGET)
    assert [NEXT_BUDGET] == list(result["heads"])
    assert {NEXT_BUDGET} == {json.loads(line)["budget"] for line in file.read_bytes().splitlines()}
    assert 8 == exported(file, db, "--budget", BUDGET)["written"] + 1
    assert 12 == exported(file, db)["records"]


def test_an_internal_event_that_nobody_had_read_is_written_again(
    tmp_path: Path, db: Path, new: Path, file: Path
) -> None:
    """The cluster was lost between the closing and the opening: the money must not be."""
    both = summary(db, FIRST)
    internal_events = [json.loads(value) for _, value in SqliteStore(db).internal_events()]
    exported(file, db, "--budget", BUDGET)
    ecluse("journal", "import", file, "--db", new)
    store = SqliteStore(new)
    assert internal_events == [json.loads(value) for _, value in store.internal_events()]
    store.close()
    assert both == summary(new, nothing(tmp_path))
    exported(file, db)
    again = tmp_path / "again.db"
    ecluse("journal", "import", file, "--db", again)
    store = SqliteStore(again)
    assert [] == list(store.internal_events()), "it was read"
    store.close()


def test_an_import_that_was_interrupted_is_finished_before_anything_else(
    db: Path, new: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    summary(db, HARD)
    exported(file, db)
    monkeypatch.setattr("services.ledger.files.imports.BATCH_RECORDS", 10)
    commit, left = SqliteStore.commit, iter(range(3))

    def failing(store: SqliteStore, batch: Batch, versions: Versions) -> None:
        if next(left, None) is None:
            raise StoreError(store.path, verbatim(OSError("the disk is full")))
        commit(store, batch, versions)

    monkeypatch.setattr(SqliteStore, "commit", failing)
    assert 3 == ecluse("journal", "import", file, "--db", new).code
    monkeypatch.undo()
    refused = ecluse("replay", HARD, "--db", new)
    assert 3 == refused.code
    assert "an import was left unfinished there: finish it" in refused.err
    result = json.loads(ecluse("journal", "import", file, "--db", new, "--json").out)
    assert (49, 19) == (result["records"], result["written"])
    assert rows_of(db) == rows_of(new)
    assert 0 == json.loads(ecluse("journal", "import", file, "--db", new, "--json").out)["written"]


def test_a_file_that_has_grown_is_imported_on(db: Path, new: Path, file: Path) -> None:
    summary(db, FIRST)
    exported(file, db)
    ecluse("journal", "import", file, "--db", new)
    summary(db, SECOND)
    exported(file, db)
    ecluse("journal", "import", file, "--db", new)
    assert rows_of(db) == rows_of(new)


# ------------------------------------------------------------------ what is refused
def refused(result: CommandResult, *texts: str) -> None:
    assert (3, b"") == (result.code, result.out)
    assert [] == [each for each in texts if each not in result.err]


def test_a_journal_that_is_not_the_beginning_of_the_file_is_left_alone(
    db: Path, new: Path, file: Path
) -> None:
    summary(db, EXAMPLE)
    exported(file, db)
    summary(new, FIRST)
    before = rows_of(new)
    refused(ecluse("journal", "import", file, "--db", new), str(new), "not the beginning of this")
    assert before == rows_of(new)


def test_a_journal_that_has_gone_on_is_left_alone(
    tmp_path: Path, db: Path, new: Path, file: Path
) -> None:
    summary(db, FIRST)
    exported(file, db)
    ecluse("journal", "import", file, "--db", new)
    summary(new, written(tmp_path / "more.jsonl", a_vote()))
    before = rows_of(new)
    result = ecluse("journal", "import", file, "--db", new, "--lang", "fr")
    refused(result, "le journal a déjà continué", "N'importez que dans un journal vide")
    assert before == rows_of(new)


def test_a_damaged_file_leaves_nothing(db: Path, new: Path, file: Path) -> None:
    summary(db, HARD)
    exported(file, db)
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join([*lines[:30], lines[30][:-9] + b"\n", *lines[31:]]))
    for command in ("import", "export"):
        other = new if command == "import" else db
        refused(ecluse("journal", command, file, "--db", other), f"{file}:31: ", "is damaged")
    assert [] == rows_of(new)[1]


def test_a_file_whose_last_line_is_cut_is_not_imported(db: Path, new: Path, file: Path) -> None:
    summary(db, FIRST)
    exported(file, db)
    file.write_bytes(file.read_bytes()[:-5])
    refused(ecluse("journal", "import", file, "--db", new), f"{file}:8: the last line is cut")
    assert 1 == exported_on(file, db)


def exported_on(file: Path, db: Path) -> int:
    """How many records an export adds that says on standard error what it mended."""
    result = ecluse("journal", "export", file, "--db", db, "--json")
    assert "export_mended" in result.err
    written_now: int = json.loads(result.out)["written"]
    return written_now


def test_a_journal_of_newer_rules_is_not_imported(db: Path, new: Path, file: Path) -> None:
    summary(db, FIRST)
    exported(file, db)
    lines = file.read_bytes().splitlines()
    last = read_record(lines[-1])
    newer = replace(last, rules_version=last.rules_version + 1)
    file.write_bytes(b"\n".join([*lines[:-1], newer.seal()]) + b"\n")
    refused(ecluse("journal", "import", file, "--db", new), "newer Écluse", "upgrade it")


def test_a_damaged_journal_is_not_exported(db: Path, file: Path) -> None:
    summary(db, HARD)
    store = SqliteStore(db)
    store._db.execute(
        "UPDATE journal SET record = CAST(replace(record, 'accepted', 'refused_') AS BLOB)"
        " WHERE sequence = 9 AND budget = ?",
        (BUDGET,),
    )
    store.close()
    refused(ecluse("journal", "export", file, "--db", db), f"{db}, {BUDGET}/9: ", "is damaged")


def test_files_that_are_not_there_are_named(tmp_path: Path, db: Path, new: Path) -> None:
    missing = tmp_path / "missing" / "x.jsonl"
    assert (2, False) == (ecluse("journal", "import", missing, "--db", new).code, new.exists())
    refused(ecluse("journal", "export", missing, "--db", db), str(missing))
    refused(ecluse("journal", "export", tmp_path, "--db", db), "no regular file")
    refused(ecluse("journal", "export", tmp_path / "x", "--db", db), "no such database")


@pytest.mark.parametrize(
    ("language", "texts"),
    [
        ("fr", "\u00a0: 12 enregistrements de 2 chaînes\u00a0; "),
        ("en", ": 12 records of 2 chains; "),
    ],
)
def test_people_read_what_was_done(
    db: Path, new: Path, file: Path, language: str, texts: str
) -> None:
    summary(db, FIRST, SECOND)
    out = ecluse("journal", "export", file, "--db", db, "--lang", language)
    back = ecluse("--lang", language, "journal", "import", file, "--db", new)
    assert [f"{file}{texts}" in result.text for result in (out, back)] == [True, True]

"""Files that hold IBANs are their owner's alone, under the mask that systems begin with (022)."""

import os
import sqlite3
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from services.projector.engine import make_engine
from tests.api.processes import embedded
from tests.integration.command import EXAMPLE, ecluse

SQLITE_ENDINGS = ("", "-wal", "-shm")


@pytest.fixture(autouse=True)
def _of_a_system() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def modes(*paths: Path) -> dict[str, str]:
    return {path.name: oct(stat.S_IMODE(path.stat().st_mode)) for path in paths}


def private(files: Iterable[str], folders: Iterable[str] = ()) -> dict[str, str]:
    return dict.fromkeys(files, "0o600") | dict.fromkeys(folders, "0o700")


def replayed(db: Path) -> Path:
    assert 0 == ecluse("replay", EXAMPLE, "--db", db).code
    return db


def test_a_new_database_of_a_replay(tmp_path: Path) -> None:
    db = replayed(tmp_path / "new.db")
    with sqlite3.connect(db) as reader:  # It keeps the files beside the database there.
        reader.execute("SELECT count(*) FROM journal").fetchone()
        replayed(db)
        beside = [Path(f"{db}{ending}") for ending in SQLITE_ENDINGS]
        assert private(each.name for each in beside) == modes(*beside)
    reader.close()


def test_a_database_that_was_open_to_all_is_tightened(tmp_path: Path) -> None:
    db = replayed(tmp_path / "old.db")
    db.chmod(0o644)
    beside = [Path(f"{db}{ending}") for ending in SQLITE_ENDINGS]
    for each in beside[1:]:
        each.touch(0o644)
    assert 0 == ecluse("journal", "tail", "--db", db).code
    assert {"old.db": "0o644"} == modes(db), "who only reads changes nothing"
    kept = sqlite3.connect(db)
    kept.execute("SELECT count(*) FROM journal").fetchone()
    replayed(db)
    assert private(each.name for each in beside) == modes(*beside)
    kept.close()


def test_a_database_of_another_program_is_left_as_it_is(tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    with sqlite3.connect(other) as theirs:
        theirs.execute("CREATE TABLE kept (by TEXT)")
    theirs.close()
    other.chmod(0o664)
    assert 3 == ecluse("replay", EXAMPLE, "--db", other).code
    assert {"other.db": "0o664"} == modes(other)


def test_an_exported_journal_and_a_database_made_of_it(tmp_path: Path) -> None:
    db = replayed(tmp_path / "a.db")
    new, old, imported = (tmp_path / name for name in ("new.jsonl", "old.jsonl", "b.db"))
    old.touch(0o666)
    for file in (new, old):
        assert 0 == ecluse("journal", "export", file, "--db", db).code
    assert 0 == ecluse("journal", "import", new, "--db", imported).code
    assert private(["new.jsonl", "old.jsonl", "b.db"]) == modes(new, old, imported)


def test_a_key_is_its_owner_s_and_a_seal_for_all(tmp_path: Path) -> None:
    db, key, seal = (tmp_path / name for name in ("a.db", "key.pem", "a.seal"))
    replayed(db)
    assert 0 == ecluse("seal", "--new-key", key).code
    assert 0 == ecluse("seal", "--db", db, "--key", key, "--output", seal).code
    assert {"key.pem": "0o600", "a.seal": "0o644"} == modes(key, seal)


def test_a_read_model_in_a_file_that_was_open_to_all_is_tightened(tmp_path: Path) -> None:
    file = tmp_path / "read.db"
    file.touch(0o644)
    make_engine(f"sqlite:///{file}")
    assert private(["read.db"]) == modes(file)


@pytest.mark.timeout(120)
def test_an_embedded_directory_that_existed_before(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir(0o755)
    log = tmp_path / "log"
    with embedded(data, "--load", EXAMPLE, log=log) as running:
        running.kill()
    for each in data.iterdir():  # As an earlier Écluse left them, killed.
        each.chmod(0o644)
    data.chmod(0o755)
    with embedded(data, log=log) as running:
        names = {each.name for each in data.iterdir()}
        assert {"ledger.db", "ledger.db-wal", "ledger.db-shm", "read.db", "read.db-wal"} <= names
        assert private(names, ["data"]) == modes(data, *data.iterdir())
        running.stop()


@pytest.mark.timeout(120)
def test_a_directory_that_holds_other_things_keeps_its_mode(tmp_path: Path) -> None:
    data = tmp_path / "home"
    data.mkdir(0o755)
    other = data / "note.txt"
    other.touch(0o644)
    with embedded(data, log=tmp_path / "log") as running:
        assert {"home": "0o755", "note.txt": "0o644"} == modes(data, other)
        assert private(["ledger.db", "read.db", "access.db"]) == modes(
            *(data / name for name in ("ledger.db", "read.db", "access.db"))
        )
        running.stop()


@pytest.mark.timeout(120)
def test_a_directory_that_is_made_with_its_parents(tmp_path: Path) -> None:
    data = tmp_path / "var" / "ecluse"
    with embedded(data, log=tmp_path / "log") as running:
        assert private([], ["var", "ecluse"]) == modes(data.parent, data)
        running.stop()


def test_a_directory_that_is_named_for_a_database_keeps_its_rights(tmp_path: Path) -> None:
    """Run by root, it would be closed to everybody else: /tmp, say."""
    folder = tmp_path / "everybodys"
    folder.mkdir()
    folder.chmod(0o777)
    make_engine(f"sqlite:///{folder}")
    assert 3 == ecluse("replay", EXAMPLE, "--db", folder).code
    assert {"everybodys": "0o777"} == modes(folder)

"""The stores under the contract that both keep, and what only a file can suffer."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from services.ledger.application.ports import Batch, JournalRow, Store, StoreError
from services.ledger.files import stores
from services.ledger.files.stores import MemoryStore, SqliteStore
from tests.contracts.store_contract import (
    LINE,
    VERSIONS,
    StoreContract,
    a_internal_event,
    a_position,
    a_row,
)


class TestMemoryStore(StoreContract):
    @pytest.fixture
    def store(self) -> Store:
        return MemoryStore()


class TestSqliteStore(StoreContract):
    @pytest.fixture
    def store(self, tmp_path: Path) -> Iterator[Store]:
        store = SqliteStore(tmp_path / "ledger.db")
        yield store
        store.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


@pytest.fixture(autouse=True)
def short_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stores, "BUSY_TIMEOUT_S", 0.05)


def test_a_file_of_an_earlier_program_learns_to_keep_internal_events(path: Path) -> None:
    with closing(SqliteStore(path)) as store:
        store.commit(Batch([a_row()]), VERSIONS)
    with closing(sqlite3.connect(path)) as db:
        db.execute("DROP TABLE internal_events")
    with closing(SqliteStore(path)) as again:
        again.commit(Batch(internal_events=[b"a"]), VERSIONS)
        assert [(0, b"a")] == list(again.internal_events())


def test_a_file_of_an_earlier_program_is_read_while_another_writes_it(path: Path) -> None:
    with closing(SqliteStore(path)) as store:
        store.commit(Batch([a_row()]), VERSIONS)
    with closing(sqlite3.connect(path, isolation_level=None)) as writer:
        writer.execute("DROP TABLE internal_events")
        writer.execute("BEGIN IMMEDIATE")
        with closing(SqliteStore(path, create=False)) as reader:
            assert [a_row()] == list(reader.journal())
            assert [] == list(reader.internal_events())


def test_internal_events_are_numbered_behind_the_last_one_and_not_counted(path: Path) -> None:
    """To count them reads them all: at each commit, more with each year that is closed."""
    with closing(SqliteStore(path)) as store:
        store.commit(Batch(internal_events=[b"a", b"b", b"c"]), VERSIONS)
        store._db.execute("DELETE FROM internal_events WHERE number < 2")
        store.commit(Batch(internal_events=[b"d"]), VERSIONS)
        assert [(2, b"c"), (3, b"d")] == list(store.internal_events())


def test_a_file_that_is_opened_again_holds_everything(path: Path) -> None:
    batch = Batch([a_row()], {LINE: b"1"}, [a_internal_event()], [a_position()])
    with closing(SqliteStore(path)) as store:
        store.commit(batch, VERSIONS)
    with closing(SqliteStore(path, create=False)) as again:
        assert [a_row()] == list(again.journal())
        assert [a_row()] == again.ends()
        assert a_row() == again.find("A", 1)
        assert [(LINE, b"1")] == list(again.state())
        assert [a_internal_event()] == list(again.dead_letters())
        assert [a_position()] == again.positions()
        assert VERSIONS == again.versions()


def test_a_reader_sees_the_last_commit_while_another_writes(path: Path) -> None:
    with closing(SqliteStore(path)) as writer, closing(SqliteStore(path)) as reader:
        writer.commit(Batch([a_row()]), VERSIONS)
        with writer._transaction():
            writer._db.execute("DELETE FROM journal")
            assert [a_row()] == list(reader.journal())
            writer._db.execute("INSERT INTO journal VALUES (1, 'A', 1, x'00')")


def test_a_full_disk_is_named_and_the_store_goes_on_with_room(path: Path) -> None:
    with closing(SqliteStore(path)) as store:
        store.commit(Batch([a_row()]), VERSIONS)
        store._db.execute("PRAGMA max_page_count = 20")
        with pytest.raises(StoreError, match=f"{path}: database or disk is full"):
            store.commit(Batch([JournalRow("A", 2, bytes(100_000))]), VERSIONS)
        store._db.execute("PRAGMA max_page_count = 1000000")
        assert [a_row()] == list(store.journal())
        store.commit(Batch([a_row("A", 2)]), VERSIONS)
        assert [a_row(), a_row("A", 2)] == list(store.journal())


def test_a_database_that_must_be_there_is_not_made(path: Path) -> None:
    with pytest.raises(StoreError, match=f"{path}: no such database"):
        SqliteStore(path, create=False)
    assert not path.exists()


def test_a_reader_makes_no_ledger_of_an_empty_file(path: Path) -> None:
    path.touch()
    with pytest.raises(StoreError, match=f"{path}: there is no ledger in this file"):
        SqliteStore(path, create=False)
    assert b"" == path.read_bytes()


def test_a_reader_leaves_the_file_as_it_is(path: Path) -> None:
    with closing(SqliteStore(path)) as store:
        store.commit(Batch([a_row()]), VERSIONS)
    with closing(sqlite3.connect(path)) as another:
        another.execute("PRAGMA journal_mode = DELETE")
    before = path.read_bytes()
    with closing(SqliteStore(path, create=False)) as reader:
        assert [a_row()] == list(reader.journal())
    assert before == path.read_bytes()


def a_foreign_database(path: Path) -> Path:
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE cats (name TEXT)")
    return path


def a_text(path: Path) -> Path:
    path.write_text("This is not a database. " * 99)
    return path


def a_missing_folder(path: Path) -> Path:
    return path / "missing" / "ledger.db"


def a_file_in_the_place_of_a_folder(path: Path) -> Path:
    path.touch()
    return path / "ledger.db"


def a_folder(path: Path) -> Path:
    path.mkdir()
    return path


@pytest.mark.parametrize(
    "fixture",
    [a_foreign_database, a_text, a_missing_folder, a_file_in_the_place_of_a_folder, a_folder],
    ids=lambda fixture: fixture.__name__.replace("_", " "),
)
def test_what_is_no_ledger_is_named_and_left_as_it_is(
    path: Path, fixture: Callable[[Path], Path]
) -> None:
    where = fixture(path)
    before = where.read_bytes() if where.is_file() else None
    with pytest.raises(StoreError, match=str(where)):
        SqliteStore(where)
    assert before == (where.read_bytes() if where.is_file() else None)


def test_a_new_file_locked_by_another_is_named(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StoreError, match=f"{path}: .*locked"):
            SqliteStore(path)


def test_a_ledger_locked_by_another_is_named_and_written_later(path: Path) -> None:
    with closing(SqliteStore(path)) as store:
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(StoreError, match=f"{path}: .*locked"):
                store.commit(Batch([a_row()]), VERSIONS)
            assert [] == list(store.journal())
        store.commit(Batch([a_row()]), VERSIONS)
        assert [a_row()] == list(store.journal())


def test_a_closed_store_says_so(path: Path) -> None:
    store = SqliteStore(path)
    store.close()
    with pytest.raises(StoreError, match=f"{path}: "):
        store.ends()


def test_a_damaged_file_is_named_when_it_is_read(path: Path) -> None:
    rows = [a_row("A", number) for number in range(1, 3000)]
    with closing(SqliteStore(path)) as store:
        store.commit(Batch(rows), VERSIONS)
        store._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    content = bytearray(path.read_bytes())
    size = len(content)
    content[size // 4 : size // 4 * 3] = b"\xee" * (size // 4 * 3 - size // 4)
    path.write_bytes(content)
    with closing(SqliteStore(path)) as damaged, pytest.raises(StoreError, match=f"{path}: "):
        list(damaged.journal())

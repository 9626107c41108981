"""Stores of a ledger: in a SQLite file; in memory, for a run that ends and for tests."""

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

from events.texts import _
from services.ledger.application.ports import (
    Batch,
    DeadLetter,
    JournalRow,
    Position,
    StateKey,
    StoreError,
    Versions,
)
from services.runtime.ops.file_modes import restrict_database
from services.texts.translation import error_text

APPLICATION_ID = 0x45636C75
"""Marks the file as one of ours ("Eclu"), so that no other database is taken for a ledger."""

NO_DATABASE = _("no such database; `ecluse replay FILE --db {path}` makes one")
NOT_OPENED = _("{error}; is its folder there, and writable?")
LEFT_WAL = _(
    "the last records may be in {path}-wal, which cannot be read here: copy both files into a"
    " folder that you may write, and read the copy"
)
NO_LEDGER = _("there is no ledger in this file: it is empty, as a copy that was interrupted may be")
FOREIGN = _("this is a database of another program: name another one")

NOT_WRITABLE = frozenset({sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN})
"""The errors of a reader who may not make the files beside a database, which WAL needs."""

BUSY_TIMEOUT_S = 5.0
"""The time-out of waiting for another process that writes the same file."""

SCHEMA = """
CREATE TABLE journal (
    position INTEGER PRIMARY KEY,
    budget   TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    record   BLOB NOT NULL,
    UNIQUE (budget, sequence)
) STRICT;
CREATE TABLE state (
    budget TEXT NOT NULL,
    kind   TEXT NOT NULL,
    key    TEXT NOT NULL,
    value  BLOB NOT NULL,
    PRIMARY KEY (budget, kind, key)
) STRICT, WITHOUT ROWID;
CREATE TABLE positions (
    topic       TEXT NOT NULL,
    partition   INTEGER NOT NULL,
    next_offset INTEGER NOT NULL,
    last_sha256 TEXT NOT NULL,
    PRIMARY KEY (topic, partition)
) STRICT, WITHOUT ROWID;
CREATE TABLE dead_letters (
    chain        TEXT NOT NULL,
    sequence     INTEGER NOT NULL,
    reason       TEXT NOT NULL,
    topic        TEXT NOT NULL,
    partition    INTEGER NOT NULL,
    "offset"     INTEGER NOT NULL,
    length_bytes INTEGER NOT NULL,
    sha256       TEXT NOT NULL,
    value        BLOB NOT NULL,
    PRIMARY KEY (chain, sequence)
) STRICT, WITHOUT ROWID;
CREATE TABLE versions (
    one   INTEGER PRIMARY KEY CHECK (one = 1),
    state INTEGER NOT NULL,
    rules INTEGER NOT NULL
) STRICT;
"""

INTERNAL_EVENTS = """
CREATE TABLE IF NOT EXISTS internal_events (
    number INTEGER PRIMARY KEY,
    value  BLOB NOT NULL
) STRICT
"""
"""Newer than the rest: a file of an earlier Écluse gets it when it is opened for writing."""

MESSAGES = """
CREATE TABLE IF NOT EXISTS messages (
    number INTEGER PRIMARY KEY,
    topic  TEXT NOT NULL,
    value  BLOB NOT NULL
) STRICT
"""
"""What others than the ledger would keep on a topic of Kafka: what cannot be made again of the
journal must stand in the file that is backed up."""

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


def _stating_the_file(
    method: Callable[Concatenate["SqliteStore", Arguments], Result],
) -> Callable[Concatenate["SqliteStore", Arguments], Result]:
    """Turn SQLite's errors into ours, which name the file."""

    @wraps(method)
    def inner(self: "SqliteStore", *args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
        try:
            return method(self, *args, **kwargs)
        except sqlite3.Error as error:
            raise StoreError(self.path, error_text(error)) from error

    return cast("Callable[Concatenate[SqliteStore, Arguments], Result]", inner)


class SqliteStore:
    """Keeps the ledger in one file; StoreError where it is another program's, or fails."""

    def __init__(self, path: Path, *, create: bool = True) -> None:
        self.path = path
        if not create and not path.exists():
            raise StoreError(path, NO_DATABASE.render({"path": path}))
        try:
            self._db = sqlite3.connect(path, timeout=BUSY_TIMEOUT_S, isolation_level=None)
        except sqlite3.Error as error:
            raise StoreError(path, NOT_OPENED.render({"error": error_text(error)})) from error
        try:
            if not create:
                self._read_as_it_is()
            self._prepare(create=create)
        except sqlite3.Error as error:
            self._db.close()
            raise StoreError(path, error_text(error)) from error
        except StoreError:
            self._db.close()
            raise

    def _read_as_it_is(self) -> None:
        """Read where we may not write; a log beside the file would show that somebody does."""
        try:
            self._db.execute("PRAGMA application_id")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF not in NOT_WRITABLE:
                raise
            left = self.path.with_name(f"{self.path.name}-wal")
            if left.exists() and left.stat().st_size:
                raise StoreError(self.path, LEFT_WAL.render({"path": self.path})) from error
            self._db.close()
            # The name is quoted: `?` and `#` would end it.
            uri = f"{self.path.resolve().as_uri()}?mode=ro&immutable=1"
            self._db = sqlite3.connect(uri, uri=True, isolation_level=None)

    def _prepare(self, *, create: bool) -> None:
        (application_id,) = self._db.execute("PRAGMA application_id").fetchone()
        (tables,) = self._db.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if application_id != APPLICATION_ID and tables:
            raise StoreError(self.path, FOREIGN)
        if not create:  # Who only reads changes nothing, and does not wait for who writes.
            if not tables:
                raise StoreError(self.path, NO_LEDGER)
            return
        restrict_database(self.path)
        # A commit is on disk before the next line is read, and readers do not block the writer.
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        if not tables:
            with self._transaction():
                for statement in SCHEMA.split(";\n"):
                    self._db.execute(statement)
                self._db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        self._db.execute(INTERNAL_EVENTS)
        self._db.execute(MESSAGES)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:  # SQLite ends it by itself where the disk is full.
                self._db.execute("ROLLBACK")
            raise

    def _read(self, rows: sqlite3.Cursor) -> Iterator[Any]:
        """Yield rows; an error on the way names the file too."""
        try:
            yield from rows
        except sqlite3.Error as error:
            raise StoreError(self.path, error_text(error)) from error

    @_stating_the_file
    def versions(self) -> Versions | None:
        row = self._db.execute("SELECT state, rules FROM versions").fetchone()
        return None if row is None else Versions(*row)

    @_stating_the_file
    def state(self) -> Iterator[tuple[StateKey, bytes]]:
        rows = self._db.execute("SELECT budget, kind, key, value FROM state")
        return ((StateKey(*row[:3]), row[3]) for row in self._read(rows))

    @_stating_the_file
    def positions(self) -> list[Position]:
        rows = self._db.execute("SELECT topic, partition, next_offset, last_sha256 FROM positions")
        return [Position(*row) for row in rows]

    @_stating_the_file
    def ends(self) -> list[JournalRow]:
        rows = self._db.execute(
            "SELECT budget, sequence, record FROM journal WHERE (budget, sequence) IN"
            " (SELECT budget, max(sequence) FROM journal GROUP BY budget)"
        )
        return [JournalRow(*row) for row in rows]

    @_stating_the_file
    def journal(self, budget: str | None = None, last: int | None = None) -> Iterator[JournalRow]:
        asked: dict[str, Any] = {"budget": budget, "last": -1 if last is None else last}
        if budget is not None:
            # Inside a chain its sequence is the order, and has an index.
            rows = self._db.execute(
                "SELECT budget, sequence, record FROM"
                " (SELECT * FROM journal WHERE budget = :budget"
                "  ORDER BY sequence DESC LIMIT :last) ORDER BY sequence"
                if last is not None
                else "SELECT budget, sequence, record FROM journal"
                " WHERE budget = :budget ORDER BY sequence",
                asked,
            )
        else:
            rows = self._db.execute(
                "SELECT budget, sequence, record FROM"
                " (SELECT * FROM journal ORDER BY position DESC LIMIT :last) ORDER BY position"
                if last is not None
                else "SELECT budget, sequence, record FROM journal ORDER BY position",
                asked,
            )
        return (JournalRow(*row) for row in self._read(rows))

    @_stating_the_file
    def count(self) -> int:
        """Return the number of records: nothing is ever removed from a journal."""
        (records,) = self._db.execute("SELECT coalesce(max(position), 0) FROM journal").fetchone()
        return int(records)

    @_stating_the_file
    def journal_behind(self, read: int, most: int) -> Iterator[bytes]:
        """Return at most `most` records after the first `read` ones, in the order of writing.

        Positions count from 1, without a gap.
        """
        rows = self._db.execute(
            "SELECT record FROM journal WHERE position > ? ORDER BY position LIMIT ?", (read, most)
        )
        return (row[0] for row in self._read(rows))

    @_stating_the_file
    def find(self, budget: str, sequence: int) -> JournalRow | None:
        row = self._db.execute(
            "SELECT budget, sequence, record FROM journal WHERE budget = ? AND sequence = ?",
            (budget, sequence),
        ).fetchone()
        return None if row is None else JournalRow(*row)

    @_stating_the_file
    def dead_letters(self) -> Iterator[DeadLetter]:
        rows = self._db.execute("SELECT * FROM dead_letters ORDER BY chain, sequence")
        return (DeadLetter(*row) for row in self._read(rows))

    @_stating_the_file
    def internal_events(self, first: int = 0) -> Iterator[tuple[int, bytes]]:
        kept = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'internal_events'"
        if self._db.execute(kept).fetchone() is None:
            return iter(())
        asked = "SELECT number, value FROM internal_events WHERE number >= ? ORDER BY number"
        rows = self._db.execute(asked, (first,))
        return ((row[0], row[1]) for row in self._read(rows))

    @_stating_the_file
    def messages(self, topic: str, behind: int, most: int) -> list[tuple[int, bytes]]:
        """Return at most `most` kept messages of a topic behind this number, in their order."""
        rows = self._db.execute(
            "SELECT number, value FROM messages WHERE topic = ? AND number > ?"
            " ORDER BY number LIMIT ?",
            (topic, behind, most),
        )
        return [(row[0], row[1]) for row in rows]

    @_stating_the_file
    def last_message(self, topic: str) -> bytes | None:
        """Return the latest kept message of a topic."""
        row = self._db.execute(
            "SELECT value FROM messages WHERE topic = ? ORDER BY number DESC LIMIT 1", (topic,)
        ).fetchone()
        return None if row is None else bytes(row[0])

    @_stating_the_file
    def keep(self, topic: str, values: Iterable[bytes]) -> None:
        """Keep messages of a topic behind those that are kept."""
        with self._transaction():
            self._db.executemany(
                "INSERT INTO messages (topic, value) VALUES (?, ?)",
                ((topic, value) for value in values),
            )

    @_stating_the_file
    def commit(self, batch: Batch, versions: Versions) -> None:
        with self._transaction():
            self._db.executemany(
                "INSERT INTO journal (budget, sequence, record) VALUES (?, ?, ?)", batch.records
            )
            self._write_state(batch.changes)
            self._db.executemany(
                "INSERT INTO dead_letters VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", batch.dead_letters
            )
            # The end of an index: counting would take longer with each closed year.
            behind_last = "SELECT coalesce(max(number) + 1, 0) FROM internal_events"
            (behind,) = self._db.execute(behind_last).fetchone()
            self._db.executemany(
                "INSERT INTO internal_events VALUES (?, ?)",
                enumerate(batch.internal_events, start=behind),
            )
            self._db.executemany(
                "INSERT OR REPLACE INTO positions VALUES (?, ?, ?, ?)", batch.positions
            )
            self._write_versions(versions)

    @_stating_the_file
    def replace_state(self, changes: dict[StateKey, bytes | None], versions: Versions) -> None:
        with self._transaction():
            self._db.execute("DELETE FROM state")
            self._write_state(changes)
            self._write_versions(versions)

    def _write_state(self, changes: dict[StateKey, bytes | None]) -> None:
        self._db.executemany(
            "INSERT OR REPLACE INTO state VALUES (?, ?, ?, ?)",
            ((*key, value) for key, value in changes.items() if value is not None),
        )
        self._db.executemany(
            "DELETE FROM state WHERE budget = ? AND kind = ? AND key = ?",
            (key for key, value in changes.items() if value is None),
        )

    def _write_versions(self, versions: Versions) -> None:
        self._db.execute("INSERT OR REPLACE INTO versions VALUES (1, ?, ?)", versions)

    def close(self) -> None:
        self._db.close()


class MemoryStore:
    """Keeps everything until the process ends."""

    def __init__(self) -> None:
        self._journal: list[JournalRow] = []
        self._index: dict[tuple[str, int], JournalRow] = {}
        self._ends: dict[str, JournalRow] = {}
        self._state: dict[StateKey, bytes] = {}
        self._positions: dict[tuple[str, int], Position] = {}
        self._dead_letters: dict[tuple[str, int], DeadLetter] = {}
        self._internal_events: list[bytes] = []
        self._versions: Versions | None = None

    def versions(self) -> Versions | None:
        return self._versions

    def state(self) -> Iterator[tuple[StateKey, bytes]]:
        yield from self._state.items()

    def positions(self) -> list[Position]:
        return list(self._positions.values())

    def ends(self) -> list[JournalRow]:
        return list(self._ends.values())

    def journal(self, budget: str | None = None, last: int | None = None) -> Iterator[JournalRow]:
        rows = [row for row in self._journal if budget is None or row.budget == budget]
        yield from rows if last is None else rows[max(0, len(rows) - last) :]

    def find(self, budget: str, sequence: int) -> JournalRow | None:
        return self._index.get((budget, sequence))

    def dead_letters(self) -> Iterator[DeadLetter]:
        yield from self._dead_letters.values()

    def internal_events(self, first: int = 0) -> Iterator[tuple[int, bytes]]:
        yield from list(enumerate(self._internal_events))[first:]

    def commit(self, batch: Batch, versions: Versions) -> None:
        self._refuse_repeats(batch)
        for row in batch.records:
            self._journal.append(row)
            self._index[row.budget, row.sequence] = row
            self._ends[row.budget] = row
        self._write_state(batch.changes)
        self._internal_events += batch.internal_events
        for each in batch.dead_letters:
            self._dead_letters[each.chain, each.sequence] = each
        for position in batch.positions:
            self._positions[position.topic, position.partition] = position
        self._versions = versions

    def _refuse_repeats(self, batch: Batch) -> None:
        """Refuse a second record in one place of the journal or of the dead letters."""
        places = [(row.budget, row.sequence) for row in batch.records]
        dead = [(each.chain, each.sequence) for each in batch.dead_letters]
        for found, before in ((places, self._index), (dead, self._dead_letters)):
            repeated = [place for place in found if place in before]
            if repeated or len(set(found)) < len(found):
                twice = repeated or found
                raise StoreError("memory", _("written twice: {twice}").render({"twice": twice}))

    def replace_state(self, changes: dict[StateKey, bytes | None], versions: Versions) -> None:
        self._state.clear()
        self._write_state(changes)
        self._versions = versions

    def _write_state(self, changes: dict[StateKey, bytes | None]) -> None:
        for key, value in changes.items():
            if value is None:
                self._state.pop(key, None)
            else:
                self._state[key] = value

    def close(self) -> None:
        """Do nothing: no resource is open."""

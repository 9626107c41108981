"""Journals in files, read and never written: a database of `ecluse replay`, or exported records."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, BinaryIO, Final, Self

from events.texts import _
from services.texts.translation import error_text
from services.verifier.findings import Place, UnreachableError
from services.verifier.journal_alone import KeptDeadLetter
from services.verifier.journal_proof import Progress, Row
from services.verifier.kafka_records import RECORD_BYTES_MAX
from services.verifier.records import NotARecordError, read_record

APPLICATION_ID: Final = 0x45636C75
"""Marks a database as one of a ledger ("Eclu")."""

SQLITE: Final = b"SQLite format 3\0"
"""The beginning of any database of SQLite."""

IMPORTED: Final = "ecluse.import"
"""Stands among the positions of a database whose journal was imported: so many records were."""

_PLAIN_BUDGET: Final = re.compile(rb'\{"budget":"([^"\\]*)",')
"""The chain of a record that begins as the ledger writes it; another spelling is read whole."""

UNREADABLE: Final = _("{path}: {error}")
FOREIGN: Final = _("{path}: this is a database of another program")
LEFT_WAL: Final = _(
    "{path}: the last records may be in {path}-wal, which cannot be read here: copy both files into"
    " a folder that you may write, and read the copy"
)
NO_LEDGER: Final = _(
    "{path}: there is no ledger in this file: it is empty, as a copy that was interrupted may be"
)

NOT_WRITABLE: Final = frozenset({sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN})
"""The errors of a reader who may not make the files beside a database, which its log needs."""

REPORT_EVERY: Final = 500
"""Records between two reports of progress."""


def read_export(path: Path, budget: str | None, progress: Progress) -> Iterator[Row]:
    """The records of an exported journal, a line each; UnreachableError where it cannot be read."""
    try:
        with path.open("rb") as stream:
            if stream.seekable():
                _prove_text(stream, path)
            size = path.stat().st_size
            for number, line in enumerate(_lines(stream), start=1):
                raw = line.removesuffix(b"\n")
                if raw.strip() and _is_of(raw, budget):
                    yield Row(Place(path.name, offset=number), raw)
                if number % REPORT_EVERY == 0 and stream.seekable():
                    progress(stream.tell(), size)
    except OSError as error:
        facts = {"path": path, "error": error_text(error)}
        raise UnreachableError(UNREADABLE.render(facts)) from error


def _prove_text(stream: BinaryIO, path: Path) -> None:
    is_database = stream.read(len(SQLITE)) == SQLITE
    stream.seek(0)
    if is_database:
        raise UnreachableError(
            _("{path}: this is a database; give it with --db").render({"path": path})
        )


def _lines(stream: BinaryIO) -> Iterator[bytes]:
    """Lines; of one that is longer than any record, the beginning."""
    while line := stream.readline(RECORD_BYTES_MAX + 1):
        piece = line
        while len(piece) > RECORD_BYTES_MAX and not piece.endswith(b"\n"):
            piece = stream.readline(RECORD_BYTES_MAX + 1)
        yield line


def _is_of(raw: bytes, budget: str | None) -> bool:
    """Return whether a line is of that chain; an unreadable line is, so that it is found."""
    if budget is None:
        return True
    plain = _PLAIN_BUDGET.match(raw)
    if plain is not None:
        return plain[1] == budget.encode()
    try:
        return read_record(raw, Place()).budget == budget
    except NotARecordError:
        return True


class Database:
    """A SQLite file of `ecluse replay --db`; it is entered with `with`.

    Raises:
        UnreachableError: from any method, when it cannot be read or is another program's.
    """

    def __init__(self, path: Path, budget: str | None) -> None:
        self._path = path
        self._budget = budget

    def __enter__(self) -> Self:
        """Open it for reading alone."""
        if not self._path.is_file():
            raise UnreachableError(_("{path}: no such database").render({"path": self._path}))
        # The name is quoted: `?` and `#` would end it.
        uri = f"{self._path.resolve().as_uri()}?mode=ro"
        try:
            self._db = sqlite3.connect(uri, uri=True)
            self._read_as_it_is(uri)
        except sqlite3.Error as error:
            raise self._unreadable(error) from error
        try:
            self._prove_ours()
        except UnreachableError:
            self._db.close()
            raise
        self._db.execute("BEGIN")  # All tables as they are at one moment, whoever writes them.
        return self

    def __exit__(self, *_error: object) -> None:
        """Let go of the file."""
        self._db.close()

    def _read_as_it_is(self, uri: str) -> None:
        """Read where we may not write; a log beside the file would show that somebody does."""
        try:
            self._db.execute("PRAGMA application_id")
        except sqlite3.OperationalError as error:
            self._db.close()
            if error.sqlite_errorcode & 0xFF not in NOT_WRITABLE:
                raise
            left = self._path.with_name(f"{self._path.name}-wal")
            if left.exists() and left.stat().st_size:
                raise UnreachableError(LEFT_WAL.render({"path": self._path})) from error
            self._db = sqlite3.connect(f"{uri}&immutable=1", uri=True)

    def _prove_ours(self) -> None:
        (mark,) = next(self._rows("PRAGMA application_id"))
        if mark == APPLICATION_ID:
            return
        (tables,) = next(self._rows("SELECT count(*) FROM sqlite_master"))
        template = FOREIGN if tables else NO_LEDGER
        raise UnreachableError(template.render({"path": self._path}))

    def records(self, progress: Progress) -> Iterator[Row]:
        """The records in the order in which they were written."""
        (total,) = next(self._rows("SELECT count(*) FROM journal"))
        imported = self.next_offset(IMPORTED)
        asked = (
            "SELECT position, budget, sequence, record FROM journal"
            " WHERE :budget IS NULL OR budget = :budget ORDER BY position"
        )
        rows = self._rows(asked, budget=self._budget)
        for number, (position, budget, sequence, record) in enumerate(rows, start=1):
            place = Place("journal", offset=position)
            raw = record if isinstance(record, bytes) else str(record).encode()
            yield Row(place, raw, str(budget).encode(), sequence, position <= imported)
            if number % REPORT_EVERY == 0:
                progress(number, total)

    def dead_letters(self) -> Iterator[KeptDeadLetter]:
        """The table of dead letters."""
        asked = "SELECT * FROM dead_letters WHERE :budget IS NULL OR chain = :budget"
        for row in self._rows(asked, budget=self._budget):
            yield KeptDeadLetter(*row)

    def internal_events(self) -> Iterator[tuple[int, bytes]]:
        """The table of internal events; an older file has none."""
        has = "SELECT count(*) FROM sqlite_master WHERE name = 'internal_events'"
        if next(self._rows(has))[0]:
            yield from self._rows("SELECT number, value FROM internal_events ORDER BY number")

    def next_offset(self, topic: str) -> int:
        """The number behind the last that was read of a topic."""
        asked = "SELECT coalesce(max(next_offset), 0) FROM positions WHERE topic = :topic"
        (behind,) = next(self._rows(asked, topic=topic))
        return int(behind)

    def _rows(self, query: str, **facts: str | None) -> Iterator[Any]:
        try:
            with closing(self._db.execute(query, facts)) as rows:
                yield from rows
        except sqlite3.Error as error:
            raise self._unreadable(error) from error

    def _unreadable(self, error: sqlite3.Error) -> UnreachableError:
        return UnreachableError(UNREADABLE.render({"path": self._path, "error": error}))

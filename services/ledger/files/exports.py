"""An exported journal: a file of records, one a line, byte by byte, its chains checked.

Records of one chain are in order. A repeated export reads the file, and continues after each
chain's last record.
"""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO, Final, Self

import structlog

from events.texts import _
from services.ledger.application.handle import DEAD_CHAIN, ChainEnd
from services.ledger.application.ports import Store, StoreError
from services.ledger.application.restore import ReadRecord
from services.ledger.domain.journal import JournalRecord, read_record
from services.runtime.kafka.clients import RECORD_BYTES_MAX
from services.runtime.kafka.partitioning import partition_of
from services.runtime.ops.file_modes import restrict_file
from services.texts.translation import error_text

DAMAGED = _("this record is damaged ({error}): go back to a copy that is whole")
NOT_NEXT = _(
    "record {sequence} of {chain} stands there behind number {before}, which it does not follow: "
    "go back to a copy that is whole"
)
CHANGED = _(
    "the event of record {sequence} of {chain} is not the one that was recorded: go back to a copy "
    "that is whole"
)


NOWHERE: Final = ChainEnd()
"""The end of a chain before its first record."""


class Chains:
    """The chains of a journal, checked from their first records on."""

    def __init__(self) -> None:
        self.ends: dict[str, ChainEnd] = {}
        self.records = 0

    def follow(self, raw: bytes, where: str) -> JournalRecord:
        """Check and return the next record of its chain, at `where`; StoreError where it is not."""
        try:
            record = read_record(raw)
        except (ValueError, KeyError, TypeError) as error:
            raise StoreError(where, DAMAGED.render({"error": _text_of(error)})) from error
        before = self.ends.get(record.budget, NOWHERE)
        facts = {"chain": record.budget, "sequence": record.sequence, "before": before.sequence}
        if (record.sequence, record.previous_hash) != (before.sequence + 1, before.head):
            raise StoreError(where, NOT_NEXT.render(facts))
        # Of a dead letter the digest is that of its bytes, which the journal does not hold.
        if record.event is not None and sha256(record.event).hexdigest() != record.event_sha256:
            raise StoreError(where, CHANGED.render(facts))
        self.ends[record.budget] = ChainEnd(record.sequence, record.hash)
        self.records += 1
        return record


def home_of(chain: str, partitions: int) -> int:
    """The partition of a chain (rules, 37).

    Unreadable records keep the partition where they were read; where it no longer exists, their
    chain is placed by its name, and grows no further.
    """
    number = chain.removeprefix(DEAD_CHAIN)
    if number != chain and number.isdecimal() and int(number) < partitions:
        return int(number)
    return partition_of(chain.encode(), partitions)


def _text_of(error: Exception) -> str:
    """The message of an error; a KeyError's is the missing member's name alone."""
    return f"{type(error).__name__}: {error}" if isinstance(error, KeyError) else str(error)


MISPLACED = _(
    "a record of {budget} stands there under another key: restore the journal from a backup"
)


SYNC_RECORDS: Final = 10_000
"""The records between two syncs to disk."""

LOGGED_RECORDS: Final = 100_000
"""The records between two progress lines."""

BUSY = _("another process writes to it: wait until it ends")
NO_FILE = _("this is no regular file: name one, or `-` for standard output")
TOO_LONG = _("it is longer than a record may be: go back to a copy that is whole")
CUT = _("the last line is cut: run the export again, it mends that")
OTHER = _(
    "its record {sequence} of {chain} is not the journal's: this file comes from another journal. "
    "Name another one"
)
SHORTER = _(
    "it holds {chain} up to record {held}, and the journal ends at number {known}: the journal "
    "lost its end, or is another one. Keep this file, and name another one"
)

Progress = Callable[[int], None]
"""Called with the amount handled since the last call: bytes of a file, or records of a journal."""

log: Final = structlog.stdlib.get_logger("ecluse.ledger")


def read_export(path: Path, chains: Chains, progress: Progress) -> Iterator[ReadRecord]:
    """Yield the records of an export; StoreError where one does not follow the one before it."""
    try:
        with path.open("rb") as stream:
            yield from _records(stream, path, chains, progress)
    except OSError as error:
        raise StoreError(path, error_text(error)) from error


def _records(
    stream: BinaryIO, path: Path, chains: Chains, progress: Progress
) -> Iterator[ReadRecord]:
    number = 0
    while line := stream.readline(RECORD_BYTES_MAX + 1):
        number += 1
        if not line.endswith(b"\n"):
            is_cut = len(line) <= RECORD_BYTES_MAX
            raise StoreError(_line(path, number), CUT if is_cut else TOO_LONG)
        progress(len(line))
        raw = line.removesuffix(b"\n")
        yield ReadRecord(chains.follow(raw, _line(path, number)), raw)


def _line(path: Path, number: int) -> str:
    return f"{path}:{number}"


class Stream:
    """The destination of an export; a plain one always begins with the first record."""

    def __init__(self, stream: BinaryIO, name: str = "-") -> None:
        self.name = name
        """Its name in messages."""
        self.kept: dict[str, ChainEnd] = {}
        """The end of each chain that is there already."""
        self._stream = stream

    def write(self, raw: bytes) -> None:
        """Append one record."""
        self._stream.write(raw + b"\n")

    def sync(self) -> None:
        """Bring the records written to the reader, or to disk."""
        self._stream.flush()

    def take_back(self) -> None:
        """Undo everything written, where that is possible."""


class ExportFile(Stream):
    """An export in a file, locked against others; its content is read and checked first.

    Raises:
        StoreError: from any method: it cannot be read or written, another process writes to it, or
            a whole line of it is damaged.
    """

    def __init__(self, path: Path, progress: Progress) -> None:
        self._path = path
        if path.exists() and not path.is_file():
            raise StoreError(path, NO_FILE)
        try:
            super().__init__(path.open("ab"), str(path))
            restrict_file(path)
        except OSError as error:
            raise StoreError(path, error_text(error)) from error
        try:
            self.kept = self._read(progress)
        except StoreError:
            self._stream.close()
            raise
        self._bytes = path.stat().st_size

    def _read(self, progress: Progress) -> dict[str, ChainEnd]:
        try:
            fcntl.flock(self._stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._drop_cut_line()
        except BlockingIOError as error:
            raise StoreError(self._path, BUSY) from error
        except OSError as error:
            raise StoreError(self._path, error_text(error)) from error
        chains = Chains()
        for _unused in read_export(self._path, chains, progress):
            pass
        return chains.ends

    def __enter__(self) -> Self:
        """The file, open."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file; a failed write was reported before, or is mended the next time."""
        with suppress(OSError):
            self._stream.close()

    def _drop_cut_line(self) -> None:
        """Remove a last line without its end: it was being written when a process stopped."""
        whole_bytes = _whole_bytes(self._path)
        if whole_bytes < self._path.stat().st_size:
            log.warning("export_mended", file=str(self._path), whole_bytes=whole_bytes)
            self._stream.truncate(whole_bytes)
            self.sync()

    def write(self, raw: bytes) -> None:
        """Append one record."""
        try:
            self._stream.write(raw + b"\n")
        except OSError as error:
            raise StoreError(self._path, error_text(error)) from error

    def sync(self) -> None:
        """Bring the records, and the name of the file, to disk."""
        try:
            self._stream.flush()
            os.fsync(self._stream.fileno())
            folder = os.open(self._path.resolve().parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError as error:
            raise StoreError(self._path, error_text(error)) from error

    def take_back(self) -> None:
        """Truncate the file to its former size."""
        self._stream.flush()
        self._stream.truncate(self._bytes)
        self.sync()


BLOCK_BYTES: Final = 64 * 1024


def _whole_bytes(path: Path) -> int:
    """The size of a file up to the end of its last whole line."""
    with path.open("rb") as stream:
        behind = stream.seek(0, os.SEEK_END)
        while behind > 0:
            start = max(0, behind - BLOCK_BYTES)
            stream.seek(start)
            found = stream.read(behind - start).rfind(b"\n")
            if found >= 0:
                return start + found + 1
            behind = start
    return 0


class Export:
    """An export in progress: records that the sink lacks are written to it."""

    def __init__(self, sink: Stream, progress: Progress) -> None:
        self.journal = Chains()
        self.written = 0
        self._sink = sink
        self._progress = progress

    def take(self, raw: bytes, where: str, chain: str) -> None:
        """Take the next record of the journal, found at `where` as one of `chain`.

        Raises:
            StoreError: it is damaged, or the sink holds another one in its place.
        """
        record = self.journal.follow(raw, where)
        if record.budget != chain:
            raise StoreError(where, MISPLACED.render({"budget": record.budget}))
        kept = self._sink.kept.get(record.budget, NOWHERE)
        if record.sequence == kept.sequence and record.hash != kept.head:
            self._sink.take_back()
            facts = {"chain": record.budget, "sequence": record.sequence}
            raise StoreError(self._sink.name, OTHER.render(facts))
        if record.sequence > kept.sequence:
            self._sink.write(raw)
            self.written += 1
            if self.written % SYNC_RECORDS == 0:
                self._sink.sync()
        self._progress(1)
        if self.journal.records % LOGGED_RECORDS == 0:
            log.info("journal_exporting", records=self.journal.records, written=self.written)

    def end(self, budget: str | None) -> None:
        """End the export, of one budget or all; StoreError where the sink holds more."""
        self._sink.sync()
        for chain, kept in self._sink.kept.items():
            known = self.journal.ends.get(chain, NOWHERE).sequence
            if known < kept.sequence and budget in {None, chain}:
                self._sink.take_back()
                facts = {"chain": chain, "held": kept.sequence, "known": known}
                raise StoreError(self._sink.name, SHORTER.render(facts))


def export_store(store: Store, where: str, budget: str | None, export: Export) -> None:
    """Export the journal of a store, or one chain of it; StoreError as `Export`."""
    for row in store.journal(budget):
        export.take(row.record, f"{where}, {row.budget}/{row.sequence}", row.budget)
    export.end(budget)

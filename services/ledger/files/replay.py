"""Replay of files: the whole ledger without a broker, resumable where it stopped."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Final

import structlog

from events.codec import EVENT_BYTES_MAX
from events.texts import _
from events.topics import INTERNAL_EVENTS
from services.ledger.application.handle import DEAD_LETTER_HEAD_BYTES, Ledger, RawRecord
from services.ledger.application.ports import Position, Store, StoreError
from services.ledger.application.restore import VERSIONS
from services.ledger.domain.journal import Source

BATCH_LINES = 5000
"""The lines of one commit."""

STANDARD_INPUT = "-"
"""The name of standard input."""

FILE_PARTITION = 0
"""A file is one partition."""

FILE_MARK = "#"
"""Part of the name of a source that is a file, and of no topic's name."""

SOURCE_DIGITS = 12
"""The digits of the first line's hash in the name of a source that is a file."""

CUT = _(
    "{lines} lines, but {before} were read from it before: it was cut. Bring the file back, or "
    "start another database"
)
EDITED = _(
    "line {line}: it is not the line that was read there before. A journal is never rewritten: "
    "bring the file back, or start another database"
)

Progress = Callable[[int], None]
"""Called with the bytes of input handled since the last call."""

log: Final = structlog.stdlib.get_logger("ecluse.ledger")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of input: its bytes, or the beginning of one that is too large."""

    number: int
    value: bytes
    length_bytes: int
    sha256: str

    @property
    def is_blank(self) -> bool:
        """True for an empty line; a large one is none, whatever its beginning."""
        return self.length_bytes <= EVENT_BYTES_MAX and not self.value.strip()


def lines(stream: BinaryIO) -> Iterator[Line]:
    """The lines of a stream without their ends; never more than one event's bytes in memory."""
    number = 0
    while piece := stream.readline(EVENT_BYTES_MAX + 2):
        number += 1
        digest, length_bytes, head = sha256(), 0, piece
        while piece and not piece.endswith(b"\n") and length_bytes + len(piece) > EVENT_BYTES_MAX:
            digest.update(piece)
            length_bytes += len(piece)
            piece = stream.readline(EVENT_BYTES_MAX + 2)
        ending = piece.removesuffix(b"\n")
        digest.update(ending)
        length_bytes += len(ending)
        value = head.removesuffix(b"\n")
        if length_bytes > EVENT_BYTES_MAX:
            value = value[:DEAD_LETTER_HEAD_BYTES]
        yield Line(number, value, length_bytes, digest.hexdigest())


def replay(
    store: Store,
    name: str,
    stream: BinaryIO,
    ledger: Ledger,
    progress: Progress,
    batch_lines: int = BATCH_LINES,
) -> None:
    """Handle every line that `store` has not read yet, and commit in batches.

    A file is identified by its name and its first line, so that it may move, and grow at its end.
    Internal events are decided directly behind the record that wrote them (rules, 32); those that
    a replay left unread that was killed, before any line.

    Raises:
        StoreError: the file is not the one that the store has read, or the store fails.
    """
    read_internal_events(store, ledger, batch_lines)
    known = {position.topic: position for position in store.positions()}
    done: Position | None = None
    topic = ""
    pending = 0
    last: Line | None = None
    handled: Line | None = None
    for line in lines(stream):
        if line.number == 1:
            topic = f"{Path(name).name}{FILE_MARK}{line.sha256[:SOURCE_DIGITS]}"
            done = known.get(topic)
        last = line
        progress(line.length_bytes + 1)
        read_before = done is not None and line.number < done.next_offset
        if done is not None and read_before and not _has_grown(store, name, done, line):
            continue
        if line.is_blank:
            continue  # Nor does the position pass it: its end may still be being written.
        _handle(ledger, raw_record(line, topic))
        handled = line
        pending += 1
        closes_a_year = bool(ledger.batch.internal_events)
        if closes_a_year or pending == batch_lines:
            _commit(store, ledger, topic, line)
            pending = 0
        if closes_a_year:
            read_internal_events(store, ledger, batch_lines)
    if last is None:
        log.warning("file_empty", file=name)
    elif done is not None and last.number < done.next_offset - 1:
        facts = {"lines": last.number, "before": done.next_offset - 1}
        raise StoreError(name, CUT.render(facts))
    if handled is not None and pending:
        _commit(store, ledger, topic, handled)


def read_internal_events(store: Store, ledger: Ledger, batch_lines: int) -> None:
    """Handle every internal event that was not read yet: next year's budgets open."""
    done = {position.topic: position.next_offset for position in store.positions()}
    behind = done.get(INTERNAL_EVENTS, 0)
    while batch := list(islice(store.internal_events(behind), batch_lines)):
        for number, value in batch:
            _handle(ledger, RawRecord(value, Source(INTERNAL_EVENTS, FILE_PARTITION, number)))
        number, value = batch[-1]
        behind = number + 1
        position = Position(INTERNAL_EVENTS, FILE_PARTITION, behind, sha256(value).hexdigest())
        store.commit(ledger.commit_batch([position]), VERSIONS)


def _handle(ledger: Ledger, raw: RawRecord) -> None:
    try:
        ledger.handle(raw)
    except Exception:
        # A bug of ours: log the place and stop; nothing of the batch is written.
        log.critical("record_failed", **raw.source._asdict())
        raise


def _has_grown(store: Store, name: str, done: Position, line: Line) -> bool:
    """Return whether the last line read was only the beginning of this one.

    A file may be read while its last line is being written: the part became a dead letter without
    effect, and the whole line is read as a record of its own.

    Raises:
        StoreError: an event was read there, and the line no longer is that event.
    """
    if line.number < done.next_offset - 1 or line.sha256 == done.last_sha256:
        return False
    last_read = (done.topic, done.partition, line.number, done.last_sha256)
    for each in store.dead_letters():
        place = (each.topic, each.partition, each.offset, each.sha256)
        if place == last_read and line.value.startswith(each.value):
            return True
    raise StoreError(name, EDITED.render({"line": line.number}))


def raw_record(line: Line, topic: str) -> RawRecord:
    """A line as the ledger's input takes it."""
    source = Source(topic, FILE_PARTITION, line.number)
    if line.length_bytes <= EVENT_BYTES_MAX:
        return RawRecord(line.value, source)
    return RawRecord(line.value, source, length_bytes=line.length_bytes, sha256=line.sha256)


def _commit(store: Store, ledger: Ledger, topic: str, line: Line) -> None:
    position = Position(topic, FILE_PARTITION, line.number + 1, line.sha256)
    batch = ledger.commit_batch([position])
    store.commit(batch, VERSIONS)
    log.debug("batch_committed", topic=topic, offset=line.number, records=len(batch.records))

"""The proof of a journal of which nothing else is at hand: a file, a database, or its topic."""

import json
from collections import Counter
from collections.abc import Callable, Container, Iterable
from typing import NamedTuple

from events.topics import INTERNAL_EVENTS
from services.verifier.findings import Code, Findings, Place, cause
from services.verifier.internal_events import UncomparedCounts
from services.verifier.journal_proof import FILE_MARK, MALFORMED, JournalProof, Row
from services.verifier.kafka_records import HEAD_BYTES, TopicRecord, bytes_max
from services.verifier.records import Json, Record, sha256_hex
from services.verifier.report import Note, Remark, Report, remark_count, report_of
from services.verifier.seals import SealedChains, chain_row, statement
from services.verifier.source_records import SourcePartition

DEAD_LETTERS = "dead_letters"
"""The name of the table."""


class KeptDeadLetter(NamedTuple):
    """A row of the table of dead letters."""

    chain: str
    sequence: int
    reason: str
    topic: str
    partition: int
    offset: int
    length_bytes: int
    sha256: str
    value: bytes


class KeptDeadLetters:
    """Each dead letter of the journal stands in the table, and says the same."""

    def __init__(self, rows: Iterable[KeptDeadLetter], findings: Findings) -> None:
        self._findings = findings
        self._kept = {(row.chain, row.sequence): _summarize(row) for row in rows}

    def follow(self, record: Record) -> None:
        """The journal's next dead letter."""
        what = f"{DEAD_LETTERS} {record.budget}/{record.sequence}"
        kept = self._kept.pop((record.budget, record.sequence), None)
        if kept is None:
            self._findings.add(Code.MESSAGE_MISSING, record.place, what=what)
            return
        dead, names = record.row["dead_letter"], KeptDeadLetter._fields[2:]
        own = (dead["reason"], *record.source, dead["length"], record.row["event_sha256"], True)
        members = ((name, value, kept[name]) for name, value in zip(names, own, strict=True))
        differing = (each for each in members if each[1] != each[2])
        self._findings.differ(Code.MESSAGE_DIFFERS, record.place, what, differing)

    def end(self) -> None:
        """Find each row that the journal says nothing of."""
        for chain, sequence in self._kept:
            place = Place(DEAD_LETTERS, budget=chain, sequence=sequence)
            what = f"{DEAD_LETTERS} {chain}/{sequence}"
            self._findings.add(Code.MESSAGE_UNEXPECTED, place, what=what)


def _summarize(row: KeptDeadLetter) -> Json:
    """A row by member, in place of its bytes whether they are what it says."""
    try:
        if row.length_bytes > bytes_max(row.topic):
            is_whole = len(row.value) == HEAD_BYTES
        else:
            is_whole = (len(row.value), sha256_hex(row.value)) == (row.length_bytes, row.sha256)
    except (AttributeError, TypeError):  # A column of SQLite may hold anything.
        is_whole = False
    return {**row._asdict(), "value": is_whole}


def _internal_event(number: int, value: bytes) -> TopicRecord:
    """A row of the table of internal events as the ledger reads it, under its budget's key."""
    try:
        key = str(json.loads(value)["partitionkey"]).encode()
    except (LookupError, RecursionError, TypeError, ValueError):
        key = None
    return TopicRecord(INTERNAL_EVENTS, 0, number, key, value)


class JournalAlone:
    """Proves a journal without its cluster: `take` each record in its order, then `end`.

    `in_a_row` is false where only the records of one chain are known to stand in their order;
    closed years that it is kept `without` are not missed.
    """

    def __init__(
        self,
        findings: Findings,
        *,
        in_a_row: bool,
        budget: str | None = None,
        sealed: SealedChains | None = None,
        without: Container[str] = (),
    ) -> None:
        self.findings = findings
        self._without = without
        self.journal = JournalProof(self.findings, in_a_row=in_a_row, sealed=sealed)
        self.records = 0
        self._in_a_row = in_a_row
        self._budget = budget
        self._sealed = sealed
        self._order = ReadingOrder(in_a_row=in_a_row)
        self._rules_versions: set[int] = set()
        self._dead_letters: KeptDeadLetters | None = None
        self._internal_events: Callable[[], Iterable[tuple[int, bytes]]] | None = None
        self._inputs = SourcePartition(INTERNAL_EVENTS, 0, Counter(), findings)
        self._next_input = 0
        self._imported = 0
        self._unread: set[str] = set()

    def compare(
        self,
        dead_letters: Iterable[KeptDeadLetter],
        internal_events: Callable[[], Iterable[tuple[int, bytes]]],
        next_internal_event: int,
    ) -> None:
        """Compare what a database keeps beside its journal; before the first record.

        Internal events up to the next are read: each has its record.
        """
        self._dead_letters = KeptDeadLetters(dead_letters, self.findings)
        if self._budget is None:
            self._internal_events, self._next_input = internal_events, next_internal_event
            for number, value in internal_events():
                self._inputs.add(_internal_event(number, value))

    def take(self, row: Row) -> None:
        """The next record."""
        self.records += 1
        record = self.journal.read(row.place, row.key, row.raw)
        if record is None:
            return
        if row.sequence not in {None, record.sequence}:
            facts = {"found": row.sequence, "expected": record.sequence}
            self.findings.add(Code.KEY_DIFFERS, record.place, **facts)
        self._rules_versions.add(record.row["rules_version"])
        if row.is_imported:  # Nothing is at hand beside it.
            self._imported += 1
            return
        self._order.follow(record)
        self._prove_opened(record)
        topic, _, offset = record.source
        is_input = topic == INTERNAL_EVENTS and record.row["resumes"] is None
        if is_input and self._internal_events is not None:
            self._inputs.follow(record, offset)
        if self._dead_letters is not None and record.is_dead:
            try:
                self._dead_letters.follow(record)
            except MALFORMED as error:
                self.findings.add(Code.RECORD_MALFORMED, record.place, why=cause(error))

    def _prove_opened(self, record: Record) -> None:
        """Rule 32: in a file a year is opened directly behind the line that closes the last."""
        is_line = FILE_MARK in record.source[0] and record.row["resumes"] is None
        if not is_line or not self._in_a_row or self._budget is not None:
            return
        for name in sorted(self._unread):
            self.findings.add(Code.OPENED_TOO_LATE, record.place, what=name)
        self._unread.clear()
        self._unread = self.journal.internal_events.unread

    def end(self) -> Report:
        """Prove what must hold after the last record, and return the proof."""
        self.journal.end()
        if self._dead_letters is not None:
            self._dead_letters.end()
        internal_events, chains = self.journal.internal_events, self.journal.chains.heads
        if self._internal_events is not None:
            kept, is_imported = self._internal_events(), self._imported > 0
            internal_events.compare(kept, self._next_input, imported=is_imported)
            self._inputs.prove_read(self._next_input)
        is_whole = self._budget is None
        uncompared = internal_events.end(chains, is_whole=is_whole, without=self._without)
        if self._sealed is not None:
            self._sealed.end(chains)
        read: Json = {"records": self.records}
        summary = self.journal.summary()
        return report_of(self.findings, read, summary, self._remarks(uncompared), chains)

    def _remarks(self, uncompared: UncomparedCounts) -> list[Remark]:
        dead = sum(each["dead_letter"] for each in self.journal.outcomes.values())
        budget = self._budget
        return [
            *map(Remark, (Note.TRACING, Note.DECISIONS, Note.PUBLISHED, Note.SOURCES)),
            *remark_count(Note.POSITIONS, self._order.out_of_order),
            *remark_count(Note.IMPORTED, self._imported),
            *([] if self._in_a_row else [Remark(Note.ORDER)]),
            Remark(Note.BEHIND_SEAL if self._sealed and self._sealed.chains else Note.ENDS),
            *([] if budget is None else [Remark(Note.OTHER_BUDGETS, {"budget": budget})]),
            *remark_count(Note.INTERNAL_EVENTS, uncompared.awaited if budget is None else 0),
            *remark_count(Note.OPENINGS, uncompared.believed),
            *remark_count(Note.UNREADABLE, dead if self._dead_letters is None else 0),
        ]

    def statement(self, sealed_at: str) -> Json:
        """The seal's statement of this journal, once it is proved to its end."""
        journal = self.journal
        rows = (
            chain_row(name, head, journal.outcomes[name], journal.books.get(name))
            for name, head in journal.chains.heads.items()
        )
        return statement(sealed_at, self._rules_versions, rows)


class ReadingOrder:
    """The order of source positions in a journal: each once, each after the one before.

    A position is not in the hash of its record, and a journal that was imported begins anew at each
    input topic: so what is out of order is counted, and no defect by itself. In a file that was put
    together chain by chain (`in_a_row` is false) each chain is looked at alone.
    """

    def __init__(self, *, in_a_row: bool) -> None:
        self.out_of_order = 0
        """Positions that are behind a later one of their input topic, or stand a second time."""
        self._in_a_row = in_a_row
        self._last: dict[tuple[str, str, int], int] = {}
        self._seen: set[tuple[str, int, int]] = set()
        self._half_written: set[tuple[str, int, int]] = set()
        """Lines of files that could not be read: they may be read again when they have grown."""

    def follow(self, record: Record) -> None:
        """The next record of the journal; one that resumes names a place that was read before."""
        if record.row["resumes"] is not None:
            return
        topic, partition, offset = position = record.source
        chain = ("" if self._in_a_row else record.budget, topic, partition)
        if position not in self._half_written:
            self.out_of_order += position in self._seen or offset < self._last.get(chain, offset)
        self._seen.add(position)
        self._last[chain] = offset
        self._half_written.discard(position)
        if record.is_dead and FILE_MARK in topic:
            self._half_written.add(position)

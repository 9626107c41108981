"""Handling a record: decode, decide, journal. Every record passes through `Ledger.handle`."""

import heapq
from collections import ChainMap
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

import msgspec
import structlog

from events.codec import BYTES_MAX, NO_KEY, Headers, ReceivedEvent, decode, reread
from events.envelope import Envelope, Event, SourceKind
from events.texts import verbatim
from events.topics import INTERNAL_EVENTS
from events.unreadable import Reason, Unreadable
from services.ledger.application.ports import Batch, DeadLetter, JournalRow, Position
from services.ledger.application.state_rows import take_changed_rows
from services.ledger.domain.decide import decide, decide_again, record_of
from services.ledger.domain.evolve import evolve
from services.ledger.domain.fiscal_year import InternalEvent, close_out, is_over
from services.ledger.domain.invariants import check_book
from services.ledger.domain.journal import JournalRecord, Outcome, Source
from services.ledger.domain.model.answers import Refusal
from services.ledger.domain.model.book import (
    FIRST_HASH,
    BudgetState,
    find_parked,
    is_met,
    names_of,
    new_budget,
)
from services.ledger.domain.model.verdicts import Accepted, Refused, Verdict, Waits
from services.ledger.domain.rules.table import handler_of, refuse_closed_year

FULL_CHECK_RECORDS = 10_000
"""The number of records between full checks of a budget's invariants."""

DEAD_LETTER_HEAD_BYTES = 64 * 1024
"""The bytes kept of a record that is too large to be kept whole."""

DEAD_CHAIN = "_dead."
"""The prefix of the chains of unreadable records, before the partition."""

log: Final = structlog.stdlib.get_logger("ecluse.ledger")


class RawRecord(msgspec.Struct, frozen=True):
    """A record of an input; `length_bytes` is set where only its beginning was read."""

    value: bytes | None
    source: Source
    headers: Headers = ()
    key: bytes | None = None
    timestamp_ms: int | None = None
    """Kafka's, in milliseconds since 1970; None marks a line of a file, which has no key either."""
    length_bytes: int = -1
    sha256: str = ""

    @property
    def whole(self) -> bool:
        """True where `value` is the whole record."""
        return self.length_bytes < 0

    @property
    def is_of_kafka(self) -> bool:
        """True for a record of Kafka: its key and partition must be those of its budget."""
        return self.timestamp_ms is not None

    @property
    def source_kind(self) -> SourceKind:
        """The kind of its source (rules, 32); a topic's name may begin with a cluster's prefix.

        A store of files has internal events of its own, under the same name.
        """
        if self.source.topic.endswith(INTERNAL_EVENTS):
            return SourceKind.INTERNAL_EVENTS
        return SourceKind.EVENTS if self.is_of_kafka else SourceKind.FILE


class RecordedEvent(msgspec.Struct, frozen=True):
    """A journal record with its event's envelope and the internal events that it led to."""

    record: JournalRecord
    envelope: Envelope[Event]
    internal_events: tuple[InternalEvent, ...] = ()


class DeadLettered(msgspec.Struct, frozen=True):
    """A dead letter: its journal record, the record read, and the reason."""

    record: JournalRecord
    raw: RawRecord
    unreadable: Unreadable


Decided = RecordedEvent | DeadLettered
"""A journal record with the data of its messages."""


@dataclass(slots=True)
class DecidedBatch(Batch):
    """A batch with the data of its messages; a store does not need those."""

    decided: list[Decided] = field(default_factory=list)
    """One for each of `records`, in the same order."""
    ended: dict[str, BudgetState] = field(default_factory=dict)
    """The closed years that leave memory with this batch, in their final state."""
    size_bytes: int = 0
    """The size of its journal records and internal events together."""
    states: Mapping[str, BudgetState] = field(default_factory=dict)
    """The budgets after this batch, closed years in their final state."""


@dataclass(frozen=True, slots=True)
class ChainEnd:
    """The end of a chain: the number and the hash of its last record."""

    sequence: int = 0
    head: str = FIRST_HASH


@dataclass(slots=True)
class Ledger:
    """The budgets of one partition in memory, and the batch to be committed."""

    budgets: dict[str, BudgetState] = field(default_factory=dict)
    dead: dict[str, ChainEnd] = field(default_factory=dict)
    batch: DecidedBatch = field(default_factory=DecidedBatch)
    partition_of: Callable[[str], int] | None = None
    """The partition of a budget; None where the source has no partitions (rules, 37).

    Called for every event, so it should be cached."""
    dry_run: bool = False
    """True where nothing will be written: then decisions are not logged either."""

    def handle(self, raw: RawRecord) -> list[JournalRecord]:
        """Decode, decide and journal one record, then the parked events that it resumes.

        Raises:
            AssertionError: a bug of ours; nothing of the batch may be committed.
        """
        received = decode_record(raw)
        if isinstance(received, Unreadable):
            return [self._dead_letter_record(raw, received)]
        budget = received.envelope.data.budget
        if self.partition_of is not None:
            home = self.partition_of(budget)
            if home != raw.source.partition:
                misplaced = Unreadable.wrong_partition(raw.source.partition, home)
                return [self._dead_letter_record(raw, misplaced)]
        return self.take(received, raw.source)

    def take(self, received: ReceivedEvent, source: Source) -> list[JournalRecord]:
        """Decide and journal a decoded event, then the parked events that it resumes."""
        budget = received.envelope.data.budget
        state = self.budgets.get(budget)
        if state is None:
            state = self.budgets[budget] = new_budget(budget)
        record = self._journal(state, received, decide(state, received), source)
        if not state.memory.parked:
            return [record]
        if state.book.closed:
            return [record, *self._refuse_parked(state)]
        ended = _find_ended(state, record, received)
        if ended is not None:
            return [record, self._end(state, ended)]
        return [record, *self._wake(state, record, received)]

    def quarantine(self, raw: RawRecord, by: str, why: str) -> JournalRecord:
        """Journal a record as a dead letter without decoding it, with who did so and why."""
        # Typed on a command line, they may hold what no JSON can.
        by, why = (each.encode(errors="replace").decode() for each in (by, why))
        return self._dead_letter_record(raw, Unreadable.quarantine(why), {"by": by, "why": why})

    def commit_batch(self, positions: list[Position]) -> DecidedBatch:
        """Return the records decided since the last call, with the state rows that they changed."""
        batch, self.batch = self.batch, DecidedBatch()
        for budget in dict.fromkeys(row.budget for row in batch.records):
            state = self.budgets.get(budget)
            if state is not None:
                batch.changes.update(take_changed_rows(state))
        batch.positions = positions
        batch.states = ChainMap(batch.ended, self.budgets) if batch.ended else self.budgets
        return batch

    def _journal(
        self,
        state: BudgetState,
        received: ReceivedEvent,
        verdict: Verdict,
        source: Source,
        resumes: int | None = None,
    ) -> JournalRecord:
        record = record_of(state, received, verdict, source, resumes)
        handler = handler_of(received.envelope.data)
        events = tuple(handler.internal_events(state.book, received.envelope, record.moves))
        sealed = record.seal()
        batch = self.batch
        batch.records.append(JournalRow(record.budget, record.sequence, sealed))
        batch.decided.append(RecordedEvent(record, received.envelope, events))
        batch.size_bytes += len(sealed)
        if events:
            batch.internal_events += [each.value for each in events]
            batch.size_bytes += sum([len(each.value) for each in events])
        was_closed = state.book.closed
        evolve(state, record, received)
        if state.book.closed is not was_closed or record.sequence % FULL_CHECK_RECORDS == 0:
            check_book(state.book)
        if is_over(state):
            batch.ended[record.budget] = state
            self.budgets[record.budget] = close_out(state)
        if not self.dry_run:
            _log_unless_simply_accepted(record, received.envelope.traceparent)
        return record

    def _end(self, state: BudgetState, sequence: int) -> JournalRecord:
        """Refuse a parked event that nobody waits for any more (rules, 29 and 39)."""
        waited = state.memory.parked[sequence]
        refused = Refused(Refusal.DEPENDENCY_MISSING, waited.want._asdict())
        record, _ = self._resume(state, sequence, refused)
        return record

    def _wake(
        self, state: BudgetState, record: JournalRecord, received: ReceivedEvent
    ) -> Iterator[JournalRecord]:
        """Decide parked events again, the oldest first, until none can be resumed."""
        awake: list[int] = []
        while True:
            if record.outcome is Outcome.ACCEPTED:
                event = received.envelope.data
                for arrived in handler_of(event).arrivals(event, record.moves):
                    for want in names_of(state.book, arrived):
                        for sequence in state.memory.waiting.get(want, ()):
                            heapq.heappush(awake, sequence)
            resumed = self._resume_oldest(state, awake)
            if resumed is None:
                return
            record, received = resumed
            yield record

    def _resume_oldest(
        self, state: BudgetState, awake: list[int]
    ) -> tuple[JournalRecord, ReceivedEvent] | None:
        """Decide again the oldest parked event that can go on; None where none can."""
        while awake:
            sequence = heapq.heappop(awake)
            parked = state.memory.parked.get(sequence)
            if parked is None or not is_met(state.book, parked.want):
                continue
            verdict = decide_again(state, reread(parked.raw))
            if not isinstance(verdict, Waits):
                return self._resume(state, sequence, verdict)
        return None

    def _refuse_parked(self, state: BudgetState) -> Iterator[JournalRecord]:
        """Refuse the events still parked when their year was closed, the oldest first (rules, 30).

        Recoveries too: the convention that they wait for can no longer come.
        """
        for sequence in sorted(state.memory.parked):
            record, _ = self._resume(state, sequence, refuse_closed_year(state.book))
            yield record

    def _resume(
        self, state: BudgetState, sequence: int, verdict: Accepted | Refused
    ) -> tuple[JournalRecord, ReceivedEvent]:
        """Journal the verdict on a parked event; return record and event."""
        waited = state.memory.parked[sequence]
        received = reread(waited.raw)
        source = Source(waited.topic, waited.partition, waited.offset)
        return self._journal(state, received, verdict, source, resumes=sequence), received

    def _dead_letter_record(
        self, raw: RawRecord, unreadable: Unreadable, more: dict[str, str] | None = None
    ) -> JournalRecord:
        """Journal an unreadable record as a dead letter, and keep its bytes for operators."""
        name = f"{DEAD_CHAIN}{raw.source.partition}"
        before = self.dead.get(name, ChainEnd())
        value = raw.value or b""
        length_bytes = len(value) if raw.whole else raw.length_bytes
        record = JournalRecord(
            budget=name,
            sequence=before.sequence + 1,
            previous_hash=before.head,
            source=raw.source,
            outcome=Outcome.DEAD_LETTER,
            event=None,
            event_sha256=sha256(value).hexdigest() if raw.whole else raw.sha256,
            dead_letter={"reason": unreadable.reason, "length": length_bytes, **(more or {})},
        )
        self.batch.records.append(JournalRow(name, record.sequence, record.seal()))
        self.batch.decided.append(DeadLettered(record, raw, unreadable))
        self.dead[name] = ChainEnd(record.sequence, record.hash)
        dead_letter = DeadLetter(
            name,
            record.sequence,
            unreadable.reason,
            *raw.source,
            length_bytes,
            record.event_sha256,
            keep_bytes(value, length_bytes, raw.source_kind),
        )
        self.batch.dead_letters.append(dead_letter)
        if not self.dry_run:
            _log_dead_letter(record, unreadable)
        return record


def keep_bytes(value: bytes, length_bytes: int, source_kind: SourceKind) -> bytes:
    """The bytes kept of a dead letter: all, or the beginning of one too large."""
    return value if length_bytes <= BYTES_MAX[source_kind] else value[:DEAD_LETTER_HEAD_BYTES]


def decode_record(
    raw: RawRecord, source_kind: SourceKind | None = None
) -> ReceivedEvent | Unreadable:
    """Decode a record; a failure of the decoder itself is a reason like others, and logged.

    It is decoded as of its own source kind, or of the one given.
    """
    if not raw.whole:
        return Unreadable.too_large(raw.length_bytes)
    # Kafka allows a record without a key, which is no budget; a file has no keys at all.
    key = NO_KEY if raw.key is None and raw.is_of_kafka else raw.key
    try:
        return decode(raw.value, raw.headers, key, source_kind or raw.source_kind)
    # A bug of the decoder must not stop the partition: the bytes are kept.
    except Exception as error:
        log.exception("decoder_failed", **raw.source._asdict())
        return Unreadable(Reason.UNDECODABLE, None, verbatim(type(error).__name__))


def _find_ended(state: BudgetState, record: JournalRecord, received: ReceivedEvent) -> int | None:
    """The record that parked the event which this one ends; None for all other events."""
    handler = handler_of(received.envelope.data)
    if handler.ends is None or record.outcome is not Outcome.ACCEPTED:
        return None
    ended = handler.ends(received.envelope.data)
    return None if ended is None else find_parked(state.memory, ended)


def _log_dead_letter(record: JournalRecord, unreadable: Unreadable) -> None:
    log.warning(
        "record_handled",
        outcome="dead_letter",
        budget=record.budget,
        sequence=record.sequence,
        reason=unreadable.reason,
        event_id=None,
        **record.source._asdict(),
    )


def _log_unless_simply_accepted(record: JournalRecord, traceparent: str | None) -> None:
    """Log each record but those simply accepted."""
    if record.outcome is Outcome.ACCEPTED and not record.review_flags and record.resumes is None:
        return
    facts: dict[str, object] = {
        "outcome": record.outcome.value,
        "budget": record.budget,
        "sequence": record.sequence,
        "event_id": record.event_id,
        "reason": None,
        **record.source._asdict(),
    }
    if record.refusal is not None:
        facts["reason"] = str(record.refusal["code"])
    if record.waits_for is not None:
        facts["waits_for"] = record.waits_for
    if record.review_flags:
        facts["review_flags"] = [str(flag["code"]) for flag in record.review_flags]
    if record.resumes is not None:
        facts["resumes"] = record.resumes
    if traceparent is not None:
        facts["traceparent"] = traceparent
    log.info("record_handled", **facts)

"""Records of the ledger's topics: of its state, of the input, of the journal."""

from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

import msgspec
from aiokafka.structs import ConsumerRecord, TopicPartition

from events.codec import ReceivedEvent, is_binary
from events.texts import verbatim
from services.ledger.application.handle import ChainEnd, RawRecord, decode_record
from services.ledger.application.ports import StateKey, StoreError, Versions
from services.ledger.application.restore import VERSIONS
from services.ledger.domain.journal import JournalRecord, Source, read_record
from services.ledger.domain.model.book import FIRST_HASH
from services.ledger.files.exports import MISPLACED
from services.runtime.kafka.reader import Reader, SourcePosition
from services.runtime.ops.clock import seconds_of
from services.runtime.processing.processor import Hold

POSITION_KEY: Final = b'"position"'
HOLD_KEY: Final = b'"hold"'
IMPORT_KEY: Final = b'"import"'
"""Present from the beginning of an import to its end: no ledger starts from a part."""

IMPORTED_HEADER: Final = "ecluse_imported"
"""The header of an imported journal record: its source is a position of the cluster that was
exported, and no position in the present input topics."""

_spell: Final = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The positions of a partition, written in the transaction that moved them."""

    sources: dict[str, SourcePosition]
    partitions: int
    """The number of partitions of the topics: with another, budgets would move (rules, 37)."""
    journal_next: int = 0
    """The next offset of the journal."""
    journal_head: str = FIRST_HASH
    """The hash of the last record, of whichever chain."""
    dead: ChainEnd = field(default_factory=ChainEnd)
    versions: Versions = VERSIONS


encode_checkpoint: Final = _spell

decode_checkpoint: Final = msgspec.json.Decoder(Checkpoint).decode
"""Decodes a checkpoint; ValueError where it is none."""


class CheckpointHead(msgspec.Struct):
    """The members of a checkpoint that are the same in every version."""

    versions: Versions
    journal_next: int = 0
    journal_head: str = FIRST_HASH


decode_head: Final = msgspec.json.Decoder(CheckpointHead).decode
"""Decodes these members of a checkpoint of any version; ValueError where it is none."""


encode_hold: Final = _spell
decode_hold: Final = msgspec.json.Decoder(Hold).decode


encode_key: Final = _spell
"""Encodes the key of a state row: `["<budget>","<kind>","<key>"]`."""

read_key: Final = msgspec.json.Decoder(StateKey).decode
"""Decodes the key of a state row; ValueError where it is none."""


async def current_hold(reader: Reader, state: TopicPartition) -> Hold | None:
    """The hold of a partition, read from its state topic.

    A worker writes no state after a hold: so it is the last record, or there is none.
    """
    last = await reader.last(state)
    if last is None or last.key != HOLD_KEY or last.value is None:
        return None
    return decode_hold(last.value)


async def is_being_imported(reader: Reader, state: TopicPartition) -> bool:
    """Return whether an import of the journal was begun there, and not ended.

    An import writes no state after its mark: so it is the last record, or there is none.
    """
    last = await reader.last(state)
    return last is not None and last.key == IMPORT_KEY and last.value is not None


def raw_record(record: ConsumerRecord) -> RawRecord:
    """A record of an input topic."""
    source = Source(record.topic, record.partition, record.offset)
    return RawRecord(record.value, source, record.headers, record.key, record.timestamp)


def event_id(record: ConsumerRecord) -> str | None:
    """The sender's id of an event; None where it cannot be read."""
    received = decode_record(raw_record(record))
    return received.envelope.id if isinstance(received, ReceivedEvent) else None


class _EventTime(msgspec.Struct):
    """The time of an event in structured mode; in binary mode it is a header."""

    time: str


_decode_time: Final = msgspec.json.Decoder(_EventTime).decode


def event_time(record: ConsumerRecord) -> float | None:
    """The time of an event, in seconds since 1970; None where it cannot be read.

    Only this member is decoded: the rest of the event may be unreadable.
    """
    try:
        return seconds_of(_time_text(record))
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None


def _time_text(record: ConsumerRecord) -> str | None:
    if not is_binary(record.headers):
        return _decode_time(record.value or b"").time
    found = (content for name, content in record.headers if name == "ce_time" and content)
    return next((content.decode() for content in found), None)


def is_same(record: ConsumerRecord, event_sha256: str) -> bool:
    """Return whether a journal record's digest is this record's: of its event, or of its value."""
    if sha256(record.value or b"").hexdigest() == event_sha256:
        return True
    received = decode_record(raw_record(record))
    return isinstance(received, ReceivedEvent) and sha256(received.raw).hexdigest() == event_sha256


def journal_record(record: ConsumerRecord) -> JournalRecord:
    """The record that one of the journal topic holds; StoreError: damaged, or of another key."""
    where = f"{record.topic}/{record.partition}/{record.offset}"
    try:
        found = read_record(record.value or b"")
    except (ValueError, KeyError, TypeError) as error:
        raise StoreError(where, verbatim(error)) from error
    if found.budget.encode() != record.key:
        raise StoreError(where, MISPLACED.render({"budget": found.budget}))
    return found

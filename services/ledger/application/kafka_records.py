"""Records of Kafka as the ledger reads them.

Those of its input topics, and those of its journal.
"""

from hashlib import sha256
from typing import Final

import msgspec
from aiokafka.structs import ConsumerRecord, TopicPartition

from events.codec import Received, is_binary
from events.sentences import Sentence
from services.ledger.application.checkpoint import HOLD_KEY, IMPORT_KEY, read_hold
from services.ledger.application.handle import RawRecord, decoded
from services.ledger.application.ports import StoreError, as_it_says
from services.ledger.domain.journal import JournalRecord, Source, read_record
from services.runtime.kafka.reader import Reader
from services.runtime.ops.clock import seconds_of
from services.runtime.processing.processor import Hold

MISPLACED = Sentence(
    "un enregistrement de {budget} s'y trouve sous une autre clé : restaurez le journal depuis une "
    "sauvegarde",
    "a record of {budget} stands there under another key: restore the journal from a backup",
)


async def current_hold(reader: Reader, state: TopicPartition) -> Hold | None:
    """The record before which a partition is held, as anyone may see it from outside.

    Whoever holds a partition writes nothing behind the hold: so it is the last record, or none is.
    """
    last = await reader.last(state)
    if last is None or last.key != HOLD_KEY or last.value is None:
        return None
    return read_hold(last.value)


async def is_being_imported(reader: Reader, state: TopicPartition) -> bool:
    """Whether an import of the journal was begun there, and not ended.

    Whoever imports writes no state behind the mark: so it is the last record, or none is.
    """
    last = await reader.last(state)
    return last is not None and last.key == IMPORT_KEY and last.value is not None


def raw_record(record: ConsumerRecord) -> RawRecord:
    """A record of an input topic."""
    source = Source(record.topic, record.partition, record.offset)
    return RawRecord(record.value, source, record.headers, record.key, record.timestamp)


def event_id(record: ConsumerRecord) -> str | None:
    """What its sender calls an event; None where that cannot be read."""
    received = decoded(raw_record(record))
    return received.envelope.id if isinstance(received, Received) else None


class _Said(msgspec.Struct):
    """What a glance at an event in structured mode sees; in binary mode it stands in a header."""

    time: str


_glance: Final = msgspec.json.Decoder(_Said).decode


def event_time(record: ConsumerRecord) -> float | None:
    """When an event says that it happened, in seconds since 1970; None where it does not say so.

    A glance: whether the rest of it can be read is not asked.
    """
    try:
        return seconds_of(_said_time(record))
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None


def _said_time(record: ConsumerRecord) -> str | None:
    if not is_binary(record.headers):
        return _glance(record.value or b"").time
    said = (content for name, content in record.headers if name == "ce_time" and content)
    return next((content.decode() for content in said), None)


def is_same(record: ConsumerRecord, event_sha256: str) -> bool:
    """Whether the journal knows this record under this digest: of its event, or of its value."""
    if sha256(record.value or b"").hexdigest() == event_sha256:
        return True
    received = decoded(raw_record(record))
    return isinstance(received, Received) and sha256(received.raw).hexdigest() == event_sha256


def journal_record(record: ConsumerRecord) -> JournalRecord:
    """The journal record that a record of the journal topic holds; its key names the chain.

    Raises:
        StoreError: it is damaged, or stands under another key than its own.
    """
    where = f"{record.topic}/{record.partition}/{record.offset}"
    try:
        found = read_record(record.value or b"")
    except (ValueError, KeyError, TypeError) as error:
        raise StoreError(where, as_it_says(error)) from error
    if found.budget.encode() != record.key:
        raise StoreError(where, MISPLACED.render({"budget": found.budget}))
    return found

"""Records of the input topics and of the journal topic, as the ledger reads them."""

from hashlib import sha256
from typing import Final

import msgspec
from aiokafka.structs import ConsumerRecord

from events.codec import Received, is_binary
from events.texts import verbatim
from services.ledger.application.handle import RawRecord, decoded
from services.ledger.application.ports import StoreError
from services.ledger.domain.journal import JournalRecord, Source, read_record
from services.ledger.files.chains import MISPLACED
from services.runtime.ops.clock import seconds_of


def raw_record(record: ConsumerRecord) -> RawRecord:
    """A record of an input topic."""
    source = Source(record.topic, record.partition, record.offset)
    return RawRecord(record.value, source, record.headers, record.key, record.timestamp)


def event_id(record: ConsumerRecord) -> str | None:
    """The sender's id of an event; None where it cannot be read."""
    received = decoded(raw_record(record))
    return received.envelope.id if isinstance(received, Received) else None


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
    received = decoded(raw_record(record))
    return isinstance(received, Received) and sha256(received.raw).hexdigest() == event_sha256


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

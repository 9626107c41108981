"""From bytes to events: both CloudEvents Kafka modes, every fault with its code and JSON pointer.

The CloudEvents SDK would read well-formed messages too, but it cannot say *where* a bad one is
wrong, nor reject duplicate keys (see docs/decisions/0003); the tests check us against it.
"""

from collections.abc import Sequence
from hashlib import sha256
from typing import Any, NamedTuple

import msgspec
from pydantic import ValidationError

from events import quick
from events.envelope import (
    OWN_INTERNAL_EVENTS,
    UNREAD,
    VALIDATORS,
    Envelope,
    Event,
    SourceKind,
    UntypedEnvelope,
    uses_reserved_source,
)
from events.models import model_of
from events.strict_json import (
    TOKEN_MAX,
    Fault,
    canonical,
    drop_nulls,
    fail,
    json_object,
    pointer_of,
    reject_null_characters,
    token_of,
)
from events.texts import Translatable, _, verbatim
from events.unreadable import Reason, Unreadable, fault_detail, name_reserved_source
from events.values import JOURNALLED

MEBIBYTE = 1024 * 1024

EVENT_BYTES_MAX = MEBIBYTE
"""The largest event, after decompression."""

INTERNAL_EVENT_BYTES_MAX = 8 * EVENT_BYTES_MAX
"""The largest internal event.

It may hold more than the largest event that led to it, and be read.
"""

NO_KEY = b""
"""Stands for the key of a Kafka record that has none."""

Headers = Sequence[tuple[str, bytes | None]]
"""Kafka's headers; one without a value says nothing."""

BYTES_MAX = {
    SourceKind.FILE: EVENT_BYTES_MAX,
    SourceKind.EVENTS: EVENT_BYTES_MAX,
    SourceKind.INTERNAL_EVENTS: INTERNAL_EVENT_BYTES_MAX,
}
"""The size limit of a record, by source kind; so much of a dead letter is kept."""

_STRUCTURED = b"application/cloudevents+json"
_PYDANTIC_REASONS = {
    "missing": Reason.MISSING_FIELD,
    "extra_forbidden": Reason.UNKNOWN_FIELD,
    "unknown_type": Reason.UNKNOWN_TYPE,
}

_encode = msgspec.json.Encoder().encode
_DIAGNOSIS = model_of(UntypedEnvelope).__pydantic_validator__
"""Refuses whatever has no type of the contract, and says what is wrong first."""


class ReceivedEvent(NamedTuple):
    """An event as it was received: read, and kept byte for byte in one line of structured mode."""

    envelope: Envelope[Event]
    raw: bytes
    identity: bytes
    """SHA-256 of who the event is in its budget (source, id): 32 bytes."""
    digest: bytes
    """SHA-256 of what the event says (type, time, subject, data): 32 bytes."""


def decode(
    value: bytes | None,
    headers: Headers = (),
    key: bytes | None = None,
    source_kind: SourceKind = SourceKind.FILE,
) -> ReceivedEvent | Unreadable:
    """Read one record of Kafka or one line of a file.

    `headers` decide between structured and binary mode; a record without any is structured.
    `key` is the Kafka key, which must name the budget: `NO_KEY` where the record has none, None
    where there are no keys, in a file.
    """
    try:
        raw = _structure(value or b"", headers, BYTES_MAX[source_kind])
        return _receive(raw, key, source_kind)
    except Fault as fault:
        return fault.unreadable


def identity_of(source: str, event_id: str) -> bytes:
    """SHA-256 of who an event is in its budget (rules, 3)."""
    # U+0000 stands in no string of an event, so the pair has one spelling.
    return sha256(f"{source}\0{event_id}".encode()).digest()


def reread(raw: bytes) -> ReceivedEvent:
    """Read an event that was read before: from a journal, or from those that wait.

    Its shape is checked as ever, its check digits are not: see `JOURNALLED`.

    Raises:
        ValueError: it is no event of the contract any more.
    """
    try:
        return _receive(raw, None, SourceKind.INTERNAL_EVENTS, JOURNALLED)
    except Fault as fault:
        raise ValueError(fault.unreadable.reason) from None


def _structure(value: bytes, headers: Headers, bytes_max: int) -> bytes:
    _check_size(value, bytes_max)
    if not headers or not is_binary(headers):
        return value
    # The value must stand alone: spliced unread, it could close its own brace and add attributes.
    json_object(value)
    attributes = []
    for name, content in headers:
        if content is None:
            continue
        attribute = "datacontenttype" if name == "content-type" else name.removeprefix("ce_")
        if attribute != name:
            attributes.append(_encode(attribute) + b":" + _header_text(content))
    raw = b"{" + b",".join([*attributes, b'"data":' + value]) + b"}"
    # With its headers it may be larger: what is kept must be readable again when it wakes.
    _check_size(raw, bytes_max)
    return raw


def _check_size(raw: bytes, bytes_max: int) -> None:
    if len(raw) > bytes_max:
        raise Fault(Unreadable.too_large(len(raw), bytes_max // MEBIBYTE))


def is_binary(headers: Headers) -> bool:
    """True in binary mode, where attributes are headers; structured mode ignores headers."""
    for name, content in headers:
        if name == "content-type" and content is not None and content.startswith(_STRUCTURED):
            return False
    return any(name.startswith("ce_") and content is not None for name, content in headers)


def _header_text(content: bytes) -> bytes:
    try:
        return _encode(content.decode())
    except UnicodeDecodeError:
        detail = _("a header is not UTF-8")
        fail(Reason.BAD_JSON, None, detail)


def _receive(
    raw: bytes,
    key: bytes | None,
    source_kind: SourceKind,
    context: dict[str, bool] | None = None,
) -> ReceivedEvent:
    read = quick.read(raw, source_kind, context)
    if read is None:
        envelope, content = _judge(raw, source_kind, context)
        raw = _one_line(raw)
    else:
        envelope, content = read
    budget = envelope.data.budget
    if key is not None and key != budget.encode():
        shown = key[:TOKEN_MAX].decode(errors="replace")
        fail(
            Reason.WRONG_PARTITION_KEY,
            "/partitionkey",
            _("Kafka key {key} ≠ {budget}").render({"key": shown or _("absent"), "budget": budget}),
        )
    identity = identity_of(envelope.source, envelope.id)
    return ReceivedEvent(envelope, raw, identity, sha256(content).digest())


def _judge(
    raw: bytes, source_kind: SourceKind, context: dict[str, bool] | None
) -> tuple[Envelope[Event], bytes]:
    """An event as pydantic reads it, and the canonical JSON of what it says."""
    message = json_object(raw)
    if b"\\u0000" in raw:
        reject_null_characters(message)
    validate, name = _DIAGNOSIS, message.get("type")
    borrowed = uses_reserved_source(message.get("source"), name, source_kind)
    if isinstance(name, str) and name not in UNREAD[source_kind]:
        validate = VALIDATORS.get(name, _DIAGNOSIS)
        if name in OWN_INTERNAL_EVENTS:
            context = JOURNALLED  # The ledger had it from events that were read.
    try:
        model = validate.validate_python(message, context=context)
    except ValidationError as error:
        fault = _first_fault(error)
        raise Fault(name_reserved_source(fault) if borrowed else fault) from None
    if borrowed:
        raise Fault(name_reserved_source())
    envelope: Envelope[Event] = Envelope.from_model(model)
    budget = envelope.data.budget
    if envelope.partitionkey != budget:
        fail(
            Reason.WRONG_PARTITION_KEY,
            "/partitionkey",
            verbatim(f"{envelope.partitionkey} ≠ {budget}"),
        )
    return envelope, _content(message, raw)


def _one_line(raw: bytes) -> bytes:
    """The record as it is kept: the journal holds one a line."""
    # Between tokens a line break means nothing; around the object, white space is no part of the
    # value that a reader of the journal hashes.
    return raw.translate(None, b"\r\n").strip(b" \t")


def _content(message: dict[str, Any], raw: bytes) -> bytes:
    """The canonical JSON of what an event says, over which its digest is taken (rules, 3)."""
    content = {"data": message["data"], "time": message["time"], "type": message["type"]}
    if message.get("subject") is not None:
        content["subject"] = message["subject"]
    if b"null" in raw:
        content = drop_nulls(content)
    return canonical(content)


def _first_fault(error: ValidationError) -> Unreadable:
    """The first fault in the order of the contract's fields, which is the order of the models."""
    first = error.errors(include_url=False, include_input=False)[0]
    location = list(first["loc"])
    context = first.get("ctx", {})
    if context.get("sibling"):
        location[-1] = context["sibling"]
    location += context.get("tail", ())
    reason = _PYDANTIC_REASONS.get(first["type"], Reason.INVALID_VALUE)
    pointer = pointer_of(token_of(each) for each in location)
    return Unreadable(reason, pointer, _detail(first["type"], first["msg"], context))


def _detail(error_type: str, message: str, context: dict[str, Any]) -> Translatable:
    why = context.get("why")
    if isinstance(why, Translatable):
        return why
    return fault_detail(error_type, {"error": message, **context})

"""From bytes to events: both CloudEvents Kafka modes, every fault with its code and JSON pointer.

The CloudEvents SDK would read well-formed messages too, but it cannot say *where* a bad one is
wrong, nor reject duplicate keys (see docs/decisions/0005-codec.md); the tests check us against it.
"""

import json
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from hashlib import sha256
from typing import Any, NamedTuple, NoReturn, cast

import msgspec
from pydantic import ValidationError

from events.canonical import canonical, without_nulls
from events.envelope import (
    OWN_INTERNAL_EVENTS,
    UNREAD,
    VALIDATORS,
    Envelope,
    Event,
    SourceKind,
    UntypedEnvelope,
    borrows_a_name,
)
from events.texts import Translatable, _, verbatim
from events.unreadable import Reason, Unreadable, borrowed_name, fault_detail, json_fault
from events.values import JOURNALLED

MEBIBYTE = 1024 * 1024

EVENT_BYTES_MAX = MEBIBYTE
"""The largest event, after decompression."""

INTERNAL_EVENT_BYTES_MAX = 8 * EVENT_BYTES_MAX
"""The largest internal event.

It may hold more than the largest event that led to it, and be read.
"""

NESTING_MAX = 64
"""The deepest JSON: far beyond any event, far below any parser's stack."""

NUMBER_EXPONENT_MAX = 308
"""The parser's own limit for numbers: about as many digits."""

TOKEN_MAX = 60
"""The characters of a member's name that a reason repeats."""

POINTER_MAX = 1000
"""The characters of a pointer that a reason repeats: far below what a header holds."""

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

NULL_CHARACTER = _("the character U+0000")

OUT_OF_RANGE = _("a number out of all range")

_parse_json = msgspec.json.Decoder().decode
_print_json = msgspec.json.Encoder().encode
_DIAGNOSIS = UntypedEnvelope.__pydantic_validator__
"""Refuses whatever has no type of the contract, and says what is wrong first."""


class Received(NamedTuple):
    """An event as it was received: read, and kept byte for byte in one line of structured mode."""

    envelope: Envelope[Event]
    raw: bytes
    identity: bytes
    """SHA-256 of who the event is in its budget (source, id): 32 bytes."""
    digest: bytes
    """SHA-256 of what the event says (type, time, subject, data): 32 bytes."""


class _Fault(Exception):
    """Carries an `Unreadable` out of nested reading; never leaves this module."""

    def __init__(self, unreadable: Unreadable) -> None:
        super().__init__(unreadable.reason)
        self.unreadable = unreadable


def decode(
    value: bytes | None,
    headers: Headers = (),
    key: bytes | None = None,
    source_kind: SourceKind = SourceKind.FILE,
) -> Received | Unreadable:
    """Read one record of Kafka or one line of a file.

    `headers` decide between structured and binary mode; a record without any is structured.
    `key` is the Kafka key, which must name the budget: `NO_KEY` where the record has none, None
    where there are no keys, in a file.
    """
    try:
        raw = _structured_form(value or b"", headers, BYTES_MAX[source_kind])
        return _event(_json_object(raw), raw, key, source_kind)
    except _Fault as fault:
        return fault.unreadable


def identity_of(source: str, event_id: str) -> bytes:
    """SHA-256 of who an event is in its budget (rules, 3)."""
    # U+0000 stands in no string of an event, so the pair has one spelling.
    return sha256(f"{source}\0{event_id}".encode()).digest()


def reread(raw: bytes) -> Received:
    """Read an event that was read before: from a journal, or from those that wait.

    Its shape is checked as ever, its check digits are not: see `JOURNALLED`.

    Raises:
        ValueError: it is no event of the contract any more.
    """
    try:
        return _event(_json_object(raw), raw, None, SourceKind.INTERNAL_EVENTS, JOURNALLED)
    except _Fault as fault:
        raise ValueError(fault.unreadable.reason) from None


def _structured_form(value: bytes, headers: Headers, bytes_max: int) -> bytes:
    _check_size(value, bytes_max)
    if not headers or not is_binary(headers):
        return value
    # The value must stand alone: spliced unread, it could close its own brace and add attributes.
    _json_object(value)
    attributes = []
    for name, content in headers:
        if content is None:
            continue
        attribute = "datacontenttype" if name == "content-type" else name.removeprefix("ce_")
        if attribute != name:
            attributes.append(_print_json(attribute) + b":" + _header_text(content))
    raw = b"{" + b",".join([*attributes, b'"data":' + value]) + b"}"
    # With its headers it may be larger: what is kept must be readable again when it wakes.
    _check_size(raw, bytes_max)
    return raw


def _check_size(raw: bytes, bytes_max: int) -> None:
    if len(raw) > bytes_max:
        raise _Fault(Unreadable.too_large(len(raw), bytes_max // MEBIBYTE))


def is_binary(headers: Headers) -> bool:
    """True in binary mode, where attributes are headers; structured mode ignores headers."""
    for name, content in headers:
        if name == "content-type" and content is not None and content.startswith(_STRUCTURED):
            return False
    return any(name.startswith("ce_") and content is not None for name, content in headers)


def _header_text(content: bytes) -> bytes:
    try:
        return _print_json(content.decode())
    except UnicodeDecodeError:
        detail = _("a header is not UTF-8")
        _fail(Reason.BAD_JSON, None, detail)


def _json_object(raw: bytes) -> dict[str, Any]:
    """Strict JSON: UTF-8, an object, no duplicate key, no deep nesting."""
    try:
        message = _parse_json(raw)
    except msgspec.ValidationError:
        _reject_numbers_out_of_range(raw)
    except (ValueError, RecursionError) as error:
        _fail(Reason.BAD_JSON, None, json_fault(str(error)))
    checked = _check_shape(message, raw)
    # Printing again what was parsed shows that no key was repeated: four times cheaper than
    # asking the parser for pairs, which is left for those who write JSON in another way.
    if _print_json(checked) != raw:
        json.loads(raw, object_pairs_hook=_unique)
    return checked


def _check_shape(message: Any, raw: bytes) -> dict[str, Any]:
    if not isinstance(message, dict):
        _fail(
            Reason.BAD_JSON,
            None,
            _("the document is not an object"),
        )
    # Counting brackets bounds the depth from above, at the price of two scans in C.
    if raw.count(b"{") + raw.count(b"[") > NESTING_MAX and _nesting(message) > NESTING_MAX:
        _fail(
            Reason.BAD_JSON,
            None,
            _("more than {levels} levels").render({"levels": NESTING_MAX}),
        )
    return message


def _nesting(message: Any) -> int:
    deepest = 0
    waiting = [(message, 1)]
    while waiting:
        value, depth = waiting.pop()
        children: Iterable[Any] = value.values() if isinstance(value, dict) else value
        deepest = max(deepest, depth)
        waiting.extend((child, depth + 1) for child in children if isinstance(child, dict | list))
    return deepest


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        _fail(
            Reason.BAD_JSON,
            None,
            _("a key stands twice in an object"),
        )
    return members


def _event(
    message: dict[str, Any],
    raw: bytes,
    key: bytes | None,
    source_kind: SourceKind,
    context: dict[str, bool] | None = None,
) -> Received:
    if b"\\" in raw and b"\\u0000" in raw:  # Most events escape nothing: a quick test.
        _reject_null_characters(message)
    validate, name = _DIAGNOSIS, message.get("type")
    borrowed = borrows_a_name(message.get("source"), name, source_kind)
    if isinstance(name, str) and name not in UNREAD[source_kind]:
        validate = VALIDATORS.get(name, _DIAGNOSIS)
        if name in OWN_INTERNAL_EVENTS:
            context = JOURNALLED  # The ledger had it from events that were read.
    try:
        envelope = cast("Envelope[Event]", validate.validate_python(message, context=context))
    except ValidationError as error:
        fault = _first_fault(error)
        raise _Fault(borrowed_name(fault) if borrowed else fault) from None
    if borrowed:
        raise _Fault(borrowed_name())
    budget = envelope.data.budget
    if envelope.partitionkey != budget:
        _fail(
            Reason.WRONG_PARTITION_KEY,
            "/partitionkey",
            verbatim(f"{envelope.partitionkey} ≠ {budget}"),
        )
    if key is not None and key != budget.encode():
        shown = key[:TOKEN_MAX].decode(errors="replace")
        _fail(
            Reason.WRONG_PARTITION_KEY,
            "/partitionkey",
            _("Kafka key {key} ≠ {budget}").render({"key": shown or _("absent"), "budget": budget}),
        )
    if b"\n" in raw or b"\r" in raw:
        # Between tokens a line break means nothing, and the journal holds one record a line.
        raw = raw.translate(None, b"\r\n")
    # Around the object, white space is no part of the value that a reader of the journal hashes.
    raw = raw.strip(b" \t")
    identity = identity_of(envelope.source, envelope.id)
    return Received(envelope, raw, identity, _digest(message, raw))


def _digest(message: dict[str, Any], raw: bytes) -> bytes:
    content = {"data": message["data"], "time": message["time"], "type": message["type"]}
    if message.get("subject") is not None:
        content["subject"] = message["subject"]
    if b"null" in raw:
        content = without_nulls(content)
    return sha256(canonical(content)).digest()


class _Place(NamedTuple):
    """A value and where it stands: pointers are spelled only when one is at fault."""

    value: Any
    parent: "_Place | None"
    token: str | int

    def pointer(self) -> str:
        tokens = []
        place = self
        while place.parent is not None:
            tokens.append(_token(place.token))
            place = place.parent
        return _pointer(reversed(tokens))


def _places(message: Any) -> Iterator[_Place]:
    """Every value of a document, the outer ones first."""
    waiting = deque([_Place(message, None, "")])
    while waiting:
        place = waiting.popleft()
        yield place
        if isinstance(place.value, dict):
            waiting.extend(_Place(each, place, name) for name, each in place.value.items())
        elif isinstance(place.value, list):
            waiting.extend(_Place(each, place, index) for index, each in enumerate(place.value))


def _reject_null_characters(message: dict[str, Any]) -> None:
    for place in _places(message):
        names = place.value if isinstance(place.value, dict) else ()
        text = place.value if isinstance(place.value, str) else ""
        if "\0" in text or any("\0" in name for name in names):
            _fail(Reason.INVALID_VALUE, place.pointer(), NULL_CHARACTER)


class _Beyond:
    """Stands in for a number that no parser keeps."""


def _reject_numbers_out_of_range(raw: bytes) -> NoReturn:
    """JSON knows no limit for numbers; nothing in the contract comes near the parser's own."""

    def kept(text: str) -> _Beyond | None:
        try:
            far = Decimal(text).adjusted() >= NUMBER_EXPONENT_MAX
        except ArithmeticError:
            far = True
        return _Beyond() if far else None

    try:
        message = json.loads(
            raw,
            parse_int=kept,
            parse_float=kept,
            parse_constant=_no_constant,
            object_pairs_hook=_unique,
        )
        # What cannot be printed holds half a character.
        msgspec.json.encode(message, enc_hook=lambda _beyond: None)
    except (ValueError, RecursionError) as error:
        _fail(Reason.BAD_JSON, None, json_fault(str(error)))
    _check_shape(message, raw)
    pointer = next(each.pointer() for each in _places(message) if isinstance(each.value, _Beyond))
    _fail(Reason.INVALID_VALUE, pointer, OUT_OF_RANGE)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _first_fault(error: ValidationError) -> Unreadable:
    """The first fault in the order of the contract's fields, which is the order of the models."""
    first = error.errors(include_url=False, include_input=False)[0]
    location = list(first["loc"])
    context = first.get("ctx", {})
    if context.get("sibling"):
        location[-1] = context["sibling"]
    location += context.get("tail", ())
    reason = _PYDANTIC_REASONS.get(first["type"], Reason.INVALID_VALUE)
    pointer = _pointer(_token(each) for each in location)
    return Unreadable(reason, pointer, _detail(first["type"], first["msg"], context))


def _detail(error_type: str, message: str, context: dict[str, Any]) -> Translatable:
    why = context.get("why")
    if isinstance(why, Translatable):
        return why
    return fault_detail(error_type, {"error": message, **context})


def _pointer(tokens: Iterable[str]) -> str:
    pointer = "".join(tokens)
    return pointer if len(pointer) <= POINTER_MAX else pointer[:POINTER_MAX] + "…"


def _token(name: str | int) -> str:
    """One step of a JSON pointer (RFC 6901); of a name that no event has, its beginning."""
    text = str(name)
    if len(text) > TOKEN_MAX:
        text = text[:TOKEN_MAX] + "…"
    return "/" + text.replace("~", "~0").replace("/", "~1")


def _fail(code: Reason, pointer: str | None, detail: Translatable) -> NoReturn:
    raise _Fault(Unreadable(code, pointer, detail))

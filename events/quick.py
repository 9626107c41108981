"""The quick path of the codec: an event spelled plainly is read by msgspec, straight into structs.

Bounds are msgspec's to check. What else pydantic would ask (dates, patterns, validators) is taken
from the schemas that pydantic itself runs. Whatever is not taken here is judged by pydantic alone,
which gives every reason and pointer.
"""

import re
from collections.abc import Callable
from datetime import date, datetime
from types import NoneType
from typing import Any, NamedTuple

import msgspec
from pydantic import TypeAdapter
from pydantic_core import SchemaValidator

from events.envelope import (
    ENVELOPES,
    INBOUND,
    OWN_INTERNAL_EVENTS,
    UNREAD,
    Envelope,
    Event,
    SourceKind,
    uses_reserved_source,
)
from events.fiscal_years import constant_or_list
from events.models import Part
from events.parts import EventData
from events.strict_json import canonical
from events.values import JOURNALLED, LINES, PRINTED, UNPRINTED, WITHOUT_SLASH, Timestamp


class _Info(msgspec.Struct, gc=False):
    """The part of pydantic's `ValidationInfo` that the contract's validators ask for."""

    context: dict[str, bool] | None
    part: Any = None

    @property
    def data(self) -> dict[str, Any]:
        """The fields of the part whose field is checked."""
        return msgspec.structs.asdict(self.part)


_Check = Callable[[Any, _Info], object]
"""Raises ValueError at a fault."""


_MEMBERS = {
    "int": {"ge", "le"},
    "bool": set(),
    "literal": {"expected"},
    "str": {"pattern", "min_length", "max_length", "strict"},
    "chain": {"steps"},
    "date": {"ge", "le", "strict"},
    "default": {"default", "schema"},
    "nullable": {"schema"},
    "tuple": {
        *("items_schema", "min_length", "max_length"),
        *("fail_fast", "strict", "variadic_item_index"),
    },
    "definition-ref": {"schema_ref"},
    "model": {"cls", "config", "custom_init", "ref", "root_model", "schema"},
    "model-fields": {"computed_fields", "fields", "model_name"},
    "model-field": {"schema"},
    "function-wrap": {"function", "schema"},
    "function-after": {"function", "schema"},
    "function-before": {"function", "schema"},
    "no-info": {"function"},
    "with-info": {"function"},
}
"""The members of pydantic's core schemas that are understood here."""


def _check_understood(schema: Any) -> Any:
    unknown = schema.keys() - _MEMBERS[schema["type"]] - {"type", "metadata"}
    if unknown:
        raise LookupError(f"{schema['type']} with {', '.join(sorted(unknown))}")
    return schema


def check_of(schema: Any, parts: dict[str, Any]) -> _Check | None:
    """The check of what msgspec does not: all but types, bounds and constants.

    Raises:
        LookupError: pydantic asks for something that is not understood here.
    """
    match _check_understood(schema):
        case {"type": "int" | "bool" | "literal"}:
            return None
        case {"type": "str"}:
            return _pattern(schema)
        case {"type": "chain", "steps": [_, {"type": "date"} as day]}:
            return _check_between(_check_understood(day)["ge"], day["le"])
        case {"type": "default", "schema": inner}:
            return check_of(inner, parts)
        case {"type": "nullable", "schema": inner}:
            return _unless(NoneType, check_of(inner, parts))
        case {"type": "function-wrap", "function": asked, "schema": inner} if (
            asked["function"] is constant_or_list
        ):
            return _unless(str, check_of(inner, parts))
        case {"type": "tuple", "items_schema": [item]}:
            return _each(check_of(item, parts))
        case {"type": "definition-ref", "schema_ref": name}:
            return check_of(parts[name], parts)
        case {"type": "model", "schema": fields}:
            return _fields(_check_understood(fields)["fields"], parts)
        case {"type": "function-after", "function": asked, "schema": model} if (
            getattr(asked["function"], "__func__", None) is vars(Part)["from_model"].__func__
        ):
            return check_of(model, parts)  # Behind the model it is made a part.
        case {"type": "function-after" | "function-before", "function": asked, "schema": inner}:
            return _both(check_of(inner, parts), _wrap_function(asked))
        case _:
            raise LookupError(schema["type"])


def _pattern(schema: Any) -> _Check | None:
    pattern = schema.get("pattern")
    if pattern in (None, PRINTED, LINES):
        return None  # Nothing unprinted stands in the record.
    if pattern == WITHOUT_SLASH:
        return _refuse_slash
    validate = SchemaValidator(schema).validate_python
    return lambda text, _info: validate(text)


def _refuse_slash(text: str, _info: _Info) -> None:
    if "/" in text:
        raise ValueError


def _check_between(first: date, last: date) -> _Check:
    def check(day: date, _info: _Info) -> None:
        if not first <= day <= last:
            raise ValueError

    return check


def _unless(kind: type, check: _Check | None) -> _Check | None:
    return check and (lambda value, info: isinstance(value, kind) or check(value, info))


def _each(check: _Check | None) -> _Check | None:
    return check and (lambda values, info: [check(each, info) for each in values])


def _wrap_function(function: Any) -> _Check:
    validate: _Check = _check_understood(function)["function"]
    if function["type"] == "with-info":
        return validate
    without_info: Callable[[Any], object] = function["function"]
    return lambda value, _info: without_info(value)


def _both(first: _Check | None, second: _Check) -> _Check:
    if first is None:
        return second

    def check(value: Any, info: _Info) -> None:
        first(value, info)
        second(value, info)

    return check


def _fields(fields: Any, parts: dict[str, Any]) -> _Check | None:
    checks = [
        (name, check) for name, check in _find_checks(fields, parts).items() if check is not None
    ]

    def check_all(part: Any, info: _Info) -> None:
        here = _Info(info.context, part)
        for name, check in checks:
            check(getattr(part, name), here)

    return check_all if checks else None


def _find_checks(fields: Any, parts: dict[str, Any]) -> dict[str, _Check | None]:
    return {
        name: check_of(_check_understood(field)["schema"], parts) for name, field in fields.items()
    }


class _Reader(NamedTuple):
    """Reads a type: by msgspec, and then checked."""

    decode: Callable[[bytes], Envelope[Event]]
    check: _Check


_CHECKED_APART = {"time", "partitionkey"}
"""Attributes that `read` checks itself."""


def reader_of(data: type[EventData]) -> _Reader | None:
    """The reader of a type; None where pydantic asks for something that is not understood here."""
    schema: Any = ENVELOPES[data.TYPE].__pydantic_core_schema__
    try:
        parts = {each["ref"]: each for each in schema.get("definitions", ())}
        model = schema["schema"] if schema["type"] == "definitions" else schema
        fields = _check_understood(_check_understood(model)["schema"])["fields"]
        checks = _find_checks(
            {name: fields[name] for name in fields if name not in _CHECKED_APART}, parts
        )
    except LookupError:
        return None
    check = checks.pop("data")
    if check is None or any(checks.values()):
        return None
    decode = msgspec.json.Decoder(Envelope[data]).decode  # type: ignore[valid-type] # at run time
    return _Reader(decode, check)


_BY_NAME = {each.TYPE.encode(): reader_of(each) for each in INBOUND}
_READERS = {
    kind: {name: each for name, each in _BY_NAME.items() if name.decode() not in UNREAD[kind]}
    for kind in SourceKind
}
_encode = msgspec.json.Encoder().encode
_read_time = TypeAdapter(Timestamp).validator.validate_python
_unprinted = re.compile(rf"[{UNPRINTED}]").search


def read(
    raw: bytes, source_kind: SourceKind, context: dict[str, bool] | None
) -> tuple[Envelope[Event], bytes] | None:
    """An event and the canonical JSON of what it says; None where pydantic must judge."""
    reader = _READERS[source_kind].get(_text_of(b'"type":"', raw))
    # A blank behind a colon, as Python's json writes it, would be found only once all is decoded.
    if reader is None or b'": ' in raw or b"\\" in raw or not _is_printed(raw):
        return None
    try:
        envelope = reader.decode(raw)
        time = _plain_time(raw, _encode(envelope), envelope.time)
        if time is None or envelope.type != envelope.data.TYPE:
            return None
        if envelope.partitionkey != envelope.data.budget:
            return None
        if uses_reserved_source(envelope.source, envelope.type, source_kind):
            return None
        if envelope.type in OWN_INTERNAL_EVENTS:
            context = JOURNALLED
        reader.check(envelope.data, _Info(context))
    except (ValueError, RecursionError):
        return None
    content = {"data": envelope.data, "time": time, "type": envelope.type}
    if envelope.subject is not None:
        content["subject"] = envelope.subject
    return envelope, canonical(content)


def _plain_time(raw: bytes, encoded: bytes, time: datetime) -> str | datetime | None:
    """The time as a record spells it, if all else is spelled as in `encoded`, in any order.

    msgspec prints text without backslashes, integers and days as they were spelled or shorter, and
    nothing that is absent. So a record as long as `encoded`, the two times left out, repeats no
    key, and has no unknown member, no null and no blank.
    """
    if raw == encoded:
        return time
    spelled, shortest = (_text_of(b'"time":"', each) for each in (raw, encoded))
    if len(raw) - len(spelled) != len(encoded) - len(shortest):
        return None
    text = spelled.decode()
    return text if _read_time(text) == time else None


def _text_of(name: bytes, raw: bytes) -> bytes:
    """The text of the first member of this name; empty, which is no type and no time, without one.

    Without backslashes every quotation mark begins or ends a text, and only a member's name ends in
    front of a colon. No part of the data has a member named `type` or `time`.
    """
    return raw.partition(name)[2].partition(b'"')[0]


def _is_printed(raw: bytes) -> bool:
    if raw.isascii():
        return b"\x7f" not in raw
    return _unprinted(raw.decode(errors="replace")) is None

"""Input records held against the published schemas and the contract's text alone (rules, 1).

The schemas (schemas/*.json) are walked in the order of their fields to the first fault: a plain
reading of what the files say, and of what no JSON Schema can say: that a day exists, that numbers
check, which fields belong together (`field_rules`).
"""

import json
import re
from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from pathlib import Path as File
from typing import Any, Final, NamedTuple

from services.verifier.input.field_rules import (
    BELONGING,
    is_french,
    is_iban,
    is_siret,
    names_a_country,
)
from services.verifier.input.strict_json import Path, Unreadable, read_object, walk_values
from services.verifier.kafka_records import Headers, attributes, is_binary
from services.verifier.records import LEDGER, Json

FOLDER: Final = File(__file__).parents[3] / "schemas"

ENTITY: Final = slice(0, 14)
"""The SIRET in a budget's id."""

FIRST_DAY: Final = date(1900, 1, 1)
LAST_DAY: Final = date(2199, 12, 31)
LAST_DUE_DAY: Final = date(2200, 3, 1)
"""60 days behind any other."""

DUE_DAYS: Final = frozenset({"due_again_on"})

KINDS: Final[Mapping[str, type]] = {"object": dict, "array": list, "string": str, "boolean": bool}


@cache
def schema_of(kind: str) -> Json:
    """The published schema of a type; OSError where there is none."""
    found: Json = json.loads((FOLDER / f"{kind}.schema.json").read_bytes())
    return found


class SchemaWalk:
    """One event held against its schema.

    Args:
        schema: what is published of its type.
        doubts: where to note values of which only a table of banks knows whether they are right.
        checks: whether numbers must check.
    """

    def __init__(self, schema: Json, doubts: list[Path], *, checks: bool) -> None:
        self._schema = schema
        self._parts: Json = schema.get("$defs", {})
        self._doubts = doubts
        self._checks = checks

    def whole(self, event: Json) -> None:
        """The event from its top; Unreadable at the first fault."""
        self._members(self._schema, event, ())

    def _members(self, schema: Json, value: Json, path: Path, part: str = "") -> None:
        """The members of an object, in the order in which they are published."""
        known = schema["properties"]
        for name, rule in known.items():
            if name in value:
                self._value(rule, value[name], (*path, name))
            elif name in schema["required"]:
                raise Unreadable("missing_field", (*path, name))
            belongs = BELONGING.get((part, name))
            if belongs is not None:
                belongs(value, path)
        if schema.get("additionalProperties") is False:
            for name in value:
                if name not in known:
                    raise Unreadable("unknown_field", (*path, name))

    def _value(self, schema: Json, value: Any, path: Path) -> None:
        part = ""
        if "anyOf" in schema:
            schema = _choose_alternative(schema["anyOf"], value)
            if schema.get("type") == "null":
                return
        if "$ref" in schema:
            part = schema["$ref"].rpartition("/")[2]
            schema = self._parts[part]
        if not _is_of_kind(schema, value) or not _is_in_bounds(schema, value):
            raise Unreadable("invalid_value", path)
        if isinstance(value, dict):
            self._members(schema, value, path, part)
        elif isinstance(value, list):
            self._items(schema, value, path)
        elif isinstance(value, str):
            self._text(schema, value, path)

    def _items(self, schema: Json, value: list[Any], path: Path) -> None:
        most = schema.get("maxItems", len(value))
        for number, each in enumerate(value[:most]):
            self._value(schema["items"], each, (*path, number))
        if len(value) > most or len(value) < schema.get("minItems", 0):
            raise Unreadable("invalid_value", path)

    def _text(self, schema: Json, value: str, path: Path) -> None:
        name = path[-1]
        match schema.get("format"):
            case "date":
                is_right = _is_day(value, LAST_DUE_DAY if name in DUE_DAYS else LAST_DAY)
            case "date-time":
                is_right = _is_instant(value)
            case _:
                is_right = not self._checks or self._is_number(name, value, path)
        if not is_right:
            raise Unreadable("invalid_value", path)

    def _is_number(self, name: str | int, value: str, path: Path) -> bool:
        match name:
            case "siret":
                return is_siret(value)
            case "budget" | "partitionkey" | "closed_budget":
                return is_siret(value[ENTITY])
            case "iban":
                if not is_french(value):
                    self._doubts.append(path)
                return is_iban(value)
            case "bic":
                self._doubts.append(path)
                return names_a_country(value)
            case _:
                return True


def _choose_alternative(alternatives: list[Json], value: Any) -> Json:
    """The alternative whose kind the value has; else the first."""
    for each in alternatives:
        kind = each.get("type", "object")  # A part is an object.
        if kind == ("null" if value is None else _kind_of(value)):
            return each
    return alternatives[0]


def _kind_of(value: Any) -> str:
    return next((name for name, kind in KINDS.items() if isinstance(value, kind)), "integer")


def _is_of_kind(schema: Json, value: Any) -> bool:
    if "const" in schema:
        return bool(value == schema["const"])
    if schema["type"] == "integer":
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, KINDS[schema["type"]])


def _is_in_bounds(schema: Json, value: Any) -> bool:
    """Check a number or a text against its own keywords."""
    if "enum" in schema:
        return value in schema["enum"]
    if isinstance(value, str):
        length, pattern = len(value), schema.get("pattern", "^.*$")
        is_long = schema.get("minLength", 0) <= length <= schema.get("maxLength", length)
        # Python's `$` would let a line break stand behind it.
        return is_long and re.fullmatch(pattern[1:-1], value, re.DOTALL) is not None
    if isinstance(value, int) and not isinstance(value, bool):
        at_least, at_most = schema.get("minimum", value), schema.get("maximum", value)
        # An amount that may take away is never nothing.
        return bool(at_least <= value <= at_most and (value != 0 or at_least >= 0))
    return True


def _is_day(text: str, last: date) -> bool:
    try:
        return FIRST_DAY <= date.fromisoformat(text) <= last
    except ValueError:
        return False


def _is_instant(text: str) -> bool:
    try:
        return datetime.fromisoformat(text.upper()).tzinfo is not None
    except ValueError:
        return False


OUTBOUND: Final = (
    *("balance.updated", "commitment-entry.recorded", "event.parked", "event.refused"),
    *("event.unreadable", "journal.record", "payment-order.cancelled", "payment-order.issued"),
    *("slip.cancelled", "slip.issued", "accounting-entry.recorded"),
)
"""Types that nobody may send to the ledger."""

OPENED: Final = "ecluse.fiscal-year.opened.v1"
INTERNAL_EVENTS: Final = frozenset((OPENED, "ecluse.deadline.passed.v1"))
"""Types read from the topic of internal events alone (rules, 32)."""

INBOUND: Final = frozenset(
    file.name.removesuffix(".schema.json") for file in FOLDER.glob("*.schema.json")
) - {f"ecluse.{name}.v1" for name in OUTBOUND}

BEFORE_SOURCE: Final = (("specversion",), ("id",))


class Read(NamedTuple):
    """The result of reading a record."""

    reason: str | None
    """The reason why it is no event; None where it is one."""
    event: Json | None = None
    """The event, where it is one."""
    doubts: frozenset[str] = frozenset()
    """Reasons of which only a table of banks knows whether they are right."""


def read(
    value: bytes | None, headers: Headers, key: bytes, bytes_max: int, *, at_internal_events: bool
) -> Read:
    """Read a record of Kafka: at the input of internal events, or at that of events."""
    doubts: list[Path] = []
    event, reason = None, None
    try:
        found = _object(value or b"", headers, bytes_max)
        _judge(found, key, doubts, at_internal_events=at_internal_events)
        event = found
    except Unreadable as fault:
        reason = fault.reason
    return Read(reason, event, frozenset(Unreadable("invalid_value", at).reason for at in doubts))


def _object(value: bytes, headers: Headers, bytes_max: int) -> Json:
    raw = _read_document(value, headers, bytes_max)
    found = read_object(raw)
    if b"\\u0000" in raw:  # It stands nowhere in JSON but escaped.
        for path, each in walk_values(found):
            names = each if isinstance(each, dict) else ()
            if (isinstance(each, str) and "\0" in each) or any("\0" in name for name in names):
                raise Unreadable("invalid_value", path)
    return found


def _read_document(value: bytes, headers: Headers, bytes_max: int) -> bytes:
    """The event in one document, whichever mode it came in."""
    raw = value
    if is_binary(headers) and len(value) <= bytes_max:
        read_object(value)  # It must stand alone: it could close its own brace and go on.
        try:
            # An attribute that stands twice is found where the whole is read.
            members = [
                json.dumps(name, ensure_ascii=False) + ":" + json.dumps(text, ensure_ascii=False)
                for name, text in attributes(headers)
            ]
            spelled = ",".join([*members, '"data":']).encode()
        except UnicodeError as error:
            raise Unreadable("bad_json") from error
        raw = b"{" + spelled + value + b"}"
    if len(raw) > bytes_max:
        raise Unreadable("too_large")
    return raw


def _judge(event: Json, key: bytes, doubts: list[Path], *, at_internal_events: bool) -> None:
    """Hold an event against its schema, its input topic and its key."""
    kind = event.get("type")
    # An internal event at a wrong topic is none: its type is unknown there, whoever says it.
    borrows = _is_of_ledger(event.get("source")) and not at_internal_events
    borrows = borrows and not (isinstance(kind, str) and kind in INTERNAL_EVENTS)
    try:
        _hold(event, doubts, at_internal_events=at_internal_events)
    except Unreadable as fault:
        if borrows and fault.path not in BEFORE_SOURCE:
            raise Unreadable("invalid_value", ("source",)) from fault
        raise
    if borrows:
        raise Unreadable("invalid_value", ("source",))
    budget = event["data"]["budget"]
    if event["partitionkey"] != budget or key != budget.encode():
        raise Unreadable("wrong_partition_key", ("partitionkey",))


def _is_of_ledger(source: object) -> bool:
    """True of the ledger's URN, whose scheme and namespace have no case (RFC 8141, 3.1)."""
    scheme, _unused, rest = str(source).partition(":")
    namespace, _unused, name = rest.partition(":")
    return f"{scheme.lower()}:{namespace.lower()}:{name}" == LEDGER


def _hold(event: Json, doubts: list[Path], *, at_internal_events: bool) -> None:
    """Hold an event against the schema of its type, if it is read at this input topic."""
    kind = event.get("type")
    known = INBOUND if at_internal_events else INBOUND - INTERNAL_EVENTS
    if not isinstance(kind, str) or kind not in known:
        SchemaWalk(_make_typeless_schema(), doubts, checks=True).whole(event)
        raise Unreadable("unknown_type", ("type",))
    # The ledger had its internal event from events that were read: their numbers were checked then.
    SchemaWalk(schema_of(kind), doubts, checks=kind != OPENED).whole(event)


def _make_typeless_schema() -> Json:
    """Check the members before the type: they are the same for every type."""
    known = schema_of(min(INBOUND))["properties"]
    before = {name: known[name] for name in ("specversion", "id", "source")}
    properties = before | {"type": {"type": "string"}}
    return {"properties": properties, "required": [*properties]}

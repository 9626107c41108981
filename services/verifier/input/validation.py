"""Input records held against the published schemas and the contract's text alone (rules, 1)."""

import json
from typing import Final, NamedTuple

from services.verifier.input.published_schemas import FOLDER, SchemaWalk, schema_of
from services.verifier.input.strict_json import Path, Unreadable, read_object, walk_values
from services.verifier.kafka_records import Headers, attributes, is_binary
from services.verifier.records import LEDGER, Json

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
    raw = _structured(value, headers, bytes_max)
    found = read_object(raw)
    if b"\\u0000" in raw:  # It stands nowhere in JSON but escaped.
        for path, each in walk_values(found):
            names = each if isinstance(each, dict) else ()
            if (isinstance(each, str) and "\0" in each) or any("\0" in name for name in names):
                raise Unreadable("invalid_value", path)
    return found


def _structured(value: bytes, headers: Headers, bytes_max: int) -> bytes:
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
        SchemaWalk(_of_no_type(), doubts, checks=True).whole(event)
        raise Unreadable("unknown_type", ("type",))
    # The ledger had its internal event from events that were read: their numbers were checked then.
    SchemaWalk(schema_of(kind), doubts, checks=kind != OPENED).whole(event)


def _of_no_type() -> Json:
    """Check the members before the type: they are the same for every type."""
    known = schema_of(min(INBOUND))["properties"]
    before = {name: known[name] for name in ("specversion", "id", "source")}
    properties = before | {"type": {"type": "string"}}
    return {"properties": properties, "required": [*properties]}

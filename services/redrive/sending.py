"""Records sent for a dead letter: itself again, or a corrected event, and a note. Pure."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID, uuid5

import msgspec

from events.codec import Headers, ReceivedEvent, is_binary
from events.envelope import CORRECTION, SourceKind
from events.follow_up import RecordReviewed
from events.strict_json import canonical
from events.topics import EVENTS, INTERNAL_EVENTS
from services.ledger.application.handle import RawRecord
from services.redrive.dead_letters import Address, redriven_headers

CORRECTIONS: Final = UUID("6a8d098d-3ca3-5997-b5f0-d34fe5b0e999")
"""The namespace of the ids of corrected events and of notes.

It is the uuid5 of the URL `urn:ecluse:corrections`.
"""

OWN_MEMBERS: Final = ("id", "source")
"""Members of a correction that no patch has a say in: by them it is decided once."""

STRUCTURED: Final[Headers] = (("content-type", b"application/cloudevents+json; charset=UTF-8"),)

BY_MAX: Final = 300
"""Characters of a name, likewise."""

ID_MAX: Final = 500


class Author(NamedTuple):
    """The sender of a dead letter, with time and reason."""

    source: str
    """The `source` of the note: that of the command, or of the console."""
    name: str
    at: datetime
    why: str
    attributes: Mapping[str, str] = {}
    """Who that is, as CloudEvents' extension “authcontext” says it, where it is known."""


class Outgoing(NamedTuple):
    """A record to be written to an input topic, whose name is the contract's."""

    topic: str
    key: bytes
    value: bytes
    headers: Headers


class Resending(NamedTuple):
    """Messages of one dead letter, written together or not at all; the record before the note."""

    at: Address
    records: tuple[Outgoing, ...]


def resent_records(
    at: Address, raw: RawRecord, received: ReceivedEvent, author: Author
) -> Resending:
    """A record in the place of a dead letter, and the note about it.

    It is the dead letter's own, which can be read now, or that of a corrected event.
    """
    internal = raw.source_kind is SourceKind.INTERNAL_EVENTS
    record = Outgoing(
        INTERNAL_EVENTS if internal else EVENTS,
        received.envelope.data.budget.encode(),
        raw.value or b"",
        redriven_headers(at, raw.headers),
    )
    return Resending(at, (record, _note(at, received, author)))


def as_sent(raw: RawRecord, event: bytes) -> RawRecord:
    """A corrected event as the ledger will read it: among events, keyed by its budget."""
    source = raw.source._replace(topic=EVENTS)
    return RawRecord(event, source, STRUCTURED, _key(event), raw.timestamp_ms)


def correction_id(at: Address, raw: RawRecord) -> str:
    """The id of every correction of a dead letter, whoever makes it and however often.

    It derives from the names by which the ledger would have known its event, since a sender may
    have written it twice; where they cannot be read, from its record in the journal, whose number
    stays the same behind an import.
    """
    former = former_of(raw)
    return str(uuid5(CORRECTIONS, at.its_id if former is None else canonical(former).decode()))


def former_of(raw: RawRecord) -> tuple[str, str] | None:
    """The source and id of the event that a record was to be; None where it has no such."""
    before = event_of(raw)
    names = before.get("source"), before.get("id")
    if not all(isinstance(each, str) and 0 < len(each) <= ID_MAX for each in names):
        return None
    source, event_id = names
    return str(source), str(event_id)


def write_patched(at: Address, raw: RawRecord, patch: Any, author: Author) -> bytes:
    """The event of a record with a merge patch (RFC 7396); of a record that is none, the patch.

    Its id is that of every correction of this dead letter, and it names the former one as its
    cause. Its time stays what it was, unless the patch has another.
    """
    before = event_of(raw)
    merged = _merge(before, patch)
    event = merged if isinstance(merged, dict) else {}
    cause = before.get("id")
    if isinstance(cause, str) and 0 < len(cause) <= ID_MAX:
        event["causationid"] = cause
    event.update(author.attributes)
    event |= zip(OWN_MEMBERS, (correction_id(at, raw), CORRECTION), strict=True)
    return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")


def event_of(raw: RawRecord) -> dict[str, Any]:
    """The members of a record in structured form, as far as it is JSON; else nothing."""
    try:
        value = json.loads(raw.value or b"")
    except (ValueError, RecursionError):
        value = None
    if not is_binary(raw.headers):
        return value if isinstance(value, dict) else {}
    found: dict[str, Any] = {
        name.removeprefix("ce_"): content.decode(errors="replace")
        for name, content in raw.headers
        if name.startswith("ce_") and content is not None
    }
    return found | ({"data": value} if isinstance(value, dict) else {})


def _note(at: Address, received: ReceivedEvent, author: Author) -> Outgoing:
    """The event that says who sent a dead letter again, as which event, and why.

    Its id derives from all that it says: two notes of one second are two, the same one is a repeat.
    """
    envelope = received.envelope
    budget = envelope.data.budget
    time = author.at.isoformat(timespec="seconds")
    event: dict[str, Any] = {
        "specversion": "1.0",
        "source": author.source,
        "type": RecordReviewed.TYPE,
        "time": time,
        "partitionkey": budget,
        **author.attributes,
        "data": {
            "budget": budget,
            "chain": at.chain,
            "sequence": at.sequence,
            "reviewed_by": author.name,
            "reviewed_on": author.at.date().isoformat(),
            "comment": author.why,
            "event": {"source": envelope.source, "id": envelope.id},
        },
    }
    event["id"] = f"redrive/{at.its_id}/{uuid5(CORRECTIONS, canonical(event).decode())}"
    return Outgoing(EVENTS, budget.encode(), _spell(event), redriven_headers(at, STRUCTURED))


_spell: Final = msgspec.json.Encoder().encode


def _key(event: bytes) -> bytes:
    """The key under which an event is sent: its budget, as far as it can be read."""
    try:
        return str(json.loads(event)["data"]["budget"]).encode()
    except (ValueError, LookupError, TypeError):
        return b""


def _merge(target: Any, patch: Any) -> Any:
    """RFC 7396, section 2."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = _merge(merged.get(name), value)
    return merged

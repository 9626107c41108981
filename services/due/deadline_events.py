"""Deadline events (`deadline.passed`), each with an id derived from its cause.

They depend on nothing else: one that is written twice, after a crash, is the same deadline event,
and the ledger records the second as a duplicate.
"""

from datetime import UTC, date, datetime
from typing import Any, Final, Literal, NamedTuple
from uuid import NAMESPACE_URL, uuid5

import msgspec

from events.follow_up import SUBJECTS, DeadlinePassed
from events.journal import EventData, EventReference, require

WATCH: Final = "urn:ecluse:watch"
"""The source of deadline events, whatever process writes them."""

NAMESPACE: Final = uuid5(NAMESPACE_URL, "urn:ecluse:deadlines")
"""The namespace of their ids (UUID version 5)."""

Kind = Literal["payment_due", "report_due", "parked"]

_encode: Final = msgspec.json.Encoder().encode


_reference: Final = msgspec.json.Decoder(EventReference).decode


class Deadline(NamedTuple):
    """A day by which something was due in a budget, as its identity."""

    budget: str
    kind: Kind
    subject: tuple[str, ...]
    """A payment order; a convention that owes documents, and how many deadline events about the day
    were decided before this one, if any were; source and id of an event that waits."""
    due_on: date


class DeadlineEvent(NamedTuple):
    """A deadline event with its bytes: a CloudEvent in structured mode."""

    id: str
    budget: str
    kind: str
    due_on: date
    value: bytes


def deadline_event_id(deadline: Deadline) -> str:
    """The id of the one deadline event about a deadline."""
    budget, kind, subject, due_on = deadline
    return str(uuid5(NAMESPACE, "\0".join((budget, kind, *subject, due_on.isoformat()))))


def own_id(value: bytes | None) -> str | None:
    """The id of a deadline event in our format; None of other events, which may be large."""
    if value is None or WATCH.encode() not in value:
        return None
    try:
        deadline_event = _reference(value)
    except msgspec.MsgspecError:
        return None  # The ledger records it as a dead letter: it is none of ours.
    return deadline_event.id if deadline_event.source == WATCH else None


def deadline_event_of(deadline: Deadline, passed_at: datetime) -> DeadlineEvent:
    """The deadline event about a deadline that has passed; `passed_at` is its time, in UTC.

    The time of writing would give the same deadline event two contents.
    """
    assert passed_at.tzinfo is UTC, "the time of deadline events is UTC"
    budget, kind, subject, due_on = deadline
    name = deadline_event_id(deadline)
    named: Any = (
        subject[0] if kind != "parked" else dict(zip(("source", "id"), subject, strict=True))
    )
    event = {
        "specversion": "1.0",
        "id": name,
        "source": WATCH,
        "type": DeadlinePassed.TYPE,
        "time": passed_at.isoformat(),
        "partitionkey": budget,
        "datacontenttype": "application/json",
        "data": {"budget": budget, SUBJECTS[kind]: named, "kind": kind, "due_on": due_on},
    }
    return DeadlineEvent(name, budget, kind, due_on, _encode(event))


def read_deadline(budget: str, data: EventData) -> Deadline:
    """The deadline that a deadline event is about, whoever wrote the event."""
    due_on = require(data.due_on, "due_on")
    match data.kind, data.event:
        case "parked", EventReference() as event:
            return Deadline(budget, "parked", (event.source, event.id), due_on)
        case "report_due", None:
            return Deadline(budget, "report_due", (require(data.convention, "convention"),), due_on)
        case _:
            order = require(data.payment_order, "payment_order")
            return Deadline(budget, "payment_due", (order,), due_on)

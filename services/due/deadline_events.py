"""Deadline events (`deadline.passed`), each with an id derived from its cause.

Nothing in them is drawn or asked of a clock: whoever writes one twice, after a crash, writes the
same deadline event, and the ledger takes the second for a duplicate.
"""

from datetime import UTC, date, datetime
from typing import Any, Final, Literal, NamedTuple
from uuid import NAMESPACE_URL, uuid5

import msgspec

from events.deadlines import SUBJECTS, DeadlinePassed
from events.journal import EventReference

WATCH: Final = "urn:ecluse:watch"
"""Who says what the watch says."""

NAMESPACE: Final = uuid5(NAMESPACE_URL, "urn:ecluse:deadlines")
"""Of the ids of these deadline events."""

Kind = Literal["payment_due", "report_due", "parked"]

_spell: Final = msgspec.json.Encoder().encode


_reference: Final = msgspec.json.Decoder(EventReference).decode


class Deadline(NamedTuple):
    """A day by which something was due in a budget; what makes two of them the same."""

    budget: str
    kind: Kind
    subject: tuple[str, ...]
    """A payment order; a convention that owes a report; source and id of an event that waits."""
    due_on: date


class DeadlineEvent(NamedTuple):
    """A deadline event, whole as it is written: a CloudEvent in structured mode."""

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
    """The id of a deadline event about a deadline; None of another's, which may be large."""
    if value is None or WATCH.encode() not in value:
        return None
    try:
        deadline_event = _reference(value)
    except msgspec.MsgspecError:
        return None  # The ledger calls it a dead letter, whoever wrote it: it is none of ours.
    return deadline_event.id if deadline_event.source == WATCH else None


def deadline_event_of(deadline: Deadline, passed_at: datetime) -> DeadlineEvent:
    """The deadline event that says that a deadline has passed; `passed_at` is its time, in UTC.

    It is not the time of writing: then the same deadline event would have two contents.
    """
    assert passed_at.tzinfo is UTC, "deadline events tell UTC"
    budget, kind, subject, due_on = deadline
    name = deadline_event_id(deadline)
    named: Any = (
        subject[0] if kind != "parked" else dict(zip(("source", "id"), subject, strict=True))
    )
    said = {
        "specversion": "1.0",
        "id": name,
        "source": WATCH,
        "type": DeadlinePassed.TYPE,
        "time": passed_at.isoformat(),
        "partitionkey": budget,
        "datacontenttype": "application/json",
        "data": {"budget": budget, SUBJECTS[kind]: named, "kind": kind, "due_on": due_on},
    }
    return DeadlineEvent(name, budget, kind, due_on, _spell(said))

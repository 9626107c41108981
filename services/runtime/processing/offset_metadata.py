"""The status of a worker, as JSON in the metadata of the offsets that it commits.

Monitoring reads it beside the group's offsets: since when the oldest record waits, the state of the
task, and by the age of the status if the worker lives. No worker reads it: docs/decisions/0027.
"""

from enum import StrEnum
from typing import Annotated, Final, Literal, NamedTuple

import msgspec

STATUS_BYTES_MAX: Final = 1024
"""The size limit of a status. A broker takes 4096 bytes, and its own topic keeps each of them."""

EVENT_ID_MAX: Final = 100
"""The number of characters of an event's id that a status holds."""

EARLIEST_S: Final = -62_135_596_800.0
LATEST_S: Final = 253_402_300_799.0
"""The ends of the calendar, in seconds since 1970: a sender may name any time, and so may Kafka."""

VERSION: Final = 1
"""The version of the JSON's shape; older readers ignore members that are added."""


class TaskState(StrEnum):
    """State of a partition task; processing/life_cycle.py has the transitions."""

    OPENING = "opening"
    RUNNING = "running"
    PAUSED = "paused"
    RETRYING = "retrying"
    BROKEN = "broken"
    STOPPED = "stopped"


_Count = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
_EventId = Annotated[str, msgspec.Meta(max_length=EVENT_ID_MAX)]


class Held(NamedTuple):
    """The record before which a partition is held; its event's id where that can be read.

    msgspec checks the limits where a status is decoded; `encode_status` cuts the id.
    """

    offset: _Count
    event_id: _EventId | None


class Status(NamedTuple):
    """Status of one partition of a topic. Times are seconds since 1970."""

    at_s: float
    """The worker's own clock when it made the status."""
    state: str
    """The state of its task: a value of `TaskState`."""
    caught_up: bool
    """True where the last poll left nothing to be read."""
    oldest_event_s: float | None
    """The event time of the oldest record that is not yet done; None: none, or not known."""
    oldest_recorded_s: float | None
    """Kafka's timestamp of that record."""
    done_event_s: float | None
    """The latest event time that the last record of a transaction had, since this task was made."""
    taken: int
    """The number of records done since this task was made."""
    outcomes: int | None
    """The number of outcomes written for them; None where the processor does not count them."""
    arrival_s: float | None
    """Of the last record done: Kafka's timestamp less the event time; below 0 where the sender's
    clock is ahead."""
    handling_s: float | None
    """Of the last record done: from Kafka's timestamp to the end of its transaction."""
    held: Held | None
    """The record of this topic before which the partition is held."""


_At = Annotated[float, msgspec.Meta(ge=EARLIEST_S, le=LATEST_S)]
_Span = Annotated[float, msgspec.Meta(ge=EARLIEST_S - LATEST_S, le=LATEST_S - EARLIEST_S)]


class _Encoded(msgspec.Struct, omit_defaults=True):
    """A status as JSON: members that are None are left out."""

    ecluse: Literal[1]
    at_s: _At
    state: TaskState
    caught_up: bool
    oldest_event_s: _At | None = None
    oldest_recorded_s: _At | None = None
    done_event_s: _At | None = None
    taken: _Count = 0
    outcomes: _Count | None = None
    arrival_s: _Span | None = None
    handling_s: _Span | None = None
    held: Held | None = None


_encode: Final = msgspec.json.Encoder().encode
_decode: Final = msgspec.json.Decoder(_Encoded).decode


def encode_status(status: Status) -> str:
    """A status as metadata of an offset: JSON of less than 1 KiB, times to the millisecond."""
    held = status.held
    encoded = _Encoded(
        VERSION,
        _at(status.at_s),
        TaskState(status.state),
        status.caught_up,
        _at_or_none(status.oldest_event_s),
        _at_or_none(status.oldest_recorded_s),
        _at_or_none(status.done_event_s),
        status.taken,
        status.outcomes,
        _span(status.arrival_s),
        _span(status.handling_s),
        None if held is None else held._replace(event_id=_cut(held.event_id)),
    )
    return _encode(encoded).decode()


def decode_status(metadata: str | None) -> Status | None:
    """The status in an offset's metadata; None for anything that is not one of ours."""
    if not metadata or len(metadata) > STATUS_BYTES_MAX:
        return None
    try:
        _, *members = msgspec.structs.astuple(_decode(metadata))
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    return Status._make(members)


def _cut(event_id: str | None) -> str | None:
    """The beginning of an id; half a character, which no UTF-8 can hold, is shown as a `?`."""
    if event_id is None:
        return None
    return event_id[:EVENT_ID_MAX].encode(errors="replace").decode()


def _at(at_s: float) -> float:
    return round(min(max(at_s, EARLIEST_S), LATEST_S), 3)


def _at_or_none(at_s: float | None) -> float | None:
    return None if at_s is None else _at(at_s)


def _span(span_s: float | None) -> float | None:
    whole_s = LATEST_S - EARLIEST_S
    return None if span_s is None else round(min(max(span_s, -whole_s), whole_s), 3)

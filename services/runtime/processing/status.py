"""The state of a partition task: its life cycle, and the status that a worker commits of it.

A status is JSON in the metadata of the committed offsets. Monitoring reads it beside the group's
offsets: since when the oldest record waits, the state of the task, and by the age of the status if
the worker lives. No worker reads it: docs/decisions/0018.
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
    """State of a partition task; `LIFE_CYCLE` has the transitions."""

    OPENING = "opening"
    RUNNING = "running"
    PAUSED = "paused"
    RETRYING = "retrying"
    BROKEN = "broken"
    STOPPED = "stopped"


_Count = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
_EventId = Annotated[str, msgspec.Meta(max_length=EVENT_ID_MAX)]


class HeldRecord(NamedTuple):
    """The record before which a partition is held; its event's id where that can be read.

    msgspec checks the limits where a status is decoded; `encode_status` cuts the id.
    """

    offset: _Count
    event_id: _EventId | None


_At = Annotated[float, msgspec.Meta(ge=EARLIEST_S, le=LATEST_S)]
_Span = Annotated[float, msgspec.Meta(ge=EARLIEST_S - LATEST_S, le=LATEST_S - EARLIEST_S)]


class _VersionedStatus(msgspec.Struct):
    """The member by which a status is known as ours."""

    ecluse: Literal[1]


class Status(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="ecluse", tag=VERSION):
    """Status of one partition of a topic. Times are seconds since 1970.

    Members that are None are left out of the JSON.
    """

    at_s: _At
    """The worker's own clock when it made the status."""
    state: TaskState
    caught_up: bool
    """True where the last poll left nothing to be read."""
    oldest_event_s: _At | None = None
    """The event time of the oldest record that is not yet done; None: none, or not known."""
    oldest_recorded_s: _At | None = None
    """Kafka's timestamp of that record."""
    done_event_s: _At | None = None
    """The latest event time that the last record of a transaction had, since this task was made."""
    taken: _Count = 0
    """The number of records done since this task was made."""
    outcomes: _Count | None = None
    """The number of outcomes written for them; None where the processor does not count them."""
    arrival_s: _Span | None = None
    """Of the last record done: Kafka's timestamp less the event time; below 0 where the sender's
    clock is ahead."""
    handling_s: _Span | None = None
    """Of the last record done: from Kafka's timestamp to the end of its transaction."""
    held: HeldRecord | None = None
    """The record of this topic before which the partition is held."""


_encode: Final = msgspec.json.Encoder().encode
_decode_version: Final = msgspec.json.Decoder(_VersionedStatus).decode
_decode: Final = msgspec.json.Decoder(Status).decode


def encode_status(status: Status) -> str:
    """A status as metadata of an offset: JSON of less than 1 KiB, times to the millisecond."""
    held = status.held
    span_s = LATEST_S - EARLIEST_S
    written = msgspec.structs.replace(
        status,
        at_s=_clamp(EARLIEST_S, status.at_s, LATEST_S),
        oldest_event_s=_clamp(EARLIEST_S, status.oldest_event_s, LATEST_S),
        oldest_recorded_s=_clamp(EARLIEST_S, status.oldest_recorded_s, LATEST_S),
        done_event_s=_clamp(EARLIEST_S, status.done_event_s, LATEST_S),
        arrival_s=_clamp(-span_s, status.arrival_s, span_s),
        handling_s=_clamp(-span_s, status.handling_s, span_s),
        held=None if held is None else held._replace(event_id=_cut(held.event_id)),
    )
    return _encode(written).decode()


def decode_status(metadata: str | None) -> Status | None:
    """The status in an offset's metadata; None for anything that is not one of ours."""
    if not metadata or len(metadata) > STATUS_BYTES_MAX:
        return None
    try:
        _decode_version(metadata)
        return _decode(metadata)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None


def _cut(event_id: str | None) -> str | None:
    """The beginning of an id; half a character, which no UTF-8 can hold, is shown as a `?`."""
    if event_id is None:
        return None
    return event_id[:EVENT_ID_MAX].encode(errors="replace").decode()


def _clamp(least_s: float, value_s: float | None, most_s: float) -> float | None:
    return None if value_s is None else round(min(max(value_s, least_s), most_s), 3)


LIFE_CYCLE: Final[tuple[tuple[TaskState | None, str, TaskState], ...]] = (
    (None, "partition assigned", TaskState.OPENING),
    (TaskState.OPENING, "state restored", TaskState.RUNNING),
    (TaskState.OPENING, "partition revoked", TaskState.PAUSED),
    (TaskState.RUNNING, "partition revoked", TaskState.PAUSED),
    (TaskState.RETRYING, "partition revoked", TaskState.PAUSED),
    (TaskState.BROKEN, "partition revoked", TaskState.PAUSED),
    (TaskState.PAUSED, "assigned again, still open", TaskState.RUNNING),
    (TaskState.PAUSED, "assigned again", TaskState.OPENING),
    (TaskState.OPENING, "dependency unavailable", TaskState.RETRYING),
    (TaskState.RUNNING, "dependency unavailable", TaskState.RETRYING),
    (TaskState.BROKEN, "dependency unavailable", TaskState.RETRYING),
    (TaskState.RETRYING, "back-off over", TaskState.OPENING),
    (TaskState.RUNNING, "record failed once", TaskState.OPENING),
    (TaskState.OPENING, "record failed again, or opening failed", TaskState.BROKEN),
    (TaskState.BROKEN, "record quarantined", TaskState.OPENING),
    *(
        (state, "task ended", TaskState.STOPPED)
        for state in TaskState
        if state is not TaskState.STOPPED
    ),
)
"""The state before, the cause, and the state after; None is the state before the first."""

_TRANSITIONS: Final = frozenset((origin, target) for origin, _, target in LIFE_CYCLE)


def check_transition(origin: TaskState, target: TaskState) -> None:
    """Assert that the table has this transition; a state may follow itself."""
    assert origin is target or (origin, target) in _TRANSITIONS, f"{origin} → {target}"

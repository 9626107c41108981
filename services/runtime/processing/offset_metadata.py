"""What a worker says of itself in the metadata of the offsets that it commits. Pure.

Whoever asks the group how far it is reads there too since when its oldest record waits, what it is
doing, and by its age whether it lives. No worker reads it: see docs/decisions/0027.
"""

from enum import StrEnum
from typing import Annotated, Final, Literal, NamedTuple

import msgspec

WORD_BYTES_MAX: Final = 1024
"""How long a word may be. A broker takes 4096 bytes, and its own topic keeps each of them."""

EVENT_ID_MAX: Final = 100
"""How many characters of an event's id are said."""

EARLIEST_S: Final = -62_135_596_800.0
LATEST_S: Final = 253_402_300_799.0
"""The ends of the calendar, in seconds since 1970: a sender may name any time, and so may Kafka."""

VERSION: Final = 1
"""The version of a word's shape; members may come to it, and are passed over by who is older."""


class TaskState(StrEnum):
    """What a partition is doing, as operators see it."""

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

    msgspec holds words of others to the limits; whoever spells one cuts the id.
    """

    offset: _Count
    event_id: _EventId | None


class Word(NamedTuple):
    """What a worker says of one partition of a topic. Times are seconds since 1970."""

    at_s: float
    """When it said so, by its own clock."""
    state: str
    """What its task is doing: a value of `TaskState`."""
    caught_up: bool
    """Whether it had taken all that there was when it last looked."""
    oldest_event_s: float | None
    """The event time of the oldest record that is not yet done; None: none, or not known."""
    oldest_recorded_s: float | None
    """Kafka's timestamp of that record."""
    done_event_s: float | None
    """The latest event time that the last record of a transaction had, since this task was made."""
    taken: int
    """How many records were done since this task was made."""
    told: int | None
    """How many outcomes were told for them; None where its work does not count them."""
    arrival_s: float | None
    """Of the last record done: how long after its event time Kafka had it; below 0 where the
    sender's clock is ahead."""
    handling_s: float | None
    """Of the last record done: how long after that its transaction had ended."""
    held: Held | None
    """The record of this topic before which the partition is held."""


_At = Annotated[float, msgspec.Meta(ge=EARLIEST_S, le=LATEST_S)]
_Span = Annotated[float, msgspec.Meta(ge=EARLIEST_S - LATEST_S, le=LATEST_S - EARLIEST_S)]


class _Spelt(msgspec.Struct, omit_defaults=True):
    """A word as it is spelled: what is None is left out."""

    ecluse: Literal[1]
    at_s: _At
    state: TaskState
    caught_up: bool
    oldest_event_s: _At | None = None
    oldest_recorded_s: _At | None = None
    done_event_s: _At | None = None
    taken: _Count = 0
    told: _Count | None = None
    arrival_s: _Span | None = None
    handling_s: _Span | None = None
    held: Held | None = None


_encode: Final = msgspec.json.Encoder().encode
_decode: Final = msgspec.json.Decoder(_Spelt).decode


def spell(word: Word) -> str:
    """A word as metadata of an offset: JSON of less than 1 KiB, times to the millisecond."""
    held = word.held
    spelt = _Spelt(
        VERSION,
        _at(word.at_s),
        TaskState(word.state),
        word.caught_up,
        _at_or_none(word.oldest_event_s),
        _at_or_none(word.oldest_recorded_s),
        _at_or_none(word.done_event_s),
        word.taken,
        word.told,
        _span(word.arrival_s),
        _span(word.handling_s),
        None if held is None else held._replace(event_id=_cut(held.event_id)),
    )
    return _encode(spelt).decode()


def read_word(metadata: str | None) -> Word | None:
    """The word that metadata of an offset holds; None for anything that is not one of ours."""
    if not metadata or len(metadata) > WORD_BYTES_MAX:
        return None
    try:
        _, *said = msgspec.structs.astuple(_decode(metadata))
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    return Word._make(said)


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

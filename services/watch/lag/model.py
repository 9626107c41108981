"""The words of the lag room: a consumer, a place, one look at it, and what is made of many."""

from enum import StrEnum
from typing import Literal, NamedTuple

from services.runtime.processing.offset_metadata import Held, Status


class State(StrEnum):
    """How a consumer does on one partition, as operators are told; the worst stands first."""

    BROKEN = "BROKEN"
    STOPPED = "STOPPED"
    REWOUND = "REWOUND"
    STALLED = "STALLED"
    SLOW = "SLOW"
    UNKNOWN = "UNKNOWN"
    OK = "OK"
    NO_TRAFFIC = "NO TRAFFIC"


class Consumer(NamedTuple):
    """A consumer group of the deployment; group and topics by their names in the contract."""

    stage: str
    group: str
    topics: tuple[str, ...]


class Place(NamedTuple):
    """A partition of a topic, which goes by its name in the contract."""

    topic: str
    partition: int


class Look(NamedTuple):
    """What was seen of a consumer at one place, at one moment; None where it is not known."""

    at_s: float
    """When, by the watch's own clock; seconds since 1970."""
    committed: int | None
    """The offset that the group has committed: the next one that it will read."""
    end: int | None
    """Where what is committed in the partition ends; asked for after `committed`."""
    owner: str | None
    """The member that the partition is assigned to, by its instance's name."""
    rebalancing: bool
    """Whether the group is sharing out its partitions just now."""
    word: Status | None
    """What its worker said of itself when it committed; None: nothing that we can read."""
    records_end: int | None = None
    """Behind the last record before `end`, where somebody has read that far and knows: from there
    to `end` stand markers of transactions, which are nobody's work."""

    @property
    def left(self) -> int | None:
        """How many offsets are left to read; None where that is not known.

        So it is too where the end lies before what was committed: it is not that topic any more.
        Who waits at a partition that never held a record has nothing left, nor what to commit.
        """
        if self.committed is None and self.end == 0 and self.owner is not None:
            return 0
        if self.committed is None or self.end is None or self.committed > self.end:
            return None
        end = self.end if self.records_end is None else min(self.records_end, self.end)
        return max(0, end - self.committed)


Trend = Literal["up", "down", "level"]
"""Which way the number of records behind goes."""


class Judged(NamedTuple):
    """What is said of a consumer at one place. None where it is not known, never 0."""

    consumer: Consumer
    place: Place
    state: State
    rule: str
    """The name of the rule that led to the state."""
    committed: int | None
    end: int | None
    behind: int | None
    """How many offsets are left to read."""
    oldest_event_s: float | None
    """The event time of the oldest record that is not yet done; None too where none is left."""
    oldest_recorded_s: float | None
    """Kafka's timestamp of that record."""
    done_event_s: float | None
    """The latest event time of what it has done, as far as is known, even where no more is."""
    owner: str | None
    trend: Trend | None
    drain_s: float | None
    """How long what is left will take, as it has gone of late; None where it does not get less."""
    held: Held | None
    doing: str | None
    """What its worker says that it does."""
    waits_since_s: float | None = None
    """When the oldest record that is not yet done was there for certain, by the watch's own looks.
    Kafka had it by then, and its event had happened: so it waits at least since then, to within the
    moment that a look takes. None where nothing is left."""
    watched_s: float | None = None
    """For how long it has been looked at; no more is counted than is remembered."""

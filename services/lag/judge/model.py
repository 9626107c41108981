"""Types of the judgement, and sums of figures of which some are unknown.

A consumer, a partition, one sample of it, and what many samples show. What one part does not
know, the sum does not know.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from typing import Final, Literal, NamedTuple, Protocol, TypeVar

from events.lag import Partition, Stage, State
from services.runtime.processing.status import Status


class Consumer(NamedTuple):
    """A consumer group of the deployment; group and topics by their names in the contract."""

    stage: str
    group: str
    topics: tuple[str, ...]


class Sample(NamedTuple):
    """One sample of a consumer in one partition; None is an unknown figure."""

    at_s: float
    """Time of the sample, by the watch's own clock; seconds since 1970."""
    committed: int | None
    """The committed offset of the group: the next record that it will read."""
    end: int | None
    """The end of the committed records, asked for after `committed`."""
    owner: str | None
    """The instance of the member that the partition is assigned to."""
    rebalancing: bool
    """True if the group is rebalancing."""
    status: Status | None
    """The status that the worker committed with the offset; None without a readable one."""
    records_end: int | None = None
    """Behind the last record before `end`, where somebody has read that far: from there to `end`
    there are only transaction markers, which need no processing."""

    @property
    def left(self) -> int | None:
        """Offsets left to read; None where unknown.

        Unknown too where the end lies before the committed offset: the topic was made anew. A
        member of a partition that never held a record has nothing left, and nothing to commit.
        """
        if self.committed is None and self.end == 0 and self.owner is not None:
            return 0
        if self.committed is None or self.end is None or self.committed > self.end:
            return None
        end = self.end if self.records_end is None else min(self.records_end, self.end)
        return max(0, end - self.committed)


Trend = Literal["up", "down", "level"]
"""The direction in which the number of records behind changes."""


class Judgement(NamedTuple):
    """The judgement of a consumer in one partition."""

    consumer: Consumer
    row: Partition
    """The judgement as the lag document has it."""


def instant_of(seconds: float | None) -> datetime | None:
    """An instant in seconds since 1970 as the lag document has it; None outside the calendar."""
    if seconds is None:
        return None
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None


WORST_FIRST: Final = tuple(State)
TRENDS: Final = ("up", "down", "level")
"""The trend of several is the first of these that one of them has."""

NOT_SAMPLED: Final = "not_sampled"
"""The rule of a stage without any sample."""

Figure = TypeVar("Figure", int, float, date, datetime)


def worst(states: Iterable[State]) -> State:
    """The worst of several states; without any, unknown."""
    return min(states, key=WORST_FIRST.index, default=State.UNKNOWN)


def total(counts: Iterable[int | None]) -> int | None:
    """The sum; None where one is unknown, and where there is none."""
    found = list(counts)
    known = [count for count in found if count is not None]
    return sum(known) if known and len(known) == len(found) else None


def earliest(times: Iterable[Figure | None]) -> Figure | None:
    """The earliest of those that are known; None where none is."""
    return min((each for each in times if each is not None), default=None)


def greatest(figures: Iterable[Figure | None]) -> Figure | None:
    """The greatest of those that are known; None where none is."""
    return max((each for each in figures if each is not None), default=None)


def stage_of(name: str, group: str, partitions: Sequence[Partition], members: int | None) -> Stage:
    """A stage, added up from its partitions."""
    worst_row = min(partitions, key=lambda row: WORST_FIRST.index(row.state), default=None)
    late = [row for row in partitions if row.behind != 0]
    drains = [row.drain_s for row in late if row.drain_s is not None]
    trends = {row.trend for row in partitions}
    state = State.UNKNOWN if worst_row is None else worst_row.state
    since = [row.state_since for row in partitions if row.state is state]
    return Stage(
        name,
        group,
        state,
        NOT_SAMPLED if worst_row is None else worst_row.rule,
        members,
        total(row.behind for row in partitions),
        earliest(row.oldest_event_at for row in late),
        greatest(row.latest_event_at for row in partitions),
        min((row.watched_s for row in partitions if row.watched_s is not None), default=None),
        next((trend for trend in TRENDS if trend in trends), None),
        max(drains, default=None) if len(drains) == len(late) else None,
        tuple(partitions),
        None if None in since else earliest(since),
        earliest(row.waits_since for row in late),
    )


class Waiting(Protocol):
    """A partition, or several."""

    @property
    def oldest_event_at(self) -> datetime | None: ...

    @property
    def waits_since(self) -> datetime | None: ...


def oldest_wait(row: Waiting) -> datetime | None:
    """Return since when the oldest event waits: a bound where `waits_since` is known."""
    return earliest((row.oldest_event_at, row.waits_since))


def late_s(stage: Stage, now: datetime) -> float | None:
    """Age of the oldest waiting event of a stage; 0 where none waits, None where unknown."""
    if stage.behind == 0:
        return 0.0
    if stage.oldest_event_at is None:
        return None
    return max((now - stage.oldest_event_at).total_seconds(), 0.0)

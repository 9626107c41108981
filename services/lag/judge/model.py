"""Types of the judgement: a consumer, a partition, one sample of it, and what many samples show."""

from datetime import UTC, datetime
from typing import Literal, NamedTuple

from events.lag import Partition
from services.runtime.processing.offset_metadata import Status


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


class Judged(NamedTuple):
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

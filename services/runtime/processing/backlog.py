"""Records that a partition task has polled and not yet committed, by source topic.

The task notifies it of each poll and commit, with the time; it derives the status of each topic. A
record is done once the transaction of its batch has ended.
"""

from collections import Counter as Tally
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from aiokafka.structs import ConsumerRecord

from services.runtime.kafka.reader import ReadPosition
from services.runtime.ops.clock import later_s
from services.runtime.processing.processor import Hold
from services.runtime.processing.status import HeldRecord, Status, TaskState

FRESH_S: Final = 3.0
"""The age at which a fetch response no longer proves that nothing is left to be read: a broker
answers a fetch within half a second."""

TimeOf = Callable[[ConsumerRecord], float | None]
"""The event time of a record, in seconds since 1970; None where it cannot be read."""


class RecordTimes(NamedTuple):
    """A record's offset, event time and Kafka timestamp, in seconds since 1970."""

    offset: int
    event_s: float | None
    recorded_s: float | None


class Delays(NamedTuple):
    """Delays of a transaction's last record, in seconds; None where not known."""

    arrival_s: float | None
    """From its event to Kafka."""
    handling_s: float | None
    """From there to the end of its transaction."""


NO_DELAYS: Final = Delays(None, None)


class ReportedStatus(NamedTuple):
    """The offset and the status to be committed for one topic."""

    offset: int
    """The next offset; after transaction markers where no record follows."""
    status: Status


@dataclass(slots=True)
class _Source:
    """One topic of the task's partition."""

    outcomes: int | None
    taken: int = 0
    position: int = 0
    """The reader's position: after all that was polled."""
    reached: int = 0
    """All records before this offset are done."""
    caught_up: bool = False
    oldest: RecordTimes | None = None
    """The first record known not to be done."""
    done_event_s: float | None = None
    delays: Delays = NO_DELAYS
    """Of the last record done."""


class Backlog:
    """The backlog of all topics of one task, over all times that it opens its partition."""

    def __init__(self) -> None:
        self.next_offsets: dict[str, int] = {}
        """The next offset of each topic; empty before the partition was first opened."""
        self._sources: dict[str, _Source] = {}

    def note_opening(
        self, next_offsets: Mapping[str, int], outcomes: Mapping[str, int] | None
    ) -> None:
        """Note where reading starts; how much there is to read is not known yet."""
        for topic, offset in next_offsets.items():
            source = self._sources.setdefault(topic, _Source(None if outcomes is None else 0))
            source.caught_up = False
            is_past = source.oldest is not None and source.oldest.offset < offset
            if is_past or offset < self.next_offsets.get(topic, 0):
                # Another worker got past it; or committed work was lost, and will be done again.
                source.reached, source.oldest = offset, None
        self.next_offsets = dict(next_offsets)

    def note_poll(
        self,
        records: Sequence[ConsumerRecord],
        positions: Mapping[str, ReadPosition],
        time_of: TimeOf,
        at_s: float,
    ) -> None:
        """Note a poll: its records, possibly none, and the reader's positions after them.

        Records polled before are done, or will be polled again.
        """
        for topic, read in positions.items():
            source = self._sources[topic]
            source.position = read.position
            source.caught_up = read.is_at_the_end and at_s - read.answered_s < FRESH_S
            if source.oldest is not None and source.oldest.offset < read.position:
                source.oldest = None  # It is among these, or no longer there.
        self.remaining(records, time_of)

    def remaining(self, records: Sequence[ConsumerRecord], time_of: TimeOf) -> None:
        """Note the polled records that are still to be done, in order."""
        firsts = {each.topic: each for each in reversed(records)}
        for topic, source in self._sources.items():
            if (first := firsts.get(topic)) is not None:
                source.oldest = record_times(first, time_of)
            # After a reopening the position may be before markers that were passed already.
            following = source.position if first is None else first.offset
            source.reached = max(source.reached, following)

    def note_commit(
        self,
        batch: Sequence[ConsumerRecord],
        outcomes: Mapping[str, int] | None,
        time_of: TimeOf,
        at_s: float,
    ) -> Delays:
        """Note the committed transaction of these records; return its last record's delays."""
        taken = Tally(each.topic for each in batch)
        for topic, last in {each.topic: each for each in batch}.items():
            source = self._sources[topic]
            done = record_times(last, time_of)
            source.oldest = None
            # Events may come in any order of their time; the latest never goes back.
            source.done_event_s = later_s(source.done_event_s, done.event_s)
            source.delays = Delays(
                _span_s(done.event_s, done.recorded_s), _span_s(done.recorded_s, at_s)
            )
            source.taken += taken[topic]
            self.next_offsets[topic] = last.offset + 1
        for topic, count in (outcomes or {}).items():
            source = self._sources[topic]
            source.outcomes = (source.outcomes or 0) + count
        return self._sources[batch[-1].topic].delays

    def note_hold(self, record: ConsumerRecord, time_of: TimeOf) -> None:
        """Note that the partition is held before this record."""
        self._sources[record.topic].oldest = record_times(record, time_of)

    def note_polling_stopped(self) -> None:
        """Note that polling has stopped: it is no longer known if anything is left to be read."""
        for source in self._sources.values():
            source.caught_up = False

    def statuses(
        self, at_s: float, state: TaskState, hold: Hold | None
    ) -> dict[str, ReportedStatus]:
        """Return the status of each topic; nothing before the partition was first opened."""
        return {
            topic: ReportedStatus(self._offset(topic), self._status(topic, at_s, state, hold))
            for topic in self.next_offsets
        }

    def _offset(self, topic: str) -> int:
        return max(self._sources[topic].reached, self.next_offsets[topic])

    def _status(self, topic: str, at_s: float, state: TaskState, hold: Hold | None) -> Status:
        source = self._sources[topic]
        held = None
        if hold is not None and hold.topic == topic:
            held = HeldRecord(hold.offset, hold.event_id)
        return Status(
            at_s,
            state,
            caught_up=state is TaskState.RUNNING and source.caught_up,
            oldest_event_s=source.oldest and source.oldest.event_s,
            oldest_recorded_s=source.oldest and source.oldest.recorded_s,
            done_event_s=source.done_event_s,
            taken=source.taken,
            outcomes=source.outcomes,
            arrival_s=source.delays.arrival_s,
            handling_s=source.delays.handling_s,
            held=held,
        )


def record_times(record: ConsumerRecord, time_of: TimeOf) -> RecordTimes:
    """The times of a record."""
    recorded_s = None if record.timestamp < 0 else record.timestamp / 1000
    return RecordTimes(record.offset, time_of(record), recorded_s)


def _span_s(since_s: float | None, until_s: float | None) -> float | None:
    return None if since_s is None or until_s is None else until_s - since_s

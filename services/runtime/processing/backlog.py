"""What a partition task has taken of each of its sources and not yet done. Pure: time is told it.

The task tells it what it does, batch by batch; it gives the worker's word of each source. A record
is done once the transaction of its batch has ended.
"""

from collections import Counter as Tally
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from aiokafka.structs import ConsumerRecord

from services.runtime.kafka.reader import Standing
from services.runtime.ops.clock import later_s
from services.runtime.processing.offset_metadata import Held, TaskState, Word
from services.runtime.processing.processor import Hold

FRESH_S: Final = 3.0
"""A broker answers a fetch within half a second. What its last answer said this long ago it says no
more: whoever hears nothing does not know whether there is something to take."""

TimeOf = Callable[[ConsumerRecord], float | None]
"""When the event of a record happened, in seconds since 1970; None where that cannot be told."""


class Mark(NamedTuple):
    """A record, with its event's time and Kafka's, in seconds since 1970."""

    offset: int
    event_s: float | None
    recorded_s: float | None

    @property
    def arrival_s(self) -> float | None:
        """How long after its event Kafka had it."""
        if self.event_s is None or self.recorded_s is None:
            return None
        return self.recorded_s - self.event_s


class Delays(NamedTuple):
    """What the last record of a transaction took, in seconds; None where that is not known."""

    arrival_s: float | None
    """From its event to Kafka."""
    handling_s: float | None
    """From there to the end of its transaction."""


NO_DELAYS: Final = Delays(None, None)


class Spoken(NamedTuple):
    """What is said of one source: where it stands, and the word about it."""

    offset: int
    """Where it is to be read on; behind the markers of transactions where nothing else follows."""
    word: Word


@dataclass(slots=True)
class _Source:
    """One topic of the task's partition."""

    told: int | None
    taken: int = 0
    position: int = 0
    """Where the reader stands: behind all that was taken."""
    reached: int = 0
    """What stands before it is done, or was never to be read."""
    caught_up: bool = False
    oldest: Mark | None = None
    """The first record that is known not to be done."""
    done_event_s: float | None = None
    delays: Delays = NO_DELAYS
    """Of the last record done."""


class Backlog:
    """Of all sources of one task, as long as the task lives; it may be opened many times."""

    def __init__(self) -> None:
        self.next_offsets: dict[str, int] = {}
        """What is to be taken next of each topic; none before it was opened."""
        self._sources: dict[str, _Source] = {}

    def opened(self, next_offsets: Mapping[str, int], told: Mapping[str, int] | None) -> None:
        """From here on it is read; what is there now is not known yet."""
        for topic, offset in next_offsets.items():
            source = self._sources.setdefault(topic, _Source(None if told is None else 0))
            source.caught_up = False
            is_past = source.oldest is not None and source.oldest.offset < offset
            if is_past or offset < self.next_offsets.get(topic, 0):
                # Somebody else got past it; or what was done is lost, and will be done again.
                source.reached, source.oldest = offset, None
        self.next_offsets = dict(next_offsets)

    def took(
        self,
        records: Sequence[ConsumerRecord],
        standings: Mapping[str, Standing],
        time_of: TimeOf,
        at_s: float,
    ) -> None:
        """These were taken, or nothing was; and where the reader stands behind them.

        What was taken before them is done, or is to be taken again.
        """
        for topic, standing in standings.items():
            source = self._sources[topic]
            source.position = standing.position
            source.caught_up = standing.is_at_the_end and at_s - standing.answered_s < FRESH_S
            if source.oldest is not None and source.oldest.offset < standing.position:
                source.oldest = None  # It is among these, or is there no more.
        self.left(records, time_of)

    def left(self, records: Sequence[ConsumerRecord], time_of: TimeOf) -> None:
        """Of what was taken these are still to be done, in this order, and no others."""
        firsts = {each.topic: each for each in reversed(records)}
        for topic, source in self._sources.items():
            if (first := firsts.get(topic)) is not None:
                source.oldest = mark_of(first, time_of)
            # Opened again, the reader may stand before markers that were passed already.
            following = source.position if first is None else first.offset
            source.reached = max(source.reached, following)

    def did(
        self,
        batch: Sequence[ConsumerRecord],
        told: Mapping[str, int] | None,
        time_of: TimeOf,
        at_s: float,
    ) -> Delays:
        """The transaction of these records has ended, just now; what the last of them took."""
        taken = Tally(each.topic for each in batch)
        for topic, last in {each.topic: each for each in batch}.items():
            source = self._sources[topic]
            done = mark_of(last, time_of)
            handling_s = None if done.recorded_s is None else at_s - done.recorded_s
            source.oldest = None
            # Events may come in any order of their time: who is told the latest goes never back.
            source.done_event_s = later_s(source.done_event_s, done.event_s)
            source.delays = Delays(done.arrival_s, handling_s)
            source.taken += taken[topic]
            self.next_offsets[topic] = last.offset + 1
        for topic, count in (told or {}).items():
            source = self._sources[topic]
            source.told = (source.told or 0) + count
        return self._sources[batch[-1].topic].delays

    def stands_before(self, record: ConsumerRecord, time_of: TimeOf) -> None:
        """The partition is held before this record."""
        self._sources[record.topic].oldest = mark_of(record, time_of)

    def looks_away(self) -> None:
        """Nothing is looked for any more: what there is now is not known."""
        for source in self._sources.values():
            source.caught_up = False

    def words(self, at_s: float, state: TaskState, hold: Hold | None) -> dict[str, Spoken]:
        """What is to be said of each topic now; nothing before they were first opened."""
        return {
            topic: Spoken(self._offset(topic), self._word(topic, at_s, state, hold))
            for topic in self.next_offsets
        }

    def _offset(self, topic: str) -> int:
        return max(self._sources[topic].reached, self.next_offsets[topic])

    def _word(self, topic: str, at_s: float, state: TaskState, hold: Hold | None) -> Word:
        source = self._sources[topic]
        oldest = source.oldest
        held = None
        if hold is not None and hold.topic == topic:
            held = Held(hold.offset, hold.event_id)
        return Word(
            at_s,
            state,
            state is TaskState.RUNNING and source.caught_up,
            None if oldest is None else oldest.event_s,
            None if oldest is None else oldest.recorded_s,
            source.done_event_s,
            source.taken,
            source.told,
            *source.delays,
            held,
        )


def unopened(at_s: float, state: TaskState) -> Word:
    """What is said of a partition that was not opened yet: its state alone."""
    return Word(at_s, state, False, None, None, None, 0, None, None, None, None)


def mark_of(record: ConsumerRecord, time_of: TimeOf) -> Mark:
    """A record with its times."""
    recorded_s = None if record.timestamp < 0 else record.timestamp / 1000
    return Mark(record.offset, time_of(record), recorded_s)

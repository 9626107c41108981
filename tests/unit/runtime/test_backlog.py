"""The backlog of a task: whatever the batches, no record is skipped or lost.

A model beside it keeps plain lists of what was taken and what was done.
"""

from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from services.runtime.kafka.reader import ReadPosition
from services.runtime.processing.backlog import Backlog, Delays, ReportedStatus
from services.runtime.processing.status import TaskState
from tests.unit.runtime.harness import a_record, event_s, recorded_s

EVENTS, INTERNAL_EVENTS = "events", "internal_events"
TOPICS = (EVENTS, INTERNAL_EVENTS)
NOW_S = 10_000.0


def time_of(record: Any) -> float | None:
    """Every third record is unreadable, and says no time."""
    return None if record.offset % 3 == 2 else event_s(record.offset)


@dataclass
class Topic:
    """A topic's partition: where its records stand, its markers between them, and its end."""

    offsets: list[int] = field(default_factory=list)
    end: int = 0
    done: int = 0
    """What is to be read next."""
    taken: int = 0
    """How many were done by this task."""
    others: int = 0
    """How many by others, or without its knowing."""
    read_to: int = 0
    """Where the reader stands."""
    furthest: int = 0
    """The last offset that was reported."""


class Partition(RuleBasedStateMachine):
    """A task at work on two topics, that is interrupted at any step."""

    def __init__(self) -> None:
        super().__init__()
        self.backlog = Backlog()
        self.topics = {topic: Topic() for topic in TOPICS}
        self.in_hand: list[Any] = []

    @initialize()
    def open(self) -> None:
        for topic in self.topics.values():
            topic.read_to = topic.done
        self.in_hand = []
        self.backlog.note_opening({name: topic.done for name, topic in self.topics.items()}, {})

    @rule(name=st.sampled_from(TOPICS), count=st.integers(1, 4), markers=st.integers(0, 2))
    def publish(self, name: str, count: int, markers: int) -> None:
        topic = self.topics[name]
        topic.offsets += range(topic.end, topic.end + count)
        topic.end += count + markers

    @precondition(lambda self: not self.in_hand)
    @rule(most=st.integers(1, 6))
    def take(self, most: int) -> None:
        for name, topic in self.topics.items():
            offsets = [each for each in topic.offsets if each >= topic.read_to]
            taken, left = offsets[:most], offsets[most:]
            most -= len(taken)
            self.in_hand += [a_record(each, topic=name) for each in taken]
            if left:
                topic.read_to = taken[-1] + 1 if taken else topic.read_to
            else:
                topic.read_to = topic.end
        read_positions = {
            name: ReadPosition(topic.read_to, topic.end, NOW_S)
            for name, topic in self.topics.items()
        }
        self.backlog.note_poll(self.in_hand, read_positions, time_of, NOW_S)

    @precondition(lambda self: self.in_hand)
    @rule(data=st.data())
    def do(self, data: st.DataObject) -> None:
        count = data.draw(st.integers(1, len(self.in_hand)))
        batch, self.in_hand = self.in_hand[:count], self.in_hand[count:]
        outcomes: dict[str, int] = {}
        for record in batch:
            topic = self.topics[record.topic]
            topic.done, topic.taken = record.offset + 1, topic.taken + 1
            outcomes[record.topic] = outcomes.get(record.topic, 0) + 1
        delays = self.backlog.note_commit(batch, outcomes, time_of, NOW_S)
        arrival_s = None if time_of(batch[-1]) is None else 0.5
        assert Delays(arrival_s, NOW_S - recorded_s(batch[-1].offset)) == delays
        self.backlog.remaining(self.in_hand, time_of)

    @rule()
    def fail(self) -> None:
        """What is in hand is thrown away, and taken again."""
        self.open()

    @precondition(lambda self: self.in_hand)
    @rule(data=st.data())
    def end_unheard(self, data: st.DataObject) -> None:
        """A transaction ended, though nobody reported so; or somebody else had the partition."""
        for record in self.in_hand[: data.draw(st.integers(1, len(self.in_hand)))]:
            self.topics[record.topic].done = record.offset + 1
            self.topics[record.topic].others += 1
        self.open()

    @precondition(lambda self: self.in_hand)
    @rule()
    def pause(self) -> None:
        """What is in hand is taken again later."""
        for topic in self.topics.values():
            topic.read_to = topic.done
        self.in_hand = []
        self.backlog.note_polling_stopped()

    def reported(self) -> dict[str, ReportedStatus]:
        return self.backlog.statuses(NOW_S, TaskState.RUNNING, None)

    @invariant()
    def nothing_unread_stands_before_the_offset(self) -> None:
        for name, reported in self.reported().items():
            topic = self.topics[name]
            assert topic.done <= reported.offset <= topic.end
            assert not [each for each in topic.offsets if topic.done <= each < reported.offset]

    @invariant()
    def it_never_goes_back(self) -> None:
        for name, reported in self.reported().items():
            assert self.topics[name].furthest <= reported.offset
            self.topics[name].furthest = reported.offset

    @invariant()
    def what_waits_is_the_first_that_was_taken_and_not_done(self) -> None:
        for name, reported in self.reported().items():
            mine = [each for each in self.in_hand if each.topic == name]
            if mine:
                assert time_of(mine[0]) == reported.status.oldest_event_s
                assert recorded_s(mine[0].offset) == reported.status.oldest_recorded_s
            elif reported.status.oldest_recorded_s is not None:
                undone = [each for each in self.topics[name].offsets if each >= reported.offset]
                assert recorded_s(undone[0]) == reported.status.oldest_recorded_s, (
                    "known from before"
                )

    @invariant()
    def each_outcome_is_counted(self) -> None:
        for name, reported in self.reported().items():
            assert self.topics[name].taken == reported.status.taken == reported.status.outcomes

    @invariant()
    def caught_up_with_nothing_in_hand_it_stands_at_the_end(self) -> None:
        for name, reported in self.reported().items():
            topic = self.topics[name]
            if reported.status.caught_up and reported.status.oldest_recorded_s is None:
                seen = [each for each in topic.offsets if each < reported.offset]
                assert topic.taken + topic.others == len(seen), "what came since is not known yet"


TestPartition = Partition.TestCase
TestPartition.settings = settings(stateful_step_count=30)


@pytest.mark.parametrize(
    ("timestamp_ms", "delays"),
    [(-1, Delays(None, None)), (0, Delays(-1.0, NOW_S)), (1500, Delays(0.5, NOW_S - 1.5))],
)
def test_a_record_without_a_timestamp_has_no_delays(timestamp_ms: int, delays: Delays) -> None:
    record = a_record(0)
    record.timestamp = timestamp_ms
    backlog = Backlog()
    backlog.note_opening({EVENTS: 0}, None)
    assert delays == backlog.note_commit([record], None, lambda _: 1.0, NOW_S)


def test_a_processor_without_outcomes_has_none_instead_of_0() -> None:
    backlog = Backlog()
    backlog.note_opening({EVENTS: 0}, None)
    backlog.note_commit([a_record(0)], None, time_of, NOW_S)
    status = backlog.statuses(NOW_S, TaskState.RUNNING, None)[EVENTS].status
    assert (1, None) == (status.taken, status.outcomes)


def test_a_record_that_is_no_longer_there_waits_no_more() -> None:
    backlog = Backlog()
    backlog.note_opening({EVENTS: 0}, {})
    backlog.note_poll([a_record(0)], {EVENTS: ReadPosition(1, 1, NOW_S)}, time_of, NOW_S)
    backlog.note_opening({EVENTS: 0}, {})
    backlog.note_poll([], {EVENTS: ReadPosition(1, 1, NOW_S)}, time_of, NOW_S)
    status = backlog.statuses(NOW_S, TaskState.RUNNING, None)[EVENTS].status
    assert (True, None) == (status.caught_up, status.oldest_recorded_s)


def test_the_latest_event_done_stays_the_latest_when_the_next_is_dated_earlier() -> None:
    backlog = Backlog()
    backlog.note_opening({EVENTS: 0}, None)
    dated_s = {0: 5_000.0, 1: 3_000.0}
    for offset in range(3):
        record = a_record(offset, topic=EVENTS)
        backlog.note_commit([record], None, lambda each: dated_s.get(each.offset), NOW_S)
    assert 5_000.0 == backlog.statuses(NOW_S, TaskState.RUNNING, None)[EVENTS].status.done_event_s

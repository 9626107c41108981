"""What a partition task says of its sources, whatever it is doing."""

import asyncio

import pytest

from services.runtime.kafka.writer import WriterFailed
from services.runtime.processing.backlog import FRESH_S, ReportedStatus
from services.runtime.processing.status import HeldRecord, Status, TaskState
from services.runtime.processing.task import PartitionTask
from tests.unit.runtime.harness import (
    REMEDY,
    TOPIC,
    Harness,
    MemoryProcessor,
    a_record,
    a_setting,
    at,
    event_s,
    once,
    quickly,
    recorded_s,
    running,
    times,
    until,
)

INTERNAL_EVENTS = "internal_events"
DOWN = WriterFailed("planted")


def of(task: PartitionTask, topic: str = TOPIC) -> ReportedStatus:
    return task.statuses()[topic]


def _state(task: PartitionTask) -> tuple[str, bool]:
    status = of(task).status
    return status.state, status.caught_up


def is_idle(task: PartitionTask, topic: str = TOPIC) -> bool:
    return topic in task.statuses() and of(task, topic).status.caught_up


def test_before_it_was_opened_it_has_no_position(harness: Harness) -> None:
    task = harness.task()
    assert {} == task.statuses()
    status = task.describe_unopened()
    assert Status(2000.0, TaskState.OPENING, caught_up=False) == status


def test_idle_it_has_no_backlog_and_the_times_of_its_last_record(harness: Harness) -> None:
    task = harness.publish(0, 1, 2).task()

    async def during() -> None:
        await until(lambda: harness.done == [0, 1, 2] and is_idle(task))
        reported = of(task)
        assert 3 == reported.offset
        assert reported.status == Status(
            2000.0,
            TaskState.RUNNING,
            caught_up=True,
            done_event_s=event_s(2),
            taken=3,
            outcomes=3,
            arrival_s=0.5,
            handling_s=2000 - recorded_s(2),
        )

    quickly(running(task, during))


def test_a_source_in_which_nothing_ever_came_is_read_to_its_end_too(harness: Harness) -> None:
    task = harness.task()

    async def during() -> None:
        await until(lambda: is_idle(task))
        assert 0 == of(task).offset
        assert (0, 0) == (of(task).status.taken, of(task).status.outcomes)

    quickly(running(task, during))


def test_the_offset_of_what_is_read_to_its_end_stands_behind_the_markers(harness: Harness) -> None:
    """Else a topic written in transactions would lag by one for ever."""
    harness.markers = 2
    task = harness.publish(0, 1).task()
    seen: list[int] = []
    harness.on_commit = lambda _: seen.append(of(task).offset)

    async def during() -> None:
        await until(lambda: harness.done == [0, 1] and is_idle(task))
        assert 4 == of(task).offset
        assert {TOPIC: 2} == task.next_offsets, "it reads on behind the last record, as before"

    quickly(running(task, during))
    assert [0] == seen, "before that what is in hand is not passed over"


def test_a_batch_in_hand_waits_since_its_first_record(harness: Harness) -> None:
    harness.full_at = 2
    task = harness.publish(*range(5)).task()
    seen: list[ReportedStatus] = []
    harness.on_commit = lambda _: seen.append(of(task))

    async def during() -> None:
        await until(lambda: harness.done == [0, 1, 2, 3, 4] and is_idle(task))

    quickly(running(task, during))
    assert [0, 2, 4] == [reported.offset for reported in seen]
    statuses = [reported.status for reported in seen]
    assert [event_s(0), event_s(2), event_s(4)] == [status.oldest_event_s for status in statuses]
    assert recorded_s(2) == statuses[1].oldest_recorded_s
    assert [None, event_s(1), event_s(3)] == [status.done_event_s for status in statuses]
    assert [0, 2, 4] == [status.taken for status in statuses]


def test_while_more_stands_in_the_source_it_is_not_caught_up(harness: Harness) -> None:
    task = PartitionTask(
        3, lambda *_: MemoryProcessor(harness), a_setting(), REMEDY, batch_records=2
    )
    seen: list[bool] = []
    harness.on_commit = lambda _: seen.append(of(task).status.caught_up)
    harness.clock_s = task._clock()  # By which the broker answers.

    async def during() -> None:
        await until(lambda: harness.done == [0, 1, 2, 3])

    harness.publish(0, 1, 2, 3)
    quickly(running(task, during))
    assert [False, True] == seen


def test_each_source_has_its_own_status(harness: Harness) -> None:
    harness.next_offsets[INTERNAL_EVENTS] = 5
    harness.markers = 1
    harness.publish(0, 1)
    harness.records.append(a_record(5, topic=INTERNAL_EVENTS))
    task = harness.task()
    seen: list[tuple[float | None, float | None]] = []
    harness.on_commit = lambda _: seen.append(
        (of(task).status.oldest_event_s, of(task, INTERNAL_EVENTS).status.oldest_event_s)
    )

    async def during() -> None:
        await until(
            lambda: harness.done == [0, 1, 5] and is_idle(task) and is_idle(task, INTERNAL_EVENTS)
        )
        assert (3, 7) == (of(task).offset, of(task, INTERNAL_EVENTS).offset)
        statuses = [reported.status for reported in task.statuses().values()]
        assert [(2, 2), (1, 1)] == [(status.taken, status.outcomes) for status in statuses]
        assert [event_s(1), event_s(5)] == [status.done_event_s for status in statuses]

    quickly(running(task, during))
    assert [(event_s(0), event_s(5))] == seen


def test_without_answers_of_the_broker_it_is_not_caught_up(harness: Harness) -> None:
    task = harness.task()

    async def during() -> None:
        await until(lambda: is_idle(task))
        harness.is_silent, harness.clock_s = True, harness.clock_s + FRESH_S + 1
        await asyncio.sleep(1)
        assert not of(task).status.caught_up
        harness.is_silent = False
        await until(lambda: is_idle(task))

    quickly(running(task, during))


# ---------------------------------------------------------------- when something fails
def test_held_it_waits_since_the_record_before_which_it_stands(harness: Harness) -> None:
    harness.next_offsets[INTERNAL_EVENTS] = 0
    harness.publish(*range(10))
    harness.on_handle = at(4)
    task = harness.task()

    async def during() -> None:
        await until(lambda: task.state is TaskState.BROKEN)
        reported = of(task)
        assert 4 == reported.offset
        assert ("broken", False) == (reported.status.state, reported.status.caught_up)
        assert HeldRecord(4, "e4") == reported.status.held
        assert (event_s(4), recorded_s(4)) == (
            reported.status.oldest_event_s,
            reported.status.oldest_recorded_s,
        )
        assert (4, 4) == (reported.status.taken, reported.status.outcomes)
        other = of(task, INTERNAL_EVENTS).status
        assert ("broken", False, None, None) == (
            other.state, other.caught_up, other.held, other.oldest_event_s
        )  # fmt: skip
        harness.next_offsets[TOPIC], harness.moved = 5, True  # Set aside, by another process.
        await until(lambda: harness.done[-1] == 9 and is_idle(task))
        assert of(task).status.held is None
        assert (9, 9) == (of(task).status.taken, of(task).status.outcomes), "that one was another's"

    quickly(running(task, during))


def test_retrying_its_oldest_record_is_known(harness: Harness) -> None:
    task = harness.publish(0).task()

    async def during() -> None:
        await until(lambda: harness.done == [0] and is_idle(task))
        harness.on_commit = times(10**6, DOWN)
        harness.publish(1, 2)
        await until(lambda: task.state is TaskState.RETRYING)
        reported = of(task)
        assert (1, False) == (reported.offset, reported.status.caught_up)
        assert event_s(1) == reported.status.oldest_event_s
        assert 1 <= task.failed
        harness.on_open = times(10**6, DOWN)
        await asyncio.sleep(60)
        assert event_s(1) == of(task).status.oldest_event_s, "nor does it forget while it opens"
        harness.on_open, harness.on_commit = lambda: None, lambda _: None
        await until(lambda: harness.done == [0, 1, 2] and is_idle(task))
        assert (3, 3, None) == (
            of(task).offset,
            of(task).status.outcomes,
            of(task).status.oldest_event_s,
        )

    quickly(running(task, during))


def test_a_partition_that_fails_while_idle_has_no_backlog(harness: Harness) -> None:
    task = harness.publish(0).task()

    async def during() -> None:
        await until(lambda: harness.done == [0] and is_idle(task))
        harness.on_settle = once(DOWN)
        await until(lambda: task.state is TaskState.RETRYING)
        status = of(task).status
        assert (False, None, event_s(0)) == (
            status.caught_up,
            status.oldest_event_s,
            status.done_event_s,
        )

    quickly(running(task, during))


def test_what_somebody_else_did_meanwhile_waits_no_more(harness: Harness) -> None:
    """An end whose answer is lost: it is there, though nobody reported so."""
    task = harness.publish(0, 1).task()

    def done_unheard(_: list[int]) -> None:
        harness.on_commit = lambda _: None
        harness.next_offsets[TOPIC] = 2
        raise DOWN

    harness.on_commit = done_unheard

    async def during() -> None:
        await until(lambda: len(harness.opened_s) == 2 and is_idle(task))
        reported = of(task)
        assert (2, None) == (reported.offset, reported.status.oldest_event_s)
        assert (0, 0) == (reported.status.taken, reported.status.outcomes), "neither was counted"

    quickly(running(task, during))
    assert [] == harness.done


def test_a_store_that_lost_what_was_done_goes_back(harness: Harness) -> None:
    harness.markers = 1
    task = harness.publish(0, 1, 2).task()

    async def during() -> None:
        await until(lambda: harness.done == [0, 1, 2] and is_idle(task))
        assert 4 == of(task).offset
        harness.next_offsets[TOPIC] = 1
        harness.on_settle = once(DOWN)
        seen: list[int] = []
        harness.on_open = lambda: seen.append(of(task).offset)
        harness.on_commit = lambda _: seen.append(of(task).offset)
        await until(lambda: harness.done == [0, 1, 2, 1, 2] and is_idle(task))
        assert [4, 1, 4] == [*seen, of(task).offset]

    quickly(running(task, during))


def test_opened_again_it_stays_behind_the_markers_that_it_has_seen(harness: Harness) -> None:
    """Else whoever watches would see the group go back."""
    harness.markers = 1
    task = harness.publish(0).task()

    async def during() -> None:
        await until(lambda: harness.done == [0] and is_idle(task))
        seen: set[int] = set()
        harness.on_settle = once(DOWN)
        harness.on_open = lambda: seen.add(of(task).offset)
        await until(lambda: len(harness.opened_s) == 2)
        while not is_idle(task):
            seen.add(of(task).offset)
            await asyncio.sleep(0.01)
        assert {2} == seen

    quickly(running(task, during))


# ---------------------------------------------------------------- who owns the partition
def test_paused_it_is_not_caught_up(harness: Harness) -> None:
    task = harness.publish(0).task()

    async def during() -> None:
        await until(lambda: harness.done == [0] and is_idle(task))
        task.pause()
        await until(lambda: task.state is TaskState.PAUSED)
        assert ("paused", False, 1) == (*_state(task), of(task).offset)
        harness.publish(1)
        task.resume()
        harness.on_handle = lambda _: None
        await until(lambda: harness.done == [0, 1] and is_idle(task))

    quickly(running(task, during))


def test_paused_with_a_batch_in_hand_its_offset_is_before_what_is_not_done(
    harness: Harness,
) -> None:
    harness.full_at = 2
    task = harness.publish(*range(4)).task()
    harness.on_commit = lambda _: task.pause()

    async def during() -> None:
        await until(lambda: task.state is TaskState.PAUSED)
        assert (2, event_s(2)) == (of(task).offset, of(task).status.oldest_event_s)
        harness.on_commit = lambda _: None
        task.resume()
        await until(lambda: harness.done == [0, 1, 2, 3] and is_idle(task))

    quickly(running(task, during))


def test_stopped_its_state_is_stopped(harness: Harness) -> None:
    task = harness.publish(0).task()

    async def during() -> None:
        await until(lambda: harness.done == [0])

    quickly(running(task, during))
    assert ("stopped", False) == _state(task)


def test_cancelled_its_state_is_stopped(harness: Harness) -> None:
    task = harness.publish(0).task()

    async def go() -> None:
        run = asyncio.create_task(task.run())
        await until(lambda: is_idle(task))
        run.cancel()
        with pytest.raises(asyncio.CancelledError):
            await run

    quickly(go())
    assert ("stopped", False) == _state(task)

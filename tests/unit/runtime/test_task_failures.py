"""The partition task when something fails: what it holds, tries again and ends at."""

import asyncio
import itertools

import pytest
from structlog.testing import capture_logs

from events.texts import _
from services.runtime.kafka.writer import WriterFailed
from services.runtime.ops.errors import ClusterError
from services.runtime.processing.failure_tracker import RETRY_FIRST_S, RETRY_MAX_S
from services.runtime.processing.offset_metadata import TaskState
from services.runtime.processing.task import GaveUp
from tests.unit.runtime.harness import (
    TOPIC,
    Harness,
    at,
    now_s,
    once,
    quickly,
    running,
    times,
    until,
    work_off,
)

DOWN = WriterFailed("planted")
NO = _("no")


# ---------------------------------------------------------------- our own bugs
def test_a_record_that_fails_twice_holds_the_partition(harness: Harness) -> None:
    harness.publish(*range(10))
    harness.on_handle = at(4)
    task = harness.task()

    async def during() -> None:
        await until(lambda: harness.holds)
        await asyncio.sleep(60)
        assert TaskState.BROKEN is task.state
        assert harness.holds == [task.held]
        assert not task.progress.busy

    quickly(running(task, during))
    assert [0, 1, 2, 3] == harness.done
    [hold] = harness.holds
    assert (TOPIC, 3, 4, "e4", "AssertionError('planted')") == hold


def test_a_hold_is_logged_with_the_remedy_of_the_service(harness: Harness) -> None:
    harness.publish(0)
    harness.on_handle = at(0)

    async def during() -> None:
        await until(lambda: harness.holds)
        await asyncio.sleep(1)

    with capture_logs() as logs:
        quickly(running(harness.task(), during))
    [held] = [each for each in logs if each["event"] == "partition_held"]
    assert "set events/3/0 aside" == held["do"]


def test_a_bug_in_a_commit_is_narrowed_down(harness: Harness) -> None:
    harness.publish(*range(10))

    def failing(offsets: list[int]) -> None:
        assert 4 not in offsets, "planted"

    harness.on_commit = failing

    async def during() -> None:
        await until(lambda: harness.holds)

    quickly(running(harness.task(), during))
    assert [0, 1, 2, 3] == harness.done
    assert [4] == [hold.offset for hold in harness.holds]


def test_a_bug_that_passes_holds_nothing(harness: Harness) -> None:
    harness.on_handle = once(AssertionError("planted"))
    work_off(harness.publish(0, 1, 2))
    harness.on_commit = once(ValueError("planted"))
    work_off(harness.publish(3, 4, 5))
    assert [] == harness.holds


def test_a_held_partition_goes_on_once_it_was_moved(harness: Harness) -> None:
    harness.publish(*range(10))
    harness.on_handle = at(4)
    task = harness.task()

    async def during() -> None:
        await until(lambda: harness.holds)
        harness.next_offsets[TOPIC], harness.moved = 5, True
        await until(lambda: task.state is TaskState.RUNNING)
        assert None is task.held
        await until(lambda: harness.done[-1] == 9)

    quickly(running(task, during))
    assert [0, 1, 2, 3, 5, 6, 7, 8, 9] == harness.done
    assert 1 == len(harness.holds)


def test_a_record_that_somebody_else_got_past_meanwhile_holds_nothing(harness: Harness) -> None:
    """Found by the simulation: the partition went away between the failure and the hold."""
    harness.publish(*range(10))
    harness.on_handle = at(4)

    def after_two_failures() -> None:
        if len(harness.opened_s) == 3:
            harness.next_offsets[TOPIC] = 5

    harness.on_open = after_two_failures

    async def during() -> None:
        await until(lambda: harness.done[-1:] == [9])

    quickly(running(harness.task(), during))
    assert [0, 1, 2, 3, 5, 6, 7, 8, 9] == harness.done
    assert [] == harness.holds


def test_records_undone_before_a_failing_one_are_done_before_it_holds(
    harness: Harness,
) -> None:
    """Found by the simulation: held before its predecessors, nobody could set it aside."""
    harness.publish(*range(10))
    harness.on_handle = at(4)

    def after_two_failures() -> None:
        if len(harness.opened_s) == 3:  # The last commit had been sent, and was aborted.
            harness.next_offsets[TOPIC] = 2

    harness.on_open = after_two_failures

    async def during() -> None:
        await until(lambda: harness.holds)

    quickly(running(harness.task(), during))
    assert [0, 1, 2, 3, 2, 3] == harness.done
    assert [4] == [hold.offset for hold in harness.holds]
    assert 4 == len(harness.opened_s)


def test_a_gap_before_a_record_that_fails_does_not_keep_it_from_holding(harness: Harness) -> None:
    harness.publish(0, 1, 7)
    harness.on_handle = at(7)

    async def during() -> None:
        await until(lambda: harness.holds)

    quickly(running(harness.task(), during))
    assert [0, 1] == harness.done
    assert 3 == len(harness.opened_s)


def test_a_record_that_was_not_moved_past_is_tried_and_held_again(harness: Harness) -> None:
    harness.publish(0, 1)
    harness.on_handle = at(1)

    async def during() -> None:
        await until(lambda: harness.holds)
        harness.moved = True
        await until(lambda: len(harness.holds) == 2)

    quickly(running(harness.task(), during))
    assert [0] == harness.done


@pytest.mark.parametrize("error", [AssertionError("planted"), KeyError("planted")])
def test_a_partition_that_cannot_be_opened_stands_for_all_to_see(
    harness: Harness, error: Exception
) -> None:
    harness.on_open = times(10**6, error)
    task = harness.task()

    async def during() -> None:
        await until(lambda: task.state is TaskState.BROKEN)
        await asyncio.sleep(3600)
        assert not task.progress.busy

    quickly(running(task, during))
    assert 1 == len(harness.opened_s) == harness.closed


# ---------------------------------------------------------------- dependencies fail
def test_each_attempt_rests_longer_than_the_last(harness: Harness) -> None:
    harness.on_open = times(9, DOWN)
    work_off(harness.publish(0))
    began = harness.opened_s
    rests = [after - before for before, after in itertools.pairwise(began)]
    wanted = [min(RETRY_FIRST_S * 2**each, RETRY_MAX_S) for each in range(9)]
    assert wanted == pytest.approx(rests, abs=0.1)


def test_a_success_makes_the_next_rest_short_again(harness: Harness) -> None:
    harness.on_open = times(8, DOWN)
    task = harness.task()
    work_off(harness.publish(0), task=task)
    harness.on_commit = once(DOWN)
    task = harness.task()

    async def during() -> None:
        await until(lambda: harness.done == [0, 1], limit_s=5)

    harness.publish(1)
    quickly(running(task, during))


def test_it_gives_up_at_last(harness: Harness) -> None:
    harness.on_open = times(10**6, DOWN)

    async def go() -> float:
        began_s = now_s()
        with pytest.raises(GaveUp, match="planted"):
            await harness.task(give_up_s=600).run()
        return now_s() - began_s

    assert 600 == pytest.approx(quickly(go()), abs=RETRY_MAX_S)


def test_it_never_gives_up_where_settings_say_so(harness: Harness) -> None:
    harness.on_open = times(2000, DOWN)

    async def during() -> None:
        await until(lambda: harness.done == [0], limit_s=10**6)

    quickly(running(harness.publish(0).task(give_up_s=10**9), during))


def test_quiet_hours_between_two_failures_are_no_failure(harness: Harness) -> None:
    """Nothing was read in them, but nothing failed either."""
    harness.on_open = once(DOWN)
    task = harness.task(give_up_s=600)

    async def during() -> None:
        await asyncio.sleep(3600)
        assert TaskState.RUNNING is task.state
        harness.on_commit = once(DOWN)
        harness.publish(0)
        await until(lambda: harness.done == [0], limit_s=10)

    quickly(running(task, during))


def test_a_reader_that_brings_nothing_although_there_is_something_is_left(harness: Harness) -> None:
    harness.behind = True

    async def during() -> None:
        await until(lambda: len(harness.opened_s) == 2)
        harness.behind = False
        harness.publish(0)
        await until(lambda: harness.done == [0])

    quickly(running(harness.task(), during))


def test_what_cannot_be_trusted_ends_it(harness: Harness) -> None:
    harness.on_open = times(2, ClusterError("there", NO))
    with pytest.raises(ClusterError, match="there: no"):
        quickly(harness.task().run())
    assert 2 == len(harness.opened_s) == harness.closed


def test_what_a_second_opening_does_not_find_was_another_writer(
    harness: Harness,
) -> None:
    """Found by the simulation: who is fenced while it opens reads half of what another writes."""
    harness.publish(0, 1)
    harness.on_open = once(ClusterError("there", NO))
    work_off(harness)
    # Much later it is doubted anew, once.
    harness.on_open = times(2, ClusterError("there", NO))
    with pytest.raises(ClusterError, match="there: no"):
        quickly(harness.task().run())


def test_what_cannot_be_trusted_at_work_ends_it_at_once(harness: Harness) -> None:
    harness.publish(0)
    harness.on_commit = once(ClusterError("there", NO))
    with pytest.raises(ClusterError, match="there: no"):
        quickly(harness.task().run())
    assert 1 == len(harness.opened_s) == harness.closed

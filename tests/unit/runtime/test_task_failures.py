"""The partition task when something fails: what it holds, tries again and ends at."""

import asyncio
import itertools
import math
from collections.abc import Callable

import pytest
from structlog.testing import capture_logs

from events.texts import _
from services.runtime.kafka.writer import WriterFailed
from services.runtime.ops.errors import ClusterError
from services.runtime.processing.failure_tracker import RETRY_FIRST_S, RETRY_MAX_S, GaveUp
from services.runtime.processing.status import TaskState
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


def commits_failing_at(*bad: int) -> Callable[[list[int]], None]:
    """Fail each commit with one of these records in it."""

    def failing(offsets: list[int]) -> None:
        assert not {*bad} & {*offsets}, "planted"

    return failing


def _held_in_turn(harness: Harness, *bad: int) -> None:
    """Run until the partition held at each of these, in order, and each was set aside."""

    def is_held() -> bool:
        return bool(harness.holds) and not harness.moved

    async def during() -> None:
        for each in bad:
            await until(is_held)
            assert harness.done == [at for at in range(each) if at not in bad]
            harness.next_offsets[TOPIC], harness.moved = each + 1, True
        await until(lambda: harness.next_offsets[TOPIC] == len(harness.records))

    quickly(running(harness.task(), during))
    assert [*bad] == [hold.offset for hold in harness.holds]
    assert harness.done == [at for at in range(len(harness.records)) if at not in bad]


@pytest.mark.parametrize(
    ("size", "bad"),
    [
        *((size, bad) for size in range(1, 10) for bad in range(size)),
        *((4000, bad) for bad in (0, 1, 1999, 2000, 2729, 3998, 3999)),
    ],
)
def test_a_commit_that_fails_is_narrowed_down_to_its_record_by_halves(
    harness: Harness, size: int, bad: int
) -> None:
    harness.publish(*range(size))
    tried: list[list[int]] = []

    def failing(offsets: list[int]) -> None:
        if not harness.holds:
            tried.append(offsets)
        commits_failing_at(bad)(offsets)

    harness.on_commit = failing
    _held_in_turn(harness, bad)
    assert [[bad], [bad]] == tried[-2:]
    assert len(tried) <= math.ceil(math.log2(size)) + 3


@pytest.mark.parametrize(("first", "second"), [(0, 1), (3, 4), (10, 77), (49, 50), (98, 99)])
def test_of_two_records_whose_commits_fail_the_partition_holds_at_each(
    harness: Harness, first: int, second: int
) -> None:
    harness.publish(*range(100))
    harness.on_commit = commits_failing_at(first, second)
    _held_in_turn(harness, first, second)


@pytest.mark.parametrize(("in_handle", "in_commit"), [(7, 3), (3, 7), (7, 6), (6, 7), (0, 9)])
def test_a_record_that_fails_itself_and_one_whose_commit_fails_are_both_found(
    harness: Harness, in_handle: int, in_commit: int
) -> None:
    harness.publish(*range(10))
    harness.on_handle, harness.on_commit = at(in_handle), commits_failing_at(in_commit)
    _held_in_turn(harness, *sorted((in_handle, in_commit)))


def test_a_commit_that_failed_once_is_done_in_few_more(harness: Harness) -> None:
    harness.on_commit = once(ValueError("planted"))
    work_off(harness.publish(*range(4000)))
    assert [] == harness.holds
    assert len(harness.committed) <= math.ceil(math.log2(4000)) + 1


@pytest.mark.parametrize("every", [2, 3, 4])
@pytest.mark.parametrize("came_through", [False, True])
def test_an_outage_while_a_record_is_searched_does_not_mislead(
    harness: Harness, every: int, came_through: bool
) -> None:
    """A commit reported as failed may have come through all the same."""
    harness.publish(*range(100))
    count = itertools.count(1)

    def failing(offsets: list[int]) -> None:
        down = next(count) % every == 0
        if not down or came_through:
            commits_failing_at(37)(offsets)
        if down and came_through:
            harness.committed.append(offsets)
            harness.next_offsets[TOPIC] = offsets[-1] + 1
        if down:
            raise DOWN

    harness.on_commit = failing
    _held_in_turn(harness, 37)


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


def test_records_undone_before_a_failing_one_are_done_before_it_holds(harness: Harness) -> None:
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
    assert wanted == pytest.approx(rests)


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


def test_what_a_second_opening_does_not_find_was_another_writer(harness: Harness) -> None:
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

"""The partition task: what it commits, when it pauses and stops, and who may write."""

import asyncio
from itertools import pairwise

import pytest

from services.runtime.kafka.writer import FencedError, WriterFailed
from services.runtime.processing import task as task_module
from services.runtime.processing.failure_tracker import TAKEN_MAX
from services.runtime.processing.status import TaskState
from services.runtime.processing.task import BATCH_RECORDS, IDLE_COMMIT_S
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


# ---------------------------------------------------------------- batches
def test_what_is_there_is_one_transaction(harness: Harness) -> None:
    work_off(harness.publish(*range(10)))
    assert [list(range(10))] == harness.committed


def test_a_transaction_has_an_end(harness: Harness) -> None:
    work_off(harness.publish(*range(BATCH_RECORDS + 1)))
    assert [BATCH_RECORDS, 1] == [len(each) for each in harness.committed]


def test_a_transaction_that_is_full_ends_before_its_records_do(harness: Harness) -> None:
    harness.full_at = 4
    work_off(harness.publish(*range(10)))
    assert [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]] == harness.committed


def test_while_it_handles_a_large_batch_other_tasks_run(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(task_module, "YIELD_RECORDS", 1)
    handled: list[int] = []
    harness.on_handle = handled.append
    seen: list[list[int]] = []

    async def during() -> None:
        while [0, 1, 2] not in seen:
            seen.append(list(handled))
            await asyncio.sleep(0)
        await until(lambda: harness.committed)

    quickly(running(harness.publish(*range(3)).task(), during))
    assert all(some in seen for some in ([0], [0, 1], [0, 1, 2]))
    assert [[0, 1, 2]] == harness.committed


def test_cancelled_between_two_records_it_commits_none_of_them(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(task_module, "YIELD_RECORDS", 1)

    async def cancelled() -> None:
        run = asyncio.create_task(harness.publish(*range(3)).task().run())

        def cancel(offset: int) -> None:
            if offset == 1:
                run.cancel()

        harness.on_handle = cancel
        with pytest.raises(asyncio.CancelledError):
            await run

    quickly(cancelled())
    assert ([], 1) == (harness.committed, harness.closed)


def test_between_two_of_them_it_may_be_paused(harness: Harness) -> None:
    harness.full_at = 4
    task = harness.publish(*range(10)).task()
    harness.on_commit = lambda _: task.pause()

    async def during() -> None:
        for there in (4, 8, 10):
            await until(lambda: task.state is TaskState.PAUSED)
            assert list(range(there)) == harness.done
            task.resume()
            await until(lambda: task.state is TaskState.RUNNING)

    quickly(running(task, during))
    assert 1 == len(harness.opened_s)


def test_an_idle_task_gives_a_sign_of_life_now_and_then(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert IDLE_COMMIT_S == 24 * 3600, "a transactional id expires after seven days"
    monkeypatch.setattr(task_module, "IDLE_COMMIT_S", 60)

    async def during() -> None:
        await asyncio.sleep(3.5 * 60)

    quickly(running(harness.task(), during))
    assert [[], [], []] == harness.committed


def test_a_task_that_is_given_something_gives_it_too(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where internal events come once a year beside daily events, their position is kept fresh."""
    monkeypatch.setattr(task_module, "IDLE_COMMIT_S", 60)
    looked: list[float] = []
    harness.on_settle = lambda: looked.append(now_s())

    async def during() -> None:
        for offset in range(7):
            harness.publish(offset)
            await asyncio.sleep(20)

    quickly(running(harness.task(), during))
    assert list(range(7)) == harness.done
    assert 2 == harness.committed.count([])
    assert 4 == len(looked), "it checks for transactions that nobody ends"


def test_an_idle_task_that_finds_its_last_transaction_open_opens_again(harness: Harness) -> None:
    """Nobody reads what it wrote to others, and no next transaction may come to find out."""
    harness.on_settle = once(DOWN)
    task = harness.publish(0).task()

    async def during() -> None:
        await until(lambda: harness.done == [0])
        committed_s = now_s()
        await until(lambda: len(harness.opened_s) == 2)
        assert 60 > harness.opened_s[1] - committed_s

    quickly(running(task, during))
    assert [0] == harness.done


# ---------------------------------------------------------------- who owns the partition
@pytest.mark.parametrize("where", ["on_open", "on_commit"])
def test_fenced_while_it_is_ours_it_opens_again_after_a_heartbeat(
    harness: Harness, where: str
) -> None:
    """Who was frozen opens what it has lost, until its group says so."""
    setattr(harness, where, times(TAKEN_MAX, FencedError("id")))
    work_off(harness.publish(0), task=harness.task(session_timeout_s=8))
    pauses_s = [after - before for before, after in pairwise(harness.opened_s)]
    assert TAKEN_MAX == len(pauses_s)
    assert all(2 <= each < 3 for each in pauses_s)


@pytest.mark.parametrize("where", ["on_open", "on_commit"])
def test_fenced_again_and_again_ends_it(harness: Harness, where: str) -> None:
    setattr(harness, where, times(TAKEN_MAX + 1, FencedError("id")))
    with pytest.raises(FencedError):
        quickly(harness.publish(0).task().run())
    assert [] == harness.committed


def test_fenced_and_taken_away_before_it_opens_again_it_waits(harness: Harness) -> None:
    task = harness.publish(0).task()
    harness.on_commit = once(FencedError("id"))

    async def during() -> None:
        await until(lambda: task.state is TaskState.RETRYING)
        task.pause()
        await until(lambda: task.state is TaskState.PAUSED)
        assert 1 == len(harness.opened_s)
        task.resume()
        await until(lambda: harness.done == [0])

    quickly(running(task, during))


def test_fenced_after_it_was_taken_away_is_a_hand_over(harness: Harness) -> None:
    task = harness.publish(0).task()

    def taken_away(_: list[int]) -> None:
        harness.on_commit = lambda _: None
        task.pause()
        raise FencedError("id")

    harness.on_commit = taken_away

    async def during() -> None:
        await until(lambda: task.state is TaskState.PAUSED)
        task.resume()
        await until(lambda: harness.done == [0])

    quickly(running(task, during))
    assert 2 == len(harness.opened_s), "it opens again: what it knew is another's now"


def test_fenced_while_it_writes_a_hold_is_a_hand_over_too(harness: Harness) -> None:
    task = harness.publish(0).task()
    harness.on_handle = at(0)

    def taken_away() -> None:
        harness.on_hold = lambda: None
        task.pause()
        raise FencedError("id")

    harness.on_hold = taken_away

    async def during() -> None:
        await until(lambda: task.state is TaskState.PAUSED)
        task.resume()
        await until(lambda: harness.holds)

    quickly(running(task, during))


def test_a_bug_that_shows_while_it_opens_to_hold_does_not_end_the_worker(harness: Harness) -> None:
    task = harness.publish(0).task()
    harness.on_handle = at(0)

    def third() -> None:
        assert len(harness.opened_s) < 3, "planted"

    harness.on_open = third

    async def during() -> None:
        await until(lambda: len(harness.opened_s) == 3)
        await until(lambda: task.state is TaskState.BROKEN)

    quickly(running(task, during))


def test_paused_it_finishes_its_transaction_and_begins_none(harness: Harness) -> None:
    task = harness.publish(0, 1).task()
    harness.on_handle = lambda _: task.pause()

    async def during() -> None:
        await until(lambda: task.state is TaskState.PAUSED)
        assert [[0, 1]] == harness.committed
        harness.publish(2, 3)
        await asyncio.sleep(60)
        assert [[0, 1]] == harness.committed
        harness.on_handle = lambda _: None
        task.resume()
        await until(lambda: harness.done == [0, 1, 2, 3])

    quickly(running(task, during))
    assert 1 == len(harness.opened_s), "it goes on with what it knows"


def test_what_was_taken_but_not_begun_when_it_paused_is_taken_again(harness: Harness) -> None:
    task = harness.publish(*range(6)).task()
    harness.full_at = 1

    def pause(offsets: list[int]) -> None:
        if offsets == [2]:
            task.pause()

    harness.on_commit = pause

    async def during() -> None:
        await until(lambda: task.state is TaskState.PAUSED)
        assert [0, 1, 2] == harness.done
        task.resume()
        await until(lambda: harness.done == list(range(6)))

    quickly(running(task, during))
    assert 1 == len(harness.opened_s)


def test_stopped_it_finishes_its_transaction_and_begins_none(harness: Harness) -> None:
    task = harness.publish(*range(BATCH_RECORDS + 5)).task()
    harness.on_handle = lambda _: task.stop()
    quickly(task.run())
    assert [list(range(BATCH_RECORDS))] == harness.committed
    assert TaskState.STOPPED is task.state


def test_stopped_while_it_rests_it_ends_at_once(harness: Harness) -> None:
    harness.on_open = times(10**6, DOWN)
    task = harness.task()

    async def during() -> None:
        await until(lambda: len(harness.opened_s) == 8)
        began_s = now_s()
        task.stop()
        await until(lambda: task.state is TaskState.STOPPED)
        assert 1 > now_s() - began_s

    quickly(running(task, during))


@pytest.mark.parametrize(
    "state", [TaskState.RUNNING, TaskState.PAUSED, TaskState.RETRYING, TaskState.BROKEN]
)
def test_cancelled_it_ends_cancelled(harness: Harness, state: TaskState) -> None:
    task = harness.publish(0).task()
    match state:
        case TaskState.PAUSED:
            task.pause()
        case TaskState.RETRYING:
            harness.on_open = times(10**6, DOWN)
        case TaskState.BROKEN:
            harness.on_handle = at(0)
        case _:
            pass

    async def go() -> None:
        run = asyncio.create_task(task.run())
        await until(lambda: task.state is state)
        await asyncio.sleep(1)
        run.cancel()
        with pytest.raises(asyncio.CancelledError):
            await run

    quickly(go())
    assert len(harness.opened_s) == harness.closed


# ---------------------------------------------------------------- progress for the watchdog
def test_a_task_that_works_is_busy_and_one_that_waits_is_not(harness: Harness) -> None:
    task = harness.publish(0).task()
    seen: list[tuple[bool, str]] = []
    harness.on_open = lambda: seen.append((task.progress.busy, task.progress.doing))
    harness.on_commit = lambda _: seen.append((task.progress.busy, task.progress.doing))

    async def during() -> None:
        await until(lambda: harness.done == [0])
        await until(lambda: task.progress.doing == "waiting")
        assert not task.progress.busy
        before = task.progress.steps
        await asyncio.sleep(1)
        assert before < task.progress.steps

    quickly(running(task, during))
    assert [(True, "opening"), (True, f"{TOPIC}/3/0")] == seen

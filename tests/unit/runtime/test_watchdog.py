"""The watchdog: it ends the process where a task is busy and takes no step."""

import asyncio
import threading

import pytest
from structlog.testing import capture_logs

from services.runtime.ops.watchdog import EXIT_STALLED, Progress, Watchdog, waits_at
from tests.waiting import WAIT_S

LIMIT_S = 10


class Watched:
    """A watchdog over these tasks, and what it ended with."""

    def __init__(self, **tasks: Progress) -> None:
        self.tasks = tasks
        self.ended: list[int] = []
        self.dog = Watchdog(
            LIMIT_S, lambda: dict.fromkeys(self.tasks.values(), 3), self.ended.append
        )

    def check(self, *times_s: float) -> None:
        for now_s in times_s:
            self.dog.check(now_s)


def busy() -> Progress:
    progress = Progress()
    progress.begin("events/3/17")
    return progress


def test_a_busy_task_without_a_step_ends_the_process() -> None:
    watched = Watched(p3=busy())
    with capture_logs() as log:
        watched.check(0, 5, 10)
        assert [] == watched.ended
        watched.check(10.1)
    assert [EXIT_STALLED] == watched.ended
    [line] = log
    assert ("task_hangs", "events/3/17", 10) == (line["event"], line["doing"], line["since_s"])
    here = "test_a_busy_task_without_a_step_ends_the_process"
    assert any(each.endswith(here) for each in line["main_thread_at"])


def test_the_calls_in_which_a_task_waits_are_named_the_innermost_first() -> None:
    async def commit(answer: asyncio.Event) -> None:
        await answer.wait()

    async def work(answer: asyncio.Event) -> None:
        await commit(answer)

    async def go() -> list[str]:
        answer = asyncio.Event()
        task = asyncio.create_task(work(answer))
        await asyncio.sleep(0)
        found = waits_at(task)
        answer.set()
        await task
        return found

    calls = [each.rpartition(" ")[2] for each in asyncio.run(go())]
    assert ["wait", "commit", "work"] == calls[:3]


def test_a_process_ends_though_nobody_can_say_where_it_waits() -> None:
    ended: list[int] = []

    def waits_at(_: Progress) -> list[str]:
        raise KeyError("the task is gone")

    dog = Watchdog(LIMIT_S, lambda: {hanging: 3}, ended.append, waits_at)
    hanging = busy()
    dog.check(0)
    with pytest.raises(KeyError):
        dog.check(LIMIT_S + 1)
    assert [EXIT_STALLED] == ended


def test_each_step_begins_the_time_anew() -> None:
    progress = busy()
    watched = Watched(p3=progress)
    for now_s in range(0, 100, 9):
        watched.check(now_s)
        progress.step()
    assert [] == watched.ended
    watched.check(100, 111)
    assert [EXIT_STALLED] == watched.ended


def test_a_task_that_rests_may_rest_for_ever() -> None:
    progress = busy()
    progress.rest("waiting")
    watched = Watched(p3=progress)
    watched.check(0, 10**6)
    assert [] == watched.ended
    progress.begin("events/3/18")
    watched.check(10**6 + 1, 10**6 + 11)
    assert [] == watched.ended, "its rest does not count"
    watched.check(10**6 + 12)
    assert [EXIT_STALLED] == watched.ended


def test_two_tasks_of_one_partition_are_two() -> None:
    """One is ending, and the other waits for that."""
    waiting = Progress()
    watched = Watched(ending=busy(), waiting=waiting)
    watched.check(0, 11)
    assert [EXIT_STALLED] == watched.ended


def test_one_that_gets_on_does_not_hide_one_that_hangs() -> None:
    getting_on = busy()
    watched = Watched(p1=getting_on, p3=busy())
    for now_s in range(11):
        watched.check(now_s)
        getting_on.step()
    watched.check(11)
    assert [EXIT_STALLED] == watched.ended


def test_a_task_that_is_gone_is_dropped() -> None:
    watched = Watched(p3=busy())
    watched.check(0)
    task = watched.tasks.pop("p3")
    watched.check(20)
    watched.tasks["p3"] = task
    watched.check(21, 31)
    assert [] == watched.ended


def test_it_looks_from_a_thread_of_its_own_until_it_is_stopped() -> None:
    ended = threading.Event()
    codes: list[int] = []

    def end(code: int) -> None:
        codes.append(code)
        ended.set()

    hanging = busy()
    dog = Watchdog(0.05, lambda: {hanging: 3}, end)
    with capture_logs():
        dog.start()
        assert ended.wait(WAIT_S)
        dog.stop()
    assert EXIT_STALLED == codes[0]
    assert not dog._thread.is_alive()

"""What a worker leaves with its group: when it says something, and of which partitions."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, cast

import pytest
from aiokafka.structs import TopicPartition
from msgspec.structs import replace

from services.runtime.processing.backlog import ReportedStatus
from services.runtime.processing.offset_reporter import EVERY_S, OffsetReporter
from services.runtime.processing.status import Status, TaskState
from services.runtime.processing.task import PartitionTask
from tests.unit.runtime.group import MemoryMember
from tests.unit.runtime.harness import TOPIC, now_s, quickly

TICK_S = 1.0
AT_WORK = Status(
    0.0,
    TaskState.RUNNING,
    caught_up=True,
    done_event_s=1000.0,
    taken=7,
    outcomes=7,
    arrival_s=0.5,
    handling_s=0.1,
)
INTERNAL_EVENTS = "internal_events"


class Speaking:
    """A partition task with a scripted status."""

    def __init__(self, **offsets: int) -> None:
        self.next_offsets = offsets
        self.status = AT_WORK
        self.state = TaskState.OPENING

    def statuses(self) -> dict[str, ReportedStatus]:
        status = replace(self.status, at_s=now_s())
        return {topic: ReportedStatus(at, status) for topic, at in self.next_offsets.items()}

    def describe_unopened(self) -> Status:
        return Status(now_s(), self.state, caught_up=False)


class Saying:
    """A member whose worker reports at each tick."""

    def __init__(self, **tasks: Speaking) -> None:
        self.tasks = {int(name.removeprefix("p")): task for name, task in tasks.items()}
        self.member = MemoryMember()
        self.reporter = OffsetReporter(self.member, TOPIC, TICK_S)

    async def tick(self, count: int = 1) -> None:
        for _ in range(count):
            await self.reporter.report(cast(dict[int, PartitionTask], self.tasks))
            await asyncio.sleep(TICK_S)

    def play(
        self, during: Callable[[], Coroutine[Any, Any, None]]
    ) -> list[dict[Any, ReportedStatus]]:
        quickly(during())
        return self.member.commits


def offsets(commits: list[dict[Any, ReportedStatus]]) -> list[dict[tuple[str, int], int]]:
    return [{tuple(place): reported.offset for place, reported in each.items()} for each in commits]


def test_all_sources_of_all_partitions_are_committed_at_once() -> None:
    saying = Saying(
        p0=Speaking(events=4, internal_events=1), p3=Speaking(events=9, internal_events=2)
    )
    commits = saying.play(saying.tick)
    assert offsets(commits) == [
        {("events", 0): 4, (INTERNAL_EVENTS, 0): 1, ("events", 3): 9, (INTERNAL_EVENTS, 3): 2}
    ]
    assert [7] * 4 == [reported.status.taken for reported in commits[0].values()]


def test_only_what_has_changed_is_committed_again() -> None:
    task = Speaking(events=4, internal_events=1)
    saying = Saying(p0=task)

    async def during() -> None:
        await saying.tick(2)
        task.next_offsets["events"] = 5
        await saying.tick()

    assert offsets(saying.play(during)) == [
        {("events", 0): 4, (INTERNAL_EVENTS, 0): 1},
        {("events", 0): 5},
    ]


def test_another_state_is_a_change() -> None:
    task = Speaking(events=4)
    saying = Saying(p0=task)

    async def during() -> None:
        await saying.tick(2)
        task.status = replace(task.status, state=TaskState.RETRYING, caught_up=False)
        await saying.tick()

    commits = saying.play(during)
    assert ["running", "retrying"] == [
        reported.status.state for each in commits for reported in each.values()
    ]


def test_while_nothing_changes_the_status_stays_fresh() -> None:
    """By its age it is known that its worker lives."""
    saying = Saying(p0=Speaking(events=4, internal_events=1))

    async def during() -> None:
        await saying.tick(61)

    said_s = [reported.status.at_s for each in saying.play(during) for reported in each.values()]
    ages_s = [after - before for before, after in zip(said_s, said_s[2:], strict=False)]
    assert EVERY_S >= max(ages_s) > EVERY_S - 2 * TICK_S, "no more often than it must"


def test_it_commits_at_most_once_a_tick() -> None:
    task = Speaking(events=0)
    saying = Saying(p0=task)

    async def during() -> None:
        for at in range(100):
            task.next_offsets["events"] = at
            await saying.reporter.report(cast(dict[int, PartitionTask], saying.tasks))
            await asyncio.sleep(TICK_S / 10)

    assert 10 == pytest.approx(len(saying.play(during)), abs=1)


def test_what_was_refused_is_committed_at_the_next_tick() -> None:
    saying = Saying(p0=Speaking(events=4))
    saying.member.refuses_commits = True

    async def during() -> None:
        await saying.tick(3)
        saying.member.refuses_commits = False
        await saying.tick(2)

    assert [{("events", 0): 4}] == offsets(saying.play(during))


def test_a_group_that_does_not_answer_keeps_nobody_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    saying = Saying(p0=Speaking(events=4))

    async def hang(*_: Any) -> None:
        await asyncio.Event().wait()

    async def during() -> None:
        began_s = now_s()
        with monkeypatch.context() as patched:
            patched.setattr(saying.member, "commit_offsets", hang)
            await saying.tick()
        assert 2 * TICK_S == pytest.approx(now_s() - began_s)
        await saying.tick()

    assert [{("events", 0): 4}] == offsets(saying.play(during))


def test_a_partition_that_comes_back_is_committed_at_once() -> None:
    task = Speaking(events=4)
    saying = Saying(p0=task)

    async def during() -> None:
        await saying.tick()
        saying.tasks.clear()
        await saying.tick()
        saying.tasks[0] = task
        await saying.tick()

    assert [{("events", 0): 4}] * 2 == offsets(saying.play(during))


def test_before_a_partition_is_open_its_state_is_committed_at_the_offset_of_the_group() -> None:
    """One that cannot be opened at all is seen, and one that is restored for long."""
    task = Speaking()
    saying = Saying(p0=task)
    saying.member.stood[TopicPartition(TOPIC, 0)] = 41

    async def during() -> None:
        await saying.tick()
        task.state = TaskState.BROKEN
        await saying.tick()
        task.next_offsets = {"events": 42, INTERNAL_EVENTS: 0}
        await saying.tick()

    commits = saying.play(during)
    assert offsets(commits) == [
        {("events", 0): 41}, {("events", 0): 41}, {("events", 0): 42, (INTERNAL_EVENTS, 0): 0}
    ]  # fmt: skip
    statuses = [reported.status for each in commits for reported in each.values()]
    assert ["opening", "broken", "running", "running"] == [status.state for status in statuses]
    assert [False, False, True, True] == [status.caught_up for status in statuses]
    assert [None, None, 7, 7] == [status.outcomes for status in statuses]


def test_a_partition_that_comes_back_unopened_is_asked_about_anew() -> None:
    """Somebody else had it meanwhile: the group must not be taken back to where it stood."""
    saying, place = Saying(p0=Speaking()), TopicPartition(TOPIC, 0)
    saying.member.stood[place] = 41

    async def during() -> None:
        await saying.tick()
        saying.member.stood[place] = 99
        saying.tasks[0] = Speaking()
        await saying.tick()

    assert [{("events", 0): 41}, {("events", 0): 99}] == offsets(saying.play(during))


def test_without_an_offset_in_the_group_nothing_is_committed_before_it_is_open() -> None:
    saying = Saying(p0=Speaking(), p1=Speaking(events=1))

    async def during() -> None:
        await saying.tick(2)

    assert [{("events", 1): 1}] == offsets(saying.play(during))


def test_a_partition_revoked_while_the_group_is_asked_is_left_out() -> None:
    class Revoking(MemoryMember):
        async def committed(self, _place: TopicPartition) -> int | None:
            del saying.tasks[0]
            return 5

    saying = Saying(p0=Speaking(), p3=Speaking(events=9))
    saying.member = Revoking()
    saying.reporter = OffsetReporter(saying.member, TOPIC, TICK_S)
    assert [{("events", 3): 9}] == offsets(saying.play(saying.tick))


def test_the_last_positions_are_committed_at_once() -> None:
    task = Speaking(events=4)
    saying = Saying(p0=task)

    async def during() -> None:
        await saying.reporter.report(cast(dict[int, PartitionTask], saying.tasks))
        task.status = replace(task.status, state=TaskState.STOPPED)
        await saying.reporter.report_last(cast(dict[int, PartitionTask], saying.tasks))

    commits = saying.play(during)
    assert ["running", "stopped"] == [
        reported.status.state for each in commits for reported in each.values()
    ]


def test_without_a_member_nothing_is_committed(monkeypatch: pytest.MonkeyPatch) -> None:
    saying = Saying(p0=Speaking(events=4))
    monkeypatch.setattr(MemoryMember, "_coordinator", None)
    assert [] == saying.play(saying.tick)

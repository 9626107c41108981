"""The worker: one task for each partition that the group gives, and what ends it."""

import asyncio
import os

import pytest
from aiokafka.errors import KafkaError, NoOffsetForPartitionError
from aiokafka.structs import TopicPartition

from services.runtime.kafka import refusals
from services.runtime.kafka.writer import FencedError
from services.runtime.ops.errors import ClusterError
from services.runtime.ops.watchdog import EXIT_STALLED, Watchdog
from services.runtime.processing import task as task_module
from services.runtime.processing.status import TaskState
from services.runtime.processing.task import BATCH_RECORDS, YIELD_RECORDS
from services.runtime.processing.worker import Worker
from tests.unit.runtime.group import Scene, are
from tests.unit.runtime.harness import TOPIC, MemoryProcessor, a_setting, until
from tests.waiting import eventually


def test_each_partition_has_a_task_until_it_is_another_s(scene: Scene) -> None:
    async def during(worker: Worker) -> None:
        await scene.give(worker, 0, 1, 2)
        tasks = dict(worker._tasks)
        await scene.give(worker, 1, 2, 3)
        assert tasks[1] is worker._tasks[1], "what stays goes on with what it knows"
        await until(lambda: tasks[0].state is TaskState.STOPPED)
        await scene.give(worker)

    scene.play(during)
    assert 4 == len(scene.harness.opened_s) == scene.harness.closed
    assert [[0, 1, 2], [1, 2, 3], []] == [
        line["partitions"] for line in scene.reported("partitions_owned")
    ]
    assert scene.member.stopped


@pytest.mark.parametrize(
    ("partitions", "records"),
    [(1, BATCH_RECORDS), (8, BATCH_RECORDS), (12, BATCH_RECORDS * 2 // 3), (64, YIELD_RECORDS)],
)
def test_of_many_partitions_each_takes_fewer_records_into_memory(
    scene: Scene, partitions: int, records: int
) -> None:
    async def during(worker: Worker) -> None:
        for numbers in (range(2), range(partitions)):
            await scene.give(worker, *numbers)
        assert {records} == {task.batch_records for task in worker._tasks.values()}
        scene.harness.publish(*range(BATCH_RECORDS))
        await until(lambda: scene.harness.committed)
        scene.member.share(0)
        assert BATCH_RECORDS == worker._tasks[0].batch_records

    scene.play(during)
    assert records == len(scene.harness.committed[0])


def test_after_a_signal_while_it_joins_it_ends(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def start() -> None:
        scene.member.started.set()
        await asyncio.Event().wait()

    async def during(_: Worker) -> None:
        pass

    monkeypatch.setattr(scene.member, "start", start)
    scene.play(during)
    assert scene.member.stopped
    assert [] == scene.reported("worker_started")
    assert scene.reported("worker_stopped")


def test_what_it_is_given_while_it_leaves_the_group_is_not_begun(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def stop() -> None:
        scene.member.share(0, 1)
        await asyncio.sleep(0)
        scene.member.stopped = True

    async def during(worker: Worker) -> None:
        await scene.give(worker, 0)

    monkeypatch.setattr(scene.member, "stop", stop)
    worker = scene.play(during)
    assert scene.member.stopped
    assert 1 == len(scene.harness.opened_s)
    assert all(run.done() for run in worker._runs)


def test_between_revoked_and_assigned_nothing_is_begun(scene: Scene) -> None:
    async def during(worker: Worker) -> None:
        await scene.give(worker, 0, 1)
        scene.member.listener.on_partitions_revoked(set())
        await until(are(worker, TaskState.PAUSED, 0, 1))
        scene.harness.publish(0)
        await asyncio.sleep(0.5)
        assert [] == scene.harness.committed
        scene.member.listener.on_partitions_assigned({TopicPartition(TOPIC, 0)})
        await until(lambda: scene.harness.committed)

    scene.play(during)


def test_a_partition_that_comes_back_waits_for_its_former_task(scene: Scene) -> None:
    gate = asyncio.Event()

    class Slow(MemoryProcessor):
        async def close(self) -> None:
            await gate.wait()
            await super().close()

    worker_of = MemoryProcessor

    async def during(worker: Worker) -> None:
        worker._make_processor = lambda *_: Slow(scene.harness)
        await scene.give(worker, 0)
        scene.member.share()
        worker._make_processor = lambda *_: worker_of(scene.harness)
        scene.member.share(0)
        await asyncio.sleep(0.5)
        assert 1 == len(scene.harness.opened_s), "two tasks of one partition at once"
        gate.set()
        await until(are(worker, TaskState.RUNNING, 0))

    scene.play(during)
    assert 2 == len(scene.harness.opened_s)


def test_what_ends_one_task_ends_the_worker_behind_the_others(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(task_module, "TAKEN_MAX", 0)

    def fenced(_: list[int]) -> None:
        scene.harness.on_commit = lambda _: None
        raise FencedError("id")

    async def during(worker: Worker) -> None:
        await scene.give(worker, 0, 1)
        scene.harness.on_commit = fenced
        scene.harness.publish(0)
        await asyncio.sleep(5)

    with pytest.raises(FencedError):
        scene.play(during)
    assert [[0]] == scene.harness.committed, "the other one finished its transaction"
    assert scene.member.stopped
    assert 2 == scene.harness.closed


def test_a_worker_that_lost_all_its_partitions_names_one(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(task_module, "TAKEN_MAX", 0)

    def fenced(_: list[int]) -> None:
        raise FencedError("id")

    async def during(worker: Worker) -> None:
        await scene.give(worker, 0, 1)
        scene.harness.on_commit = fenced
        scene.harness.publish(0)
        await asyncio.sleep(5)

    with pytest.raises(FencedError):
        scene.play(during)
    assert [] == scene.reported("task_failed"), "the others are no failures of ours"
    assert 1 == len(scene.reported("partition_handed_over"))


def test_a_task_that_was_cancelled_by_nobody_ends_the_worker(scene: Scene) -> None:
    """aiokafka has been seen to raise CancelledError: its partition would have no task."""

    async def during(worker: Worker) -> None:
        await scene.give(worker, 0, 1)
        next(iter(worker._runs)).cancel()
        await asyncio.sleep(5)

    with pytest.raises(asyncio.CancelledError):
        scene.play(during)


def test_a_task_that_opens_when_its_partition_goes_away_is_cancelled(scene: Scene) -> None:
    class Opening(MemoryProcessor):
        async def open(self) -> dict[str, int]:
            await super().open()
            await asyncio.Event().wait()
            return {}

    async def during(worker: Worker) -> None:
        worker._make_processor = lambda *_: Opening(scene.harness)
        scene.member.share(0)
        await until(lambda: scene.harness.opened_s)
        scene.member.share()
        await until(lambda: not worker._runs)

    scene.play(during)
    assert 1 == scene.harness.closed


def test_offsets_that_cannot_be_committed_do_no_harm(scene: Scene) -> None:
    async def during(_: Worker) -> None:
        scene.member.share(0)
        scene.member.refuses_commits = True
        scene.harness.publish(0, 1)
        await until(lambda: scene.harness.committed)
        await asyncio.sleep(0.1)
        scene.harness.publish(2)
        await until(lambda: len(scene.harness.done) == 3)
        scene.member.refuses_commits = False
        await until(lambda: scene.member.commits)

    scene.play(during)
    [first, *_] = scene.member.commits
    assert [TopicPartition(TOPIC, 0)] == list(first)
    assert [3] == [reported.offset for reported in first.values()]
    assert [3] == [reported.status.taken for reported in first.values()]


def test_when_it_ends_it_commits_its_last_positions(scene: Scene) -> None:
    async def during(worker: Worker) -> None:
        await scene.give(worker, 0, 1)
        scene.harness.publish(0)
        await until(lambda: scene.harness.committed)

    scene.play(during)
    last = scene.member.commits[-1]
    assert [TopicPartition(TOPIC, 0), TopicPartition(TOPIC, 1)] == sorted(last)
    assert ["stopped", "stopped"] == [reported.status.state for reported in last.values()]
    assert [1, 1] == [reported.offset for reported in last.values()]


def test_during_a_rebalance_it_commits_nothing(scene: Scene) -> None:
    """A commit of the generation that ends would be refused, and make the member join anew."""

    async def during(worker: Worker) -> None:
        scene.member.share(0)
        await until(lambda: scene.member.commits)
        scene.member.listener.on_partitions_revoked(set())
        reported = len(scene.member.commits)
        await until(are(worker, TaskState.PAUSED, 0))
        await asyncio.sleep(0.2)
        assert reported == len(scene.member.commits)
        scene.member.share(0)
        scene.harness.publish(0)  # News, or the same status would be committed only when it is old.
        await until(lambda: len(scene.member.commits) > reported)

    scene.play(during)


def test_a_topic_that_is_given_more_partitions_ends_it(scene: Scene) -> None:
    async def during(worker: Worker) -> None:
        await scene.give(worker, 0)
        await until(lambda: scene.member.polls > 0)
        scene.member.topics.clear()
        await asyncio.sleep(0.2)  # Not known for a while: that says nothing.
        scene.member.topics[TOPIC] = 9
        await asyncio.sleep(5)

    with pytest.raises(ClusterError, match="had 8 partitions and has 9 now"):
        scene.play(during)


def test_a_topic_that_is_known_later_was_not_resized(scene: Scene) -> None:
    scene.member.topics.clear()

    async def during(_: Worker) -> None:
        scene.member.share(0)
        await until(lambda: scene.member.polls > 0)
        scene.member.topics[TOPIC] = 8
        known = scene.member.polls
        await until(lambda: scene.member.polls > known + 1)
        scene.member.topics[TOPIC] = 9
        await asyncio.sleep(5)

    with pytest.raises(ClusterError, match="had 8 partitions and has 9 now"):
        scene.play(during)


def test_a_complaint_of_the_group_ends_it(scene: Scene) -> None:
    async def during(_: Worker) -> None:
        scene.member.complaints = [KafkaError("planted"), NoOffsetForPartitionError("no matter")]
        await asyncio.sleep(5)

    with pytest.raises(ClusterError, match=r"the group is lost: .*planted"):
        scene.play(during)
    assert [] == scene.member.complaints


@pytest.mark.parametrize("numbers", [(0, 1), ()], ids=["owning two", "owning none"])
def test_a_group_that_others_join_may_give_the_same_again_and_again(
    scene: Scene, numbers: tuple[int, ...]
) -> None:
    async def during(worker: Worker) -> None:
        for _ in range(12):
            await scene.give(worker, *numbers)
            await asyncio.sleep(0.03)

    scene.play(during)


def test_two_of_one_name_that_fence_each_other_stop(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refusals, "BURST_S", 0.02)

    async def during(_: Worker) -> None:
        for number in range(12):
            scene.member.member_id = f"m{number}"
            scene.member.share(0, 1)
            await asyncio.sleep(0.03)
        await asyncio.sleep(5)

    with pytest.raises(ClusterError, match="under the name test"):
        scene.play(during)


def test_a_rebalance_that_fails_ends_the_process(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    codes: list[int] = []
    monkeypatch.setattr(os, "_exit", codes.append)

    async def during(_: Worker) -> None:
        scene.member.listener.on_partitions_assigned("no set of partitions")

    scene.play(during)
    assert [EXIT_STALLED] == codes
    assert scene.reported("rebalance_failed")


def test_the_watchdog_sees_a_task_that_hangs_after_its_partition_went_away(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    codes: list[int] = []
    gate = asyncio.Event()
    monkeypatch.setattr(Watchdog.__init__, "__defaults__", (codes.append, None))
    scene.settings = a_setting(stall_s=0.3)

    class Hanging(MemoryProcessor):
        async def commit(self) -> None:
            await gate.wait()
            await super().commit()

    async def during(worker: Worker) -> None:
        worker._make_processor = lambda *_: Hanging(scene.harness)
        scene.harness.publish(0)
        scene.member.share(0)
        await until(lambda: worker._tasks[0].progress.doing.endswith("/0"))
        scene.member.share()
        await asyncio.sleep(1)
        scene.harness.log.clear()  # A slow machine may have taken its start for a hang.
        eventually(lambda: scene.reported("task_hangs"), "it sees nothing", pause_s=0.01)
        gate.set()

    scene.play(during)
    assert EXIT_STALLED == codes[0]
    line = scene.reported("task_hangs")[0]
    assert 0 == line["partition"]
    assert ["wait", "commit"] == [each.rpartition(" ")[2] for each in line["task_waits_at"][:2]]

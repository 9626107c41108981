"""A worker on a bad day: what it waits for while it starts, and what it does not while it ends."""

import asyncio
import contextlib

import pytest
from aiokafka.errors import KafkaConnectionError, NodeNotReadyError

from services.runtime.kafka import waits
from services.runtime.ops.watchdog import END_S
from services.runtime.processing import worker as worker_module
from services.runtime.processing.health import STOP_S as HEALTH_S
from services.runtime.processing.worker import CUT_S, STOP_S, TICK_S, Worker
from tests.unit.runtime.group import GROUP, Scene
from tests.unit.runtime.harness import MemoryProcessor, until


def test_after_a_signal_it_ends_within_fifteen_seconds_whatever_it_waits_for(scene: Scene) -> None:
    async def during(_: Worker) -> None:
        assert [] == scene.leaves

    scene.play(during)
    assert [(END_S, 0)] == scene.leaves
    assert END_S < 15
    assert STOP_S + 2 * CUT_S + HEALTH_S + TICK_S <= END_S, "each step of it in turn"


def test_a_task_that_does_not_let_go_is_left_to_the_end_of_the_process(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = asyncio.Event()

    class Stalled(MemoryProcessor):
        async def close(self) -> None:
            while not gate.is_set():
                with contextlib.suppress(asyncio.CancelledError):
                    await gate.wait()
            await super().close()

    async def during(worker: Worker) -> None:
        worker._make_processor = lambda *_: Stalled(scene.harness)
        await scene.give(worker, 0)
        asyncio.get_running_loop().call_later(1, gate.set)

    monkeypatch.setattr(worker_module, "STOP_S", 0.1)
    monkeypatch.setattr(worker_module, "CUT_S", 0.1)
    scene.play(during)
    assert scene.reported("task_cancelled")
    assert [] == scene.reported("task_failed")
    assert scene.member.stopped


def test_a_cluster_that_is_not_found_at_once_is_looked_for_again(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    start, failures = scene.member.start, [KafkaConnectionError("away"), NodeNotReadyError("too")]

    async def starts() -> None:
        if failures:
            raise failures.pop()
        monkeypatch.setattr(worker_module, "member_id", lambda _: "m1")
        await start()

    async def yes(_: str) -> bool:
        return True

    async def during(worker: Worker) -> None:
        await scene.give(worker, 0)

    monkeypatch.setattr(scene.member, "start", starts)
    monkeypatch.setattr(worker_module, "member_id", lambda _: None)
    monkeypatch.setattr(waits, "_anybody_listens", yes)
    monkeypatch.setattr(waits, "RETRY_S", 0.01)
    scene.play(during)
    assert 1 == len(scene.reported("broker_unavailable"))


def test_a_slow_join_is_logged_once(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    start = scene.member.start

    async def slow() -> None:
        await asyncio.sleep(0.3)
        await start()

    async def during(worker: Worker) -> None:
        await scene.give(worker, 0)

    monkeypatch.setattr(worker_module, "JOINED_S", 0.1)
    monkeypatch.setattr(scene.member, "start", slow)
    scene.play(during)
    (line,) = scene.reported("group_join_slow")
    assert (GROUP, 600) == (line["group"], line["limit_s"])


def test_a_rebalance_that_does_not_end_is_logged_time_and_again(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All partitions stand still, and the process lives and is ready."""
    monkeypatch.setattr(worker_module, "JOINED_S", 0.1)
    monkeypatch.setattr(worker_module, "TICK_S", 0.05)

    async def during(worker: Worker) -> None:
        await scene.give(worker, 0)
        await asyncio.sleep(0.3)
        assert [] == scene.reported("group_join_slow"), "nothing is going on"
        scene.member.listener.on_partitions_revoked(None)
        await until(lambda: len(scene.reported("group_join_slow")) > 1)
        await scene.give(worker, 0)

    scene.play(during)

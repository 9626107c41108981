"""A worker whose group a test shares out by hand."""

import asyncio
import os
import signal
from collections.abc import Callable, Coroutine
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.errors import CommitFailedError
from aiokafka.structs import OffsetAndMetadata, TopicPartition
from prometheus_client import CollectorRegistry

from services.runtime.processing import worker as worker_module
from services.runtime.processing.backlog import ReportedStatus
from services.runtime.processing.health import Health
from services.runtime.processing.status import TaskState, decode_status
from services.runtime.processing.worker import Worker
from tests.unit.runtime.harness import (
    REMEDY,
    TOPIC,
    Harness,
    MemoryProcessor,
    a_setting,
    quickly,
    until,
)

GROUP = "group"


class MemoryMember:
    """A member of a group that a test shares out by hand."""

    def __init__(self) -> None:
        self.listener: Any = None
        self.topics: dict[str, int] = {TOPIC: 8}
        self.member_id = "m1"
        self.commits: list[dict[TopicPartition, ReportedStatus]] = []
        self.stood: dict[TopicPartition, int] = {}
        """What was committed in this group before."""
        self.complaints: list[Exception] = []
        self.polls = 0
        """How often it was asked what the group has to say."""
        self.refuses_commits = False
        self.rejoins = 0
        """How often the worker asked the group for an assignment."""
        self.unauthorized: set[str] = set()
        """The topics that this principal may not describe."""
        self.started = asyncio.Event()
        self.stopped = False

    @property
    def _coordinator(self) -> Any:
        return self

    def request_rejoin(self) -> None:
        self.rejoins += 1

    @property
    def _client(self) -> Any:
        cluster = SimpleNamespace(unauthorized_topics=self.unauthorized)
        return SimpleNamespace(_sync_task=True, cluster=cluster, force_metadata_update=lambda: None)

    async def start(self) -> None:
        self.listener.on_partitions_revoked(set())
        self.started.set()

    async def stop(self) -> None:
        self.stopped = True

    def share(self, *numbers: int) -> None:
        """A rebalance, from its beginning to its end."""
        self.listener.on_partitions_revoked(set())
        self.listener.on_partitions_assigned({TopicPartition(TOPIC, each) for each in numbers})

    def partitions_for_topic(self, topic: str) -> set[int] | None:
        return set(range(self.topics[topic])) if topic in self.topics else None

    def assignment(self) -> set[TopicPartition]:
        return set()

    def pause(self, *_: TopicPartition) -> None:
        pass

    async def getmany(self, **_: int) -> dict[TopicPartition, list[Any]]:
        self.polls += 1
        if self.complaints:
            raise self.complaints.pop()
        return {}

    @property
    def _subscription(self) -> Any:
        return SimpleNamespace(subscription=SimpleNamespace(assignment=self.assignment()))

    async def committed(self, place: TopicPartition) -> int | None:
        return self.stood.get(place)

    async def commit_offsets(
        self, _assignment: Any, offsets: dict[TopicPartition, OffsetAndMetadata]
    ) -> None:
        if self.refuses_commits:
            raise CommitFailedError(GROUP)
        commits = {
            place: (at, decode_status(reported)) for place, (at, reported) in offsets.items()
        }
        self.commits.append(
            {p: ReportedStatus(at, status) for p, (at, status) in commits.items() if status}
        )


class Scene:
    """A worker with its group and its harness."""

    def __init__(self, harness: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
        self.harness = harness
        self.member = MemoryMember()
        self.leaves: list[tuple[float, int]] = []
        """In how long the process was to end at the latest, and with what code."""
        self.settings = a_setting(stall_s=30, session_timeout_s=2)
        monkeypatch.setattr(worker_module, "TICK_S", 0.01)

        def join(_settings: Any, _group: str, _topic: str, listener: Any) -> MemoryMember:
            self.member.listener = listener
            return self.member

        monkeypatch.setattr(worker_module, "make_member", join)
        # It would end the process of the tests.
        monkeypatch.setattr(worker_module, "exit_after", lambda *how: self.leaves.append(how))

    def play(self, during: Callable[[Worker], Coroutine[Any, Any, None]]) -> Worker:
        """Run a worker, do something meanwhile, end it as SIGTERM does."""

        async def go() -> Worker:
            health = Health(self.settings, CollectorRegistry())
            worker = Worker(
                self.settings,
                GROUP,
                TOPIC,
                lambda *_: MemoryProcessor(self.harness),
                health,
                REMEDY,
            )
            run = asyncio.create_task(worker.run())
            acts = asyncio.create_task(self._act(during, worker))
            try:
                await asyncio.wait({run, acts}, return_when=asyncio.FIRST_COMPLETED)
                if acts.done():
                    acts.result()
                    os.kill(os.getpid(), signal.SIGTERM)
                await run
            finally:
                acts.cancel()
                run.cancel()
            return worker

        return quickly(go())

    async def _act(
        self, during: Callable[[Worker], Coroutine[Any, Any, None]], worker: Worker
    ) -> None:
        await self.member.started.wait()
        await during(worker)

    async def give(self, worker: Worker, *numbers: int) -> None:
        """The group gives it these partitions, and it runs a task for each."""
        self.member.share(*numbers)
        await until(are(worker, TaskState.RUNNING, *numbers))

    def reported(self, event: str) -> list[dict[str, Any]]:
        return [line for line in self.harness.log if line["event"] == event]


def states(worker: Worker) -> dict[int, TaskState]:
    return {number: task.state for number, task in worker._tasks.items()}


def are(worker: Worker, state: TaskState, *numbers: int) -> Callable[[], bool]:
    return lambda: states(worker) == dict.fromkeys(numbers, state)

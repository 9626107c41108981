"""A harness of partition tasks: topics as lists, a processor that remembers, simulated time.

What is waited for on this loop comes at once: the clock jumps to whatever is due next.
"""

import asyncio
from collections import Counter as Tally
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final, Self, TypeVar

from aiokafka.structs import ConsumerRecord, TopicPartition

from services.runtime.kafka.reader import ReadPosition
from services.runtime.ops.settings import Settings
from services.runtime.processing.processor import Hold
from services.runtime.processing.status import TaskState
from services.runtime.processing.task import PartitionTask

TOPIC: Final = "events"
PARTITION: Final = 3
REMEDY: Final = "set {topic}/{partition}/{offset} aside"
Result = TypeVar("Result")


class QuickLoop(asyncio.SelectorEventLoop):
    """A loop whose clock jumps over every wait, and stands still while something is done."""

    _now_s = 0.0

    def time(self) -> float:
        return self._now_s

    def _run_once(self) -> None:
        scheduled = self._scheduled  # type: ignore[attr-defined]
        waited_for = [each.when() for each in scheduled if not each.cancelled()]
        if not self._ready and waited_for:  # type: ignore[attr-defined]
            self._now_s = max(self._now_s, min(waited_for))
        super()._run_once()  # type: ignore[misc]


def quickly(doing: Coroutine[Any, Any, Result]) -> Result:
    """Run to the end, in no time."""
    with asyncio.Runner(loop_factory=QuickLoop) as runner:
        return runner.run(doing)


def now_s() -> float:
    return asyncio.get_running_loop().time()


def a_record(offset: int, value: bytes = b"", topic: str = TOPIC) -> ConsumerRecord:
    """One that Kafka has since `recorded_s` of its offset."""
    at_ms = int(recorded_s(offset) * 1000)
    return ConsumerRecord(
        topic, PARTITION, offset, at_ms, 0, b"key", value, None, 3, len(value), ()
    )


def event_s(offset: int) -> float:
    """When the event of a record happened: at 1000 s the first, one each second."""
    return 1000.0 + offset


def recorded_s(offset: int) -> float:
    """Kafka had it half a second later."""
    return event_s(offset) + 0.5


@dataclass
class Harness:
    """What is outside of a task: topics with records, what was committed, and what fails."""

    records: list[ConsumerRecord] = field(default_factory=list)
    committed: list[list[int]] = field(default_factory=list)
    """The offsets of each commit, those of several topics behind each other."""
    holds: list[Hold] = field(default_factory=list)
    opened_s: list[float] = field(default_factory=list)
    closed: int = 0
    moved: bool = False
    behind: bool = False
    log: list[Any] = field(default_factory=list)
    markers: int = 0
    """How much of a transaction's markers stands behind the last record of each topic."""
    is_silent: bool = False
    """Whether the broker has not answered for a while."""
    clock_s: float = 2000.0
    """What the clock on the wall says."""
    full_at: int | None = None
    """How many records fill a transaction."""

    on_open: Callable[[], None] = lambda: None
    on_handle: Callable[[int], None] = lambda _: None
    on_commit: Callable[[list[int]], None] = lambda _: None
    on_settle: Callable[[], None] = lambda: None
    on_hold: Callable[[], None] = lambda: None

    def __post_init__(self) -> None:
        self.next_offsets = {TOPIC: 0}

    def publish(self, *offsets: int) -> Self:
        self.records += [a_record(each) for each in offsets]
        return self

    @property
    def done(self) -> list[int]:
        """Everything that was committed, in order."""
        return [offset for batch in self.committed for offset in batch]

    def task(self, **settings: Any) -> PartitionTask:
        return PartitionTask(
            PARTITION,
            lambda *_: MemoryProcessor(self),
            a_setting(**settings),
            REMEDY,
            clock=lambda: self.clock_s,
        )


def a_setting(**more: Any) -> Settings:
    return Settings(instance="test", **more)


class MemoryProcessor:
    """A work whose store is a list."""

    def __init__(self, harness: Harness) -> None:
        self._harness = harness
        self._batch: list[ConsumerRecord] = []
        self.outcomes: Tally[str] = Tally()

    async def open(self) -> dict[str, int]:
        self._harness.opened_s.append(now_s())
        self._harness.on_open()
        return dict(self._harness.next_offsets)

    def handle(self, record: ConsumerRecord) -> None:
        self._harness.on_handle(record.offset)
        self._batch.append(record)

    @property
    def is_full(self) -> bool:
        return len(self._batch) == self._harness.full_at

    async def commit(self) -> None:
        batch, self._batch = self._batch, []
        offsets = [record.offset for record in batch]
        await asyncio.sleep(0.02)
        self._harness.on_commit(offsets)
        self._harness.committed.append(offsets)
        self.outcomes = Tally(record.topic for record in batch)
        for record in batch:
            self._harness.next_offsets[record.topic] = record.offset + 1

    async def settle(self) -> None:
        self._harness.on_settle()

    async def hold(self, hold: Hold) -> None:
        self._harness.on_hold()
        self._harness.moved = False
        self._harness.holds.append(hold)

    async def was_moved(self) -> bool:
        return self._harness.moved

    async def close(self) -> None:
        self._harness.closed += 1

    def name_of(self, record: ConsumerRecord) -> str | None:
        return f"e{record.offset}"

    def time_of(self, record: ConsumerRecord) -> float | None:
        return event_s(record.offset)


class MemoryReader:
    """Reads a harness's records; the fixture `harness` names it."""

    harness: ClassVar[Harness]

    def __init__(
        self, _: Settings, places: dict[TopicPartition, int], *_more: Any, **_said: Any
    ) -> None:
        self._at = dict(places)
        self._answered_s = 0.0

    async def start(self) -> None:
        pass

    async def stop(self) -> None:
        pass

    def point_at(self, offsets: dict[TopicPartition, int]) -> None:
        self._at = dict(offsets)

    async def is_behind(self) -> bool:
        return self.harness.behind

    async def read_positions(self) -> dict[TopicPartition, ReadPosition]:
        if not self.harness.is_silent:
            self._answered_s = self.harness.clock_s
        return {place: self._position(place.topic, at) for place, at in self._at.items()}

    def _position(self, topic: str, at: int) -> ReadPosition:
        """Behind the last record stand the markers, and nothing else."""
        there = [record.offset for record in self.harness.records if record.topic == topic]
        last = max(there, default=-1)
        end = last + 1 + self.harness.markers
        return ReadPosition(at if at <= last else max(at, end), end, self._answered_s)

    async def take(
        self, limit_s: float, records_max: int
    ) -> dict[TopicPartition, list[ConsumerRecord]]:
        taken = {
            place: [r for r in self.harness.records if r.topic == place.topic and r.offset >= at]
            for place, at in self._at.items()
        }
        taken = {place: records[:records_max] for place, records in taken.items() if records}
        if not taken:
            await asyncio.sleep(limit_s)
            return {}
        for place, records in taken.items():
            self._at[place] = records[-1].offset + 1
        return taken


async def until(there: Callable[[], object], limit_s: float = 3600.0) -> None:
    """Until something is so, on the loop's own clock."""
    until_s, pause_s = now_s() + limit_s, min(0.01, limit_s / 1000)
    while not there():
        assert now_s() < until_s, f"not in {limit_s:g} s"
        await asyncio.sleep(pause_s)
        pause_s *= 1.01


def once(error: Exception) -> Callable[..., None]:
    """Fails the first time."""
    return times(1, error)


def times(count: int, error: Exception) -> Callable[..., None]:
    """Fails that many times."""
    left = count

    def failing(*_: object) -> None:
        nonlocal left
        left -= 1
        if left >= 0:
            raise error

    return failing


def at(bad: int) -> Callable[[int], None]:
    """Fails at one record, always."""

    def failing(offset: int) -> None:
        if offset == bad:
            raise AssertionError("planted")

    return failing


async def running(task: PartitionTask, during: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run a task, do something meanwhile, and stop it."""
    run = asyncio.create_task(task.run())
    try:
        await during()
    finally:
        task.stop()
    await run
    assert task.state is TaskState.STOPPED


def work_off(harness: Harness, *, task: PartitionTask | None = None) -> PartitionTask:
    """Until everything that is there is committed."""
    task = task or harness.task()
    wanted = [record.offset for record in harness.records]

    async def during() -> None:
        await until(lambda: harness.done == wanted)

    quickly(running(task, during))
    assert wanted == harness.done
    assert len(harness.opened_s) == harness.closed
    return task

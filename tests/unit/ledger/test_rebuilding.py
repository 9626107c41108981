"""A state that is made again from a long journal: meanwhile the process goes on living."""

import asyncio
from collections.abc import AsyncGenerator

import pytest
from aiokafka.structs import ConsumerRecord, TopicPartition
from structlog.testing import capture_logs

from services.ledger.kafka import partition_restore
from services.ledger.kafka.partition_restore import PartitionTopics, RestoredPartition
from services.runtime.kafka.reader import Reader
from services.runtime.ops.settings import Settings
from services.runtime.ops.watchdog import Progress
from tests.builders import BUDGET, Scenario, a_vote
from tests.unit.ledger.wire import Owner

RECORDS = 1000


def a_record(offset: int, raw: bytes) -> ConsumerRecord:
    key = BUDGET.encode()
    return ConsumerRecord("ecluse.journal.v1", 0, offset, 0, 0, key, raw, None, 0, len(raw), ())


class Kept(Reader):
    """A journal in memory, which comes in one chunk, beside an empty state."""

    def __init__(self, history: Scenario) -> None:
        self._progress = Progress()
        rows = enumerate(history.store.journal())
        self._records = [a_record(offset, row.record) for offset, row in rows]

    @property
    def steps(self) -> int:
        return self._progress.steps

    async def latest(self, _place: TopicPartition) -> dict[bytes, bytes]:
        return {}

    async def bounds(self, _place: TopicPartition) -> tuple[int, int]:
        return 0, len(self._records)

    async def record_at(self, _place: TopicPartition, offset: int) -> ConsumerRecord | None:
        return next(iter(self._records[offset:]), None)

    async def to_the_end(
        self, _place: TopicPartition, _start: int | None = None
    ) -> AsyncGenerator[list[ConsumerRecord], None]:
        yield self._records


@pytest.fixture(scope="module")
def history() -> Scenario:
    more = (a_vote(stage="supplementary") | {"id": f"dm-{number}"} for number in range(1, RECORDS))
    return Scenario(a_vote(), *more)


def rebuilt(reader: Reader) -> tuple[RestoredPartition, int]:
    """What comes of it, and how often others had their turn."""

    async def go() -> tuple[RestoredPartition, int]:
        restoring = asyncio.ensure_future(
            PartitionTopics(Settings(), 0).restore(reader, 1, Owner())
        )
        yields = 0
        while not restoring.done():
            yields += 1
            await asyncio.sleep(0)
        return await restoring, yields

    return asyncio.run(go())


def test_other_partitions_go_on_while_a_long_journal_is_folded(history: Scenario) -> None:
    """Heartbeats and the health page, and the other partitions; the watchdog sees steps."""
    reader = Kept(history)
    restored, yields = rebuilt(reader)
    assert history.state.memory.head == restored.ledger.budgets[BUDGET].memory.head
    assert RECORDS // partition_restore.YIELD_RECORDS <= min(yields, reader.steps)


def test_the_log_says_how_far_it_is(history: Scenario, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(partition_restore, "LOGGED_RECORDS", 400)
    with capture_logs() as lines:
        rebuilt(Kept(history))
    assert [
        ("state_rebuilt", None),
        *(("state_being_rebuilt", n) for n in (400, 800, RECORDS)),
    ] == [(line["event"], line.get("records")) for line in lines]

"""Where the journal ends on a real broker: behind its last record, markers left aside."""

import asyncio
from datetime import timedelta

import pytest

from services.api.adapters.journal_ends import KEPT_S, KafkaEnds
from services.api.adapters.ports import JournalEnd
from services.runtime.kafka import topics
from services.runtime.kafka.topic_catalogue import read_catalogue
from services.runtime.kafka.topic_diff import TopicOptions
from services.runtime.ops.settings import Settings
from tests.api.environment import HandClock
from tests.kafka.brokers import Broker
from tests.kafka.ledger_transactions import Writer
from tests.kafka.projecting import journal_of
from tests.read_model.filling import GOLDEN

PARTITIONS = 2


@pytest.fixture
def settings(broker: Broker, prefix: str) -> Settings:
    settings = Settings(bootstrap_servers=broker.bootstrap, topic_prefix=prefix)
    asyncio.run(topics.apply(read_catalogue(), settings, TopicOptions(partitions=PARTITIONS)))
    return settings


def test_markers_and_aborted_records_are_nothing_to_read(settings: Settings) -> None:
    events = (GOLDEN / "hard-year-2023.events.jsonl").read_bytes().splitlines()
    first, *others = journal_of(events, batch_events=5)
    partition = first[0].partition
    clock = HandClock()

    async def go() -> None:
        ends = KafkaEnds(settings, clock)
        try:
            nothing = JournalEnd(0, 0)
            assert {0: nothing, 1: nothing} == await ends()
            async with Writer(settings) as writer:
                await writer.write(first)
                assert {0: nothing, 1: nothing} == await ends(), "an answer is kept a while"
                expected = JournalEnd(len(first), len(first) + 1)
                await _until({partition: expected, 1 - partition: nothing}, ends, clock)
                await writer.write(others[0], abort=True)
                behind = len(first) + 1 + len(others[0]) + 1
                expected = JournalEnd(len(first), behind)
                await _until({partition: expected, 1 - partition: nothing}, ends, clock)
                await writer.write(others[1])
                last = behind + len(others[1])
                expected = JournalEnd(last, last + 1)
                await _until({partition: expected, 1 - partition: nothing}, ends, clock)
        finally:
            await ends.stop()

    asyncio.run(go())


def test_where_kafka_does_not_answer_nobody_knows(settings: Settings) -> None:
    away = settings.model_copy(update={"bootstrap_servers": "127.0.0.1:1"})

    async def go() -> None:
        ends = KafkaEnds(away, HandClock())
        try:
            assert await ends() is None
        finally:
            await ends.stop()

    asyncio.run(go())


async def _until(expected: dict[int, JournalEnd], ends: KafkaEnds, clock: HandClock) -> None:
    """Ask again while it is otherwise: markers are written a moment after the commit."""
    found = None
    for _ in range(100):
        clock.advance(timedelta(seconds=KEPT_S))
        found = await ends()
        if found == expected:
            return
        await asyncio.sleep(0.1)
    assert expected == found

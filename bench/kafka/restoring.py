"""How fast partitions are restored: from their state topic, or, without one, from their journal.

`python -m bench.kafka.restoring` reads a question from standard input and prints the answer.
"""

import asyncio
import json
import sys
import time
from typing import Any

import uvloop
from aiokafka.structs import ConsumerRecord, TopicPartition

from bench.kafka.topics import PARTITIONS, settings_of
from services.ledger.kafka.partition import LedgerProcessor, transactional_id
from services.ledger.kafka.partition_restore import PartitionTopics
from services.runtime.kafka.reader import Reader
from services.runtime.kafka.writer import FencedWriter
from services.runtime.ops.settings import Settings
from services.runtime.ops.watchdog import Progress
from services.runtime.processing.cycle_collection import collect_rarely


class CountingReader(Reader):
    """Counts the records that it reads of one partition."""

    def __init__(self, settings: Settings, topics: PartitionTopics) -> None:
        super().__init__(settings, [topics.state, topics.journal])
        self._counted = topics.state
        self.records = 0

    async def take(
        self, limit_s: float, records_max: int
    ) -> dict[TopicPartition, list[ConsumerRecord]]:
        taken = await super().take(limit_s, records_max)
        self.records += len(taken.get(self._counted, ()))
        return taken


async def read(settings: Settings) -> dict[str, float]:
    """Read every partition into memory, in turn: nothing is written."""
    took_s, records = 0.0, 0
    for number in range(PARTITIONS):
        topics = PartitionTopics(settings, number)
        reader = CountingReader(settings, topics)
        writer = FencedWriter(settings, transactional_id(settings, number))  # connects to nothing
        await reader.start()
        start_s = time.perf_counter()
        await topics.restore(reader, PARTITIONS, writer)
        took_s += time.perf_counter() - start_s
        await reader.stop()
        await writer.stop()
        records += reader.records
    return {"read_s": took_s, "state_records": records}


async def open_all(settings: Settings) -> dict[str, float]:
    """Open every partition, in turn.

    Fenced, read, checked, its input topics found, ready for work.
    """
    took_s = 0.0
    for number in range(PARTITIONS):
        work = LedgerProcessor(settings, number, PARTITIONS, Progress())
        start_s = time.perf_counter()
        await work.open()
        took_s += time.perf_counter() - start_s
        await work.close()
    return {"seconds": took_s}


async def restore(question: dict[str, Any]) -> dict[str, float]:
    """One way or the other."""
    settings = settings_of(question["bootstrap"], question["prefix"])
    return await (read(settings) if question["reads"] else open_all(settings))


if __name__ == "__main__":
    collect_rarely()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        print(json.dumps(runner.run(restore(json.load(sys.stdin)))), flush=True)

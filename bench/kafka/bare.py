"""The bare loop: read, write as much as the ledger writes, one transaction a poll. No ledger in it.

One producer for all partitions, whole batches, nothing decoded: the most that aiokafka gives in
Python. `python -m bench.kafka.bare` reads a question from standard input and prints the answer.
"""

import asyncio
import base64
import json
import os
import resource
import sys
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from itertools import cycle
from typing import Any, Final, NamedTuple

import uvloop
from aiokafka.structs import TopicPartition

from bench.kafka.outputs import Headers, size_bytes
from bench.kafka.processes import spent
from bench.kafka.topics import PARTITIONS, places_of, settings_of
from events.topics import EVENTS
from services.runtime.kafka.clients import FETCH_WAIT_S, make_batch, make_reader, make_writer
from services.runtime.processing.cycle_collection import collect_rarely
from services.runtime.processing.task import BATCH_RECORDS

POLL_S: Final = 1.0
SILENT_POLLS_MAX: Final = 10


class Record(NamedTuple):
    """A record that the ledger once wrote."""

    key: bytes | None
    value: bytes | None
    headers: Headers


@dataclass(slots=True)
class Part:
    """What is written to one partition of one topic, in the ledger's measure."""

    place: TopicPartition
    codec: str
    per_event: float
    sample: list[Record]
    turns: Iterator[Record]
    """The sample over and over."""
    owed: float = 0.5
    written: int = 0

    def batches(self, events: int) -> Iterator[Any]:
        """As many records as so many events are worth, in whole batches."""
        self.owed += events * self.per_event
        count, batch = int(self.owed), make_batch(self.codec)
        self.owed -= count
        self.written += count
        for _ in range(count):
            key, value, headers = next(self.turns)
            if batch.append(key=key, value=value, timestamp=None, headers=headers) is None:
                yield batch
                batch = make_batch(self.codec)
                batch.append(key=key, value=value, timestamp=None, headers=headers)
        if batch.record_count():
            yield batch

    def written_bytes(self) -> int:
        """Of all records that were written, before compression; counted behind the clock."""
        rounds, rest = divmod(self.written, len(self.sample))
        sizes = [size_bytes(*record) for record in self.sample]
        return rounds * sum(sizes) + sum(sizes[:rest])


def parts(prefix: str, recipe: list[dict[str, Any]]) -> dict[int, list[Part]]:
    """By partition: what its events are turned into."""
    of_partition: dict[int, list[Part]] = {number: [] for number in range(PARTITIONS)}
    for each in recipe:
        records = [Record(*_of_text(record)) for record in each["records"]]
        place = TopicPartition(prefix + each["topic"], each["partition"])
        part = Part(place, each["codec"], each["records_per_event"], records, cycle(records))
        of_partition[place.partition].append(part)
    return of_partition


def _of_text(record: list[Any]) -> tuple[Any, Any, Any]:
    key, value, headers = record
    return _bytes(key), _bytes(value), [(name, _bytes(content)) for name, content in headers]


def _bytes(text: str | None) -> bytes | None:
    return None if text is None else base64.b64decode(text)


async def loop(question: dict[str, Any]) -> dict[str, Any]:
    """Read the timed events once, and write."""
    source = settings_of(question["bootstrap"], question["source"])
    of_partition = parts(question["prefix"], question["recipe"])
    consumer = make_reader(source, FETCH_WAIT_S)
    producer = make_writer(settings_of(question["bootstrap"], question["prefix"]), "bare-loop")
    events, broker, silent = question["events"], question["broker"], 0
    async with AsyncExitStack() as open_:
        await producer.start()
        open_.push_async_callback(producer.stop)
        await consumer.start()
        open_.push_async_callback(consumer.stop)
        places = places_of(source, EVENTS)
        consumer.assign(places)
        for place in places:
            consumer.seek(place, question["starts"][str(place.partition)])
        read = 0
        before, start_s = spent([os.getpid()], broker), time.perf_counter()
        while read < events and silent < SILENT_POLLS_MAX:
            taken = await consumer.getmany(
                timeout_ms=int(POLL_S * 1000), max_records=BATCH_RECORDS * PARTITIONS
            )
            silent = 0 if taken else silent + 1
            if taken:
                read += await _turn(producer, of_partition, taken)
        took_s = time.perf_counter() - start_s
        had = spent([os.getpid()], broker).since(before)
    written = [part for ours in of_partition.values() for part in ours]
    return {
        "events": read,
        "seconds": took_s,
        "had": had,
        "peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "wrote": {
            "records": sum(part.written for part in written),
            "bytes": sum(part.written_bytes() for part in written),
        },
    }


async def _turn(
    producer: Any, of_partition: dict[int, list[Part]], taken: dict[TopicPartition, list[Any]]
) -> int:
    """One poll, one transaction."""
    await producer.begin_transaction()
    sent = []
    for place, records in taken.items():
        for part in of_partition[place.partition]:
            for batch in part.batches(len(records)):
                to = part.place
                sent.append(await producer.send_batch(batch, to.topic, partition=to.partition))
    await asyncio.gather(*sent)
    await producer.commit_transaction()
    return sum(map(len, taken.values()))


if __name__ == "__main__":
    collect_rarely()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        print(json.dumps(runner.run(loop(json.load(sys.stdin)))), flush=True)

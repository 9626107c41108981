"""What the ledger wrote for each event: counted, weighed, and a sample of it."""

import base64
from collections.abc import Iterator
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from aiokafka.structs import ConsumerRecord

from bench.kafka.topics import places_of
from events import topics
from services.runtime.kafka.reader import Reader
from services.runtime.kafka.topic_catalogue import read_catalogue
from services.runtime.ops.settings import Settings

WRITTEN: Final = (
    topics.JOURNAL,
    topics.COMMITMENT_ENTRIES,
    topics.PAYMENT_ORDERS,
    topics.BALANCES,
    topics.REFUSALS,
    topics.LEDGER_STATE,
)
"""What the ledger writes; there are no dead letters here."""

SAMPLED: Final = 2_000
"""About how many records of a topic, all its partitions together, the bare loop writes over and
over where there is one for each event."""

Starts = dict[str, dict[int, int]]
"""By topic and partition: the first offset that counts."""

Headers = list[tuple[str, bytes | None]]


def size_bytes(key: bytes | None, value: bytes | None, headers: Headers) -> int:
    """Of a record: its key, value and headers, before compression."""
    named = sum(len(name) + len(content or b"") for name, content in headers)
    return len(key or b"") + len(value or b"") + named


class Part(NamedTuple):
    """A partition of a topic of the contract."""

    topic: str
    partition: int


@dataclass(slots=True)
class Weight:
    """The records of one partition, or of a topic."""

    records: int = 0
    bytes: int = 0
    """Before compression."""
    sample: list[ConsumerRecord] = field(default_factory=list)

    def add(self, record: ConsumerRecord, every: int) -> None:
        """Count one record, and keep it if its turn has come."""
        if self.records % every == 0:
            self.sample.append(record)
        self.records += 1
        self.bytes += size_bytes(record.key, record.value, list(record.headers))


Weights = dict[Part, Weight]


async def weigh(settings: Settings, starts: Starts, events: int) -> Weights:
    """What stands behind `starts` in each partition, for so many events in all."""
    # Odd: payments and reports take turns, and both belong into a sample.
    every = (events // SAMPLED) | 1
    places = {
        Part(name, place.partition): place
        for name in WRITTEN
        for place in places_of(settings, name)
    }
    reader = Reader(settings, places.values())
    await reader.start()
    try:
        weights = {part: Weight() for part in places}
        for part, place in places.items():
            start = starts[part.topic][part.partition]
            async with aclosing(reader.to_the_end(place, start)) as chunks:
                async for chunk in chunks:
                    for record in chunk:
                        weights[part].add(record, every)
        return weights
    finally:
        await reader.stop()


def by_topic(weights: Weights) -> dict[str, Weight]:
    """The same for whole topics, without samples."""
    whole: dict[str, Weight] = {}
    for part, weight in weights.items():
        topic = whole.setdefault(part.topic, Weight())
        topic.records += weight.records
        topic.bytes += weight.bytes
    return whole


def recipe(weights: Weights) -> Iterator[dict[str, Any]]:
    """Of each partition: how many records an event, which, how compressed; as JSON."""
    named = read_catalogue().topics
    for (topic, partition), weight in weights.items():
        if weight.records:
            # One journal record an event: that was checked.
            events = weights[Part(topics.JOURNAL, partition)].records
            yield {
                "topic": topic,
                "partition": partition,
                "codec": named[topic].config.compression_type,
                "records_per_event": weight.records / events,
                "records": [_as_text(record) for record in weight.sample],
            }


def _as_text(record: ConsumerRecord) -> list[Any]:
    headers = [[name, _text(content)] for name, content in record.headers]
    return [_text(record.key), _text(record.value), headers]


def _text(content: bytes | None) -> str | None:
    return None if content is None else base64.b64encode(content).decode()

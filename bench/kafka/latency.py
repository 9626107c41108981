"""From publishing an event to reading its journal record, committed: at a steady rate.

`python -m bench.kafka.latency` reads a question from standard input and prints the answer.
"""

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Final, NamedTuple

import uvloop
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from bench.kafka.stream import messages
from bench.kafka.topics import PARTITIONS, STRUCTURED, origin_of, places_of, settings_of
from events.topics import EVENTS, JOURNAL
from services.runtime.kafka.clients import FETCH_WAIT_S, make_reader
from services.runtime.kafka.partitioning import partition_of

SILENT_S: Final = 10.0
"""How long the last record may be waited for."""

Place = tuple[int, int]
"""The partition and the offset of an event on its topic."""


class Sent(NamedTuple):
    """When an event was to be published, and when it was (`time.perf_counter`)."""

    due_s: float
    at_s: float


OnSent = Callable[[int, bytes, float], None]
"""Hears an event's number, its bytes, and when it was due (`time.perf_counter`)."""


def at_percent(sorted_values: Sequence[float], percent: int) -> float:
    """The value below or at which so many percent lie (nearest rank)."""
    rank = -(-len(sorted_values) * percent // 100)
    return sorted_values[max(rank, 1) - 1]


@asynccontextmanager
async def watched(
    question: dict[str, Any],
) -> AsyncIterator[tuple[AIOKafkaProducer, str, dict[Place, float]]]:
    """A producer, the topic of events, and when each journal record came from now on."""
    settings = settings_of(question["bootstrap"], question["prefix"])
    consumer = make_reader(settings, FETCH_WAIT_S)
    producer = AIOKafkaProducer(
        bootstrap_servers=settings.bootstrap_servers, acks="all", enable_idempotence=True
    )
    async with AsyncExitStack() as open_:
        await producer.start()
        open_.push_async_callback(producer.stop)
        await consumer.start()
        open_.push_async_callback(consumer.stop)
        places = places_of(settings, JOURNAL)
        consumer.assign(places)
        for place, end in (await consumer.end_offsets(places)).items():
            consumer.seek(place, end)
        seen: dict[Place, float] = {}
        following = asyncio.create_task(follow(consumer, seen))
        try:
            yield producer, settings.topic(EVENTS), seen
        finally:
            following.cancel()
            with suppress(asyncio.CancelledError):
                await following


async def measure(question: dict[str, Any]) -> dict[str, Any]:
    """Publish at the rate that was asked for, and read along."""
    async with watched(question) as (producer, topic, seen):
        sent = await publish(producer, topic, question)
        await until_all_came(sent, seen)
    return figures(sent, seen, question["warm_up_s"])


async def until_all_came(sent: dict[Place, Sent], seen: dict[Place, float]) -> None:
    """Wait until the journal has each event, or the last did not come in time."""
    until_s = time.perf_counter() + SILENT_S
    while len(seen) < len(sent) and time.perf_counter() < until_s:  # noqa: ASYNC110 - rarely
        await asyncio.sleep(0.1)


async def follow(consumer: AIOKafkaConsumer, seen: dict[Place, float]) -> None:
    """Note when each record came."""
    while True:
        taken = await consumer.getmany(timeout_ms=1000)
        now_s = time.perf_counter()
        for records in taken.values():
            for record in records:
                origin = origin_of(record.value)
                seen[origin.partition, origin.offset] = now_s


async def publish(
    producer: AIOKafkaProducer,
    topic: str,
    question: dict[str, Any],
    on_sent: OnSent = lambda *_: None,
) -> dict[Place, Sent]:
    """Send each event when its turn comes, not when the one before is done.

    `on_sent` is called with each as it is sent.
    """
    sent: list[tuple[asyncio.Future[Any], Sent]] = []
    start_s, rate = time.perf_counter(), question["rate"]
    for number, (key, value, _) in enumerate(messages(Path(question["file"]))):
        due_s = start_s + number / rate
        if (now_s := time.perf_counter()) < due_s:
            await asyncio.sleep(due_s - now_s)
            now_s = time.perf_counter()
        future = await producer.send(
            topic,
            key=key,
            value=value,
            partition=partition_of(key, PARTITIONS),
            headers=STRUCTURED,
        )
        sent.append((future, Sent(due_s, now_s)))
        on_sent(number, value, due_s)
    return {
        (metadata.partition, metadata.offset): each
        for metadata, each in [(await future, each) for future, each in sent]
    }


def figures(sent: dict[Place, Sent], seen: dict[Place, float], warm_up_s: float) -> dict[str, Any]:
    """From the moment when an event was due: what held its publishing up counts too.

    What was due in the first `warm_up_s` seconds does not count.
    """
    first_s, last_s = (limit(each.at_s for each in sent.values()) for limit in (min, max))
    counted = {place: each for place, each in sent.items() if each.due_s >= first_s + warm_up_s}
    took_ms = sorted(
        (seen[place] - each.due_s) * 1000 for place, each in counted.items() if place in seen
    )
    late_ms = sorted((each.at_s - each.due_s) * 1000 for each in counted.values())
    return {
        "events": len(counted),
        "missing": len(sent.keys() - seen.keys()),
        "rate": (len(sent) - 1) / (last_s - first_s),
        "p50_ms": at_percent(took_ms, 50),
        "p99_ms": at_percent(took_ms, 99),
        "max_ms": took_ms[-1],
        "publisher_late_p99_ms": at_percent(late_ms, 99),
    }


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        print(json.dumps(runner.run(measure(json.load(sys.stdin)))), flush=True)

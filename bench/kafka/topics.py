"""The topics of a contender, and how far its journal has come: seen from outside, for little."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final, Self

import msgspec
from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.structs import TopicPartition

from bench.kafka.processes import BenchFailed, Child, StoodStill
from bench.kafka.stream import messages
from events.topics import EVENTS, JOURNAL
from services.runtime.kafka.clients import QUICK_FETCH_WAIT_S, make_reader
from services.runtime.kafka.publishing import Receipts, publish
from services.runtime.kafka.reader import Reader
from services.runtime.kafka.topic_catalogue import TopicOptions, read_catalogue
from services.runtime.kafka.topics import apply
from services.runtime.ops.settings import Settings

PARTITIONS: Final = 4
LOOK_S: Final = 0.02
"""How often is looked: so much may the end of a run be seen too late."""

QUIET_S: Final = 0.3
"""A journal that has not grown for so long may have come to its end."""

SILENT_S: Final = 90.0
"""A journal that has not grown for so long before its end never will."""

GONE_S: Final = 30.0
"""How long deleted topics may still be shown."""

LAST_OFFSETS: Final = 4
"""How far back the last record of a partition may stand: behind it are transaction markers."""

STRUCTURED: Final = [("content-type", b"application/cloudevents+json; charset=UTF-8")]


class Origin(msgspec.Struct):
    """Where the event of a journal record stands on its topic."""

    partition: int
    offset: int


class _Record(msgspec.Struct):
    source: Origin


_read: Final = msgspec.json.Decoder(_Record).decode


def origin_of(journal_record: bytes) -> Origin:
    """Where its event stands; nothing else is read of it."""
    return _read(journal_record).source


def settings_of(bootstrap: str, prefix: str) -> Settings:
    """The settings of a contender's topics."""
    return Settings(bootstrap_servers=bootstrap, topic_prefix=prefix, instance="bench")


def places_of(settings: Settings, topic: str) -> list[TopicPartition]:
    """All partitions of a topic of the contract."""
    return [TopicPartition(settings.topic(topic), number) for number in range(PARTITIONS)]


async def create(settings: Settings) -> None:
    """The topics of the contract under this prefix, with their settings."""
    await apply(
        read_catalogue(), settings, TopicOptions(partitions=PARTITIONS, replication_factor=1)
    )


async def delete(bootstrap: str, prefix: str) -> None:
    """Delete every topic whose name begins so, and wait until they are gone."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        async with asyncio.timeout(GONE_S):
            while names := [name for name in await admin.list_topics() if name.startswith(prefix)]:
                await admin.delete_topics(names)
                await asyncio.sleep(LOOK_S)
    finally:
        await admin.close()


async def feed(settings: Settings, file: Path, events_max: int | None = None) -> None:
    """Publish the events of a file to the ledger's input, or the first of them.

    Raises:
        BenchFailed: not all of them were acknowledged.
    """
    receipts = Receipts()
    events = list(messages(file, events_max))
    await publish(settings, EVENTS, events, receipts)
    if receipts.count != len(events):
        raise BenchFailed(f"{receipts.count} of {len(events)} events were acknowledged")


class Looker:
    """Looks at the ends of a contender's topics: one small question to the broker a look."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._journal = places_of(settings, JOURNAL)
        self._consumer: AIOKafkaConsumer = make_reader(settings, QUICK_FETCH_WAIT_S)
        self._reader = Reader(settings, self._journal)
        self._open = AsyncExitStack()

    async def __aenter__(self) -> Self:
        """Connect."""
        await self._consumer.start()
        self._open.push_async_callback(self._consumer.stop)
        await self._reader.start()
        self._open.push_async_callback(self._reader.stop)
        return self

    async def __aexit__(self, *_: object) -> None:
        """Let go."""
        await self._open.aclose()

    async def ends(self, topic: str) -> dict[int, int]:
        """The end of each partition of a topic: of what is committed."""
        places = places_of(self._settings, topic)
        found = await self._consumer.end_offsets(places)
        return {place.partition: offset for place, offset in found.items()}

    async def until_journalled(self, workers: Sequence[Child]) -> float:
        """When the last event of the input topic was seen in the journal (`time.perf_counter`).

        Raises:
            BenchFailed: a worker ended.
            StoodStill: the journal does not grow, and is not at its end.
        """
        seen, grown_s = await self.ends(JOURNAL), time.perf_counter()
        while True:
            await asyncio.sleep(LOOK_S)
            now, now_s = await self.ends(JOURNAL), time.perf_counter()
            if now != seen:
                seen, grown_s = now, now_s
            elif now_s - grown_s > QUIET_S:
                for each in workers:
                    each.check()
                if await self._is_whole():
                    return grown_s
                await asyncio.sleep(QUIET_S)
            if now_s - grown_s > SILENT_S:
                raise StoodStill(f"the journal has not grown for {SILENT_S:g} s before its end")

    async def count_journal(self, starts: dict[int, int]) -> int:
        """How many records the journal holds behind these offsets."""
        count = 0
        for place in self._journal:
            async for chunk in self._reader.to_the_end(place, starts[place.partition]):
                count += len(chunk)
        return count

    async def _is_whole(self) -> bool:
        """Whether the last event of each partition of the input topic stands in the journal."""
        for number, end in (await self.ends(EVENTS)).items():
            place = self._journal[number]
            last = await self._reader.last(place)
            if end > (0 if last is None else origin_of(last.value).offset + 1):
                return False
        return True

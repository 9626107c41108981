"""Kafka as the API uses it: publishing events, ends of the journal, records of source topics."""

import asyncio
from collections.abc import Collection, Iterable, Mapping
from contextlib import aclosing
from typing import Any, Final

import structlog
from aiokafka.structs import TopicPartition

from events.texts import _
from events.topics import EVENTS, INPUT_TOPICS, JOURNAL
from services.api.adapters.clock_and_chance import Clock, TtlCache
from services.api.adapters.ports import JournalEnd
from services.ledger.application.handle import RawRecord
from services.ledger.domain.journal import Source
from services.ledger.kafka.topic_records import raw_record
from services.redrive.dead_letters import redriven_places
from services.runtime.kafka.publishing import (
    Flow,
    Message,
    Receipts,
    open_producer,
)
from services.runtime.kafka.reader import Reader
from services.runtime.kafka.topics import partition_count
from services.runtime.kafka.waits import stop_producer, wait_within
from services.runtime.ops.errors import ClusterError, Stop, Unreachable
from services.runtime.ops.settings import Settings

PUBLISH_LIMIT_S: Final = 25.0
"""Time that one request waits for Kafka, whatever happens there."""

LATE = _("Kafka did not confirm it all in {limit_s:g} s")


class KafkaPublisher:
    """Publishes with acks=all. A producer that failed is dropped: the next request has a new one.

    Several requests share the producer; each keeps the order of its own events.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._producer: Any = None
        self._partitions = 0
        self._opening = asyncio.Lock()

    async def publish(self, messages: Iterable[Message]) -> None:
        """Write every message to the topic of events; return once all are acknowledged.

        Raises:
            Unreachable: Kafka does not answer, or not in time.
            ClusterError: it has no such topic, or refuses.
        """
        producer = None
        try:
            async with asyncio.timeout(PUBLISH_LIMIT_S):
                producer, partitions = await self._open()
                topic = self._settings.topic(EVENTS)
                flow = Flow(producer, topic, partitions, Receipts())
                await flow.send_all(messages)
        except TimeoutError as error:
            await self._drop(producer)
            raise Unreachable(EVENTS, LATE.render({"limit_s": PUBLISH_LIMIT_S})) from error
        except ClusterError:
            await self._drop(producer)
            raise

    async def stop(self) -> None:
        """Wait for what is in flight, and let go of the connections."""
        await self._drop(self._producer)

    async def _open(self) -> tuple[Any, int]:
        async with self._opening:
            if self._producer is None:
                partitions = await partition_count(self._settings, EVENTS)
                self._producer = await open_producer(self._settings)
                self._partitions = partitions
            return self._producer, self._partitions

    async def _drop(self, producer: Any) -> None:
        if producer is None:
            return
        if producer is self._producer:
            self._producer = None
        await stop_producer(producer)


ENDS_KEPT_S: Final = 2.0
"""Time that an answer is cached: many pages ask at once."""

ENDS_UNKNOWN_S: Final = 15.0
"""Time that a failure is cached: nobody waits again for a broker that is away."""

ENDS_LIMIT_S: Final = 5.0
"""Time that a page waits for it; then it says that nobody knows."""

log: Final = structlog.stdlib.get_logger("ecluse.api")


class KafkaEnds:
    """Knows the end of each partition of the journal, behind its last record.

    Behind that stand only the markers of transactions, which nobody will ever read.
    """

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings = settings
        self._kept = TtlCache(self._fetch, clock, _cache_time_s)
        self._reader: Reader | None = None
        self._places: list[TopicPartition] = []
        self._seen: dict[TopicPartition, JournalEnd] = {}
        """End of each partition when it was last fetched."""

    async def __call__(self) -> Mapping[int, JournalEnd] | None:
        return await self._kept()

    async def stop(self) -> None:
        if self._reader is not None:
            await self._reader.stop()
            self._reader = None

    async def _fetch(self) -> Mapping[int, JournalEnd] | None:
        try:
            return await wait_within(
                ENDS_LIMIT_S, self._ends(), JOURNAL, self._settings.bootstrap_servers
            )
        except Stop as error:
            log.warning("journal_end_unknown", error=str(error))
            await self.stop()
            return None
        except BaseException:
            await self.stop()  # Whoever asked went away: nobody knows how far the reader came.
            raise

    async def _ends(self) -> Mapping[int, JournalEnd]:
        reader = self._reader or await self._connect()
        return {place.partition: await self._end(reader, place) for place in self._places}

    async def _connect(self) -> Reader:
        count = await partition_count(self._settings, JOURNAL)
        topic = self._settings.topic(JOURNAL)
        self._places = [TopicPartition(topic, partition) for partition in range(count)]
        self._seen = {}
        self._reader = reader = Reader(self._settings, self._places)
        await reader.start()
        return reader

    async def _end(self, reader: Reader, place: TopicPartition) -> JournalEnd:
        first, end = await reader.bounds(place)
        seen = self._seen.get(place)
        if seen is None or seen.end != end:
            found = await reader.last(place)
            seen = JournalEnd(first if found is None else found.offset + 1, end)
            self._seen[place] = seen
        return seen


def _cache_time_s(ends: Mapping[int, JournalEnd] | None) -> float:
    return ENDS_UNKNOWN_S if ends is None else ENDS_KEPT_S


RECORDS_S: Final = 20.0
"""Time limit for reading records, connecting included."""


async def original_bytes(
    settings: Settings, topic: str, partition: int, offset: int
) -> bytes | None:
    """The value of a record; None where it is gone, or is of another topic than our inputs.

    Raises:
        Unreachable: Kafka does not answer, or not in time.
    """
    place = Source(topic, partition, offset)
    found = (await source_records(settings, [place])).get(place)
    return None if found is None else found.value or b""


async def source_records(
    settings: Settings, places: Collection[Source]
) -> Mapping[Source, RawRecord]:
    """The records at these places; what is gone, or of another topic than our inputs, is left out.

    It connects each time, since people seldom ask.

    Raises:
        Unreachable: Kafka does not answer, or not in time.
    """
    inputs = {settings.topic(name) for name in INPUT_TOPICS}
    known = [each for each in places if each.topic in inputs]
    if not known:
        return {}
    return await wait_within(
        RECORDS_S, _read(settings, known), known[0].topic, settings.bootstrap_servers
    )


async def marks_behind(settings: Settings, partition: int, offset: int) -> Collection[str]:
    """The places of dead letters that were sent again as events of a partition from an offset on.

    Raises:
        Unreachable: Kafka does not answer, or not in time.
    """
    place = TopicPartition(settings.topic(EVENTS), partition)
    return await wait_within(
        RECORDS_S, _marks(settings, place, offset), place.topic, settings.bootstrap_servers
    )


async def _marks(settings: Settings, place: TopicPartition, offset: int) -> Collection[str]:
    found: set[str] = set()
    async with Reader(settings, [place]) as reader:
        first, _end = await reader.bounds(place)
        async with aclosing(reader.to_the_end(place, max(first, offset))) as chunks:
            async for chunk in chunks:
                for each in chunk:
                    found.update(redriven_places(each.headers))
    return found


async def _read(settings: Settings, places: Collection[Source]) -> Mapping[Source, RawRecord]:
    partitions = sorted({TopicPartition(each.topic, each.partition) for each in places})
    found = {}
    async with Reader(settings, partitions) as reader:
        bounds = {partition: await reader.bounds(partition) for partition in partitions}
        for each in places:
            partition = TopicPartition(each.topic, each.partition)
            first, end = bounds[partition]
            if not first <= each.offset < end:
                continue
            record = await reader.record_at(partition, each.offset)
            if record is not None and record.offset == each.offset:
                found[each] = raw_record(record)
    return found

"""Records of the source topics as they were received: what dead letters are."""

from collections.abc import Collection, Mapping
from contextlib import aclosing
from typing import Final

from aiokafka.structs import TopicPartition

from events.topics import EVENTS, INPUT_TOPICS
from services.ledger.application.handle import RawRecord
from services.ledger.domain.journal import Source
from services.ledger.kafka.topic_records import raw_record
from services.redrive.dead_letters import redriven_places
from services.runtime.kafka.reader import Reader
from services.runtime.kafka.waits import within
from services.runtime.ops.settings import Settings

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
    return await within(
        RECORDS_S, _read(settings, known), known[0].topic, settings.bootstrap_servers
    )


async def marks_behind(settings: Settings, partition: int, offset: int) -> Collection[str]:
    """The places of dead letters that were sent again as events of a partition from an offset on.

    Raises:
        Unreachable: Kafka does not answer, or not in time.
    """
    place = TopicPartition(settings.topic(EVENTS), partition)
    return await within(
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

"""Records of the source topics as they were received: what a dead letter's bytes are."""

from typing import Final

from aiokafka.structs import TopicPartition

from events.topics import INPUT_TOPICS
from services.runtime.kafka.reader import Reader
from services.runtime.kafka.waits import within
from services.runtime.ops.settings import Settings

ONE_RECORD_S: Final = 20.0
"""Time limit for reading one record, connecting included."""


async def original_bytes(
    settings: Settings, topic: str, partition: int, offset: int
) -> bytes | None:
    """The value of a record; None where it is gone, or is of another topic than our inputs.

    It connects for each, since operators seldom ask.

    Raises:
        Unreachable: Kafka does not answer, or not in time.
    """
    if topic not in {settings.topic(name) for name in INPUT_TOPICS}:
        return None
    reading = _read(settings, TopicPartition(topic, partition), offset)
    return await within(ONE_RECORD_S, reading, topic, settings.bootstrap_servers)


async def _read(settings: Settings, place: TopicPartition, offset: int) -> bytes | None:
    async with Reader(settings, [place]) as reader:
        first, end = await reader.bounds(place)
        if not first <= offset < end:
            return None
        found = await reader.record_at(place, offset)
    if found is None or found.offset != offset:
        return None
    return found.value or b""

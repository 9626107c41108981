"""Records of the source topics as they were received: what a dead letter's bytes are."""

from typing import Final

from aiokafka.structs import TopicPartition

from events.topics import INPUT_TOPICS
from services.runtime.kafka.reader import Reader
from services.runtime.kafka.timeouts import within
from services.runtime.ops.settings import Settings

ONE_RECORD_S: Final = 20.0
"""Time limit for reading one record, connecting included."""


class KafkaBytes:
    """Reads single records of the input topics.

    It connects for each, since operators seldom ask.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._input_topics = {settings.topic(name) for name in INPUT_TOPICS}

    async def __call__(self, topic: str, partition: int, offset: int) -> bytes | None:
        if topic not in self._input_topics:
            return None
        place = TopicPartition(topic, partition)
        return await within(
            ONE_RECORD_S, self._read(place, offset), topic, self._settings.bootstrap_servers
        )

    async def _read(self, place: TopicPartition, offset: int) -> bytes | None:
        async with Reader(self._settings, [place]) as reader:
            first, end = await reader.bounds(place)
            if not first <= offset < end:
                return None
            found = await reader.record_at(place, offset)
        if found is None or found.offset != offset:
            return None
        return found.value or b""

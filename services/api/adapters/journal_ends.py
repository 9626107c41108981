"""Ends of the journal on Kafka: what the read model has not read of it is in flight."""

from collections.abc import Mapping
from typing import Final

import structlog
from aiokafka.structs import TopicPartition

from events.topics import JOURNAL
from services.api.adapters.clock import Clock
from services.api.adapters.ports import JournalEnd
from services.api.adapters.ttl_cache import TtlCache
from services.runtime.kafka.reader import Reader
from services.runtime.kafka.topics import partition_count
from services.runtime.kafka.waits import within
from services.runtime.ops.errors import Stop
from services.runtime.ops.settings import Settings

KEPT_S: Final = 2.0
"""Time that an answer is cached: many pages ask at once."""

AWAY_S: Final = 15.0
"""Time that a failure is cached: nobody waits again for a broker that is away."""

ANSWER_S: Final = 5.0
"""Time that a page waits for it; then it says that nobody knows."""

log: Final = structlog.stdlib.get_logger("ecluse.api")


class KafkaEnds:
    """Knows the end of each partition of the journal, behind its last record.

    Behind that stand only the markers of transactions, which nobody will ever read.
    """

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings = settings
        self._kept = TtlCache(self._fetch, clock, _kept_s)
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
            return await within(ANSWER_S, self._ends(), JOURNAL, self._settings.bootstrap_servers)
        except Stop as error:
            log.warning("journal_end_unknown", error=str(error))
            await self.stop()
            return None
        except BaseException:
            await self.stop()  # Whoever asked went away: nobody knows how far the reader came.
            raise

    async def _ends(self) -> Mapping[int, JournalEnd]:
        reader = self._reader or await self._connected()
        return {place.partition: await self._end(reader, place) for place in self._places}

    async def _connected(self) -> Reader:
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


def _kept_s(found: Mapping[int, JournalEnd] | None) -> float:
    return AWAY_S if found is None else KEPT_S

"""The publisher onto Kafka: one idempotent producer, opened when it is first needed."""

import asyncio
from collections.abc import Iterable
from typing import Any, Final

from events.texts import _
from events.topics import EVENTS
from services.runtime.kafka.publishing import (
    Flow,
    Message,
    Receipts,
    started_producer,
)
from services.runtime.kafka.topics import partition_count
from services.runtime.kafka.waits import stop_producer
from services.runtime.ops.errors import ClusterError, Unreachable
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
                self._producer = await started_producer(self._settings)
                self._partitions = partitions
            return self._producer, self._partitions

    async def _drop(self, producer: Any) -> None:
        if producer is None:
            return
        if producer is self._producer:
            self._producer = None
        await stop_producer(producer)

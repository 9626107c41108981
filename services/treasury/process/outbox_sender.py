"""Messages of the outbox sent to Kafka: in order, at least once, by one process at a time."""

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from typing import Final

import structlog
from aiokafka import AIOKafkaProducer

from services.runtime.kafka.publishing import Flow, Message, Receipts, started_producer
from services.runtime.kafka.waits import stop_producer
from services.runtime.ops.errors import ClusterError
from services.runtime.ops.settings import Settings
from services.treasury.store.database import TreasuryStore
from services.treasury.store.outbox import Outgoing, has_unsent, mark_sent, unsent

BATCH: Final = 100
"""The most messages of one transaction."""

log: Final = structlog.stdlib.get_logger("ecluse.treasury")


class OutboxSender:
    """The sender of one process; the rows that it sends are locked until they are marked as sent.

    A process that dies in between leaves them unsent, and they are sent again: readers know them
    by their ids.
    """

    def __init__(self, settings: Settings, store: TreasuryStore) -> None:
        self.sent = 0
        self._settings = settings
        self._store = store
        self._producer: AIOKafkaProducer | None = None

    async def run(self, now: datetime, partitions: int) -> None:
        """Send what waits, to topics of so many partitions.

        A failure is logged, and retried by the next run.
        """
        try:
            while await self._send(now, partitions):
                pass
        except ClusterError as error:
            log.warning("outbox_postponed", error=str(error))
            await self.stop()

    async def stop(self) -> None:
        """Close the connections; the next run connects again."""
        producer, self._producer = self._producer, None
        if producer is not None:
            await stop_producer(producer)

    async def _send(self, now: datetime, partitions: int) -> bool:
        """Send a batch; return whether there may be more."""
        async with self._store.reading() as connection:
            if not await has_unsent(connection):
                return False
        # Before anything is locked: a broker that is away may take minutes.
        producer = await self._started()
        async with self._store.transaction() as connection:
            found = await unsent(connection, BATCH)
            by_topic = sorted((each.message for each in found), key=lambda each: each.topic)
            for topic, some in groupby(by_topic, key=lambda each: each.topic):
                await self._publish(producer, topic, partitions, list(some))
            if found:
                await mark_sent(connection, [each.number for each in found], now)
        self.sent += len(found)
        return bool(found)

    async def _publish(
        self, producer: AIOKafkaProducer, topic: str, partitions: int, messages: Sequence[Outgoing]
    ) -> None:
        flow = Flow(producer, self._settings.topic(topic), partitions, Receipts())
        await flow.send_all(Message(each.budget.encode(), each.value) for each in messages)

    async def _started(self) -> AIOKafkaProducer:
        if self._producer is None:
            self._producer = await started_producer(self._settings)
        return self._producer

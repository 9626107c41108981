"""Messages of the outbox sent to Kafka: at least once, by one process at a time.

Those of a budget on a topic leave in order: where the cluster refuses one, they stay behind it, and
it is tried again after pauses. All others go on.
"""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import Final

import structlog
from aiokafka import AIOKafkaProducer

from services.runtime.kafka.publishing import Flow, Message, Receipts, open_producer
from services.runtime.kafka.waits import stop_producer
from services.runtime.ops.errors import ClusterError, Unreachable
from services.runtime.ops.settings import Settings
from services.treasury.store.database import TreasuryStore
from services.treasury.store.outbox import Queue, UnsentMessage, has_unsent, mark_sent, unsent

BATCH: Final = 100
"""The most messages of one transaction."""

PAUSE_S: Final = 5.0
"""The pause before a message that was not taken is tried again; it doubles each time."""

PAUSE_S_MAX: Final = 300.0

BATCH_S: Final = 10.0
"""The time after which a batch begins no further queue: PostgreSQL ends a transaction that waits
too long, and what was sent would be sent again and again."""

log: Final = structlog.stdlib.get_logger("ecluse.treasury")


@dataclass(slots=True)
class RefusedQueue:
    """A queue of which the cluster has refused something: it is sent message by message."""

    pause_s: float = 0.0
    until_s: float = 0.0
    """When it is tried again, by the event loop's clock."""


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
        self._refused: dict[Queue, RefusedQueue] = {}

    async def run(self, now: datetime, partitions: int) -> None:
        """Send what waits, to topics of so many partitions.

        A failure is logged, and retried by a later run.
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
        now_s = asyncio.get_running_loop().time()
        paused = [queue for queue, each in self._refused.items() if now_s < each.until_s]
        async with self._store.reading() as connection:
            if not await has_unsent(connection, paused):
                return False
        # Before anything is locked: a broker that is away may take minutes.
        producer = await self._start()
        async with self._store.transaction() as connection:
            waiting = await unsent(connection, BATCH, paused)
            sent = await self._publish(producer, partitions, waiting)
            if sent:
                await mark_sent(connection, [each.number for each in sent], now)
        self.sent += len(sent)
        if len(sent) < len(waiting):
            await self.stop()  # What a producer sends behind a refused message is refused too.
        return bool(waiting)

    async def _publish(
        self, producer: AIOKafkaProducer, partitions: int, waiting: Sequence[UnsentMessage]
    ) -> list[UnsentMessage]:
        """Send messages queue by queue, up to the first refusal; return those that were sent."""
        loop = asyncio.get_running_loop()
        until_s = loop.time() + BATCH_S
        sent: list[UnsentMessage] = []
        for queue, some in groupby(sorted(waiting, key=_queue_of), key=_queue_of):
            if loop.time() > until_s:
                break
            for part in self._parts(queue, list(some)):
                receipts = Receipts()
                flow = Flow(producer, self._settings.topic(queue.topic), partitions, receipts)
                key = queue.budget.encode()
                try:
                    await flow.send_all(Message(key, each.message.value) for each in part)
                except ClusterError as error:
                    sent += part[: receipts.count]
                    self._refuse(queue, part[receipts.count :], error)
                    return sent
                sent += part
                self._refused.pop(queue, None)
        return sent

    def _parts(self, queue: Queue, messages: list[UnsentMessage]) -> Iterator[list[UnsentMessage]]:
        """The messages of a queue: all at once, or one by one to find the one that is refused."""
        if queue in self._refused:
            yield from ([each] for each in messages)
        else:
            yield messages

    def _refuse(self, queue: Queue, left: Sequence[UnsentMessage], error: ClusterError) -> None:
        refused = self._refused.setdefault(queue, RefusedQueue())
        if len(left) > 1 and not isinstance(error, Unreachable):
            return  # One of them was refused: the next batch has them one by one.
        refused.pause_s = min(max(PAUSE_S, 2 * refused.pause_s), PAUSE_S_MAX)
        refused.until_s = asyncio.get_running_loop().time() + refused.pause_s
        log.error(
            "message_not_sent",
            topic=queue.topic,
            budget=queue.budget,
            message=left[0].message.message_id,
            again_in_s=refused.pause_s,
            error=str(error),
        )

    async def _start(self) -> AIOKafkaProducer:
        if self._producer is None:
            self._producer = await open_producer(self._settings)
        return self._producer


_queue_of: Final = attrgetter("queue")

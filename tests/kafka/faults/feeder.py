"""Publishes the traffic while faults are injected: plainly, in transactions, and aborted ones."""

import asyncio
import random  # noqa: TID251 - the chance of the environment, from a seed that is printed
import time
from collections.abc import Iterable
from typing import Final

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from aiokafka.structs import TopicPartition

from services.runtime.kafka.open_transactions import end_transaction, open_transactions
from tests.kafka.faults.observer import REQUEST_MS
from tests.kafka.faults.traffic import Traffic
from tests.simulation.cases import Chunk, How, Sending

WAIT_S: Final = 300.0
"""How long one chunk may take: a broker may be killed, and come back, meanwhile. The
longest in a thousand faults took 103 s."""

TRY_S: Final = 40.0
"""How long one attempt may take; then another producer tries it."""

REST_S: Final = 0.5
STOP_S: Final = 5.0
HANGING_S: Final = 5.0
"""A transaction that is still open so long after its end hangs in the broker."""

POLL_S: Final = 0.02
PAUSE_S_MAX: Final = 1.0
REQUEST_BYTES_MAX: Final = 4 * 1024 * 1024


class Feeder:
    """A sender of events that outlives any broker, and stops where its allowance ends.

    Chunks follow one another, each acknowledged before the next begins: so the order of every
    partition is that of the traffic.
    """

    def __init__(
        self, bootstrap: str, prefix: str, traffic: Traffic, seed: int, per_second: float
    ) -> None:
        self.published = 0
        self.aborted = 0
        self.has_paused = False
        """Whether all that it may publish is published."""
        self.doubtful = 0
        """Records whose sending failed: published once more, they may be there twice."""
        self.hanging = 0
        """Partitions in which the broker forgot to end a transaction of the sender's."""
        self._bootstrap = bootstrap
        self._prefix = prefix
        self._traffic = traffic
        self._chance = random.Random(f"{seed}/feeder")
        self._per_second = per_second
        self._producers: dict[bool, AIOKafkaProducer] = {}
        """The one for plain records, and the one for transactions."""
        self._allowed = 0
        self._more = asyncio.Event()

    def allow(self, events: int, more: int) -> None:
        """Publish up to so many events in all, and in any case `more`, where there are any.

        It is called on the feeder's own event loop.
        """
        self._allowed = max(events, self.published + more)
        self._more.set()

    async def run(self) -> None:
        """Publish all of the traffic.

        Raises:
            TimeoutError: the broker was away for longer than a run lets it.
        """
        try:
            await self._renew(How.PLAIN)
            await self._renew(How.COMMITTED)
            for chunk in self._traffic.chunks():
                # What is aborted counts for nothing: at the end nobody would allow any more of it.
                while chunk.how is not How.ABORTED and self.published >= self._allowed:
                    self.has_paused = True
                    self._more.clear()
                    await self._more.wait()
                self.has_paused = False
                async with asyncio.timeout(WAIT_S):
                    await self._publish(chunk)
                size = len(chunk.sendings)
                if chunk.how is How.ABORTED:
                    self.aborted += size
                else:
                    self.published += size
                pause_s = size / self._per_second * self._chance.uniform(0.2, 1.8)
                await asyncio.sleep(min(pause_s, PAUSE_S_MAX))
            self.has_paused = True
        finally:
            for producer in self._producers.values():
                await _let_go(producer)

    async def _publish(self, chunk: Chunk) -> None:
        """Publish a chunk; in a transaction whole or not at all.

        What failed is published again by another producer: if it had come through all the same, its
        events are repeats, which the ledger knows. No transaction begins before the former one has
        ended everywhere, else both would end as the latter does (docs/decisions/0008).
        """
        while True:
            producer = self._producers[chunk.how is not How.PLAIN]
            try:
                async with asyncio.timeout(TRY_S):
                    if chunk.how is How.PLAIN:
                        await self._send(producer, chunk.sendings)
                        return
                    await producer.begin_transaction()
                    await self._send(producer, chunk.sendings)
                    if chunk.how is How.ABORTED:
                        await producer.abort_transaction()
                    else:
                        await producer.commit_transaction()
            except (KafkaError, TimeoutError):
                self.doubtful += len(chunk.sendings)
                await self._renew(chunk.how)
                await self._ended(chunk, committed=False)
            else:
                await self._ended(chunk, committed=chunk.how is How.COMMITTED)
                return

    async def _renew(self, how: How) -> None:
        """Another producer in the place of one that failed."""
        in_transactions = how is not How.PLAIN
        if in_transactions in self._producers:
            await _let_go(self._producers.pop(in_transactions))
        while in_transactions not in self._producers:
            producer = AIOKafkaProducer(
                bootstrap_servers=self._bootstrap,
                client_id="fault-run",
                transactional_id=f"{self._prefix}sender" if in_transactions else None,
                enable_idempotence=True,
                request_timeout_ms=REQUEST_MS,
                acks="all",
                max_request_size=REQUEST_BYTES_MAX,
                compression_type="lz4",
            )
            try:
                await producer.start()
            except KafkaError:
                await _let_go(producer)
                await asyncio.sleep(REST_S)
            else:
                self._producers[in_transactions] = producer

    async def _send(self, producer: AIOKafkaProducer, sendings: Iterable[Sending]) -> None:
        futures = [
            await producer.send(
                self._prefix + each.topic,
                each.value,
                key=each.key,
                partition=each.partition,
                headers=list(each.headers),
            )
            for each in sendings
        ]
        await asyncio.gather(*futures)

    async def _ended(self, chunk: Chunk, *, committed: bool) -> None:
        """Wait until a transaction has ended everywhere; end it where the broker forgot to."""
        input_topics = {(each.topic, each.partition) for each in chunk.sendings}
        places = [TopicPartition(self._prefix + topic, number) for topic, number in input_topics]
        client = self._producers[True].client
        hanging_s = time.monotonic() + HANGING_S
        while True:
            try:
                found = await open_transactions(client, places)
                if not found:
                    return
                for each in found if time.monotonic() > hanging_s else ():
                    await end_transaction(client, each, committed=committed)
                    self.hanging += 1
            except KafkaError:
                hanging_s = time.monotonic() + HANGING_S
            await asyncio.sleep(POLL_S)


async def _let_go(producer: AIOKafkaProducer) -> None:
    """Stop a producer, even one that waits for what will not come."""
    try:
        await asyncio.wait_for(producer.stop(), STOP_S)
    except (KafkaError, TimeoutError):
        sender = producer._sender.sender_task
        if sender is not None:
            sender.cancel()
        await producer.client.close()

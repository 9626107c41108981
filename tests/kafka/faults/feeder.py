"""Publishes the traffic while the campaign runs: plainly, in transactions, and aborted ones."""

import asyncio
import random  # noqa: TID251 - the chance of the world outside, from a seed that is printed
from typing import Final

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from tests.kafka.faults.traffic import Chunk, How, Sending, Traffic

WAIT_S: Final = 120.0
"""How long one chunk may take: a broker may be killed, and come back, meanwhile."""

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
        self.again = 0
        """Transactions that failed and were published once more."""
        self._bootstrap = bootstrap
        self._prefix = prefix
        self._traffic = traffic
        self._chance = random.Random(f"{seed}/feeder")
        self._per_second = per_second
        self._allowed = 0
        self._more = asyncio.Event()

    def allow(self, events: int, more: int) -> None:
        """Publish up to so many events, all told, and in any case `more`, where there are any.

        It is called on the feeder's own event loop.
        """
        self._allowed = max(events, self.published + more)
        self._more.set()

    async def run(self) -> None:
        """Publish all of the traffic.

        Raises:
            TimeoutError: the broker was away for longer than a campaign lets it.
        """
        plain = self._producer(None)
        await plain.start()
        transactional = self._producer(f"{self._prefix}sender")
        await transactional.start()
        try:
            for chunk in self._traffic.chunks():
                while self.published >= self._allowed:
                    self.has_paused = True
                    self._more.clear()
                    await self._more.wait()
                self.has_paused = False
                if chunk.how is How.PLAIN:
                    await asyncio.wait_for(self._send(plain, chunk.sendings), WAIT_S)
                else:
                    transactional = await self._in_a_transaction(transactional, chunk)
                size = len(chunk.sendings)
                if chunk.how is How.ABORTED:
                    self.aborted += size
                else:
                    self.published += size
                pause_s = size / self._per_second * self._chance.uniform(0.2, 1.8)
                await asyncio.sleep(min(pause_s, PAUSE_S_MAX))
            self.has_paused = True
        finally:
            for producer in (plain, transactional):
                await asyncio.wait_for(producer.stop(), WAIT_S)

    def _producer(self, transactional_id: str | None) -> AIOKafkaProducer:
        return AIOKafkaProducer(
            bootstrap_servers=self._bootstrap,
            client_id="campaign",
            transactional_id=transactional_id,
            enable_idempotence=True,
            acks="all",
            max_request_size=REQUEST_BYTES_MAX,
            compression_type="lz4",
        )

    async def _send(self, producer: AIOKafkaProducer, sendings: list[Sending]) -> None:
        futures = [
            await producer.send(
                self._prefix + each.topic,
                each.value,
                key=each.key,
                partition=each.partition,
                headers=each.headers,
            )
            for each in sendings
        ]
        await asyncio.gather(*futures)

    async def _in_a_transaction(self, producer: AIOKafkaProducer, chunk: Chunk) -> AIOKafkaProducer:
        """Publish a chunk whole or not at all; the producer to go on with.

        A transaction that failed is published again: if it had come through all the same, its
        events are repeats, which the ledger knows.
        """
        while True:
            try:
                async with asyncio.timeout(WAIT_S):
                    await producer.begin_transaction()
                    await self._send(producer, chunk.sendings)
                    if chunk.how is How.ABORTED:
                        await producer.abort_transaction()
                    else:
                        await producer.commit_transaction()
            except KafkaError:
                self.again += 1
                await asyncio.wait_for(producer.stop(), WAIT_S)
                producer = self._producer(f"{self._prefix}sender")
                await asyncio.wait_for(producer.start(), WAIT_S)
            else:
                return producer

"""Publishing many records: in order per partition, each acknowledged by all replicas, bounded."""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, NamedTuple

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, KafkaTimeoutError

from events.texts import _
from services.runtime.kafka.clients import REQUEST_TIMEOUT_S, Headers, connection_arguments
from services.runtime.kafka.partitioning import partition_of
from services.runtime.kafka.security import text_of
from services.runtime.kafka.topics import START_TIMEOUT_S, partition_count, unreachable
from services.runtime.kafka.waits import (
    finish_start,
    raise_refusal,
    retry_until_answered,
    stop_producer,
)
from services.runtime.ops.errors import ClusterError, Unreachable
from services.runtime.ops.settings import Settings

SILENCE_TIMEOUT_S: Final = 30.0
"""The longest time without an acknowledgement; the restart of a broker takes less."""

BATCH_BYTES: Final = 256 * 1024
"""The batch size per partition; a larger record is sent alone."""

IN_FLIGHT_BYTES_MAX: Final = 32 * 1024 * 1024
"""The most bytes not yet acknowledged, over all partitions."""

SILENCE = _("the cluster has acknowledged nothing for {seconds:g} s")

REFUSED = _(
    "the cluster does not take it ({error}). `ecluse topics diff` says whether the topic is right"
)

STRUCTURED: Final[Headers] = [("content-type", b"application/cloudevents+json; charset=UTF-8")]
"""Structured mode of CloudEvents: the whole event is the record's value."""


class Message(NamedTuple):
    """A record to be published."""

    key: bytes
    value: bytes
    headers: Headers = STRUCTURED


@dataclass(slots=True)
class Receipt:
    """The records acknowledged in one partition."""

    partition: int
    first_offset: int | None = None
    last_offset: int | None = None
    count: int = 0

    def add(self, base_offset: int, count: int) -> None:
        """A batch was written from `base_offset` on."""
        self.count += count
        if base_offset < 0:
            return  # A duplicate that the broker recognised, without its offset.
        last = base_offset + count - 1
        self.first_offset = base_offset if self.first_offset is None else self.first_offset
        self.last_offset = last if self.last_offset is None else max(last, self.last_offset)


@dataclass(slots=True)
class Receipts:
    """The records acknowledged so far, by partition."""

    by_partition: dict[int, Receipt] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """The number of records acknowledged."""
        return sum(each.count for each in self.by_partition.values())

    def list_in_order(self) -> list[Receipt]:
        """One receipt a partition that was written to."""
        return [self.by_partition[partition] for partition in sorted(self.by_partition)]

    def add(self, partition: int, base_offset: int, count: int) -> None:
        """A batch was written."""
        self.by_partition.setdefault(partition, Receipt(partition)).add(base_offset, count)


async def publish(
    settings: Settings,
    topic: str,
    messages: Iterable[Message],
    receipts: Receipts,
) -> None:
    """Write all messages to a topic of the contract, each partition's in their order.

    `receipts` grows with each acknowledgement, and holds what was written whatever happens.

    Raises:
        Unreachable: the cluster does not answer, or acknowledged nothing for `SILENCE_TIMEOUT_S`.
        ClusterError: it has no such topic, or refuses a batch or our login.
    """
    count = await partition_count(settings, topic)
    producer = make_producer(settings)
    try:
        await start_producer(producer, settings)
        await Flow(producer, settings.topic(topic), count, receipts).send_all(messages)
    except Unreachable as error:
        if settings.asks_who_we_are:
            await raise_refusal(settings, error)
        raise
    finally:
        await stop_producer(producer)


def make_producer(settings: Settings) -> AIOKafkaProducer:
    """An idempotent producer that waits for all replicas; not yet started."""
    return AIOKafkaProducer(
        **connection_arguments(settings),
        acks="all",
        enable_idempotence=True,
        compression_type="lz4",
        max_batch_size=BATCH_BYTES,
        # An idempotent batch never expires: this is when a request is tried again.
        request_timeout_ms=int(REQUEST_TIMEOUT_S * 1000),
    )


async def open_producer(settings: Settings) -> AIOKafkaProducer:
    """A producer that is connected; one that cannot be is let go of, and Unreachable raised."""
    producer = make_producer(settings)
    try:
        await start_producer(producer, settings)
    except BaseException:
        await stop_producer(producer)
        raise
    return producer


async def start_producer(producer: AIOKafkaProducer, settings: Settings) -> None:
    """Connect a producer, with retries while the settings allow them; then Unreachable."""

    async def start() -> None:
        try:
            async with asyncio.timeout(START_TIMEOUT_S):
                await finish_start(producer.client, producer.start())
        except (KafkaError, OSError) as error:
            raise unreachable(settings, error) from error

    await retry_until_answered(settings, start)


class Flow:
    """One batch being filled per partition, and one in flight.

    Behind a refused batch nothing is sent to its partition: what was acknowledged of a partition is
    the beginning of what it was given.
    """

    def __init__(
        self,
        producer: AIOKafkaProducer,
        topic: str,
        partitions: int,
        receipts: Receipts,
    ) -> None:
        self._producer = producer
        self._topic = topic
        self._partitions = partitions
        self._receipts = receipts
        self._filling: dict[int, Any] = {}
        self._in_flight: dict[asyncio.Future[Any], int] = {}
        self._in_flight_bytes = 0
        self._unanswered: set[int] = set()
        """Partitions with a batch in flight: a broker may take the next one although it has refused
        that."""
        self._failure: BaseException | None = None

    async def send_all(self, messages: Iterable[Message]) -> None:
        """Send everything, and return once everything is acknowledged."""
        try:
            for message in messages:
                partition = partition_of(message.key, self._partitions)
                batch = self._filling.get(partition)
                while batch is None or not self._append(batch, message):
                    if batch is not None:
                        await self._send(partition)
                    batch = self._filling[partition] = self._producer.create_batch()
            for partition in list(self._filling):
                await self._send(partition)
            while self._in_flight:
                await self._wait()
        except KafkaError as error:
            raise ClusterError(self._topic, REFUSED.render({"error": text_of(error)})) from error

    def _append(self, batch: Any, message: Message) -> bool:
        key, value, headers = message
        done = batch.append(timestamp=None, key=key, value=value, headers=list(headers))
        return done is not None

    async def _send(self, partition: int) -> None:
        batch = self._filling.pop(partition)
        batch.close()
        size_bytes = batch.size()
        while partition in self._unanswered or (
            self._in_flight and self._in_flight_bytes + size_bytes > IN_FLIGHT_BYTES_MAX
        ):
            await self._wait()
        if self._failure is not None:
            raise self._failure
        try:
            async with asyncio.timeout(SILENCE_TIMEOUT_S):
                sent = await self._hand_over(batch, partition)
        except TimeoutError as error:
            raise self._silence() from error
        self._in_flight[sent] = size_bytes
        self._in_flight_bytes += size_bytes
        self._unanswered.add(partition)
        sent.add_done_callback(partial(self._note_done, partition, batch.record_count()))

    async def _hand_over(self, batch: Any, partition: int) -> asyncio.Future[Any]:
        while True:
            # It waits for the batch before this one, but no longer than for one request.
            with suppress(KafkaTimeoutError):
                sent: asyncio.Future[Any] = await self._producer.send_batch(
                    batch, self._topic, partition=partition
                )
                return sent

    async def _wait(self) -> None:
        """Wait until one more batch is acknowledged."""
        done, _unused = await asyncio.wait(
            self._in_flight, timeout=SILENCE_TIMEOUT_S, return_when=asyncio.FIRST_COMPLETED
        )
        if not done:
            raise self._silence()
        if self._failure is not None:
            raise self._failure

    def _note_done(self, partition: int, count: int, sent: asyncio.Future[Any]) -> None:
        self._in_flight_bytes -= self._in_flight.pop(sent)
        self._unanswered.discard(partition)
        if sent.cancelled():
            return
        error = sent.exception()
        if error is None:
            self._receipts.add(partition, sent.result().offset, count)
        else:
            self._failure = self._failure or error

    def _silence(self) -> Unreachable:
        return Unreachable(self._topic, SILENCE.render({"seconds": SILENCE_TIMEOUT_S}))

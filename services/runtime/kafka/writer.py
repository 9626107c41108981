"""The only writer of a partition: a fenced producer, a transaction a batch, bounded waits."""

import asyncio
from collections.abc import Awaitable, Collection, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final, TypeVar

from aiokafka.errors import KafkaError, MessageSizeTooLargeError, ProducerFenced
from aiokafka.structs import RecordMetadata, TopicPartition

from services.runtime.kafka.clients import KAFKA, Clients, Outgoing, fill, make_batch
from services.runtime.kafka.open_transactions import (
    OpenTransaction,
    end_transaction,
    open_transactions,
)
from services.runtime.kafka.topic_catalogue import read_catalogue
from services.runtime.kafka.waits import finish_start, only_our_cancellation, stop_producer
from services.runtime.ops.errors import place_name
from services.runtime.ops.settings import Settings

Result = TypeVar("Result")

SETTLED_S: Final = 1.0
"""The time in which an open transaction may still end; after it, it hangs."""

POLL_S: Final = 0.005
"""The interval of polls for open transactions: a commit returns before its markers are written."""

OVERDUE_S: Final = 1800.0
"""The longest age of an open transaction: twice Kafka's limit, unless its setting
transaction.max.timeout.ms is another."""

RETRY_S: Final = 0.1
"""The pause before a leader is looked up again."""


class FencedError(Exception):
    """Another process has taken this transactional id: this one may not write any more."""


class WriterFailed(Exception):
    """A transaction failed; its records will never be visible."""


class FencedWriter:
    """Writes transactions under one transactional id, each after the end of the former.

    `shared` are the partitions that others write too: their open transactions are ignored there.

    A broker restart may leave a transaction hanging in some of its partitions. The next one would
    end it there with its own outcome: so none begins before the former ended everywhere, and a new
    owner of the partition checks `hanging` first (docs/decisions/0008).

    Raises:
        FencedError: from any method, when a newer writer took the id.
        WriterFailed: from any method, when the broker failed or did not answer in time.
    """

    def __init__(
        self,
        settings: Settings,
        transactional_id: str,
        shared: Collection[TopicPartition] = (),
        clients: Clients = KAFKA,
    ) -> None:
        self.transactional_id = transactional_id
        self._shared = frozenset(shared)
        # Below the transaction's own time-out: our wait ends before the broker aborts it.
        self._limit_s = settings.transaction_timeout_s / 2
        self._producer = clients.writer(settings, transactional_id)
        named = read_catalogue().topics
        self._codecs = {settings.topic(each): named[each].config.compression_type for each in named}
        self._written: dict[TopicPartition, None] = {}
        """The partitions of the running transaction, or of the former one."""
        self._seen_s: dict[OpenTransaction, float] = {}
        """The time when `overdue` first saw each open transaction."""

    async def start(self) -> None:
        """Fence the previous writer and end its open transaction."""
        starting = finish_start(self._producer.client, self._producer.start())
        await self._wait(starting, "start")

    async def begin(self) -> None:
        """Begin a transaction, once the former one has ended in each of its partitions."""
        await self._wait(self._begin(), "begin")

    async def settle(self) -> None:
        """Wait until the former transaction has ended in each of its partitions."""
        await self._wait(self._settle("settle"), "settle")

    async def write(
        self,
        records: Mapping[TopicPartition, Sequence[Outgoing]],
        next_places: Collection[TopicPartition] = (),
    ) -> dict[TopicPartition, int]:
        """Write inside the transaction; return the next offset of each partition.

        `next_places` are those of the next write: the coordinator adds them in the same request.
        """
        return await self._wait(self._write(records, next_places), "write")

    async def commit(self) -> None:
        """Commit the transaction, durably."""
        await self._wait(self._producer.commit_transaction(), "commit")

    async def check_not_fenced(self, place: TopicPartition) -> None:
        """Raise FencedError where a newer writer took the id, by a transaction without records."""
        await self.begin()
        await self.write({}, next_places=[place])
        await self.commit()

    async def hanging(self, places: Collection[TopicPartition]) -> list[OpenTransaction]:
        """Return the hanging transactions of these partitions; called right after `start`."""
        return await self._wait(self._still_open(places, SETTLED_S), "hanging")

    async def overdue(self, places: Collection[TopicPartition]) -> list[OpenTransaction]:
        """Return any writer's transactions there that are open for longer than Kafka allows."""
        now_s = asyncio.get_running_loop().time()
        found = await self._wait(self._open_in(places), "overdue")
        self._seen_s = {each: self._seen_s.get(each, now_s) for each in found}
        return [each for each, since_s in self._seen_s.items() if now_s - since_s > OVERDUE_S]

    async def end(self, transaction: OpenTransaction, *, committed: bool) -> None:
        """Complete a transaction in the partition where it hangs."""
        ending = end_transaction(self._producer.client, transaction, committed=committed)
        await self._wait(ending, "end")

    async def abort_hanging(self, place: TopicPartition) -> None:
        """Abort what hangs of this producer in a partition, by a transaction without records.

        Unlike `end` it needs no right on the cluster; killed amid it, the coordinator aborts both.
        """
        await self.begin()
        await self.write({}, next_places=[place])
        await self._wait(self._producer.abort_transaction(), "abort")
        await self.settle()

    @property
    def producer_id(self) -> int:
        """The producer id of this transactional id."""
        return int(self._producer._txn_manager.producer_id)  # noqa: SLF001

    async def stop(self) -> None:
        """Close the connections; the next writer, or the broker, aborts an open transaction."""
        await stop_producer(self._producer)
        self._consume_errors()

    def _consume_errors(self) -> None:
        """Consume the errors of its other futures, which asyncio would log as never retrieved."""
        accumulator = self._producer._message_accumulator  # noqa: SLF001
        queued = [each for queue in accumulator._batches.values() for each in queue]  # noqa: SLF001
        for batch in [*queued, *accumulator._pending_batches]:  # noqa: SLF001
            _consume_error(batch.future)
            _consume_error(batch._drain_waiter)  # noqa: SLF001
        ended = self._producer._txn_manager._transaction_waiter  # noqa: SLF001
        if ended is not None:
            _consume_error(ended)

    async def _begin(self) -> None:
        await self._settle("begin")
        await self._producer.begin_transaction()

    async def _settle(self, what: str) -> None:
        if found := await self._still_open(self._written, self._limit_s / 2):
            where = place_name(found[0].place)
            raise WriterFailed(f"{what}: the former transaction is still open in {where}")
        self._written.clear()

    async def _still_open(
        self, places: Collection[TopicPartition], limit_s: float
    ) -> list[OpenTransaction]:
        until_s = asyncio.get_running_loop().time() + limit_s
        while found := [each for each in await self._open_in(places) if self._concerns_us(each)]:
            if asyncio.get_running_loop().time() > until_s:
                break
            await asyncio.sleep(POLL_S)
        return found

    async def _open_in(self, places: Collection[TopicPartition]) -> list[OpenTransaction]:
        client = self._producer.client
        while True:
            try:
                return await open_transactions(client, places)
            except KafkaError as error:
                if not error.retriable:
                    raise
                await asyncio.sleep(RETRY_S)
                await client.force_metadata_update()

    def _concerns_us(self, transaction: OpenTransaction) -> bool:
        is_shared = transaction.place in self._shared
        return not is_shared or transaction.producer_id == self.producer_id

    async def _write(
        self,
        records: Mapping[TopicPartition, Sequence[Outgoing]],
        next_places: Collection[TopicPartition],
    ) -> dict[TopicPartition, int]:
        sent: list[tuple[TopicPartition, int, asyncio.Future[RecordMetadata]]] = []
        for place, outgoing in records.items():
            self._written[place] = None
            for batch in _batches(outgoing, self._codecs[place.topic]):
                count = batch.record_count()
                future = await self._producer.send_batch(
                    batch, place.topic, partition=place.partition
                )
                future.add_done_callback(_consume_error)
                sent.append((place, count, future))
        for place in next_places:
            self._written[place] = None
            self._producer._txn_manager.maybe_add_partition_to_txn(place)  # noqa: SLF001
        # Every future before the commit: aiokafka commits even if a batch failed.
        written = await asyncio.gather(*(future for _, _, future in sent))
        ends: dict[TopicPartition, int] = {}
        for (place, count, _), metadata in zip(sent, written, strict=True):
            if metadata.offset < 0:  # A duplicate that the broker recognised, without its offset.
                raise WriterFailed(f"write: {place_name(place)} was written at an unknown offset")
            ends[place] = max(ends.get(place, 0), metadata.offset + count)
        return ends

    async def _wait(self, wait: Awaitable[Result], what: str) -> Result:
        try:
            with only_our_cancellation():
                return await asyncio.wait_for(wait, self._limit_s)
        except Exception as error:
            cause = self._root_cause() or error
            if ProducerFenced in {type(cause), type(cause.__cause__)}:
                raise FencedError(self.transactional_id) from cause
            if isinstance(cause, TimeoutError):
                raise WriterFailed(f"{what}: no answer in {self._limit_s:g} s") from cause
            if isinstance(cause, MessageSizeTooLargeError):
                raise  # A bug of ours: no accepted event may become so large, and no retry helps.
            if isinstance(cause, KafkaError):
                raise WriterFailed(f"{what}: {cause!r}") from cause
            raise

    def _root_cause(self) -> BaseException | None:
        """The error that ended the producer's own task, or its transaction: calls raise others.

        A producer fenced between two of our calls reports that it is in no transaction; one without
        the right to a topic, that its transaction is in a wrong state.
        """
        producer = self._producer
        for each in (producer._sender.sender_task, producer._txn_manager._transaction_waiter):  # noqa: SLF001
            if each is not None and each.done() and not each.cancelled():
                error: BaseException | None = each.exception()
                if error is not None:
                    return error
        return None


def _consume_error(future: asyncio.Future[Any]) -> None:
    """Retrieve a future's exception, so that asyncio does not log it."""
    if future.done() and not future.cancelled():
        future.exception()


def _batches(outgoing: Sequence[Outgoing], codec: str) -> Iterator[Any]:
    taken = 0
    while taken < len(outgoing):
        batch = make_batch(codec)
        fits = fill(batch, islice(outgoing, taken, None))
        assert fits, "an empty batch takes any record"
        taken += fits
        yield batch

"""The one writer of a partition: a fenced producer, one transaction a batch, every wait bounded."""

import asyncio
import contextlib
from collections.abc import Awaitable, Collection, Iterable, Iterator, Sequence
from typing import Any, Final, NamedTuple, TypeVar

from aiokafka.errors import KafkaError, MessageSizeTooLargeError, ProducerFenced
from aiokafka.structs import RecordMetadata, TopicPartition

from services.runtime.kafka.clients import KAFKA, Clients, a_batch
from services.runtime.kafka.open_transactions import (
    OpenTransaction,
    end_transaction,
    open_transactions,
)
from services.runtime.kafka.timeouts import only_our_cancellation, started
from services.runtime.kafka.topic_catalogue import read_catalogue
from services.runtime.ops.errors import place_name
from services.runtime.ops.settings import Settings

Result = TypeVar("Result")

STOP_S: Final = 5.0
"""How long a producer may take to stop; then its connections are cut."""

CUT_S: Final = 1.0
"""How long a sender whose connections are cut may take to notice."""

SETTLED_S: Final = 1.0
"""How long an open transaction is looked at again, of which the coordinator knows no more."""

LOOK_S: Final = 0.005
"""How soon it is looked again: a commit is answered before its markers are written."""

OVERDUE_S: Final = 1800.0
"""How long a transaction may stand open: twice as long as Kafka lets one live, unless its setting
transaction.max.timeout.ms is another."""

RETRY_S: Final = 0.1
"""How soon a leader is looked for again."""


class Outgoing(NamedTuple):
    """A record to be written; a value of None removes the key from a compacted topic."""

    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]] = ()


class Fenced(Exception):
    """Another process writes under this transactional id: this one may not write any more."""


class WriterFailed(Exception):
    """A transaction did not come to its end; what it wrote will never be seen."""


class FencedWriter:
    """Writes whole transactions under one transactional id, each behind the end of the former.

    `shared` are the places where others write too: what they have open there is no matter of ours.

    A broker that comes back may have forgotten to end a transaction in some of its partitions. The
    next one would end it there, as itself: so none begins before the former ended everywhere, and
    whoever opens the partition anew asks `hanging` first (docs/decisions/0015).

    Raises:
        Fenced: from any method, when a newer writer took the id.
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
        # Below the transaction's own time-out: whatever hangs is over before the broker ends it.
        self._limit_s = settings.transaction_timeout_s / 2
        self._producer = clients.writer(settings, transactional_id)
        named = read_catalogue().topics
        self._codecs = {settings.topic(each): named[each].config.compression_type for each in named}
        self._written: dict[TopicPartition, None] = {}
        """Where the running transaction, or the former one, has records."""
        self._seen_s: dict[OpenTransaction, float] = {}
        """Since when each transaction was open that `overdue` saw."""

    async def start(self) -> None:
        """Fence the previous writer and end its open transaction."""
        starting = started(self._producer.client, self._producer.start())
        await self._within(starting, "start")

    async def begin(self) -> None:
        """Begin a transaction, once the former one has ended in each of its partitions."""
        await self._within(self._begin(), "begin")

    async def settle(self) -> None:
        """Wait until the former transaction has ended in each of its partitions."""
        await self._within(self._settle("settle"), "settle")

    async def write(
        self, records: dict[TopicPartition, list[Outgoing]]
    ) -> dict[TopicPartition, int]:
        """Write inside the transaction; the offset behind the last record of each place."""
        return await self._within(self._write(records), "write")

    async def commit(self) -> None:
        """End the transaction: all of it is there, durably."""
        await self._within(self._producer.commit_transaction(), "commit")

    async def hanging(self, places: Collection[TopicPartition]) -> list[OpenTransaction]:
        """The transactions in these partitions that nobody will end: asked right after `start`."""
        return await self._within(self._still_open(places, SETTLED_S), "hanging")

    async def overdue(self, places: Collection[TopicPartition]) -> list[OpenTransaction]:
        """Whoever's transactions were open there at each look, for longer than any lives."""
        now_s = asyncio.get_running_loop().time()
        found = await self._within(self._open_in(places), "overdue")
        self._seen_s = {each: self._seen_s.get(each, now_s) for each in found}
        return [each for each, since_s in self._seen_s.items() if now_s - since_s > OVERDUE_S]

    async def end(self, transaction: OpenTransaction, *, committed: bool) -> None:
        """End a transaction in the partition where it was forgotten."""
        ending = end_transaction(self._producer.client, transaction, committed=committed)
        await self._within(ending, "end")

    @property
    def producer_id(self) -> int:
        """What the cluster calls who writes under this transactional id."""
        return int(self._producer._txn_manager.producer_id)  # noqa: SLF001

    async def stop(self) -> None:
        """Let go of the connections; the next writer, or the broker, ends an open transaction."""
        try:
            with only_our_cancellation():
                await asyncio.wait_for(self._producer.stop(), STOP_S)
        except (TimeoutError, KafkaError):
            await self._cut()
        self._take_note()

    async def _cut(self) -> None:
        """End a producer that does not stop by itself: it waits for a dead broker."""
        sender = self._producer._sender.sender_task  # noqa: SLF001
        if sender is not None:
            sender.cancel()
            await asyncio.wait({sender}, timeout=CUT_S)
        with contextlib.suppress(KafkaError, TimeoutError), only_our_cancellation():
            await asyncio.wait_for(self._producer.client.close(), STOP_S)

    def _take_note(self) -> None:
        """What ended the producer was told once; its other futures would be logged as lost."""
        accumulator = self._producer._message_accumulator  # noqa: SLF001
        queued = [each for queue in accumulator._batches.values() for each in queue]  # noqa: SLF001
        for batch in [*queued, *accumulator._pending_batches]:  # noqa: SLF001
            _note(batch.future)
            _note(batch._drain_waiter)  # noqa: SLF001
        ended = self._producer._txn_manager._transaction_waiter  # noqa: SLF001
        if ended is not None:
            _note(ended)

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
            await asyncio.sleep(LOOK_S)
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
        self, records: dict[TopicPartition, list[Outgoing]]
    ) -> dict[TopicPartition, int]:
        sent: list[tuple[TopicPartition, int, asyncio.Future[RecordMetadata]]] = []
        for place, outgoing in records.items():
            self._written[place] = None
            for batch in _batches(outgoing, self._codecs[place.topic]):
                count = batch.record_count()
                future = await self._producer.send_batch(
                    batch, place.topic, partition=place.partition
                )
                future.add_done_callback(_note)
                sent.append((place, count, future))
        # Every future before the commit: aiokafka commits even if a batch failed.
        written = await asyncio.gather(*(future for _, _, future in sent))
        ends: dict[TopicPartition, int] = {}
        for (place, count, _), metadata in zip(sent, written, strict=True):
            if metadata.offset < 0:  # A repeat that the broker knew, but no longer where.
                raise WriterFailed(f"write: {place_name(place)} was written at an unknown offset")
            ends[place] = max(ends.get(place, 0), metadata.offset + count)
        return ends

    async def _within(self, wait: Awaitable[Result], what: str) -> Result:
        try:
            with only_our_cancellation():
                return await asyncio.wait_for(wait, self._limit_s)
        except Exception as error:
            cause = self._died_of() or error
            if ProducerFenced in {type(cause), type(cause.__cause__)}:
                raise Fenced(self.transactional_id) from error
            if isinstance(cause, TimeoutError):
                raise WriterFailed(f"{what}: no answer in {self._limit_s:g} s") from error
            if isinstance(cause, MessageSizeTooLargeError):
                raise  # Ours: nothing that is taken in may become so large, and no retry helps.
            if isinstance(cause, KafkaError):
                raise WriterFailed(f"{what}: {cause!r}") from error
            raise

    def _died_of(self) -> BaseException | None:
        """What ended the producer's own task: from then on its calls fail, in other statuses.

        One that was fenced between two of our calls says that it is in no transaction.
        """
        task = self._producer._sender.sender_task  # noqa: SLF001
        if task is None or not task.done() or task.cancelled():
            return None
        died_of: BaseException | None = task.exception()
        return died_of


def _note(future: asyncio.Future[Any]) -> None:
    """Take note of what a future says, so that it is not logged as if nobody had."""
    if future.done() and not future.cancelled():
        future.exception()


def _batches(outgoing: Iterable[Outgoing], codec: str) -> Iterator[Any]:
    batch = a_batch(codec)
    for key, value, headers in outgoing:
        said = list(headers)
        if batch.append(key=key, value=value, timestamp=None, headers=said) is None:
            yield batch
            batch = a_batch(codec)
            fits = batch.append(key=key, value=value, timestamp=None, headers=said)
            assert fits is not None, "an empty batch takes any record"
    if batch.record_count():
        yield batch

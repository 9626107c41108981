"""Clients of the log in memory: what the runtime uses of aiokafka's, and no more.

The runtime's own reader and writer stand on them, so their waits, limits and errors are the real
ones. Where the runtime looks behind aiokafka's façade, so does this.
"""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Mapping
from types import SimpleNamespace
from typing import Any, Final

from aiokafka.errors import IllegalOperation, InvalidProducerEpoch, ProducerFenced
from aiokafka.record import MemoryRecords
from aiokafka.structs import ConsumerRecord, OffsetAndTimestamp, RecordMetadata, TopicPartition

from services.runtime.kafka.clients import FETCH_WAIT_S, Clients, Isolation
from services.runtime.kafka.open_transactions import (
    WriteTxnMarkersRequest,
    _DescribeProducersRequest,
)
from services.runtime.ops.settings import Settings
from tests.simulation.broker import Entry, FencedOff, Message, NotYet, Part
from tests.simulation.faults import Op
from tests.simulation.loop import the_loop
from tests.simulation.network import Network

NOT_YET_S: Final = 0.01
"""How soon a request is made again that came too early."""

AGAIN_MAX: Final = 8
"""How many records may be delivered again."""


def clients_of(network: Network) -> Clients:
    """The clients that a task is given."""

    def reader(_settings: Settings, fetch_wait_s: float, isolation: Isolation) -> MemoryConsumer:
        return MemoryConsumer(network, isolation, is_of_a_task=fetch_wait_s == FETCH_WAIT_S)

    def writer(settings: Settings, transactional_id: str) -> MemoryProducer:
        return MemoryProducer(network, transactional_id, settings.transaction_timeout_s)

    return Clients(reader, writer)


def consumed(place: TopicPartition, entry: Entry) -> ConsumerRecord:
    """A record as a consumer gives it."""
    return ConsumerRecord(
        place.topic,
        place.partition,
        entry.offset,
        entry.timestamp_ms,
        0,
        entry.key,
        entry.value,
        None,
        len(entry.key or b""),
        len(entry.value or b""),
        tuple(entry.headers),
    )


class MemoryConsumer:
    """What the runtime uses of AIOKafkaConsumer, outside any group."""

    def __init__(self, network: Network, isolation: Isolation, *, is_of_a_task: bool) -> None:
        self._network = network
        self._committed = isolation == "read_committed"
        self._is_of_a_task = is_of_a_task
        self._positions: dict[TopicPartition, int] = {}
        self._answers: dict[TopicPartition, tuple[int, int]] = {}
        """The end of each partition as it was last observed, and when, in milliseconds."""
        self._paused: set[TopicPartition] = set()
        self._client, self._sync_task = self, True

    async def start(self) -> None:
        await self._network.call(Op.CONNECT, lambda: None)

    async def stop(self) -> None:
        self._positions.clear()

    async def close(self) -> None:
        """Of its own client."""

    async def _wait_on_metadata(self, _topic: str) -> None:
        """Of its own client."""

    def assign(self, places: Collection[TopicPartition]) -> None:
        self._positions = dict.fromkeys(places, 0)

    def seek(self, place: TopicPartition, offset: int) -> None:
        self._positions[place] = offset

    def pause(self, *places: TopicPartition) -> None:
        self._paused.update(places)

    def resume(self, *places: TopicPartition) -> None:
        self._paused.difference_update(places)

    async def position(self, place: TopicPartition) -> int:
        return self._positions[place]

    def last_stable_offset(self, place: TopicPartition) -> int | None:
        return self._answers.get(place, (None, 0))[0]

    def last_poll_timestamp(self, place: TopicPartition) -> int | None:
        return self._answers.get(place, (0, None))[1]

    async def beginning_offsets(
        self, places: Collection[TopicPartition]
    ) -> dict[TopicPartition, int]:
        return dict.fromkeys(places, 0)

    async def end_offsets(self, places: Collection[TopicPartition]) -> dict[TopicPartition, int]:
        partitions = self._network.broker.partitions
        return await self._network.call(
            Op.BOUNDS, lambda: {each: partitions[each].limit(self._committed) for each in places}
        )

    async def offsets_for_times(
        self, times_ms: Mapping[TopicPartition, int]
    ) -> dict[TopicPartition, OffsetAndTimestamp | None]:
        return await self._network.call(
            Op.BOUNDS, lambda: {place: self._since(place, at) for place, at in times_ms.items()}
        )

    def _since(self, place: TopicPartition, at_ms: int) -> OffsetAndTimestamp | None:
        partition = self._network.broker.partitions[place]
        for entry in partition.between(0, partition.limit(self._committed), self._committed):
            if entry.timestamp_ms >= at_ms:
                return OffsetAndTimestamp(entry.offset, entry.timestamp_ms)
        return None

    async def getmany(
        self, *places: TopicPartition, timeout_ms: int, max_records: int
    ) -> dict[TopicPartition, list[ConsumerRecord]]:
        wanted = [place for place in places if place not in self._paused]
        until_s = the_loop().time() + timeout_ms / 1000
        found = await self._network.call(Op.FETCH, lambda: self._poll(wanted, max_records))
        while not (taken := self._take(found)):
            left_s = until_s - the_loop().time()
            if left_s <= 0:
                break
            await self._wait(wanted, left_s)
            found = self._poll(wanted, max_records)
        return taken

    def _poll(self, places: list[TopicPartition], most: int) -> dict[TopicPartition, Any]:
        """What is there of each place, and behind which offset it ends."""
        chance, found = self._network.chance, {}
        if self._is_of_a_task and chance.random() < 0.3:
            most = min(most, chance.randint(1, 6))
        for place in places:
            partition = self._network.broker.partitions[place]
            start, end = self._positions[place], partition.limit(self._committed)
            self._answers[place] = end, int(the_loop().time() * 1000)
            entries = partition.between(start, end, self._committed)
            if len(entries) > most:
                entries, end = entries[:most], entries[most - 1].offset + 1
            most -= len(entries)
            if self._network.again and self._is_of_a_task:
                back = start - chance.randint(1, AGAIN_MAX)
                before = partition.between(back, start, self._committed)
                self._network.again = not before
                entries = before + entries
            found[place] = entries, max(start, end)
            if most <= 0:
                break
        return found

    def _take(self, found: dict[TopicPartition, Any]) -> dict[TopicPartition, list[ConsumerRecord]]:
        taken = {}
        for place, (entries, end) in found.items():
            self._positions[place] = end
            if entries:
                taken[place] = [consumed(place, entry) for entry in entries]
        return taken

    async def _wait(self, places: list[TopicPartition], limit_s: float) -> None:
        """Until there may be something, or for so long."""
        loop = the_loop()
        there: asyncio.Future[None] = loop.create_future()

        def wake() -> None:
            if not there.done():
                there.set_result(None)

        timer = loop.call_later(limit_s, wake)
        for place in places:
            self._network.broker.partitions[place].waiting.append(wake)
        try:
            await there
        finally:
            timer.cancel()
            for place in places:
                waiting = self._network.broker.partitions[place].waiting
                if wake in waiting:
                    waiting.remove(wake)


class MemoryProducer:
    """What the runtime uses of a transactional AIOKafkaProducer."""

    def __init__(self, network: Network, transactional_id: str, timeout_s: float) -> None:
        self.client = _Client(network)
        self._network = network
        self._id = transactional_id
        self._timeout_s = timeout_s
        self._txn_manager = SimpleNamespace(
            producer_id=-1,
            epoch=-1,
            _transaction_waiter=None,
            # This broker adds a partition with its first records.
            maybe_add_partition_to_txn=lambda _place: None,
        )
        self._sender = SimpleNamespace(sender_task=None)
        self._message_accumulator = SimpleNamespace(_batches={}, _pending_batches=())
        self._in_transaction = False
        self._running: set[asyncio.Task[None]] = set()
        self._last: dict[TopicPartition, asyncio.Future[RecordMetadata]] = {}
        """What was sent last to a partition: batches of one producer stay in their order there."""

    async def start(self) -> None:
        broker = self._network.broker
        while True:
            try:
                who = await self._network.call(
                    Op.INIT, lambda: broker.init_producer(self._id, self._timeout_s)
                )
                break
            except NotYet:
                await asyncio.sleep(NOT_YET_S)
        self._txn_manager.producer_id, self._txn_manager.epoch = who
        self._sender.sender_task = the_loop().create_future()

    async def begin_transaction(self) -> None:
        self._or_dead()
        self._in_transaction = True

    async def send_batch(
        self, batch: Any, topic: str, *, partition: int
    ) -> "asyncio.Future[RecordMetadata]":
        self._or_dead()
        if not self._in_transaction:
            raise IllegalOperation("Can't send messages while not in transaction")
        sent: asyncio.Future[RecordMetadata] = the_loop().create_future()
        place = TopicPartition(topic, partition)
        before, self._last[place] = self._last.get(place), sent
        task = the_loop().create_task(self._produce(place, messages_in(batch), sent, before))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return sent

    async def commit_transaction(self) -> None:
        broker, manager = self._network.broker, self._txn_manager
        self._or_dead()
        self._in_transaction = False
        try:
            await self._network.call(
                Op.COMMIT,
                lambda: broker.end_transaction(manager.producer_id, manager.epoch, committed=True),
            )
        except FencedOff:
            raise self._fenced() from None

    async def stop(self) -> None:
        sender = self._sender.sender_task
        if sender is not None and not sender.done():
            sender.set_result(None)

    async def _produce(
        self,
        place: TopicPartition,
        messages: list[Message],
        sent: "asyncio.Future[RecordMetadata]",
        before: "asyncio.Future[RecordMetadata] | None",
    ) -> None:
        broker, manager = self._network.broker, self._txn_manager
        who = manager.producer_id, manager.epoch
        try:
            if before is not None and not before.done():
                await asyncio.wait({before})
            if before is not None and (failed := before.exception()) is not None:
                self._answer(sent, failed)
                return
            while True:
                try:
                    offset = await self._network.call(
                        Op.PRODUCE, lambda: broker.produce(*who, place, messages)
                    )
                    break
                except NotYet:
                    await asyncio.sleep(NOT_YET_S)
        except FencedOff:
            self._answer(sent, self._fenced())
        except asyncio.CancelledError:
            pass  # Its process is dead, or the history has ended: nobody hears of it.
        except Exception as error:  # noqa: BLE001 # whatever it is, it is the answer
            self._answer(sent, error)
        else:
            if not sent.done():
                metadata = (place.topic, place.partition, place, offset, None, None, None)
                sent.set_result(RecordMetadata(*metadata))

    @staticmethod
    def _answer(sent: "asyncio.Future[RecordMetadata]", error: BaseException) -> None:
        if not sent.done():
            sent.set_exception(error)

    def _or_dead(self) -> None:
        """Once it was fenced nothing more can be done with it."""
        sender = self._sender.sender_task
        if sender is not None and sender.done():
            raise IllegalOperation("its sender has ended")

    def _fenced(self) -> ProducerFenced:
        """From now on its sender is dead, as aiokafka's is."""
        sender, error = self._sender.sender_task, ProducerFenced()
        if not sender.done():
            sender.set_exception(error)
            sender.exception()  # Else it would be logged as lost.
        return error


def messages_in(batch: Any) -> list[Message]:
    """The records of a batch, from its bytes as they would be sent."""
    records = MemoryRecords(bytes(batch._build()))
    messages = []
    while (found := records.next_batch()) is not None:
        messages += [Message(each.key, each.value, each.headers) for each in found]
    return messages


def _active(part: Part, epoch: int) -> tuple[Any, ...]:
    return part.producer_id, epoch, 0, 0, 0, part.first_offset, {}


class _Client:
    """What the runtime asks the leaders of partitions."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self.cluster = SimpleNamespace(leader_for_partition=lambda _place: 0)
        self._sync_task = True

    async def _wait_on_metadata(self, topic: str) -> None:
        """It knows all topics."""

    async def force_metadata_update(self) -> None:
        """It knows all leaders."""

    async def close(self) -> None:
        """It has no connections."""

    async def send(self, _leader: int, request: Any) -> Any:
        if isinstance(request, _DescribeProducersRequest):
            return await self._network.call(Op.DESCRIBE, lambda: self._described(request._places))
        assert isinstance(request, WriteTxnMarkersRequest)
        return await self._network.call(Op.MARKER, lambda: self._marked(request))

    def _described(self, places: Collection[TopicPartition]) -> Any:
        topics: defaultdict[str, list[Any]] = defaultdict(list)
        for place in places:
            parts = self._network.broker.partitions[place].open.values()
            epochs = self._network.broker.partitions[place].epochs
            producers = [_active(part, epochs[part.producer_id]) for part in parts]
            topics[place.topic].append((place.partition, 0, None, producers, {}))
        return SimpleNamespace(topics=[(name, rows, {}) for name, rows in topics.items()])

    def _marked(self, request: WriteTxnMarkersRequest) -> Any:
        place, _, producer_id, epoch, _ = request._transaction
        code = 0
        try:
            self._network.broker.write_marker(place, producer_id, epoch, request._committed)
        except FencedOff:
            code = InvalidProducerEpoch.errno
        topics: list[Any] = [(place.topic, [(place.partition, code, {})], {})]
        return SimpleNamespace(markers=[(producer_id, topics, {})])

"""The topics of one test on the broker: made, written to, and read back by plain clients."""

import asyncio
import itertools
import json
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Coroutine,
    Iterable,
    Iterator,
    Sequence,
)
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from typing import Final, NamedTuple, TypeVar

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, NewTopic, RecordsToDelete
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import GroupCoordinatorNotAvailableError
from aiokafka.partitioner import murmur2
from aiokafka.structs import ConsumerRecord, OffsetAndMetadata

from events import topics
from services.dev.local_broker import SETTINGS
from services.ledger.kafka.quarantine import quarantine
from services.runtime.kafka.topic_catalogue import read_catalogue
from services.runtime.kafka.topic_diff import TopicOptions
from services.runtime.kafka.topics import apply
from services.runtime.ops.settings import Settings
from services.runtime.processing.processor import Hold
from tests.builders import Json, encoded
from tests.kafka.brokers import Broker
from tests.kafka.changes import change

TIMEOUT_S: Final = 40.0
"""How long one visit to the broker may take."""

STRUCTURED: Final = (("content-type", b"application/cloudevents+json; charset=UTF-8"),)

POLL_S: Final = 0.05
Result = TypeVar("Result")


class Sent(NamedTuple):
    """A record to be written, where no partitioner has a say."""

    partition: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]] = STRUCTURED


def partition_for(budget: str, count: int) -> int:
    """Where Kafka's own partitioner puts a budget: worked out apart from the ledger."""
    return int(murmur2(budget.encode()) & 0x7FFFFFFF) % count


def budgets_on(partition: int, count: int, since: int = 2001) -> Iterator[str]:
    """Budgets of a year and later whose home is this partition, without end."""
    for year in itertools.count(since):
        for number in range(100):
            name = f"21590350100017-{number:02}-{year}"
            if partition_for(name, count) == partition:
                yield name


def budget_on(partition: int, count: int) -> str:
    """The first of them."""
    return next(budgets_on(partition, count))


def run(doing: Coroutine[object, object, Result], timeout_s: float = TIMEOUT_S) -> Result:
    async def bounded() -> Result:
        return await asyncio.wait_for(doing, timeout_s)

    return asyncio.run(bounded())


@dataclass(frozen=True)
class Cluster:
    """What one test has of the broker: everything under its prefix."""

    bootstrap: str
    prefix: str
    partitions: int

    @property
    def settings(self) -> Settings:
        """Settings of a guest that is no worker."""
        return Settings(
            bootstrap_servers=self.bootstrap, topic_prefix=self.prefix, instance="guest"
        )

    def name(self, topic: str) -> str:
        return self.prefix + topic

    def place(self, topic: str, partition: int) -> TopicPartition:
        return TopicPartition(self.name(topic), partition)

    def create(self, replicas: int = 1) -> None:
        """All topics of the contract, as `ecluse topics apply` makes them."""
        asked = TopicOptions(partitions=self.partitions, replication_factor=replicas)
        done = run(apply(read_catalogue(), self.settings, asked))
        assert [] == done.left

    def recreate(self, topic: str, partitions: int | None = None) -> None:
        """Delete a topic with all that is in it, and make it again, empty."""
        config = read_catalogue().topics[topic].config.as_kafka()
        new = NewTopic(self.name(topic), partitions or self.partitions, 1, topic_configs=config)

        async def go() -> None:
            async with self._admin() as admin:
                await admin.delete_topics([new.name])
                await _until(lambda: _is_gone(admin, new.name))
                answer = await admin.create_topics([new])
                assert [0] == [code for _, code, *_ in answer.topic_errors]
                await _until(lambda: _is_led(admin, new.name))

        run(go())

    def delete(self, topic: str) -> None:
        """Delete a topic with all that is in it."""

        async def go() -> None:
            async with self._admin() as admin:
                await admin.delete_topics([self.name(topic)])

        run(go())

    def widen(self, count: int) -> None:
        """Give every topic that many partitions."""

        async def go() -> None:
            async with self._admin() as admin:
                names = [self.name(each) for each in read_catalogue().topics]
                await admin.create_partitions({name: NewPartitions(count) for name in names})

        run(go())

    def alter(self, topic: str, config: dict[str, str]) -> None:
        """Give a topic other settings than the contract's, until whoever asks sees them."""
        change(self.settings, topic, **config)

    def alter_broker(self, config: dict[str, str]) -> None:
        """Give the broker these settings of its own, and no others."""
        resource = ConfigResource(ConfigResourceType.BROKER, SETTINGS["node.id"], config)

        async def go() -> None:
            async with self._admin() as admin:
                for answer in await admin.alter_configs([resource]):
                    assert [] == [code for code, *_ in answer.resources if code]

        run(go())

    def lose(self, topic: str, partition: int, before: int) -> None:
        """Remove the records before an offset, as retention does."""

        async def go() -> None:
            async with self._admin() as admin:
                place = self.place(topic, partition)
                await admin.delete_records({place: RecordsToDelete(before)})

        run(go())

    # ------------------------------------------------------------ writing
    def publish(self, events: Iterable[Json], topic: str = topics.EVENTS) -> None:
        """Events as a careful sender writes them, each on its budget's partition."""
        self.write([self.sent(event) for event in events], topic)

    def sent(self, event: Json) -> Sent:
        budget = event["data"]["budget"]
        return Sent(partition_for(budget, self.partitions), budget.encode(), encoded(event))

    @staticmethod
    def sent_to(partition: int, key: bytes | None, value: bytes | None) -> Sent:
        """A record without headers."""
        return Sent(partition, key, value, ())

    def write(
        self, records: Iterable[Sent], topic: str = topics.EVENTS, transaction: str | None = None
    ) -> None:
        """Records as they are, in order; with `transaction`, one transaction under that id."""
        run(self._write(list(records), topic, transaction))

    async def _write(self, records: list[Sent], topic: str, transaction: str | None) -> None:
        producer = AIOKafkaProducer(
            bootstrap_servers=self.bootstrap,
            transactional_id=transaction,
            acks="all",
            linger_ms=5,
            max_request_size=17_000_000,
        )
        await producer.start()
        try:
            if transaction is not None:
                await producer.begin_transaction()
            futures = []
            for each in records:
                future = await producer.send(
                    self.name(topic),
                    value=each.value,
                    key=each.key,
                    partition=each.partition,
                    headers=list(each.headers),
                )
                futures.append(future)
            await asyncio.gather(*futures)
            if transaction is not None:
                await producer.commit_transaction()
        finally:
            await producer.stop()

    @contextmanager
    def left_open(self, topic: str) -> Iterator[None]:
        """Meanwhile a stranger's transaction stands open on partition 0 of a topic."""

        async def begin() -> AIOKafkaProducer:
            producer = AIOKafkaProducer(
                bootstrap_servers=self.bootstrap, transactional_id=f"{self.prefix}stranger"
            )
            await producer.start()
            await producer.begin_transaction()
            await producer.send_and_wait(self.name(topic), b"{}", key=b"stranger", partition=0)
            return producer

        async def end(producer: AIOKafkaProducer) -> None:
            await producer.abort_transaction()
            await producer.stop()

        with asyncio.Runner() as runner:
            producer = runner.run(begin())
            try:
                yield
            finally:
                runner.run(end(producer))

    def quarantine(self, partition: int, offset: int, by: str = "me", why: str = "a bug") -> Hold:
        """What `ecluse quarantine` does."""
        return run(quarantine(self.settings, partition, offset, by, why))

    # ------------------------------------------------------------ reading
    def read(self, topic: str) -> dict[int, list[ConsumerRecord]]:
        """What is committed in each partition of a topic, now."""
        return self.read_all([topic])[topic]

    def read_all(self, names: Iterable[str]) -> dict[str, dict[int, list[ConsumerRecord]]]:
        """The same for several topics, on one connection."""
        return run(self._read(list(names)))

    async def _read(self, names: list[str]) -> dict[str, dict[int, list[ConsumerRecord]]]:
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self.bootstrap,
            isolation_level="read_committed",
            auto_offset_reset="earliest",
            enable_auto_commit=False,
            fetch_max_wait_ms=50,
            max_partition_fetch_bytes=17_000_000,
        )
        await consumer.start()
        numbers = range(self.partitions)
        found: dict[str, dict[int, list[ConsumerRecord]]]
        found = {name: {number: [] for number in numbers} for name in names}
        try:
            places = {self.place(name, each): name for name in names for each in numbers}
            consumer.assign(list(places))
            ends = await consumer.end_offsets(list(places))
            for place, end in ends.items():
                while await consumer.position(place) < end:
                    taken = await consumer.getmany(timeout_ms=100)
                    for tp, records in taken.items():
                        found[places[tp]][tp.partition] += records
        finally:
            await consumer.stop()
        return found

    def hints(self) -> dict[int, int]:
        """The group's offsets of the events, by partition: what lag tools see."""
        found = self.offsets_of(topics.LEDGER_GROUP).items()
        return {number: at.offset for (name, number), at in found if name == topics.EVENTS}

    def offsets_of(self, group: str) -> dict[tuple[str, int], OffsetAndMetadata]:
        """The offsets of a group with their metadata, by the contract's topic and partition."""

        async def go() -> dict[TopicPartition, OffsetAndMetadata]:
            found: dict[TopicPartition, OffsetAndMetadata] = {}
            # A broker on which no group was ever formed has no coordinator yet.
            with suppress(GroupCoordinatorNotAvailableError):
                async with self._admin() as admin:
                    found = await admin.list_consumer_group_offsets(self.name(group))
            return found

        found = {place: at for place, at in run(go()).items() if at.offset >= 0}
        return {(p.topic.removeprefix(self.prefix), p.partition): at for p, at in found.items()}

    def ends(self, names: Iterable[str]) -> dict[tuple[str, int], int]:
        """The ends of what is committed in topics, by the contract's topic and partition."""
        found = run(self._ends(names, "read_committed"))
        return {(p.topic.removeprefix(self.prefix), p.partition): end for p, end in found.items()}

    def count(self, topic: str) -> int:
        """How many offsets a topic has taken, markers included, over all partitions."""
        return sum(run(self._ends([topic], "read_committed")).values())

    def is_settled(self, names: Sequence[str]) -> bool:
        """Whether no transaction is open in any of these topics."""
        stable = run(self._ends(names, "read_committed"))
        return stable == run(self._ends(names, "read_uncommitted"))

    async def _ends(self, names: Iterable[str], isolation: str) -> dict[TopicPartition, int]:
        places = [self.place(name, each) for name in names for each in range(self.partitions)]
        async with AIOKafkaConsumer(
            bootstrap_servers=self.bootstrap, isolation_level=isolation
        ) as consumer:
            ends: dict[TopicPartition, int] = await consumer.end_offsets(places)
            return ends

    def journal(self) -> dict[int, list[Json]]:
        """The journal's records by partition."""
        return {
            number: [json.loads(each.value) for each in records]
            for number, records in self.read(topics.JOURNAL).items()
        }

    def state(self) -> dict[int, dict[bytes, bytes]]:
        """What the compacted state topic holds, by partition."""
        latest: dict[int, dict[bytes, bytes]] = {}
        for number, records in self.read(topics.LEDGER_STATE).items():
            rows = {each.key: each.value for each in records}
            latest[number] = {key: value for key, value in rows.items() if value is not None}
        return latest

    @asynccontextmanager
    async def _admin(self) -> AsyncIterator[AIOKafkaAdminClient]:
        admin = AIOKafkaAdminClient(bootstrap_servers=self.bootstrap)
        await admin.start()
        try:
            yield admin
        finally:
            await admin.close()


def a_cluster(broker: Broker, prefix: str, partitions: int) -> Cluster:
    """A cluster with the topics of the contract, and nothing in them."""
    cluster = Cluster(broker.bootstrap, prefix, partitions)
    cluster.create()
    return cluster


async def _is_gone(admin: AIOKafkaAdminClient, name: str) -> bool:
    return name not in await admin.list_topics()


async def _is_led(admin: AIOKafkaAdminClient, name: str) -> bool:
    """Whether every partition of a new topic has a leader already."""
    described = await admin.describe_topics([name])
    partitions = described[0]["partitions"]
    return bool(partitions) and all(each["leader"] >= 0 for each in partitions)


async def _until(is_so: Callable[[], Awaitable[bool]]) -> None:
    while not await is_so():  # noqa: ASYNC110 # a broker has no event to wait for
        await asyncio.sleep(POLL_S)

"""The topics of one test on the broker: written to, and read back by plain clients."""

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import GroupCoordinatorNotAvailableError
from aiokafka.partitioner import murmur2
from aiokafka.structs import ConsumerRecord, OffsetAndMetadata

from events import topics
from services.ledger.kafka.worker import quarantine
from services.runtime.processing.processor import Hold
from tests.builders import Json, encoded
from tests.kafka.topics import Topics
from tests.unit.watch.ledger_output import Out
from tests.waiting import eventually, run

STRUCTURED: Final = (("content-type", b"application/cloudevents+json; charset=UTF-8"),)
RECORD_BYTES_MAX: Final = 17_000_000
COMMITTED: Final = "read_committed"
UNCOMMITTED: Final = "read_uncommitted"
Ends = dict[tuple[str, int], int]
"""By the contract's topic and partition."""


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


@dataclass(frozen=True)
class Cluster(Topics):
    """What one test has of the broker, its records with it."""

    # ------------------------------------------------------------ writing
    @asynccontextmanager
    async def producer(self, name: str | None = None) -> AsyncIterator[AIOKafkaProducer]:
        """A plain producer that sends nothing twice; with a name, it writes in transactions."""
        producer = AIOKafkaProducer(
            bootstrap_servers=self.bootstrap,
            transactional_id=name and self.prefix + name,
            enable_idempotence=True,  # the default of Kafka's own client
            acks="all",
            linger_ms=5,
            max_request_size=RECORD_BYTES_MAX,
        )
        await producer.start()
        try:
            yield producer
        finally:
            await producer.stop()

    def publish(self, events: Iterable[Json], topic: str = topics.EVENTS) -> None:
        """Events as a careful sender writes them, each on its budget's partition."""
        self.write([self.sent(event) for event in events], topic)

    def sent(self, event: Json | bytes) -> Sent:
        budget = json.loads(encoded(event))["partitionkey"]
        return Sent(partition_for(budget, self.partitions), budget.encode(), encoded(event))

    def write(
        self, records: Iterable[Sent], topic: str = topics.EVENTS, transaction: str | None = None
    ) -> None:
        """Records as they are, in order; with `transaction`, one transaction under that name."""

        async def go() -> None:
            async with self.producer(transaction) as producer:
                if transaction is not None:
                    await producer.begin_transaction()
                sends = [
                    await producer.send(self.name(topic), value, key, place, headers=list(headers))
                    for place, key, value, headers in records
                ]
                await asyncio.gather(*sends)
                if transaction is not None:
                    await producer.commit_transaction()

        run(go())

    def write_outs(self, transactions: Iterable[Iterable[Out]], *, abort: bool = False) -> None:
        """What a ledger leaves, transaction by transaction; of aborted ones a marker stays too."""
        asyncio.run(self.transact(transactions, abort=abort))

    async def transact(self, transactions: Iterable[Iterable[Out]], *, abort: bool = False) -> None:
        """The same on a loop that runs."""
        async with self.producer("writer") as producer:
            for outs in transactions:
                await producer.begin_transaction()
                for topic, partition, key, value in outs:
                    await producer.send(self.name(topic), value, key, partition)
                await producer.flush()
                await (producer.abort_transaction() if abort else producer.commit_transaction())

    @contextmanager
    def left_open(self, topic: str) -> Iterator[None]:
        """Meanwhile a stranger's transaction stands open on partition 0 of a topic."""
        with asyncio.Runner() as runner:
            producing = self.producer("stranger")

            async def begin() -> AIOKafkaProducer:
                producer = await producing.__aenter__()
                await producer.begin_transaction()
                await producer.send_and_wait(self.name(topic), b"{}", key=b"stranger", partition=0)
                return producer

            async def end() -> None:
                await producer.abort_transaction()
                await producing.__aexit__(None, None, None)

            producer = runner.run(begin())
            try:
                yield
            finally:
                runner.run(end())

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
        numbers = range(self.partitions)
        found: dict[str, dict[int, list[ConsumerRecord]]]
        found = {name: {number: [] for number in numbers} for name in names}
        places = {self.place(name, each): name for name in names for each in numbers}
        async with self.consumer() as consumer:
            consumer.assign(list(places))
            ends = await consumer.end_offsets(list(places))
            for place, end in ends.items():
                while await consumer.position(place) < end:
                    taken = await consumer.getmany(timeout_ms=100)
                    for tp, records in taken.items():
                        found[places[tp]][tp.partition] += records
        return found

    def consumer(self, isolation: str = COMMITTED) -> AIOKafkaConsumer:
        """A reader outside any group, which begins at the beginning; not yet started."""
        return AIOKafkaConsumer(
            bootstrap_servers=self.bootstrap,
            isolation_level=isolation,
            auto_offset_reset="earliest",
            enable_auto_commit=False,
            fetch_max_wait_ms=50,
            max_partition_fetch_bytes=RECORD_BYTES_MAX,
        )

    def offsets_of(self, group: str) -> dict[tuple[str, int], OffsetAndMetadata]:
        """The offsets of a group with their metadata, by the contract's topic and partition."""

        async def go() -> dict[TopicPartition, OffsetAndMetadata]:
            found: dict[TopicPartition, OffsetAndMetadata] = {}
            # A broker on which no group was ever formed has no coordinator yet.
            with suppress(GroupCoordinatorNotAvailableError):
                async with self._admin() as admin:
                    found = await admin.list_consumer_group_offsets(self.name(group))
            return found

        return self._by_topic({at: each for at, each in run(go()).items() if each.offset >= 0})

    def ends(self, names: Iterable[str], isolation: str = COMMITTED) -> Ends:
        """The ends of what is committed in topics, or of all that is written."""
        places = [self.place(name, each) for name in names for each in range(self.partitions)]

        async def go() -> dict[TopicPartition, int]:
            async with self.consumer(isolation) as consumer:
                ends: dict[TopicPartition, int] = await consumer.end_offsets(places)
                return ends

        return self._by_topic(run(go()))

    def _by_topic(self, found: dict[TopicPartition, Any]) -> dict[tuple[str, int], Any]:
        return {(p.topic.removeprefix(self.prefix), p.partition): each for p, each in found.items()}

    def count(self, topic: str, isolation: str = COMMITTED) -> int:
        """How many offsets a topic has taken, markers included, over all partitions."""
        return sum(self.ends([topic], isolation).values())

    def is_settled(self, names: Iterable[str]) -> bool:
        """Whether no transaction is open in any of these topics."""
        names = list(names)
        return self.ends(names) == self.ends(names, UNCOMMITTED)

    def wait_until_settled(self, *names: str) -> None:
        """A commit is answered before its markers are written."""
        eventually(lambda: self.is_settled(names), "a transaction stays open")

    def journal(self) -> dict[int, list[Json]]:
        """The journal's records by partition."""
        return {
            number: [json.loads(each.value) for each in records]
            for number, records in self.read(topics.JOURNAL).items()
        }

    def wait_for_records(self, count: int) -> dict[int, list[Json]]:
        """Until the journal holds that many records, and no more; by partition."""

        def poll() -> dict[int, list[Json]] | None:
            if self.count(topics.JOURNAL) < count:
                return None  # Cheaper than to read what is not enough.
            journal = self.journal()
            seen = sum(map(len, journal.values()))
            assert seen <= count, f"{seen} records where {count} were wanted"
            return journal if seen == count else None

        # Each poll is a connection and three questions.
        return eventually(poll, f"no {count} records in the journal", pause_s=0.2)

    def state(self) -> dict[int, dict[bytes, bytes]]:
        """What the compacted state topic holds, by partition."""
        latest: dict[int, dict[bytes, bytes]] = {}
        for number, records in self.read(topics.LEDGER_STATE).items():
            rows = {each.key: each.value for each in records}
            latest[number] = {key: value for key, value in rows.items() if value is not None}
        return latest


def outcomes(records: Iterable[Json]) -> list[str]:
    return [record["outcome"] for record in records]


def source_offsets(records: Iterable[Json]) -> list[int]:
    """Which records of their input topic these journal records are of."""
    return [record["source"]["offset"] for record in records]

"""Faust's consumer as our agents need it: committed records only, from the tables' own place on.

Faust reads what was never committed unless it also writes in transactions of its own, and starts
where its group committed last, which says nothing of tables that have a place of their own.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple, cast

from aiokafka import AIOKafkaConsumer
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.errors import KafkaError
from aiokafka.structs import ConsumerRecord, OffsetAndMetadata, TopicPartition
from faust.transport.drivers import aiokafka as driver
from faust.types import TP
from faust.types.tuples import ConsumerMessage
from mode import Service

from services.runtime.agents.running import stop
from services.runtime.kafka.clients import (
    connection_arguments,
    fetch_from_leaders,
    guard_abort_markers,
    member_id,
    rejoin_where_fenced,
)
from services.runtime.kafka.header_names import read_any_header_name
from services.runtime.kafka.refusals import JoinAttempts, group_error
from services.runtime.kafka.security import NO_RIGHTS, text_of
from services.runtime.kafka.waits import retry_until_answered, wait_within
from services.runtime.ops.errors import ClusterError, Unreachable
from services.runtime.ops.settings import Settings

FETCH_BYTES: Final = 1024 * 1024
"""Bytes fetched of a partition at once; of a larger record, that record alone."""

FETCH_WAIT_MS: Final = 500
"""Time for which the broker holds a fetch that finds nothing."""

QUICK_FETCH_WAIT_MS: Final = 20
"""The same during a backlog: aiokafka fetches the next records of a partition only when the fetch
of all partitions of a broker has ended, so empty ones would delay full ones."""

BACKLOG: Final = 256
"""Records of one fetch that count as a backlog."""

SLICE_RECORDS: Final = 100
"""Records of a partition that Faust hands on at once: a message for each costs more than the
tables take to process it."""


ASK_S: Final = 1.0
"""The pause between two questions whether the group has refused us."""

PATIENCE_S: Final = 5.0
"""More than aiokafka's own time-out of a request, which says better what was wrong."""


def request_timeout_s(settings: Settings) -> float:
    """The time-out of a request: longer than a session, which the answer to a join may take."""
    return settings.session_timeout_s + 10


class Records(NamedTuple):
    """Consecutive records of one partition."""

    begin: int | None
    """Where the consumer stood before them: whoever has taken all before that misses nothing. None
    where no seek has come before."""
    seeks: int
    """The seeks of this consumer before they were fetched."""
    records: Sequence[ConsumerRecord[bytes, bytes]]
    """At least one."""


class Slice(ConsumerMessage):
    """A message of Faust with consecutive records of one partition; it has the last's offset."""

    begin: int | None = None
    seeks: int = 0
    records: Sequence[ConsumerRecord[bytes, bytes]] = ()


class FetchPosition(NamedTuple):
    """The fetch position of a partition, and its last record: only markers may lie between."""

    position: int
    behind_last: int


class ConsumerThread(driver.AIOKafkaConsumerThread):
    """The consumer thread."""

    def __post_init__(self) -> None:
        """Initialise; Faust's constructor calls this."""
        super().__post_init__()
        self._fetched: dict[TopicPartition, int] = {}
        """Behind the last record fetched of each partition."""
        self._begins: dict[TopicPartition, int] = {}
        """The same, or where a seek led to since."""
        self.seeks = 0
        """The number of seeks."""

    def _create_worker_consumer(self, _transport: driver.Transport) -> AIOKafkaConsumer:
        """Create it as Faust does, with settings that it lacks: isolation, assignor, sizes."""
        guard_abort_markers()
        fetch_from_leaders()
        read_any_header_name()
        rejoin_where_fenced()
        conf = self.app.conf
        # Ranges give one process the same partitions of both topics.
        self._assignor = RangePartitionAssignor
        return AIOKafkaConsumer(
            **connection_arguments(cast(Any, self.app).settings),
            group_id=conf.id,
            group_instance_id=conf.consumer_group_instance_id,
            enable_auto_commit=False,
            auto_offset_reset=conf.consumer_auto_offset_reset,
            isolation_level="read_committed",
            partition_assignment_strategy=[self._assignor],
            max_poll_interval_ms=int((conf.broker_max_poll_interval or 0) * 1000),
            max_partition_fetch_bytes=FETCH_BYTES,
            fetch_max_wait_ms=FETCH_WAIT_MS,
            request_timeout_ms=int(request_timeout_s(cast(Any, self.app).settings) * 1000),
            session_timeout_ms=int(conf.broker_session_timeout * 1000),
            rebalance_timeout_ms=int(conf.broker_rebalance_timeout * 1000),
            heartbeat_interval_ms=int(conf.broker_heartbeat_interval * 1000),
            metadata_max_age_ms=conf.consumer_metadata_max_age_ms,
        )

    @Service.task
    async def _ask_group(self) -> None:
        """Exit if the group has refused us: nobody else asks, and aiokafka waits until one does.

        So it does if another process of our name keeps joining.
        """
        app = cast(Any, self.app)
        joins = JoinAttempts(app.settings)
        while not self.should_stop:
            consumer = self._ensure_consumer()
            joins.note(member_id(consumer), asyncio.get_running_loop().time())
            try:
                consumer._coordinator.check_errors()  # noqa: SLF001 # no other way
                joins.check()
            except ClusterError as error:
                stop(app.role, error)
            except KafkaError as error:
                if app.is_stopping:
                    return
                stop(app.role, await group_error(app.settings, error))
            await self.sleep(ASK_S)

    async def _fetch_records(self, consumer: AIOKafkaConsumer, *args: Any, **kwargs: Any) -> Any:
        try:
            records = await super()._fetch_records(consumer, *args, **kwargs)
        except NO_RIGHTS as error:  # Faust would end the process without a word on who refused.
            app = cast(Any, self.app)
            stop(app.role, ClusterError(app.settings.bootstrap_servers, text_of(error)))
        # Nothing was awaited since they were taken out, so no seek has come between.
        begins = {place: self._begins.get(place) for place in records}
        for place, some in records.items():
            self._fetched[place] = self._begins[place] = some[-1].offset + 1
        has_backlog = sum(map(len, records.values())) >= BACKLOG
        wait_ms = QUICK_FETCH_WAIT_MS if has_backlog else FETCH_WAIT_MS
        consumer._fetcher._fetch_max_wait_ms = wait_ms  # noqa: SLF001 # it has no setter
        return {
            place: list(_cut(begins[place], self.seeks, some)) for place, some in records.items()
        }

    async def _seek_wait(self, consumer: AIOKafkaConsumer, partitions: Mapping[TP, int]) -> None:
        self.seeks += 1
        self._begins.update(partitions)
        await super()._seek_wait(consumer, partitions)

    async def fetch_positions(self) -> dict[TopicPartition, FetchPosition]:
        """The fetch position of each assigned partition."""
        return cast(dict[TopicPartition, FetchPosition], await self.call_thread(self._positions))

    async def _positions(self) -> dict[TopicPartition, FetchPosition]:
        consumer = self._ensure_consumer()
        return {
            place: FetchPosition(await consumer.position(place), self._fetched.get(place, 0))
            for place in consumer.assignment()
        }

    async def note(self, offsets: Mapping[TP, OffsetAndMetadata]) -> None:
        """Commit offsets of the group with their metadata, of what is assigned here.

        Raises:
            KafkaError: the group has moved on, or has no answer.
        """
        await self.call_thread(self._note, offsets)

    async def _note(self, offsets: Mapping[TP, OffsetAndMetadata]) -> None:
        consumer = self._ensure_consumer()
        assigned = consumer.assignment()
        # aiokafka takes its own kind of place alone.
        ours = {TopicPartition(*at): each for at, each in offsets.items() if at in assigned}
        if ours:
            await consumer.commit(ours)


def _cut(
    begin: int | None, seeks: int, records: Sequence[ConsumerRecord[bytes, bytes]]
) -> Iterator[Records]:
    for at in range(0, len(records), SLICE_RECORDS):
        some = records[at : at + SLICE_RECORDS]
        yield Records(begin, seeks, some)
        begin = some[-1].offset + 1


class Consumer(driver.Consumer):
    """A consumer that continues at the tables' offsets or the beginning; Faust commits nothing."""

    _thread: ConsumerThread

    def _new_consumer_thread(self) -> ConsumerThread:
        return ConsumerThread(self, loop=self.loop, beacon=self.beacon)

    def _to_message(self, tp: TP, record: Records) -> Slice:
        last = record.records[-1]
        message = Slice(
            last.topic,
            last.partition,
            last.offset,
            last.timestamp / 1000,
            last.timestamp_type,
            None,
            None,  # nothing for Faust to decode
            None,
            None,
            tp=tp,
            generation_id=self.app.consumer_generation_id,
        )
        message.begin, message.seeks, message.records = record
        cast(Any, self.app).note_fetched(tp, record.records)
        return message

    async def perform_seek(self) -> None:
        """Seek to the tables' offset in each partition, after every change of the assignment.

        Records that exist no longer are skipped; a partition without place stays where it is. A
        broker that does not say which those are is asked again: Faust would end the process.
        """
        app = cast(Any, self.app)
        places = self.assignment()
        limit_s = request_timeout_s(app.settings) + PATIENCE_S

        async def ask() -> Mapping[TP, int]:
            asked = self.earliest_offsets(*places)
            return await wait_within(limit_s, asked, "offsets", app.settings.bootstrap_servers)

        try:
            first = await retry_until_answered(app.settings, ask)
        except Unreachable as error:
            stop(app.role, error)
        own = await app.places_of(places)
        await self.seek_wait({place: max(first[place], at) for place, at in own.items()})

    async def fetch_positions(self) -> dict[TopicPartition, FetchPosition]:
        """The fetch position of each assigned partition."""
        return await self._thread.fetch_positions()

    @property
    def seeks(self) -> int:
        """The number of seeks so far."""
        return self._thread.seeks

    async def note(self, offsets: Mapping[TP, OffsetAndMetadata]) -> None:
        """Commit offsets of the group with their metadata: for monitoring, nobody reads from them.

        Raises:
            KafkaError: the group has moved on, or has no answer.
        """
        await self._thread.note(offsets)


class Transport(driver.Transport):
    """Faust's transport with the consumer above."""

    Consumer = Consumer

"""The process of the watch: a Faust app with its parts, its partitions, and their ends."""

from collections.abc import Awaitable, Collection, Iterable, Sequence
from contextlib import suppress
from typing import Any, ClassVar, Final

import structlog
from aiokafka import AIOKafkaConsumer
from aiokafka.structs import ConsumerRecord, TopicPartition
from faust.types import TP

from events.topics import INPUT_TOPICS, JOURNAL, WATCH_GROUP, Place
from services.lag.groups import Groups
from services.runtime.agents.app import AgentApp
from services.runtime.kafka.clients import FETCH_WAIT_S, REQUEST_TIMEOUT_S, make_reader
from services.runtime.kafka.waits import finish_start, wait_within
from services.runtime.ops.clock import Clock
from services.runtime.ops.errors import ClusterError
from services.runtime.ops.settings import Settings
from services.watch.cpu_throttle import CpuThrottle
from services.watch.deadlines import DeadlineDelivery, DeadlinePublisher
from services.watch.document import LagService
from services.watch.metrics import Metrics
from services.watch.settings import WATCHED, WatchSettings
from services.watch.tables.balances import Fault
from services.watch.tables.budget_balance import Difference
from services.watch.tables.feed import Tables

log = structlog.get_logger()


class Watch(AgentApp):
    """The watch: its own parts, beside those of every app of agents."""

    role: ClassVar[str] = "watch"

    def __init__(
        self, settings: Settings, own: WatchSettings, clock: Clock, **options: Any
    ) -> None:
        self.own = own
        self.clock = clock
        self.own_tables: Final = Tables(clock)
        """The tables of what was read; none is a table of Faust."""
        tables = self.own_tables
        self.delivery: Final = DeadlineDelivery(
            DeadlinePublisher(settings),
            tables.deadlines,
            tables.reconciliation,
            tables.input_watermark,
        )
        input_topics = {name: settings.topic(name) for name in INPUT_TOPICS}
        self.lag_service: Final = LagService(
            tables, own, settings.instance, input_topics, lambda: self.delivery.in_topic
        )
        self.cpu_throttle: Final = CpuThrottle(own.share)
        self.groups: Final = Groups(settings, own.consumers)
        self.metrics: Final = Metrics(
            settings, tables, self.lag_service, self.delivery.written, clock
        )
        self.ends: Final = Ends(settings)
        self.assigned: frozenset[Place] = frozenset()
        """The partitions that are read here."""
        super().__init__(settings, WATCH_GROUP, own.topics, WATCHED, **options)

    async def places_of(self, assigned: Collection[TP]) -> dict[TP, int]:
        """The next offset of each assigned partition; tables of other partitions are dropped."""
        named = {place: self.find_contract_place(place) for place in assigned}
        self.assigned = frozenset(named.values())
        self.own_tables.keep_only(self.assigned)
        self.delivery.keep_only(each.partition for each in self.assigned if each.topic == JOURNAL)
        return {place: self.own_tables.next_offset(own) for place, own in named.items()}

    def note_fetched(self, place: TP, some: Sequence[ConsumerRecord[bytes, bytes]]) -> None:
        """Take note of fetched records that wait for their agent."""
        first, last = some[0], some[-1]
        own = self.find_contract_place(place)
        self.own_tables.note_fetched(own, first.offset, last.offset, first.value)

    async def close(self) -> None:
        """Close the connections of samples, ends and deadline events."""
        await self.ends.stop()
        await self.groups.stop()
        await self.delivery.stop()

    def report(self, fault: Difference | Fault) -> None:
        """Report a difference or fault: an error line, and a metric."""
        self.metrics.count(fault)
        if isinstance(fault, Fault):
            log.error("journal_broken", **fault._asdict())
        else:
            log.error("balance_differs", budget=fault.budget, **fault.row())


class Ends:
    """The ends of partitions, records of open transactions included.

    A transaction writes to all its partitions before it commits: so the counterpart of a committed
    record lies before the end of its own partition, even while it cannot be read yet.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._consumer: AIOKafkaConsumer | None = None

    async def read(self, places: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        """The end of each partition.

        Raises:
            ClusterError: the cluster does not answer.
        """
        if self._consumer is None:
            self._consumer = await self._start()
        ends: dict[TopicPartition, int] = await self._wait(self._consumer.end_offsets(places))
        return ends

    async def _start(self) -> AIOKafkaConsumer:
        consumer = make_reader(self._settings, FETCH_WAIT_S, "read_uncommitted")
        try:
            await self._wait(finish_start(consumer._client, consumer.start()))  # noqa: SLF001
        except BaseException:
            with suppress(ClusterError):
                await self._wait(consumer.stop())
            raise
        return consumer

    async def stop(self) -> None:
        """Close the connections."""
        if self._consumer is not None:
            await self._wait(self._consumer.stop())

    async def _wait(self, wait: Awaitable[Any]) -> Any:
        where = self._settings.bootstrap_servers
        return await wait_within(REQUEST_TIMEOUT_S, wait, "Kafka", where)

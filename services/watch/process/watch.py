"""The Faust app: its parts, start, partition assignment and stop."""

from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import asdict
from typing import Any, Final

import faust
import structlog
from aiokafka.structs import ConsumerRecord
from faust.types import TP

from events.topics import INPUT_TOPICS, JOURNAL, WATCH_GROUP, Place
from services.lag.collect.groups import Groups
from services.runtime.kafka.topics import check
from services.runtime.ops.clock import Clock
from services.runtime.ops.errors import ClusterError
from services.runtime.ops.forced_exit import leave_after
from services.runtime.ops.settings import Settings
from services.texts.translation import both
from services.watch.deadlines.delivery import DeadlineDelivery
from services.watch.deadlines.publisher import DeadlinePublisher
from services.watch.document.metrics import Metrics
from services.watch.document.service import LagService
from services.watch.process.consumer import Ends, Transport
from services.watch.process.cpu_throttle import CpuThrottle
from services.watch.process.exit import EXIT_FAILED
from services.watch.settings import WATCHED, WatchSettings
from services.watch.tables.balances import Fault
from services.watch.tables.budget_balance import Difference
from services.watch.tables.feed import Tables

STOP_S: Final = 5.0
"""Time limit of a stop: without a broker Faust waits a minute, and nothing is kept on disk."""

log = structlog.get_logger()


class Watch(faust.App):
    """The watch: its own parts, beside those of every Faust app."""

    def __init__(
        self, settings: Settings, own: WatchSettings, clock: Clock, **options: Any
    ) -> None:
        self.settings = settings
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
        self.partitions: int | None = None
        """The number of partitions of the topics; None until it is known."""
        self.assigned: frozenset[Place] = frozenset()
        """The partitions that are read here."""
        self._contract = {settings.topic(name): name for name in WATCHED}
        super().__init__(settings.group(WATCH_GROUP), **options)

    def in_the_contract(self, place: TP) -> Place:
        """A partition of this cluster, by its topic's name in the contract."""
        return Place(self._contract[place.topic], place.partition)

    def places_of(self, assigned: Collection[TP]) -> dict[TP, int]:
        """The next offset of each assigned partition; tables of other partitions are dropped."""
        named = {place: self.in_the_contract(place) for place in assigned}
        self.assigned = frozenset(named.values())
        self.own_tables.keep_only(self.assigned)
        self.delivery.keep_only(each.partition for each in self.assigned if each.topic == JOURNAL)
        return {place: self.own_tables.next_offset(own) for place, own in named.items()}

    def fetched(self, place: TP, some: Sequence[ConsumerRecord[bytes, bytes]]) -> None:
        """Take note of fetched records that wait for their agent."""
        first, last = some[0], some[-1]
        own = self.in_the_contract(place)
        self.own_tables.fetched(own, first.offset, last.offset, first.value)

    @property
    def is_stopping(self) -> bool:
        """True if the process was asked to stop, rather than failed."""
        return self.should_stop and not self.crashed

    async def on_first_start(self) -> None:
        """Check the topics before anything else.

        Raises:
            ClusterError: they differ from the contract, or cannot be reached.
        """
        try:
            self.partitions = await check(self.settings, self.own.topics)
        except ClusterError as error:
            log.error("watch_cannot_start", **asdict(both(error.text)))  # noqa: TRY400
            raise
        log.info("watch_starts", partitions=self.partitions, web=str(self.conf.canonical_url))
        await super().on_first_start()

    async def on_stop(self) -> None:
        """Close our connections, then Faust's, within `STOP_S`."""
        leave_after(STOP_S, 0 if self.is_stopping else EXIT_FAILED)
        with suppress(ClusterError):  # Without a broker there is nothing to close.
            await self.ends.stop()
            await self.groups.stop()
            await self.delivery.stop()
        await super().on_stop()

    def report(self, found: Difference | Fault) -> None:
        """Report a difference or fault: an error line, and a metric."""
        self.metrics.count(found)
        if isinstance(found, Fault):
            log.error("journal_broken", **found._asdict())
        else:
            log.error("balance_differs", budget=found.budget, **found.row())

    def _new_transport(self) -> Transport:
        return Transport(self.conf.broker_consumer, self, loop=self.loop)

    def _create_directories(self) -> None:
        """Create nothing: the tables are made anew from the journal."""

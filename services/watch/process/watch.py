"""The Faust app: its parts, and the partitions assigned to it."""

from collections.abc import Collection, Sequence
from typing import Any, ClassVar, Final

import structlog
from aiokafka.structs import ConsumerRecord
from faust.types import TP

from events.topics import INPUT_TOPICS, JOURNAL, WATCH_GROUP, Place
from services.lag.collect.groups import Groups
from services.runtime.agents.app import AgentApp
from services.runtime.ops.clock import Clock
from services.runtime.ops.settings import Settings
from services.watch.deadlines.delivery import DeadlineDelivery
from services.watch.deadlines.publisher import DeadlinePublisher
from services.watch.document.metrics import Metrics
from services.watch.document.service import LagService
from services.watch.process.cpu_throttle import CpuThrottle
from services.watch.process.ends import Ends
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

    async def close(self) -> None:
        """Close the connections of samples, ends and deadline events."""
        await self.ends.stop()
        await self.groups.stop()
        await self.delivery.stop()

    def report(self, found: Difference | Fault) -> None:
        """Report a difference or fault: an error line, and a metric."""
        self.metrics.count(found)
        if isinstance(found, Fault):
            log.error("journal_broken", **found._asdict())
        else:
            log.error("balance_differs", budget=found.budget, **found.row())

"""The Faust app: what it holds, how it starts, is given partitions, and ends."""

from collections.abc import Collection, Sequence
from contextlib import suppress
from typing import Any, Final

import faust
import structlog
from aiokafka.structs import ConsumerRecord
from faust.types import TP

from events.topics import INPUT_TOPICS, JOURNAL, WATCH_GROUP
from services.runtime.kafka.topics import check
from services.runtime.ops.clock import Clock
from services.runtime.ops.errors import ClusterError
from services.runtime.ops.forced_exit import leave_after
from services.runtime.ops.settings import Settings
from services.watch.balances import Fault, Partition
from services.watch.budget_balance import Difference
from services.watch.consumer import Ends, Transport
from services.watch.cpu_throttle import Courtesy
from services.watch.deadline_delivery import Delivery
from services.watch.deadline_publisher import Post
from services.watch.groups import Groups
from services.watch.lag_service import Outlook
from services.watch.metrics import Metrics
from services.watch.process_exit import EXIT_FAILED
from services.watch.settings import WATCHED, WatchSettings
from services.watch.tables import Tables

STOP_S: Final = 5.0
"""How long stopping may take: without a broker Faust waits for a minute, and nothing is kept."""

log = structlog.get_logger()


class Watch(faust.App):
    """The watch: what it holds, beside what every Faust app does."""

    def __init__(
        self, settings: Settings, own: WatchSettings, clock: Clock, **options: Any
    ) -> None:
        self.settings = settings
        self.own = own
        self.clock = clock
        self.own_tables: Final = Tables(clock)
        """What was read; no tables of Faust's."""
        tables = self.own_tables
        self.delivery: Final = Delivery(
            Post(settings), tables.deadlines, tables.rounds, tables.settled
        )
        input_topics = {name: settings.topic(name) for name in INPUT_TOPICS}
        self.outlook: Final = Outlook(
            tables, own, settings.instance, input_topics, lambda: self.delivery.standing
        )
        self.courtesy: Final = Courtesy(own.share)
        self.groups: Final = Groups(settings, self.outlook.consumers)
        self.metrics: Final = Metrics(self.own_tables)
        self.ends: Final = Ends(settings)
        self.partitions: int | None = None
        """How many the topics have; None until that is known."""
        self.assigned: frozenset[Partition] = frozenset()
        """What is read here."""
        self._contract = {settings.topic(name): name for name in WATCHED}
        super().__init__(settings.group(WATCH_GROUP), **options)

    def in_the_contract(self, place: TP) -> Partition:
        """A partition of this cluster, by its topic's name in the contract."""
        return Partition(self._contract[place.topic], place.partition)

    def places_of(self, assigned: Collection[TP]) -> dict[TP, int]:
        """From where on to read what is assigned now; what no longer is, is forgotten."""
        named = {place: self.in_the_contract(place) for place in assigned}
        self.assigned = frozenset(named.values())
        self.own_tables.keep_only(self.assigned)
        self.delivery.keep_only(each.number for each in self.assigned if each.topic == JOURNAL)
        return {place: self.own_tables.next_offset(own) for place, own in named.items()}

    def fetched(self, place: TP, some: Sequence[ConsumerRecord[bytes, bytes]]) -> None:
        """Take note of records that wait for their agent now."""
        first, last = some[0], some[-1]
        own = self.in_the_contract(place)
        self.own_tables.fetched(own, first.offset, last.offset, first.value)

    @property
    def is_stopping(self) -> bool:
        """Whether the process was asked to stop, rather than failed."""
        return self.should_stop and not self.crashed

    async def on_first_start(self) -> None:
        """Look first whether the topics are what they must be.

        Raises:
            ClusterError: they are not, or cannot be reached.
        """
        try:
            self.partitions = await check(self.settings, self.own.topics)
        except ClusterError as error:
            log.error("watch_cannot_start", fr=error.text.fr, en=error.text.en)  # noqa: TRY400
            raise
        log.info("watch_starts", partitions=self.partitions, web=str(self.conf.canonical_url))
        await super().on_first_start()

    async def on_stop(self) -> None:
        """Let go of what is ours, then of what is Faust's; no longer than `STOP_S`."""
        leave_after(STOP_S, 0 if self.is_stopping else EXIT_FAILED)
        with suppress(ClusterError):  # Where the broker is away, nothing is left to let go of.
            await self.ends.stop()
            await self.groups.stop()
            await self.delivery.stop()
        await super().on_stop()

    def report(self, found: Difference | Fault) -> None:
        """Say what was found: an error line, and a metric."""
        if isinstance(found, Fault):
            self.metrics.faults.inc()
            log.error("journal_broken", **found._asdict())
        else:
            self.metrics.differences.labels(found.kind.value).inc()
            log.error("balance_differs", budget=found.budget, **found.row())

    def _new_transport(self) -> Transport:
        return Transport(self.conf.broker_consumer, self, loop=self.loop)

    def _create_directories(self) -> None:
        """Nothing is kept on disk: the table is made anew from the journal."""

"""The app of a service of agents: its start, the places it begins at, its timers, its stop."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import asdict
from typing import Any, ClassVar, Final

import faust
import structlog
from aiokafka.structs import ConsumerRecord
from faust.types import TP

from events.topics import Place
from services.runtime.agents.consumer import Transport
from services.runtime.agents.running import EXIT_FAILED, ends_the_process
from services.runtime.kafka.topics import check
from services.runtime.ops.errors import ClusterError
from services.runtime.ops.settings import Settings
from services.runtime.ops.watchdog import exit_after
from services.texts.translation import both

STOP_S: Final = 5.0
"""Time limit of a stop: without a broker Faust waits a minute, and what is kept is committed."""

log = structlog.get_logger()


class AgentApp(faust.App):
    """A Faust app that begins where its own tables say; none of them is a table of Faust."""

    role: ClassVar[str]
    """The service, in the names of its log's events."""

    def __init__(
        self,
        settings: Settings,
        group: str,
        topics: Collection[str],
        read: Collection[str],
        **options: Any,
    ) -> None:
        """An app.

        Args:
            settings: those of the cluster.
            group: the consumer group, by its name in the contract.
            topics: the topics of the contract that must be as they should.
            read: those of them that it reads.
            options: Faust's own.
        """
        self.settings = settings
        self.topics_checked: Final = tuple(topics)
        self.partitions: int | None = None
        """The number of partitions of the topics; None until it is known."""
        self._contract = {settings.topic(name): name for name in read}
        super().__init__(settings.group(group), **options)

    def find_contract_place(self, place: TP) -> Place:
        """A partition of this cluster, by its topic's name in the contract."""
        return Place(self._contract[place.topic], place.partition)

    async def places_of(self, assigned: Collection[TP]) -> dict[TP, int]:
        """The next offset of each partition, all of which are assigned here from now on.

        None of them where it is not known yet: the app seeks itself, later.
        """
        raise NotImplementedError

    def note_fetched(self, place: TP, some: Sequence[ConsumerRecord[bytes, bytes]]) -> None:
        """Take note of fetched records that wait for their agent."""

    async def close(self) -> None:
        """Close connections of its own.

        Raises:
            ClusterError: the cluster does not answer: there is nothing to close.
        """

    @property
    def is_stopping(self) -> bool:
        """True if the process was asked to stop, rather than failed."""
        return self.should_stop and not self.crashed

    def every(self, interval_s: float, name: str, body: Callable[[], Awaitable[None]]) -> None:
        """Add a timer that runs by itself, so that one that waits delays no other."""
        whole = ends_the_process(self.role, lambda: self.is_stopping)(body)
        self.timer(interval=interval_s, name=name)(whole)

    async def on_first_start(self) -> None:
        """Check the topics before anything else.

        Raises:
            ClusterError: they differ from the contract, or cannot be reached.
        """
        cannot_start, starts = f"{self.role}_cannot_start", f"{self.role}_starts"
        try:
            self.partitions = await check(self.settings, self.topics_checked)
        except ClusterError as error:
            log.error(cannot_start, **asdict(both(error.text)))  # noqa: TRY400
            raise
        log.info(starts, partitions=self.partitions, web=str(self.conf.canonical_url))
        await super().on_first_start()

    async def on_stop(self) -> None:
        """Close our connections, then Faust's, within `STOP_S`."""
        exit_after(STOP_S, 0 if self.is_stopping else EXIT_FAILED)
        with suppress(ClusterError):  # Without a broker there is nothing to close.
            await self.close()
        await super().on_stop()

    def _new_transport(self) -> Transport:
        return Transport(self.conf.broker_consumer, self, loop=self.loop)

    def _create_directories(self) -> None:
        """Create nothing: no table of Faust is kept."""

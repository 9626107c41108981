"""The Faust app of the treasury: its parts, and the partitions assigned to it."""

import asyncio
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any, ClassVar, Final

import structlog
from faust.types import TP

from events.topics import ACCOUNTING_ENTRIES, EVENTS, SLIPS, TREASURY_GROUP
from services.runtime.agents.app import AgentApp
from services.runtime.agents.consumer import Consumer
from services.runtime.agents.exit import stop
from services.runtime.ops.clock import Clock
from services.runtime.ops.errors import Unreachable
from services.runtime.ops.settings import Settings
from services.treasury.jobs.jobs import Jobs
from services.treasury.process.intake import READ, Intake
from services.treasury.process.metrics import Metrics
from services.treasury.process.outbox_sender import OutboxSender
from services.treasury.settings import TreasurySettings
from services.treasury.store.database import TreasuryStore

log: Final = structlog.stdlib.get_logger("ecluse.treasury")

TOPICS: Final = (*READ, EVENTS, SLIPS, ACCOUNTING_ENTRIES)
"""The topics that it reads and writes."""


class Treasury(AgentApp):
    """The treasury: its tables, and what takes records into them and sends messages of them."""

    role: ClassVar[str] = "treasury"

    def __init__(
        self,
        settings: Settings,
        own: TreasurySettings,
        store: TreasuryStore,
        clock: Clock,
        **options: Any,
    ) -> None:
        self.own = own
        self.own_store: Final = store
        self.clock = clock
        self.intake: Final = Intake(store, settings.give_up_s)
        self.jobs: Final = Jobs(own, store, self.now)
        self.sender: Final = OutboxSender(settings, store)
        self.metrics: Final = Metrics(self.intake, self.sender, self.jobs)
        self.unclaimed_s: float | None = None
        """Since when the partitions assigned here could not be claimed, by the event loop's clock;
        None where they are."""
        super().__init__(settings, TREASURY_GROUP, TOPICS, READ, **options)

    def now(self) -> datetime:
        """The present instant."""
        return datetime.fromtimestamp(self.clock(), UTC)

    async def places_of(self, assigned: Collection[TP]) -> dict[TP, int]:
        """Own the assigned partitions, and no others; the place of each in the tables.

        Where these do not answer nothing is owned, and nothing taken: whoever calls seeks again.
        """
        consumer = self.consumer
        assert isinstance(consumer, Consumer), "the transport is ours"
        named = {place: self.in_the_contract(place) for place in assigned}
        try:
            places = await self.intake.claim(named.values(), consumer.seeks)
        except Unreachable as error:
            now_s = asyncio.get_running_loop().time()
            self.unclaimed_s = now_s if self.unclaimed_s is None else self.unclaimed_s
            if now_s - self.unclaimed_s > self.settings.give_up_s:
                stop(self.role, error)
            log.warning("claim_postponed", error=str(error))
            return {}
        self.unclaimed_s = None
        return {place: places[own] for place, own in named.items()}

    async def close(self) -> None:
        """Close the connections of the outbox and of the tables."""
        await self.sender.stop()
        await self.jobs.close()
        await self.own_store.dispose()

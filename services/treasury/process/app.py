"""The Faust app of the treasury: its parts, its assigned partitions, and the offsets of its group.

The offsets are committed behind the tables: for who measures lag, read by nobody. A healthy
partition has no status with its offset: the watch finds the event times of payment orders itself.
One that is held says before which record.
"""

import asyncio
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any, ClassVar, Final

import structlog
from aiokafka.errors import KafkaError
from aiokafka.structs import OffsetAndMetadata
from faust.types import TP

from events.topics import ACCOUNTING_ENTRIES, EVENTS, SLIPS, TREASURY_GROUP, Place
from services.runtime.agents.app import AgentApp
from services.runtime.agents.consumer import Consumer
from services.runtime.agents.running import stop
from services.runtime.kafka.waits import only_our_cancellation
from services.runtime.ops.clock import Clock
from services.runtime.ops.errors import Unreachable
from services.runtime.ops.settings import Settings
from services.runtime.processing.status import Status, TaskState, encode_status
from services.treasury.process.intake import READ, Assignment, Intake
from services.treasury.process.jobs import Jobs
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
        named = {place: self.find_contract_place(place) for place in assigned}
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


OFFSETS_EVERY_S: Final = 1.0
OFFSETS_LIMIT_S: Final = 5.0
RETAKE_SESSIONS: Final = 2
"""Sessions for which a partition is left to another process: by then one that was frozen has
learned that it owns nothing. If the partition is still assigned here, nobody else takes it."""


class Offsets:
    """Committed offsets of the partitions assigned here."""

    def __init__(self, treasury: Treasury) -> None:
        self._treasury = treasury
        self._committed: dict[Place, tuple[int, int | None]] = {}

    async def run(self) -> None:
        """Commit what has moved; take partitions that were let go, or could not be claimed."""
        treasury = self._treasury
        consumer = treasury.consumer
        assert isinstance(consumer, Consumer), "the transport is ours"
        assigned = {treasury.find_contract_place(place): place for place in consumer.assignment()}
        taken = {own: each for own, each in treasury.intake.partitions.items() if own in assigned}
        try:
            async with asyncio.timeout(OFFSETS_LIMIT_S):
                with only_our_cancellation():
                    await self._commit(consumer, assigned, taken)
                    if treasury.unclaimed_s is not None or self._may_take_again(taken):
                        treasury.intake.seek_again()
                        await consumer.perform_seek()
        except (KafkaError, TimeoutError) as error:
            log.info("offsets_postponed", error=str(error))

    def _may_take_again(self, taken: dict[Place, Assignment]) -> bool:
        patience_s = RETAKE_SESSIONS * self._treasury.settings.session_timeout_s
        now_s = asyncio.get_running_loop().time()
        lost = [each.lost_s for each in taken.values() if each.lost_s is not None]
        return any(now_s - each > patience_s for each in lost)

    async def _commit(
        self, consumer: Consumer, assigned: dict[Place, TP], taken: dict[Place, Assignment]
    ) -> None:
        moved = {
            own: (each.next_offset, None if each.held is None else each.held.offset)
            for own, each in taken.items()
            if each.lost_s is None
        }
        new = {own: each for own, each in moved.items() if self._committed.get(own) != each}
        if new:
            await consumer.note({assigned[own]: self._metadata(taken[own]) for own in new})
            self._committed |= new

    def _metadata(self, taking: Assignment) -> OffsetAndMetadata:
        if taking.held is None:
            return OffsetAndMetadata(taking.next_offset, "")
        status = Status(self._treasury.clock(), TaskState.BROKEN, caught_up=False, held=taking.held)
        return OffsetAndMetadata(taking.next_offset, encode_status(status))

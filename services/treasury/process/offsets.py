"""Group offsets of the treasury, committed behind the tables: for who measures lag, read by nobody.

A healthy partition has no status with its offset: the watch finds the event times of payment orders
itself. One that is held says before which record.
"""

import asyncio
from typing import Final

import structlog
from aiokafka.errors import KafkaError
from aiokafka.structs import OffsetAndMetadata
from faust.types import TP

from events.topics import Place
from services.runtime.agents.consumer import Consumer
from services.runtime.kafka.waits import only_our_cancellation
from services.runtime.processing.offset_metadata import Status, TaskState, encode_status
from services.treasury.process.app import Treasury
from services.treasury.process.intake import Taking

EVERY_S: Final = 1.0
LIMIT_S: Final = 5.0
RETAKE_SESSIONS: Final = 2
"""Sessions for which a partition is left to another process: by then one that was frozen has
learned that it owns nothing. If the partition is still assigned here, nobody else takes it."""

log: Final = structlog.stdlib.get_logger("ecluse.treasury")


class Offsets:
    """What was committed of the partitions assigned here."""

    def __init__(self, treasury: Treasury) -> None:
        self._treasury = treasury
        self._committed: dict[Place, tuple[int, int | None]] = {}

    async def run(self) -> None:
        """Commit what has moved; take partitions that were let go, or could not be claimed."""
        treasury = self._treasury
        consumer = treasury.consumer
        assert isinstance(consumer, Consumer), "the transport is ours"
        assigned = {treasury.in_the_contract(place): place for place in consumer.assignment()}
        taken = {own: each for own, each in treasury.intake.partitions.items() if own in assigned}
        try:
            async with asyncio.timeout(LIMIT_S):
                with only_our_cancellation():
                    await self._commit(consumer, assigned, taken)
                    if treasury.unclaimed_s is not None or self._may_take_again(taken):
                        treasury.intake.seek_again()
                        await consumer.perform_seek()
        except (KafkaError, TimeoutError) as error:
            log.info("offsets_postponed", error=str(error))

    def _may_take_again(self, taken: dict[Place, Taking]) -> bool:
        patience_s = RETAKE_SESSIONS * self._treasury.settings.session_timeout_s
        now_s = asyncio.get_running_loop().time()
        lost = [each.lost_s for each in taken.values() if each.lost_s is not None]
        return any(now_s - each > patience_s for each in lost)

    async def _commit(
        self, consumer: Consumer, assigned: dict[Place, TP], taken: dict[Place, Taking]
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

    def _metadata(self, taking: Taking) -> OffsetAndMetadata:
        if taking.held is None:
            return OffsetAndMetadata(taking.next_offset, "")
        status = Status(self._treasury.clock(), TaskState.BROKEN, caught_up=False, held=taking.held)
        return OffsetAndMetadata(taking.next_offset, encode_status(status))

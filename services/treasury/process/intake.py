"""Records taken into the tables, slice by slice: each slice is one transaction with its place.

A partition is taken under the epoch that its assignment raised. One that another process has taken
over is left alone; one with a record that is no message of the ledger is held before that record,
and the others go on.
"""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol, TypeAlias

import structlog
from aiokafka.structs import ConsumerRecord
from sqlalchemy.ext.asyncio import AsyncConnection

from events.topics import PAYMENT_ORDERS, REFUSALS, Place
from services.runtime.ops.errors import Unreachable
from services.runtime.processing.status import HeldRecord
from services.treasury.slips import orders
from services.treasury.slips.order_messages import UnreadableMessage, read_order, read_own_refusal
from services.treasury.slips.orders import Overtaken
from services.treasury.store.database import TreasuryStore

READ: Final = (PAYMENT_ORDERS, REFUSALS)
"""The topics that are taken."""

RETRY_S: Final = 1.0
"""The pause before a database that does not answer is asked again."""

log: Final = structlog.stdlib.get_logger("ecluse.treasury")

Record: TypeAlias = ConsumerRecord[bytes, bytes]


@dataclass(slots=True)
class Assignment:
    """A partition that is assigned here."""

    epoch: int
    next_offset: int
    seeks: int
    """The seeks of the consumer before this assignment: what was fetched behind no later one is of
    an earlier assignment."""
    held: HeldRecord | None = None
    """The record before which it is held."""
    lost_s: float | None = None
    """When it was found that another process takes it, by the event loop's clock."""


class FetchedRecords(Protocol):
    """Consecutive records of a partition as the consumer gives them: its `Slice`."""

    begin: int | None
    seeks: int
    records: Sequence[Record]


class Intake:
    """The partitions assigned here. Calls about one partition come one at a time.

    Raises:
        Unreachable: the database has not answered for as long as the caller allows.
    """

    def __init__(self, store: TreasuryStore, give_up_s: float) -> None:
        self.taken: dict[str, int] = dict.fromkeys(READ, 0)
        """Records that were taken since the start, by topic."""
        self.partitions: dict[Place, Assignment] = {}
        self._store = store
        self._give_up_s = give_up_s
        self._claiming = asyncio.Lock()
        self._gaps: dict[Place, int] = {}
        """Places before which records were skipped, since the last rebalance."""
        self._is_own_seek = False

    def seek_again(self) -> None:
        """Take note that the next claim is no rebalance: what is skipped then is missing."""
        self._is_own_seek = True

    async def claim(self, places: Collection[Place], seeks: int) -> dict[Place, int]:
        """Be the owner of these partitions, and of no others; the next offset of each.

        The consumer, which has made so many seeks, seeks there next.
        """
        async with self._claiming:
            self.partitions = {}
            if not self._is_own_seek:
                self._gaps = {}
            self._is_own_seek = False
            async with self._store.transaction() as connection:
                # In one order everywhere: two processes wait for each other, and never both.
                claimed = {each: await orders.claim(connection, *each) for each in sorted(places)}
            self.partitions = {
                place: Assignment(position.epoch, position.next_offset, seeks)
                for place, position in claimed.items()
            }
            return {place: each.next_offset for place, each in claimed.items()}

    async def take(self, place: Place, some: FetchedRecords) -> None:
        """Take consecutive records of a partition, unless it is held or another's."""
        loop = asyncio.get_running_loop()
        until_s = loop.time() + self._give_up_s
        while True:
            taking = self.partitions.get(place)
            if taking is None or taking.held is not None or taking.lost_s is not None:
                return
            if some.seeks <= taking.seeks:
                return
            try:
                await self._take(place, taking, some.begin, some.records)
            except Overtaken:
                log.warning("partition_lost", topic=place.topic, partition=place.partition)
                taking.lost_s = loop.time()
            except Unreachable as error:
                if loop.time() > until_s:
                    raise
                log.warning("slice_postponed", error=str(error))
                await asyncio.sleep(RETRY_S)
                continue
            return

    async def _take(
        self, place: Place, taking: Assignment, begin: int | None, records: Sequence[Record]
    ) -> None:
        readable, fault = _read(place.topic, records)
        try:
            await self._write(place, taking, begin, readable)
        except UnreadableMessage as error:
            if len(records) > 1:
                # Those before it are taken: it is held before the record itself.
                for at, each in enumerate(records):
                    if taking.held is None and taking.lost_s is None:
                        behind = begin if not at else records[at - 1].offset + 1
                        await self._take(place, taking, behind, [each])
                return
            readable, fault = [], error
        if fault is not None and taking.lost_s is None:
            offset = records[len(readable)].offset
            if offset >= taking.next_offset:
                self._hold(place, taking, offset, fault)

    async def _write(
        self,
        place: Place,
        taking: Assignment,
        begin: int | None,
        readable: Sequence[tuple[Record, Any]],
    ) -> None:
        async with self._store.transaction() as connection:
            next_offset = await orders.lock(connection, *place, taking.epoch)
            taking.next_offset = next_offset
            if begin is None or begin > next_offset:
                is_kept = place.topic == PAYMENT_ORDERS
                if is_kept or self._gaps.get(place) != next_offset:
                    self._miss(place, taking, next_offset, begin)
                    return
                # Answers are kept for 400 days: those before are gone.
            new = [each for each in readable if each[0].offset >= next_offset]
            if not new:
                return
            await _keep(connection, place.topic, [each for _, each in new if each is not None])
            behind = new[-1][0].offset + 1
            await orders.advance(connection, *place, behind)
        taking.next_offset = behind
        self.taken[place.topic] += len(new)

    def _miss(self, place: Place, taking: Assignment, next_offset: int, begin: int | None) -> None:
        """Have it read again from the stored place; hold the partition if that has not helped.

        Faust drops fetched records at a rebalance: those behind them must not be taken.
        """
        facts = {"topic": place.topic, "partition": place.partition}
        log.warning("records_skipped", **facts, next_offset=next_offset, begin=begin)
        if self._gaps.get(place) == next_offset:
            error = UnreadableMessage(f"records from {next_offset} to {begin} are missing")
            self._hold(place, taking, next_offset, error)
            return
        self._gaps[place] = next_offset
        taking.lost_s = float("-inf")

    def _hold(
        self, place: Place, taking: Assignment, offset: int, error: UnreadableMessage
    ) -> None:
        taking.held = HeldRecord(offset, None)
        facts = {"topic": place.topic, "partition": place.partition, "offset": offset}
        log.critical("partition_held", **facts, error=str(error))


def _read(
    topic: str, records: Sequence[Record]
) -> tuple[list[tuple[Record, Any]], UnreadableMessage | None]:
    """Records with what they say, up to one that is no message of the ledger."""
    read = read_order if topic == PAYMENT_ORDERS else read_own_refusal
    found: list[tuple[Record, Any]] = []
    for each in records:
        try:
            found.append((each, read(each.value)))
        except UnreadableMessage as error:
            return found, error
    return found, None


async def _keep(connection: AsyncConnection, topic: str, messages: Sequence[Any]) -> None:
    if topic == PAYMENT_ORDERS:
        await orders.take(connection, messages)
    else:
        await orders.note_refusals(connection, messages)

"""The treasury of the embedded mode: orders from the journal, its events to the ledger beside it.

On Kafka the same goes through topics. Slips and accounting entries have no reader here: what is in
the treasury's own file is all of them.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final

import msgspec
import structlog

from events.topics import EVENTS, JOURNAL
from events.treasury import TREASURY
from services.embedded.ledger_process import EmbeddedLedger
from services.embedded.projection import ANOTHER, PARTITION
from services.ledger.explain.sentences import refusal_sentence
from services.runtime.kafka.publishing import Message
from services.runtime.ops.errors import ClusterError
from services.texts.translation import both
from services.treasury.domain.messages import OwnRefusal, orders_of
from services.treasury.jobs.jobs import Jobs
from services.treasury.settings import TreasurySettings
from services.treasury.store import orders
from services.treasury.store.database import TREASURY_FILE, TreasuryStore
from services.treasury.store.outbox import mark_sent, unsent

BATCH: Final = 500
"""The most messages of one transaction."""

log: Final = structlog.stdlib.get_logger("ecluse.treasury")


class _Record(msgspec.Struct):
    outcome: str
    event_id: str | None
    event_source: str | None
    refusal: dict[str, Any] | None


_read_record: Final = msgspec.json.Decoder(_Record).decode


class EmbeddedTreasury:
    """The one treasury over a journal, its tables in a file of their own."""

    def __init__(
        self, own: TreasurySettings, ledger: EmbeddedLedger, clock: Callable[[], datetime]
    ) -> None:
        self._own = own
        self._store = TreasuryStore.of(own)
        self._ledger = ledger
        self._clock = clock
        self._jobs = Jobs(own, self._store, clock)
        self._next = 0

    async def open(self) -> None:
        """Make the tables, and take the orders that they lack.

        Raises:
            ClusterError: the tables were made of another journal.
        """
        await self._store.prepare()
        async with self._store.transaction() as connection:
            self._next = (await orders.claim(connection, JOURNAL, PARTITION)).next_offset
        if self._next > (await self._ledger.journal_ends())[PARTITION].end:
            raise ClusterError(TREASURY_FILE, ANOTHER)
        await self._follow()

    async def run(self) -> None:
        """Follow the ledger, answer it and do the jobs, until cancelled."""
        steps = {"orders": self._follow, "events": self._send, **self._jobs.by_name}
        while True:
            for name, step in steps.items():
                try:
                    await step()
                except Exception:
                    log.exception("job_failed", job=name)
            await asyncio.sleep(self._own.treasury_poll_s)

    async def close(self) -> None:
        """Close the files."""
        await self._jobs.close()
        await self._store.dispose()

    async def _follow(self) -> None:
        """Take the orders and refusals of the records behind those that were taken."""
        while records := await self._ledger.journal_behind(self._next):
            behind = self._next + len(records)
            async with self._store.transaction() as connection:
                await orders.take(connection, [each for raw in records for each in orders_of(raw)])
                await orders.note_refusals(connection, _own_refusals(records))
                await orders.advance(connection, JOURNAL, PARTITION, behind)
            self._next = behind

    async def _send(self) -> None:
        """Give the events of the outbox to the ledger; a second time they are duplicates to it."""
        following = True
        while following:
            async with self._store.transaction() as connection:
                found = await unsent(connection, BATCH)
                events = [
                    Message(each.message.budget.encode(), each.message.value)
                    for each in found
                    if each.message.topic == EVENTS
                ]
                if events:
                    await self._ledger.publish(events)
                if found:
                    await mark_sent(connection, [each.number for each in found], self._clock())
            following = bool(found)


def _own_refusals(records: Sequence[bytes]) -> Iterator[OwnRefusal]:
    for record in map(_read_record, records):
        refusal = record.refusal
        if record.event_source == TREASURY and record.event_id and refusal is not None:
            message = asdict(both(refusal_sentence(refusal["code"], refusal["facts"])))
            yield OwnRefusal(record.event_id, refusal | {"message": message})

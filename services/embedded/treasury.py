"""The treasury of the embedded mode: orders from the journal, its events to the ledger beside it.

On Kafka the same goes through topics. Messages of slips are kept in the journal's file, which is
the one that cannot be made again: lost tables are made of them. Accounting entries have no reader
here: what is in the treasury's own file is all of them.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import asdict
from datetime import datetime
from functools import partial
from typing import Any, Final

import msgspec
import structlog

from events.journal import read_head
from events.texts import _
from events.topics import ACCOUNTING_ENTRIES, EVENTS, JOURNAL, SLIPS
from events.treasury import TREASURY
from services.embedded.journal_readers import PARTITION
from services.embedded.ledger_process import EmbeddedLedger
from services.ledger.explain.sentences import refusal_sentence
from services.runtime.kafka.publishing import Message
from services.runtime.ops.errors import ClusterError
from services.texts.translation import both
from services.treasury.process.jobs import Jobs
from services.treasury.returns.own_events import restore_own_events
from services.treasury.settings import TreasurySettings
from services.treasury.slips import orders
from services.treasury.slips.messages import (
    forget_comparison,
    is_known,
    note_compared,
    restore_slips,
)
from services.treasury.slips.order_messages import OwnRefusal, orders_of
from services.treasury.store.database import TREASURY_FILE, TreasuryStore
from services.treasury.store.outbox import list_sent, mark_sent, unsent

BATCH: Final = 500
"""The most messages of one transaction."""

SENT: Final = (SLIPS, EVENTS, ACCOUNTING_ENTRIES)
"""Topics of the outbox."""

ANOTHER = _(
    "this is not the journal that these tables were made of: put back the journal that belongs to "
    "them. Do not delete this file: it has slips that were sent"
)

log: Final = structlog.stdlib.get_logger("ecluse.treasury")


_read_facts: Final = msgspec.json.Decoder(dict[str, Any]).decode


class EmbeddedTreasury:
    """The one treasury over a journal, its tables in a file of their own."""

    def __init__(
        self, own: TreasurySettings, ledger: EmbeddedLedger, clock: Callable[[], datetime]
    ) -> None:
        self._own = own
        self._store = TreasuryStore.build(own)
        self._ledger = ledger
        self._clock = clock
        self._jobs = Jobs(own, self._store, clock)
        self._next = 0

    async def open(self) -> None:
        """Make the tables, and take the orders and slips that they lack.

        Raises:
            ClusterError: the tables were made of another journal, or contradict the slips that
                were sent.
        """
        await self._store.prepare()
        async with self._store.transaction() as connection:
            await forget_comparison(connection)
            self._next = (await orders.claim(connection, JOURNAL, PARTITION)).next_offset
        if self._next > (await self._ledger.journal_ends())[PARTITION].end:
            raise ClusterError(TREASURY_FILE, ANOTHER)
        start = self._next
        await self._follow()
        await self._compare()
        await self._make_known(start)

    async def run(self) -> None:
        """Follow the ledger, answer it and do the jobs, until cancelled."""
        steps: dict[str, Callable[[], Awaitable[None]]] = {
            "orders": self._follow,
            **{topic: partial(self._send, topic) for topic in SENT},
            **self._jobs.by_name,
        }
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

    async def _compare(self) -> None:
        """Add the slips that the tables lack of those that were sent, and note that none lacks.

        Each has left in its order: who knows the latest knows all before it.
        """
        async with self._store.transaction() as connection:
            last = await self._ledger.last_message(SLIPS)
            if last is None:  # A journal that was imported has none of them.
                await self._ledger.keep(SLIPS, await list_sent(connection, SLIPS))
            elif not await is_known(connection, last):
                behind = restored = 0
                while some := await self._ledger.messages(SLIPS, behind):
                    behind = some[-1][0]
                    restored += await restore_slips(connection, [value for _, value in some])
                log.warning("slips_restored", slips=restored)
            await note_compared(connection)

    async def _make_known(self, start: int) -> None:
        """Add the events of returns that the tables lack of those that the ledger took.

        Tables of a back-up, or new ones, have not read the records of them.
        """
        while start < self._next and (records := await self._ledger.journal_behind(start)):
            start += len(records)
            async with self._store.transaction() as connection:
                await restore_own_events(connection, records)

    async def _send(self, topic: str) -> None:
        """Give events of the outbox to the ledger; have it keep what is for the topic of slips.

        A second time events are duplicates to it, and messages of slips are known. Each topic has
        transactions of its own: an event at which the ledger fails keeps no slip from leaving.
        """
        following = True
        while following:
            async with self._store.transaction() as connection:
                found = await unsent(connection, BATCH, topic=topic)
                messages = [each.message for each in found]
                if found and topic == EVENTS:
                    await self._ledger.publish(
                        [Message(each.budget.encode(), each.value) for each in messages]
                    )
                elif found and topic == SLIPS:
                    await self._ledger.keep(SLIPS, [each.value for each in messages])
                if found:
                    await mark_sent(connection, [each.number for each in found], self._clock())
            following = bool(found)


def _own_refusals(records: Sequence[bytes]) -> Iterator[OwnRefusal]:
    for head in map(read_head, records):
        refusal = head.refusal
        if head.event_source == TREASURY and head.event_id and refusal is not None:
            facts = _read_facts(refusal.facts)
            message = asdict(both(refusal_sentence(refusal.code, facts)))
            whole = {"code": refusal.code, "facts": facts, "message": message}
            yield OwnRefusal(head.budget, head.event_id, whole)

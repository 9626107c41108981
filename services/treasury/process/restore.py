"""Lost or old tables made whole of their topics: payment orders, slips, accounting entries.

The events of returns come from the read model's journal, whose topic the treasury may not read; so
do payment orders where their topic is new, because the cluster is.
All is one transaction, in the order in which it happened; then the partitions go on where it ended.
Tables of a back-up keep what they have, and get what came after it.
"""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import NamedTuple

import msgspec
from aiokafka.structs import TopicPartition
from sqlalchemy import ColumnElement, select, true
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from events.texts import _
from events.topics import ACCOUNTING_ENTRIES, PAYMENT_ORDERS, SLIPS
from events.treasury import TREASURY
from services.projector.database_errors import raising_unreachable
from services.projector.engine import engine_address
from services.projector.tables import journal
from services.runtime.kafka.reader import Reader
from services.runtime.kafka.topics import check
from services.runtime.ops.errors import ClusterError, place_name
from services.runtime.ops.settings import Settings
from services.treasury.entries.messages import is_booked, restore_entries
from services.treasury.returns.own_events import AT_ONCE, restore_own_events
from services.treasury.slips import orders
from services.treasury.slips.messages import (
    forget_comparison,
    is_known,
    note_compared,
    restore_slips,
)
from services.treasury.slips.order_messages import UnreadableMessage, orders_of, read_order
from services.treasury.store.database import TreasuryStore

FOREIGN = _(
    "its last record is none of the treasury's ({error}). Find out who wrote it: only the treasury "
    "may write there."
)
MISSING = _(
    "the treasury's tables lack slips or entries that were sent: the last message of this topic is "
    "not in them. They would be made a second time. Run `ecluse treasury restore`, which adds what "
    "is missing"
)
NO_ORDER = _("offset {offset} holds no payment order of the ledger ({error})")


class RestoreCounts(NamedTuple):
    """Counts of rows that were missing and are in the tables again."""

    orders: int
    slips: int
    entries: int
    """Lines of accounting entries."""
    events: int
    """Made of returns, and taken by the ledger."""


async def restore(
    settings: Settings, store: TreasuryStore, read_model: AsyncEngine
) -> RestoreCounts:
    """Add what the tables lack from the topics and from the read model's journal.

    Raises:
        ClusterError: what is in the tables contradicts a topic, or that is not as it must be.
        Unreachable: cluster or database do not answer; nothing was written.
    """
    count = await check(settings, (PAYMENT_ORDERS, SLIPS, ACCOUNTING_ENTRIES))
    await store.prepare()
    places = {
        topic: [TopicPartition(settings.topic(topic), number) for number in range(count)]
        for topic in (PAYMENT_ORDERS, SLIPS, ACCOUNTING_ENTRIES)
    }
    every = [each for some in places.values() for each in some]
    async with Reader(settings, every, patient=True) as reader, store.transaction() as connection:
        # First, since a new topic may begin with the cancellation of an older order.
        order_count = await _take_journalled(read_model, connection)
        for place in places[PAYMENT_ORDERS]:
            order_count += await _take_orders(reader, place, connection)
        slip_count = 0
        for place in places[SLIPS]:
            async for values in _read_chunks(reader, place):
                slip_count += await restore_slips(connection, values)
        event_count = await _make_known(read_model, connection)
        booked = (_read_chunks(reader, place) for place in places[ACCOUNTING_ENTRIES])
        await note_compared(connection)
        line_count = await restore_entries(connection, booked)
        return RestoreCounts(order_count, slip_count, line_count, event_count)


async def check_tables(settings: Settings, store: TreasuryStore, partitions: int) -> None:
    """Compare slips and entries with the last message of each partition, before any work.

    That nothing lacks is noted in the tables: no slip is made of those where it is not.

    Raises:
        ClusterError: they lack one: they are new beside an old topic, or of a back-up.
        Unreachable: cluster or database do not answer.
    """
    knows = {
        TopicPartition(settings.topic(topic), number): known
        for topic, known in ((SLIPS, is_known), (ACCOUNTING_ENTRIES, is_booked))
        for number in range(partitions)
    }
    async with Reader(settings, list(knows), patient=True) as reader:
        for place, known in knows.items():
            last = await reader.last(place)
            if last is None or last.value is None:
                continue
            async with store.reading() as connection:
                try:
                    is_there = await known(connection, last.value)
                except msgspec.DecodeError as error:
                    text = FOREIGN.render({"error": error})
                    raise ClusterError(place_name(place), text) from error
            if not is_there:
                async with store.transaction() as connection:
                    await forget_comparison(connection)
                raise ClusterError(place_name(place), MISSING.render({}))
    async with store.transaction() as connection:
        await note_compared(connection)


async def _take_orders(reader: Reader, place: TopicPartition, connection: AsyncConnection) -> int:
    taken = 0
    position = await orders.claim(connection, PAYMENT_ORDERS, place.partition)
    next_offset = position.next_offset
    async with aclosing(reader.to_the_end(place)) as chunks:
        async for records in chunks:
            try:
                taken += await orders.take(connection, [read_order(each.value) for each in records])
            except UnreadableMessage as error:
                facts = {"offset": records[0].offset, "error": error}
                raise ClusterError(place_name(place), NO_ORDER.render(facts)) from error
            next_offset = records[-1].offset + 1
    await orders.advance(connection, PAYMENT_ORDERS, place.partition, next_offset)
    return taken


async def _take_journalled(read_model: AsyncEngine, connection: AsyncConnection) -> int:
    """Add the orders that the journal has and the topic has not: those of a lost cluster."""
    taken = 0
    async with aclosing(_read_accepted(read_model, true())) as chunks:
        async for records in chunks:
            taken += await orders.take(
                connection, [each for record in records for each in orders_of(record)]
            )
    return taken


async def _make_known(read_model: AsyncEngine, connection: AsyncConnection) -> int:
    """Add the events of returns that the ledger took and the tables lack."""
    own = journal.c.event_source == TREASURY
    taken = 0
    async with aclosing(_read_accepted(read_model, own)) as chunks:
        async for records in chunks:
            taken += await restore_own_events(connection, records)
    return taken


async def _read_accepted(
    read_model: AsyncEngine, which: ColumnElement[bool]
) -> AsyncGenerator[Sequence[bytes]]:
    """These records of accepted events, those of a budget in their order."""
    asked = (
        select(journal.c.record)
        .where(journal.c.outcome == "accepted", which)
        .order_by(*journal.primary_key)
    )
    async with raising_unreachable(engine_address(read_model)), read_model.connect() as reading:
        async for records in (await reading.stream_scalars(asked)).partitions(AT_ONCE):
            yield records


async def _read_chunks(reader: Reader, place: TopicPartition) -> AsyncGenerator[list[bytes]]:
    async with aclosing(reader.to_the_end(place)) as chunks:
        async for records in chunks:
            yield [each.value for each in records if each.value is not None]

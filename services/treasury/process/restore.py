"""Lost tables made again: orders, slips and accounting entries from their topics.

All is one transaction, in the order in which it happened; then the partitions go on where it ended.
"""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import NamedTuple

from aiokafka.structs import TopicPartition
from sqlalchemy import Table, select
from sqlalchemy.ext.asyncio import AsyncConnection

from events.texts import _
from events.topics import ACCOUNTING_ENTRIES, PAYMENT_ORDERS, SLIPS
from services.runtime.kafka.reader import Reader
from services.runtime.kafka.topics import check
from services.runtime.ops.errors import ClusterError, place_name
from services.runtime.ops.settings import Settings
from services.treasury.application.entry_messages import restore_entries
from services.treasury.application.slip_messages import restore_slips
from services.treasury.domain.messages import UnreadableMessage, read_order
from services.treasury.store import orders
from services.treasury.store.database import TreasuryStore
from services.treasury.store.tables import orders as order_rows
from services.treasury.store.tables import slips

NOT_EMPTY = _(
    "the treasury's tables hold orders or slips already: restore makes tables again that are lost, "
    "and changes none"
)
NO_ORDER = _("offset {offset} holds no payment order of the ledger ({error})")


class Restored(NamedTuple):
    """What is in the tables again."""

    orders: int
    slips: int
    entries: int
    """Lines of accounting entries."""


async def restore(settings: Settings, store: TreasuryStore) -> Restored:
    """Make empty tables again from the topics.

    Raises:
        ClusterError: the tables are not empty, or a topic is not as it must be.
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
        if await _has_rows(connection, order_rows) or await _has_rows(connection, slips):
            raise ClusterError("ecluse treasury restore", NOT_EMPTY)
        found = Restored(0, 0, 0)
        for place in places[PAYMENT_ORDERS]:
            new = await _take_orders(reader, place, connection)
            found = found._replace(orders=found.orders + new)
        for place in places[SLIPS]:
            async for values in _chunks(reader, place):
                new = await restore_slips(connection, values)
                found = found._replace(slips=found.slips + new)
        booked = (_chunks(reader, place) for place in places[ACCOUNTING_ENTRIES])
        return found._replace(entries=await restore_entries(connection, booked))


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


async def _chunks(reader: Reader, place: TopicPartition) -> AsyncGenerator[list[bytes]]:
    async with aclosing(reader.to_the_end(place)) as chunks:
        async for records in chunks:
            yield [each.value for each in records if each.value is not None]


async def _has_rows(connection: AsyncConnection, table: Table) -> bool:
    return (await connection.execute(select(1).select_from(table).limit(1))).first() is not None

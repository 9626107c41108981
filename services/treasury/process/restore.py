"""Lost or old tables made whole: payment orders and slips from their topics, the same numbers.

All is one transaction, in the order in which it happened; then the partitions go on where it ended.
Tables of a back-up keep what they have, and get what came after it.
"""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import NamedTuple

from aiokafka.structs import TopicPartition
from sqlalchemy.ext.asyncio import AsyncConnection

from events.texts import _
from events.topics import PAYMENT_ORDERS, SLIPS
from services.runtime.kafka.reader import Reader
from services.runtime.kafka.topics import check
from services.runtime.ops.errors import ClusterError, place_name
from services.runtime.ops.settings import Settings
from services.treasury.application.slip_messages import is_known, restore_slips
from services.treasury.domain.messages import UnreadableMessage, read_order
from services.treasury.store import orders
from services.treasury.store.database import TreasuryStore

MISSING = _(
    "the treasury's tables lack slips that were issued: the last message of this topic is not in "
    "them. Orders would be sent a second time. Run `ecluse treasury restore`, which adds what is "
    "missing"
)
NO_ORDER = _("offset {offset} holds no payment order of the ledger ({error})")


class Restored(NamedTuple):
    """What was missing, and is in the tables again."""

    orders: int
    slips: int


async def restore(settings: Settings, store: TreasuryStore) -> Restored:
    """Add what the tables lack from the topics.

    Raises:
        ClusterError: what is in the tables contradicts a topic, or that is not as it must be.
        Unreachable: cluster or database do not answer; nothing was written.
    """
    count = await check(settings, (PAYMENT_ORDERS, SLIPS))
    await store.prepare()
    places = {
        topic: [TopicPartition(settings.topic(topic), number) for number in range(count)]
        for topic in (PAYMENT_ORDERS, SLIPS)
    }
    every = [each for some in places.values() for each in some]
    async with Reader(settings, every, patient=True) as reader, store.transaction() as connection:
        found = Restored(0, 0)
        for place in places[PAYMENT_ORDERS]:
            new = await _take_orders(reader, place, connection)
            found = found._replace(orders=found.orders + new)
        for place in places[SLIPS]:
            async for values in _chunks(reader, place):
                new = await restore_slips(connection, values)
                found = found._replace(slips=found.slips + new)
    return found


async def check_slips(settings: Settings, store: TreasuryStore, partitions: int) -> None:
    """Compare the tables with the last message of each partition of slips, before any work.

    Raises:
        ClusterError: they lack a slip: they are new beside an old topic, or of a back-up.
        Unreachable: cluster or database do not answer.
    """
    places = [TopicPartition(settings.topic(SLIPS), number) for number in range(partitions)]
    async with Reader(settings, places, patient=True) as reader:
        for place in places:
            last = await reader.last(place)
            if last is None or last.value is None:
                continue
            async with store.reading() as connection:
                if not await is_known(connection, last.value):
                    raise ClusterError(place_name(place), MISSING.render({}))


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

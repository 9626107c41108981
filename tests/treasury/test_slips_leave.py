"""Files of slips leave once their messages have: else restored tables would not know them."""

import asyncio
from contextlib import suppress

from events.topics import JOURNAL, PAYMENT_ORDERS
from services.treasury.store.orders import claim
from services.treasury.store.outbox import mark_sent, unsent
from tests.treasury.desk import NOON, At, Desk, refusal


async def reads(desk: Desk, topic: str) -> None:
    """A process of the treasury reads its orders here."""
    async with desk.both.store.transaction() as connection:
        await claim(connection, topic, 0)


async def all_sent(desk: Desk) -> None:
    """The process has sent the messages."""
    async with desk.both.store.transaction() as connection:
        found = await unsent(connection, 10)
        await mark_sent(connection, [each.number for each in found], NOON)


def test_on_kafka_a_file_is_not_exported_before_its_message_has_left(at_a_desk: At) -> None:
    async def work(desk: Desk) -> None:
        desk.slips.leaves_within_s = 0
        await reads(desk, PAYMENT_ORDERS)
        await desk.orders("A/advance")
        slip = await desk.issued()
        assert not await desk.slips.has_left(slip.slip_id)
        said = await refusal(desk.slips.export(slip.slip_id, "anne"))
        assert "is not on Kafka yet" in said
        assert await desk.slips.find(slip.slip_id) == slip
        await all_sent(desk)
        assert await desk.slips.has_left(slip.slip_id)
        await desk.slips.export(slip.slip_id, "anne")

    at_a_desk(work)


def test_an_export_behind_the_issue_waits_until_the_message_has_left(at_a_desk: At) -> None:
    async def work(desk: Desk) -> None:
        await reads(desk, PAYMENT_ORDERS)
        await desk.orders("A/advance")
        slip = await desk.issued()
        exporting = asyncio.create_task(desk.slips.export(slip.slip_id, "anne"))
        with suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(exporting), 0.1)
        assert not exporting.done()
        await all_sent(desk)
        assert (await exporting).name == slip.file_name

    at_a_desk(work)


def test_without_kafka_nothing_is_waited_for(at_a_desk: At) -> None:
    async def work(desk: Desk) -> None:
        desk.slips.leaves_within_s = 0
        await desk.orders("A/advance")
        await desk.slips.export((await desk.issued()).slip_id, "anne")
        await reads(desk, JOURNAL)
        await desk.orders("B/advance")
        await desk.slips.export((await desk.issued()).slip_id, "anne")

    at_a_desk(work)

"""Files of slips leave once their messages have: else restored tables would not know them."""

import asyncio
from contextlib import suppress

import pytest

from events.topics import JOURNAL, PAYMENT_ORDERS
from tests.treasury.desk import At, Desk, all_sent, reads, refusal


@pytest.mark.parametrize("topic", [PAYMENT_ORDERS, JOURNAL])
def test_a_file_is_not_exported_before_its_message_has_left(topic: str, at_a_desk: At) -> None:
    async def work(desk: Desk) -> None:
        desk.slips.leaves_within_s = 0
        await reads(desk.both, topic)
        await desk.orders("A/advance")
        slip = await desk.issued()
        assert not await desk.slips.has_left(slip.slip_id)
        said = await refusal(desk.slips.export(slip.slip_id, "anne"))
        assert "its message has not left within 0 s" in said
        assert "check that the treasury's process runs (`ecluse treasury run`" in said
        assert await desk.slips.find(slip.slip_id) == slip
        await all_sent(desk.both)
        assert await desk.slips.has_left(slip.slip_id)
        await desk.slips.export(slip.slip_id, "anne")

    at_a_desk(work)


def test_an_export_behind_the_issue_waits_until_the_message_has_left(at_a_desk: At) -> None:
    async def work(desk: Desk) -> None:
        await reads(desk.both, PAYMENT_ORDERS)
        await desk.orders("A/advance")
        slip = await desk.issued()
        exporting = asyncio.create_task(desk.slips.export(slip.slip_id, "anne"))
        with suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(exporting), 0.1)
        assert not exporting.done()
        await all_sent(desk.both)
        assert (await exporting).name == slip.file_name

    at_a_desk(work)


def test_without_a_process_nothing_is_waited_for(at_a_desk: At) -> None:
    async def work(desk: Desk) -> None:
        desk.slips.leaves_within_s = 0
        await desk.orders("A/advance")
        await desk.slips.export((await desk.issued()).slip_id, "anne")

    at_a_desk(work)

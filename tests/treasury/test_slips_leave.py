"""Files of slips leave once their messages have: else restored tables would not know them.

And while all on them is owed: what was cancelled before it left is not sent.
"""

import asyncio
from contextlib import suppress

import pytest

from events.topics import JOURNAL, PAYMENT_ORDERS
from tests.treasury.desk import CANCELLATION, At, Desk, all_sent, reads, refusal
from tests.treasury.orders import is_now


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


@pytest.mark.parametrize(("state", "paid_cents"), [("cancelled", 0), ("issued", 1)])
def test_a_slip_with_an_order_that_is_gone_does_not_leave_while_it_may_be_given_up(
    at_a_desk: At, state: str, paid_cents: int
) -> None:
    async def work(desk: Desk) -> None:
        await desk.orders("A/advance", "B/advance")
        slip = await desk.issued()
        await desk.orders("C/advance")
        later = await desk.issued()
        await is_now(desk.both, "A/advance", state, paid_cents)
        said = await refusal(desk.slips.export(slip.slip_id, "anne"))
        assert "A/advance on it was cancelled or answered since it was issued" in said
        assert await desk.slips.find(slip.slip_id) == slip
        for each in (later, slip):
            await desk.slips.cancel(each.slip_id, "anne")
        assert {"B/advance": None, "C/advance": None} == await desk.waiting()

    at_a_desk(work)


def test_a_slip_that_a_sent_one_counts_leaves_and_what_is_gone_is_taken_back(at_a_desk: At) -> None:
    async def work(desk: Desk) -> None:
        await desk.orders("A/advance", "B/advance")
        slip = await desk.issued()
        await desk.orders("C/advance")
        await desk.sent()
        await is_now(desk.both, "A/advance", "cancelled")
        assert "it stays, so export it" in str((await desk.waiting())["A/advance"])
        await desk.slips.export(slip.slip_id, "anne")
        assert [("A/advance", 1, (100_000,))] == await desk.on(await desk.sent(CANCELLATION))

    at_a_desk(work)


def test_a_file_that_left_is_given_again_though_an_order_was_cancelled_since(at_a_desk: At) -> None:
    async def work(desk: Desk) -> None:
        await desk.orders("A/advance")
        slip = await desk.issued()
        file = await desk.slips.export(slip.slip_id, "anne")
        await is_now(desk.both, "A/advance", "cancelled")
        assert file == await desk.slips.export(slip.slip_id, "anne")

    at_a_desk(work)

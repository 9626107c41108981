"""Lost tables made again of the messages of slips: the same slips and numbers."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import delete, insert, select

from events.treasury import SLIP_ENVELOPES
from services.runtime.ops.errors import ClusterError
from services.treasury.domain.slips import SlipState, SlipType
from services.treasury.slips.messages import is_known, restore_slips
from services.treasury.store.slips import SlipRow
from services.treasury.store.tables import free_numbers, orders, outbox, pieces, series, slips
from tests.builders import BUDGET, Json
from tests.treasury.desk import CANCELLATION, At, Desk
from tests.treasury.orders import is_now

REMADE = (slips, pieces, series, free_numbers, orders)


async def rows(desk: Desk) -> dict[str, list[Json]]:
    found = {}
    async with desk.both.store.reading() as connection:
        for table in REMADE:
            read = await connection.execute(select(table).order_by(*table.primary_key))
            found[table.name] = [dict(row) for row in read.mappings()]
    return found


async def lost(desk: Desk) -> None:
    """The tables are lost; the payment orders were read again."""
    async with desk.both.store.transaction() as connection:
        for table in (slips, pieces, series, free_numbers):
            await connection.execute(delete(table))
        await connection.execute(orders.update().values(slip_id=None, cancelling_slip_id=None))


async def a_history(desk: Desk) -> list[SlipRow]:
    """Two slips sent, one of them refused and corrected, and an order of the other taken back."""
    await desk.orders("A/advance", "B/advance", line_cents=(100, 50))
    first = await desk.sent()
    await desk.orders("C/advance")
    refused = await desk.sent()
    await desk.refused(refused)
    cancelled = await desk.slips.cancel(refused.slip_id, "anne")
    await desk.orders("D/advance")
    corrected = await desk.sent()
    await is_now(desk.both, "A/advance", "cancelled", paid_cents=120)
    taken_back = await desk.sent(CANCELLATION)
    await desk.orders("E/advance")
    given_up = await desk.sent()
    await desk.refused(given_up)
    free = await desk.slips.cancel(given_up.slip_id, "anne", "a mistake")
    return [first, cancelled, corrected, taken_back, free]


def test_lost_tables_are_made_again_with_the_same_slips_and_numbers(at_a_desk: At) -> None:
    async def work(desk: Desk) -> None:
        made = await a_history(desk)
        files = [
            (await desk.slips.export(each.slip_id, "anne")).content
            for each in made
            if each.state is not SlipState.CANCELLED
        ]
        before, said = await rows(desk), await desk.values()
        await lost(desk)
        async with desk.both.store.transaction() as connection:
            assert await restore_slips(connection, said) == len(made)
        after = await rows(desk)
        for table in ("pieces", "series", "free_numbers", "orders"):
            assert after[table] == before[table], table
        assert [_as_restored(row) for row in before["slips"]] == after["slips"]
        again = [
            (await desk.slips.export(each.slip_id, "anne")).content
            for each in made
            if each.state is not SlipState.CANCELLED
        ]
        assert again == files

    at_a_desk(work)


def _as_restored(row: Json) -> Json:
    """What no message says: what the gateway answered, and when a slip was exported."""
    unsaid: dict[str, Any] = {"answered_at": None, "answer": None, "exported_by": "restore"}
    return {**row, **unsaid, "exported_at": row["issued_at"]}


def test_messages_read_again_change_nothing(at_a_desk: At) -> None:
    async def work(desk: Desk) -> None:
        await a_history(desk)
        before, said = await rows(desk), await desk.values()
        async with desk.both.store.transaction() as connection:
            assert await restore_slips(connection, [*said, *said]) == 0
        assert await rows(desk) == before

    at_a_desk(work)


def test_a_restored_slip_counts_as_sent_for_nobody_knows_that_it_was_not(at_a_desk: At) -> None:
    async def work(desk: Desk) -> None:
        await desk.orders("A/advance")
        slip = await desk.issued()
        said = await desk.values()
        await lost(desk)
        async with desk.both.store.transaction() as connection:
            await restore_slips(connection, said)
        restored = await desk.slips.find(slip.slip_id)
        assert restored == replace(slip, exported_at=slip.issued_at, exported_by="restore")
        assert await desk.waiting() == {}
        await desk.orders("B/advance")
        assert (await desk.issued()).slip_id != slip.slip_id

    at_a_desk(work)


def test_each_message_is_what_its_schema_says(at_a_desk: At) -> None:
    async def work(desk: Desk) -> None:
        await a_history(desk)
        for value in await desk.values():
            (name,) = [each for each in SLIP_ENVELOPES if each.encode() in value]
            SLIP_ENVELOPES[name].model_validate_json(value)

    at_a_desk(work)


async def a_back_up(desk: Desk) -> dict[str, list[Json]]:
    """The tables of last night."""
    return await rows(desk)


async def put_back(desk: Desk, kept: dict[str, list[Json]]) -> None:
    """Last night's tables instead of these; the payment orders since then were read again."""
    now = await rows(desk)
    known = {each["payment_order"] for each in kept["orders"]}
    since = [each for each in now["orders"] if each["payment_order"] not in known]
    lost_now = {"slip_id": None, "cancelling_slip_id": None}
    async with desk.both.store.transaction() as connection:
        await connection.execute(delete(outbox))
        for table in REMADE:
            await connection.execute(delete(table))
            if kept[table.name]:
                await connection.execute(insert(table), kept[table.name])
        if since:
            await connection.execute(insert(orders), [{**each, **lost_now} for each in since])


async def restored(desk: Desk, said: list[bytes]) -> int:
    async with desk.both.store.transaction() as connection:
        return await restore_slips(connection, said)


async def known(desk: Desk, message: bytes) -> bool:
    async with desk.both.store.reading() as connection:
        return await is_known(connection, message)


def test_tables_of_a_back_up_get_the_slips_since_then(at_a_desk: At) -> None:
    async def work(desk: Desk) -> None:
        await desk.orders("A/advance", "B/advance")
        await desk.refused(await desk.sent())
        kept = await a_back_up(desk)
        await desk.slips.cancel(f"{BUDGET}-S1", "anne")
        await desk.orders("C/advance")
        await desk.sent()
        await desk.orders("D/advance")
        await desk.sent()
        before, said = await rows(desk), await desk.values()
        await put_back(desk, kept)
        assert [True, False, False, False] == [await known(desk, each) for each in said]
        assert 2 == await restored(desk, said)
        after = await rows(desk)
        for table in ("pieces", "series", "free_numbers", "orders"):
            assert before[table] == after[table], table
        assert {} == await desk.waiting()
        assert [True, True, True] == [await known(desk, each) for each in said[1:]]

    at_a_desk(work)


@pytest.mark.parametrize("other", [(), ("C/advance",)])
def test_drafts_made_without_a_slip_are_given_up_for_it(
    other: tuple[str, ...], at_a_desk: At
) -> None:
    """A draft has the id of the slip; or another draft has its order."""

    async def work(desk: Desk) -> None:
        kept = await a_back_up(desk)
        await desk.orders("B/advance")
        sent = await desk.sent()
        said = await desk.values()
        await put_back(desk, kept)
        if other:
            await desk.orders(*other)
            await desk.slips.prepare(BUDGET, SlipType.PAYMENT, "anne", 1)
            await desk.slips.prepare(BUDGET, SlipType.PAYMENT, "anne", 1)
        else:
            await desk.prepared()
        assert not await known(desk, said[0])
        assert 1 == await restored(desk, said)
        found = await desk.slips.get(sent.slip_id)
        assert (sent.number, sent.file_sha256) == (found.number, found.file_sha256)
        assert [("B/advance", 1, (100_000,))] == await desk.on(sent)
        assert set(await desk.waiting()) <= set(other)

    at_a_desk(work)


def test_one_id_with_two_contents_stops_instead_of_dropping_one(at_a_desk: At) -> None:
    async def work(desk: Desk) -> None:
        kept = await a_back_up(desk)
        await desk.orders("B/advance")
        sent = await desk.sent()
        said = await desk.values()
        await put_back(desk, kept)
        await desk.orders("C/advance")
        again = await desk.sent()
        assert sent.slip_id == again.slip_id
        before = await rows(desk)
        assert not await known(desk, said[0])
        with pytest.raises(ClusterError, match="slip 1 was issued twice"):
            await restored(desk, said)
        assert before == await rows(desk)

    at_a_desk(work)


def test_an_order_that_was_taken_back_twice_stands_on_the_later_slip(at_a_desk: At) -> None:
    """The accountant had rejected its first piece, which no message says."""

    async def work(desk: Desk) -> None:
        await a_history(desk)
        async with desk.both.store.transaction() as connection:
            await connection.execute(orders.update().values(cancelling_slip_id=None))
        later = await desk.sent(CANCELLATION)
        before, said = await rows(desk), await desk.values()
        await lost(desk)
        async with desk.both.store.transaction() as connection:
            assert len(before["slips"]) == await restore_slips(connection, said)
        after = await rows(desk)
        assert before["orders"] == after["orders"]
        assert later.slip_id in {each["cancelling_slip_id"] for each in after["orders"]}

    at_a_desk(work)


def test_an_order_on_two_issued_slips_stops_the_restoring(at_a_desk: At) -> None:
    async def work(desk: Desk) -> None:
        kept = await a_back_up(desk)
        await desk.orders("B/advance")
        await desk.sent()
        said = await desk.values()
        await put_back(desk, kept)
        await desk.slips.cancel((await desk.prepared()).slip_id, "anne")
        again = await desk.sent()
        async with desk.both.store.transaction() as connection:
            its = slips.update().where(slips.c.slip_id == again.slip_id)
            await connection.execute(its.values(number=9))
        with pytest.raises(ClusterError, match="order B/advance is on this slip and on slip"):
            await restored(desk, said)

    at_a_desk(work)

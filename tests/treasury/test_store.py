"""The treasury's tables on both databases: made once, and taken back where a change fails."""

import asyncio

import pytest
from sqlalchemy import Connection, func, insert, select
from sqlalchemy.exc import IntegrityError

from events.topics import EVENTS, SLIPS
from services.treasury.store.database import TreasuryStore
from services.treasury.store.outbox import (
    BYTES_MAX,
    Outgoing,
    Queue,
    has_unsent,
    mark_sent,
    put,
    unsent,
)
from services.treasury.store.tables import VERSION_TABLE, metadata, outbox, series
from tests.builders import BUDGET
from tests.read_model.test_schema import shape
from tests.treasury.databases import opened
from tests.treasury.desk import NOON


def test_tables_are_there_and_may_be_prepared_again(treasury_url: str) -> None:
    async def go() -> int:
        async with opened(treasury_url) as both:
            await both.store.prepare()
            async with both.store.reading() as connection:
                found = await connection.execute(select(func.count()).select_from(outbox))
                return int(found.scalar_one())

    assert asyncio.run(go()) == 0


def made_at_once(connection: Connection) -> dict[str, object]:
    """The tables as the program knows them, beside that of their version."""
    metadata.drop_all(connection)
    metadata.create_all(connection)
    return shape(connection)


def test_the_migrations_make_the_tables_of_the_program(treasury_url: str) -> None:
    async def go() -> None:
        async with opened(treasury_url) as both, both.store.transaction() as connection:
            migrated = await connection.run_sync(shape)
            assert {VERSION_TABLE, *(each.name for each in metadata.sorted_tables)} == {*migrated}
            assert migrated == await connection.run_sync(made_at_once)

    asyncio.run(go())


def test_a_change_that_fails_leaves_nothing(treasury_url: str) -> None:
    row = {"budget": BUDGET, "series": "slip:01", "next_number": 1}

    async def failing(store: TreasuryStore) -> None:
        async with store.transaction() as connection:
            await connection.execute(insert(series), [row])
            await connection.execute(insert(series), [row])

    async def go() -> int:
        async with opened(treasury_url) as both:
            with pytest.raises(IntegrityError):
                await failing(both.store)
            async with both.store.reading() as connection:
                found = await connection.execute(select(func.count()).select_from(series))
                return int(found.scalar_one())

    assert asyncio.run(go()) == 0


def test_what_waits_to_be_sent_is_read_by_so_many_messages_and_bytes(treasury_url: str) -> None:
    half = bytes(BYTES_MAX // 2)
    sizes = {"a": half, "b": half, "c": b"c", "d": bytes(BYTES_MAX + 1), "e": b"e", "f": b"f"}
    messages = [Outgoing(name, SLIPS, BUDGET, value) for name, value in sizes.items()]

    async def go() -> list[str]:
        batches = []
        async with opened(treasury_url) as both, both.store.transaction() as connection:
            await put(connection, messages, NOON)
            while found := await unsent(connection, 2):
                batches.append("".join(each.message.message_id for each in found))
                await mark_sent(connection, [each.number for each in found], NOON)
        return batches

    assert ["ab", "c", "d", "ef"] == asyncio.run(go())


def test_messages_of_a_paused_queue_are_passed_over_and_no_others(treasury_url: str) -> None:
    """A queue is a budget on a topic: either alone pauses nothing."""
    places = [(SLIPS, BUDGET), (EVENTS, BUDGET), (SLIPS, "another"), (SLIPS, BUDGET)]
    messages = [Outgoing(f"{n}", *place, b"{}") for n, place in enumerate(places)]

    async def go() -> tuple[list[str], bool, bool]:
        async with opened(treasury_url) as both, both.store.transaction() as connection:
            await put(connection, messages, NOON)
            found = await unsent(connection, 9, [Queue(SLIPS, BUDGET)])
            every = [Queue(*place) for place in places]
            others = await has_unsent(connection, every[:1]), await has_unsent(connection, every)
            return [each.message.message_id for each in found], *others

    assert (["1", "2"], True, False) == asyncio.run(go())

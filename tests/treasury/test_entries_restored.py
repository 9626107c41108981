"""Lost entries made again of their topic: the ERP has them, so they stay as they are."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
from sqlalchemy import delete, select

from services.treasury.entries.bookkeeper import Bookkeeper
from services.treasury.entries.messages import is_booked, restore_entries
from services.treasury.pes.accountant import Accounts
from services.treasury.store.tables import accounting_entries, booked, outbox
from tests.builders import (
    Scenario,
    a_convention,
    a_line,
    a_vote,
    an_acknowledgement,
    an_amount,
    an_award,
    an_instalment,
)
from tests.read_model.filling import fill, rows_of
from tests.treasury.books import NOW, book, book_as_0_1_0, differences, in_both, rows
from tests.treasury.databases import Opened
from tests.treasury.test_bookkeeper import YEAR

OTHERS = Accounts.model_validate([{"creditor": "4679", "debtor": "46799"}])
"""What the file says by the time that the tables are lost."""


async def messages(both: Opened) -> list[bytes]:
    async with both.store.reading() as connection:
        return list(await connection.scalars(select(outbox.c.value).order_by(outbox.c.number)))


async def lose(both: Opened) -> None:
    async with both.store.transaction() as connection:
        for table in (accounting_entries, booked, outbox):
            await connection.execute(delete(table))


async def restore(both: Opened, *partitions: Sequence[bytes]) -> int:
    async def chunks(of: Sequence[bytes]) -> AsyncIterator[Sequence[bytes]]:
        for start in range(0, len(of), 3):  # A chunk ends anywhere.
            yield of[start : start + 3]

    async with both.store.transaction() as connection:
        return await restore_entries(connection, map(chunks, partitions))


async def knows(both: Opened, message: bytes) -> bool:
    async with both.store.reading() as connection:
        return await is_booked(connection, message)


async def book_with_other_accounts(both: Opened) -> int:
    return await Bookkeeper(both.store, both.read_model, OTHERS, lambda: NOW).book()


def ids(of: Sequence[bytes]) -> list[str]:
    return [json.loads(each)["id"] for each in of]


def as_sent(row: Any) -> tuple[str, str, int, int]:
    name = f"{row.budget}/{row.sequence}/{row.item}"
    return name, row.account, row.debit_cents, row.credit_cents


def sent(message: bytes) -> tuple[str, str, int, int]:
    data = json.loads(message)["data"]
    return data["entry_id"], data["account"], data["debit_cents"], data["credit_cents"]


def test_lost_entries_are_as_they_were_and_none_is_sent_again(treasury_url: str) -> None:
    """Though the file has other accounts now."""
    fill(treasury_url, rows_of(Scenario(*YEAR)))

    async def go(both: Opened) -> None:
        await book(both)
        before, said = await rows(both), await messages(both)
        await lose(both)
        assert not await knows(both, said[-1])
        assert len(said) == await restore(both, [], said)
        assert await knows(both, said[-1])
        assert 0 == await restore(both, [], said)
        assert before == await rows(both)
        await book_with_other_accounts(both)
        assert before == await rows(both)
        assert [] == await messages(both)

    asyncio.run(in_both(treasury_url, go))


@pytest.mark.parametrize("there", range(26))
def test_of_what_the_topic_has_not_all_is_kept_that_it_has(
    there: int, treasury_in_files: str
) -> None:
    """The outbox died within a record, or sent its last messages twice: the rest follows once."""
    fill(treasury_in_files, rows_of(Scenario(*YEAR)))

    async def go(both: Opened) -> None:
        await book(both)
        said = await messages(both)
        topic = [*said[:there], *said[max(0, there - 4) : there]]
        await lose(both)
        assert min(there, len(said)) == await restore(both, topic)
        await book_with_other_accounts(both)
        more = await messages(both)
        assert ids(said) == ids([*said[:there], *more])
        assert [sent(each) for each in [*said[:there], *more]] == [
            as_sent(each) for each in await rows(both)
        ]
        lines = await rows(both)
        assert sum(row.debit_cents for row in lines) == sum(row.credit_cents for row in lines)

    asyncio.run(in_both(treasury_in_files, go))


@pytest.mark.parametrize("there", range(9))
def test_a_record_that_0_1_0_booked_in_part_is_booked_on_one_day(
    there: int, treasury_in_files: str
) -> None:
    """Four lines of an order, four of its payment: each day's debits equal its credits."""
    fill(treasury_in_files, rows_of(Scenario(*YEAR[:5])))

    async def go(both: Opened) -> None:
        await book_as_0_1_0(both)
        said = await messages(both)
        await lose(both)
        await restore(both, said[:there])
        await book(both)
        lines = await rows(both)
        ordered = "2023-05-15" if there else "2023-06-01"
        assert {(3, ordered), (5, "2023-05-30")} == {
            (row.sequence, row.booked_on.isoformat()) for row in lines
        }
        assert [] == await differences(both)

    asyncio.run(in_both(treasury_in_files, go))


def test_tables_that_were_booked_anew_are_as_the_topic_has_it_first(treasury_url: str) -> None:
    """Somebody booked before they were restored: what was not sent yet is not sent at all."""
    fill(treasury_url, rows_of(Scenario(*YEAR)))

    async def go(both: Opened) -> None:
        await book(both)
        before, said = await rows(both), await messages(both)
        await lose(both)
        await book_with_other_accounts(both)
        assert before != await rows(both)
        await restore(both, [*said, *await messages(both)])
        assert before == await rows(both)
        async with both.store.reading() as connection:
            waits = select(outbox.c.message_id).where(outbox.c.sent_at.is_(None))
            assert [] == list(await connection.scalars(waits))
        assert [] == await differences(both)

    asyncio.run(in_both(treasury_url, go))


def test_a_line_without_function_and_operation_is_as_it_was(treasury_url: str) -> None:
    lines = [an_amount(100, line=a_line(function=None, operation=None))]
    events = (
        a_vote(appropriations=lines),
        an_award(lines=lines),
        a_convention(instalments=[an_instalment(lines=lines)]),
        an_acknowledgement(),
    )
    fill(treasury_url, rows_of(Scenario(*events)))

    async def go(both: Opened) -> None:
        await book(both)
        before, said = await rows(both), await messages(both)
        assert before
        await lose(both)
        assert len(before) == await restore(both, said)
        assert before == await rows(both)

    asyncio.run(in_both(treasury_url, go))


def test_tables_that_are_ahead_of_the_topic_stay_so(treasury_url: str) -> None:
    """What the outbox has still to send is not made again."""
    fill(treasury_url, rows_of(Scenario(*YEAR)))

    async def go(both: Opened) -> None:
        await book(both)
        before, said, place = await rows(both), await messages(both), await rows(both, booked)
        await restore(both, said[:3])
        assert (before, place) == (await rows(both), await rows(both, booked))
        async with both.store.reading() as connection:
            waits = select(outbox.c.message_id).where(outbox.c.sent_at.is_(None))
            assert ids(said[3:]) == list(await connection.scalars(waits.order_by(outbox.c.number)))
        assert 0 == await book(both)

    asyncio.run(in_both(treasury_url, go))

"""Books of a history: its read model, the entries that are made of it, and their reconciliation."""

import json
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

from sqlalchemy import Table, select, update

from services.projector.tables import journal
from services.treasury.entries.bookkeeper import Bookkeeper
from services.treasury.pes.accountant import Accounts
from services.treasury.reconciliation.discrepancy import Discrepancy
from services.treasury.reconciliation.erp import ErpTotals
from services.treasury.reconciliation.reconcile import reconcile
from services.treasury.store.tables import accounting_entries, outbox
from tests.treasury.databases import Opened, opened

NOW: Final = datetime(2024, 3, 1, 9, tzinfo=UTC)

Found = TypeVar("Found")


def bookkeeper(both: Opened) -> Bookkeeper:
    """The one of these tests: default accounts, a clock that stands still."""
    return Bookkeeper(both.store, both.read_model, Accounts(), lambda: NOW)


async def in_both(url: str, what: Callable[[Opened], Awaitable[Found]]) -> Found:
    """The result of something done with both databases."""
    async with opened(url) as both:
        return await what(both)


async def book(both: Opened) -> int:
    """Make all entries that are due."""
    return await bookkeeper(both).book()


async def differences(both: Opened, totals: ErpTotals | None = None) -> list[Discrepancy]:
    """Everything that differs."""
    return (await reconcile(both.store, both.read_model, Accounts(), totals=totals)).differences


async def book_as_0_1_0(both: Opened) -> int:
    """Make all entries that are due, on the days of 0.1.0: those on which moves took effect."""
    made = await book(both)
    async with both.read_model.connect() as reading:
        asked = select(journal.c.budget, journal.c.sequence, journal.c.effective_on)
        days = {(each[0], each[1]): each[2] for each in await reading.execute(asked)}
    async with both.store.transaction() as connection:
        table = accounting_entries.c
        for row in (await connection.execute(select(outbox))).all():
            message = json.loads(row.value)
            data = message["data"]
            day = days[data["budget"], data["sequence"]]
            data["booked_on"] = day.isoformat()
            of_it = [table[name] == data[name] for name in ("budget", "sequence", "item")]
            line = update(accounting_entries).where(*of_it).values(booked_on=day)
            await connection.execute(line)
            sent = update(outbox).where(outbox.c.number == row.number)
            await connection.execute(sent.values(value=json.dumps(message).encode()))
    return made


async def rows(both: Opened, table: Table = accounting_entries) -> Sequence[Any]:
    """The rows of a table, in the order of its key."""
    async with both.store.reading() as connection:
        return (await connection.execute(select(table).order_by(*table.primary_key))).all()

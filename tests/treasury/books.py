"""Books of a history: its read model, the entries that are made of it, and their reconciliation."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

from sqlalchemy import Table, select

from services.treasury.application.differences.discrepancy import Discrepancy
from services.treasury.application.differences.erp import ErpTotals
from services.treasury.application.entries import Bookkeeper
from services.treasury.application.reconcile import reconcile
from services.treasury.config.accounts import Accounts
from services.treasury.store.tables import accounting_entries
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
    return await reconcile(both.store, both.read_model, Accounts(), totals=totals)


async def rows(both: Opened, table: Table = accounting_entries) -> Sequence[Any]:
    """The rows of a table, in the order of its key."""
    async with both.store.reading() as connection:
        return (await connection.execute(select(table).order_by(*table.primary_key))).all()

"""Reconciliation while slips are being made: what is half read is no difference."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from sqlalchemy import Engine, event, insert

from services.api.adapters.read_model import open_read_model
from services.treasury.pes.accountant import Accounts
from services.treasury.reconciliation.discrepancy import Discrepancy
from services.treasury.reconciliation.reconcile import reconcile
from services.treasury.store.tables import orders, pieces, slips
from tests.builders import Scenario
from tests.read_model.filling import fill, rows_of
from tests.treasury.books import book, differences, in_both
from tests.treasury.databases import Opened
from tests.treasury.test_reconcile import TWO_ORDERS, on_slips

FIRST, SECOND = ("C/advance", 1, 100), ("C/balance", 2, 15)


async def write(both: Opened, *places: tuple[str, int, int]) -> None:
    """Orders onto slips, in one transaction."""
    rows = on_slips(*places)
    async with both.store.transaction() as connection:
        for table in (slips, pieces, orders):
            await connection.execute(insert(table), rows[table])


def test_a_slip_that_is_made_meanwhile_is_no_difference(treasury_url: str) -> None:
    """The pieces were read, and its orders not yet, when the second slip is made."""
    fill(treasury_url, rows_of(Scenario(*TWO_ORDERS)))
    made: list[str] = []

    def make(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        if "pieces" not in statement or not statement.startswith("SELECT") or made:
            return
        made.append(statement)

        async def go(both: Opened) -> None:
            await write(both, SECOND)

        with ThreadPoolExecutor(1) as somebody_else:
            somebody_else.submit(asyncio.run, in_both(treasury_url, go)).result()

    async def meanwhile(both: Opened) -> list[Discrepancy]:
        await book(both)
        await write(both, FIRST)
        event.listen(Engine, "after_cursor_execute", make)
        try:
            return await differences(both)
        finally:
            event.remove(Engine, "after_cursor_execute", make)

    assert [] == asyncio.run(in_both(treasury_url, meanwhile))
    assert made
    assert [] == asyncio.run(in_both(treasury_url, differences))


def test_the_connections_of_the_api_see_one_moment_too(treasury_url: str) -> None:
    """They begin transactions of their own, which write nothing."""
    fill(treasury_url, rows_of(Scenario(*TWO_ORDERS)))

    async def go(both: Opened) -> list[Discrepancy]:
        await book(both)
        await write(both, FIRST)
        engine = open_read_model(treasury_url)
        try:
            both_times = [await reconcile(both.store, engine, Accounts()) for _ in range(2)]
            return [each for done in both_times for each in done.differences]
        finally:
            await engine.dispose()

    assert [] == asyncio.run(in_both(treasury_url, go))

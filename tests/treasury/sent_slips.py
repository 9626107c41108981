"""Slips as they stand in the tables once they were sent, and what returns make of them."""

import asyncio
import io
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from typing import Any, Final, TypeVar

from sqlalchemy import insert, select

from services.treasury.pes.accountant import BudgetConfig, Entity, TreasuryConfig
from services.treasury.returns.returns import FileOutcome, Returns
from services.treasury.store.database import TreasuryStore, treasury_address
from services.treasury.store.tables import metadata, outbox, pieces, slips
from tests.builders import BUDGET

SIRET, CODE, _YEAR = BUDGET.split("-")
NOW: Final = datetime(2023, 6, 5, 9, 30, tzinfo=UTC)
CONFIG: Final = TreasuryConfig(
    entities={SIRET: Entity(budgets={CODE: BudgetConfig(IdPost="059035", CodCol="123")})}
)

Found = TypeVar("Found")


def file_of(number: int, kind: str = "01") -> str:
    """The name of a slip's file."""
    return f"PES_{kind}_{number}.xml"


def a_slip_row(number: int, kind: str = "01", budget: str = BUDGET, **more: Any) -> dict[str, Any]:
    values = {
        "slip_id": f"{budget}/{kind}/{number}",
        "budget": budget,
        "slip_type": kind,
        "state": "issued",
        "number": number,
        "piece_count": 1,
        "amount_cents": 100,
        "prepared_at": NOW,
        "prepared_by": "test",
        "issued_on": date(2023, 5, 20),
        "exported_at": NOW,
        "file_name": file_of(number, kind),
    }
    return values | more


def a_piece_row(
    slip: dict[str, Any], number: int, order: str, line_cents: Sequence[int] = (100_000,)
) -> dict[str, Any]:
    return {
        "slip_id": slip["slip_id"],
        "position": number,
        "budget": slip["budget"],
        "payment_order": order,
        "number": number,
        "amount_cents": sum(line_cents),
        "line_cents": list(line_cents),
    }


class Desk:
    """The treasury's tables with slips, and those who take returns."""

    def __init__(self, store: TreasuryStore) -> None:
        self.store = store
        self.returns = Returns(store, CONFIG, lambda: NOW)

    async def send(self, slip: dict[str, Any], *rows: dict[str, Any]) -> None:
        """Have a slip with its pieces stand in the tables."""
        async with self.store.transaction() as connection:
            await connection.execute(insert(slips), [slip])
            if rows:
                await connection.execute(insert(pieces), list(rows))

    async def take(self, content: bytes, name: str = "retour.xml") -> FileOutcome:
        """Take a file."""
        return await self.returns.take(io.BytesIO(content), name, "test")

    async def events(self) -> list[dict[str, Any]]:
        """The events that leave, in their order."""
        async with self.store.reading() as connection:
            rows = await connection.execute(select(outbox.c.value).order_by(outbox.c.number))
            return [json.loads(row.value) for row in rows]

    async def found(self) -> list[str]:
        """The kinds of open findings."""
        return sorted(each.kind for each in await self.returns.findings(None, open_only=True))

    async def rows(self, table: str) -> list[dict[str, Any]]:
        """All rows of a table."""
        named = metadata.tables[f"ecluse_treasury.{table}"]
        async with self.store.reading() as connection:
            return [row._asdict() for row in await connection.execute(select(named))]


@asynccontextmanager
async def desk_at(read_model_url: str) -> AsyncIterator[Desk]:
    """The tables beside this read model."""
    store = TreasuryStore(treasury_address(read_model_url, None))
    try:
        yield Desk(store)
    finally:
        await store.dispose()


def at_desk(read_model_url: str, work: Callable[[Desk], Awaitable[Found]]) -> Found:
    """Do some work at the desk."""

    async def go() -> Found:
        async with desk_at(read_model_url) as desk:
            return await work(desk)

    return asyncio.run(go())

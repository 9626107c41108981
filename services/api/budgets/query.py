"""Budgets: which there are, and how far the journal of each is in the read model."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.api.queries.rows import (
    Entities,
    all_rows,
    first_row,
    page_rows,
    row_as,
    same,
    visible,
)
from services.projector.tables import budgets


@dataclass(frozen=True, slots=True)
class Budget:
    """A budget: one public entity, one budget code, one fiscal year."""

    budget: str
    entity: str
    code: str
    fiscal_year: int
    vote_level: str | None
    voted_on: date | None
    closed_on: date | None
    sequence: int
    """The number of its last record."""
    head: str
    """That record's hash."""


async def listed(
    conn: AsyncConnection,
    entities: Entities,
    *,
    entity: str | None = None,
    fiscal_year: int | None = None,
    after: tuple[str] | None = None,
    limit: int | None = None,
) -> list[Budget]:
    """Budgets by their id."""
    key = (budgets.c.budget,)
    query = select(budgets).where(visible(budgets.c.budget, entities))
    query = query.where(*same(budgets, entity=entity, fiscal_year=fiscal_year))
    return [row_as(Budget, row) for row in await page_rows(conn, query, key, after, limit)]


async def newest_first(conn: AsyncConnection, entities: Entities, limit: int) -> list[Budget]:
    """Budgets of the newest fiscal years, those of a year by their id."""
    query = select(budgets).where(visible(budgets.c.budget, entities)).limit(limit)
    by_year = query.order_by(budgets.c.fiscal_year.desc(), budgets.c.budget)
    return [row_as(Budget, row) for row in await all_rows(conn, by_year)]


async def newest(conn: AsyncConnection) -> str | None:
    """The budget of the newest fiscal year, the first by its id; None where there is none."""
    found = await newest_first(conn, None, limit=1)
    return found[0].budget if found else None


async def one(conn: AsyncConnection, entities: Entities, budget: str) -> Budget | None:
    """One budget; None where the caller can see none."""
    query = select(budgets).where(visible(budgets.c.budget, entities), budgets.c.budget == budget)
    row = await first_row(conn, query)
    return None if row is None else row_as(Budget, row)

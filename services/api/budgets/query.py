"""Budgets: which there are, how far the read model has each, and lines that no slip can take."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from events.texts import Translatable
from services.api.queries.rows import (
    Entities,
    all_rows,
    first_row,
    page_rows,
    row_as,
    same,
    visible,
)
from services.ledger.explain.sentences import line_label
from services.projector.tables import budgets, lines
from services.treasury.pes.accountant import TreasuryConfig
from services.treasury.pes.faults import code_faults


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


async def list_budgets(
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


@dataclass(frozen=True, slots=True)
class FaultyLine:
    """A line, and why no slip can pay from it."""

    budget: str
    reasons: tuple[Translatable, ...]


async def faulty_lines(
    conn: AsyncConnection, entities: Entities, config: TreasuryConfig, budget: str | None = None
) -> list[FaultyLine]:
    """The lines of open budgets, or of one, from which no slip can pay, by their codes.

    Of budgets alone of which the accountant's codes are known: others send no slips.
    """
    of = lines.c
    granted = of.reserved_cents + of.committed_cents + of.ordered_cents
    asked = (
        select(of.budget, of.chapter, of.article, of.function, of.operation, granted)
        .join(budgets, budgets.c.budget == of.budget)
        .where(visible(of.budget, entities), budgets.c.closed_on.is_(None))
        .where((granted != 0) | (of.available_cents != 0))
        .order_by(of.budget, of.chapter, of.article, of.function, of.operation)
    )
    if budget is not None:
        asked = asked.where(of.budget == budget)
    found = []
    for name, chapter, article, function, operation, granted_cents in await conn.execute(asked):
        settings = config.find_budget(name)
        if settings is None:
            continue
        codes = {"chapter": chapter, "article": article, "function": function or None}
        reasons = code_faults(
            line_label(codes | {"operation": operation or None}),
            function or None,
            operation or None,
            functional=settings.functional,
            is_granted=granted_cents != 0,
        )
        if texts := tuple(reasons):
            found.append(FaultyLine(name, texts))
    return found

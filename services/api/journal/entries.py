"""Commitment entries (écritures d'engagement), in the order of the journal."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.api.queries.rows import (
    Act,
    BudgetLine,
    Entities,
    Name,
    between,
    page_rows,
    row_as,
    same,
    visible,
)
from services.projector.tables import commitment_entries


@dataclass(frozen=True, slots=True)
class CommitmentEntry:
    """A commitment entry: the kind gives the sense, the amount is positive."""

    entry_id: str
    budget: str
    sequence: int
    item: int
    kind: str
    line: BudgetLine
    amount_cents: int
    act: Act | None
    convention: Name | None
    effective_on: date


async def listed(
    conn: AsyncConnection,
    entities: Entities,
    *,
    budget: str | None = None,
    kind: str | None = None,
    convention: str | None = None,
    from_day: date | None = None,
    until_day: date | None = None,
    after: tuple[str, int, int] | None = None,
    limit: int | None = None,
) -> list[CommitmentEntry]:
    """Commitment entries by budget, sequence and item; both days count, by effective date."""
    table = commitment_entries
    key = (table.c.budget, table.c.sequence, table.c.item)
    query = select(table).where(visible(table.c.budget, entities))
    query = query.where(*same(table, budget=budget, kind=kind, convention=convention))
    query = query.where(*between(table.c.effective_on, from_day, until_day))
    rows = await page_rows(conn, query, key, after, limit)
    return [row_as(CommitmentEntry, row) for row in rows]

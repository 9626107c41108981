"""The moves of which a figure is the sum, each with the record that made it."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, FromClause, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.api.queries.figures import NOW, AsOf, known_moves, record_of, same
from services.api.queries.rows import LINE, BudgetLine, Entities, Name, behind, line_of, visible
from services.projector.tables import conventions, journal


@dataclass(frozen=True, slots=True)
class Move:
    """One move of money: what stands behind a figure, with the record that made it."""

    budget: str
    sequence: int
    item: int
    line: BudgetLine
    convention: Name | None
    instalment: Name | None
    from_stage: str | None
    to_stage: str | None
    amount_cents: int
    effective_on: date
    event_id: Name | None
    event_type: str | None


async def moves_behind(
    conn: AsyncConnection,
    entities: Entities,
    *,
    budget: str,
    line: BudgetLine | None = None,
    chapter: str | None = None,
    convention: str | None = None,
    grant: str | None = None,
    stage: str | None = None,
    as_of: AsOf = NOW,
    after: tuple[int, int] | None = None,
    limit: int | None = None,
) -> list[Move]:
    """The moves of which a figure is the sum, in the order of the journal.

    `stage` is one of a line's stages (`available` … `carried_over`); `grant` takes the moves for
    its award and for all its conventions.
    """
    table = known_moves(as_of)
    key = [table.c.sequence, table.c.item]
    query = (
        select(table, journal.c.event_id, journal.c.event_type)
        .join(journal, record_of(table))
        .where(visible(table.c.budget, entities), behind(key, after))
        .where(*same(table, budget=budget, chapter=chapter, convention=convention))
        .order_by(*key)
        .limit(limit)
    )
    if grant is not None:
        query = query.where(for_grant(table, budget, grant))
    if line is not None:
        query = query.where(*(table.c[name] == (getattr(line, name) or "") for name in LINE))
    if stage is not None:
        query = query.where(or_(table.c.from_stage == stage, table.c.to_stage == stage))
    return [move_of(row) for row in (await conn.execute(query)).mappings()]


def for_grant(table: FromClause, budget: str, grant: str) -> ColumnElement[bool]:
    """Moves that name a convention of the grant, or none and come from its award."""
    names = select(conventions.c.convention).where(
        conventions.c.budget == budget, conventions.c.grant_ref == grant
    )
    of_award = or_(journal.c.grant_ref == grant, journal.c.convention.in_(names))
    return or_(
        and_(table.c.convention.is_(None), of_award),
        table.c.convention.in_(names),
        table.c.convention == grant,  # While it stood without a convention (rules, 13).
    )


def move_of(row: Any) -> Move:
    """The move of a row, joined with its record."""
    return Move(
        row["budget"],
        row["sequence"],
        row["item"],
        line_of(row),
        row["convention"],
        row["instalment"],
        row["from_stage"],
        row["to_stage"],
        row["amount_cents"],
        row["effective_on"],
        row["event_id"],
        row["event_type"],
    )

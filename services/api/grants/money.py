"""A grant's money by line: reserved by its award, then as its conventions have it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, or_, select, tuple_, union
from sqlalchemy.ext.asyncio import AsyncConnection

from services.api.balances.query import LineBalance
from services.api.queries.figures import (
    GRANTED,
    added,
    granted_columns,
    granted_of,
    stage_columns,
    stages_of,
)
from services.api.queries.rows import LINE, BudgetLine, line_columns
from services.ledger.domain.model.lines import Stage
from services.projector.tables import (
    budgets,
    convention_lines,
    conventions,
    grant_lines,
    journal,
    lines,
    moves,
)

Codes = tuple[str, str, str, str]
GrantKey = tuple[str, str]
"""Its budget and its reference."""


@dataclass(frozen=True, slots=True)
class GrantLine:
    """A grant's money on one line by stage, in cents; and that of the whole budget line."""

    line: BudgetLine
    awarded_cents: int
    reserved_cents: int
    """Cents of the award that no convention has taken."""
    remaining_cents: int
    """Committed and not ordered."""
    ordered_cents: int
    paid_cents: int
    released_cents: int
    carried_over_cents: int
    budget_line: LineBalance | None


async def money_of(
    conn: AsyncConnection, budget: str, grant: str, names: Sequence[str]
) -> tuple[GrantLine, ...]:
    """The money of a grant and its conventions, in the order of the lines."""
    awarded = await _by_line(
        conn,
        select(*line_columns(grant_lines), grant_lines.c.amount_cents).where(
            grant_lines.c.budget == budget, grant_lines.c.grant_ref == grant
        ),
    )
    reserved = await _reserved(conn, budget, grant, names)
    had = await _by_line(
        conn,
        select(*line_columns(convention_lines), *granted_columns(convention_lines, summed=True))
        .where(convention_lines.c.budget == budget, convention_lines.c.convention.in_(names))
        .group_by(*line_columns(convention_lines)),
    )
    whole = await _by_line(
        conn,
        select(*line_columns(lines), *stage_columns(lines)).where(lines.c.budget == budget),
    )
    found = sorted(awarded.keys() | reserved.keys() | had.keys())
    return tuple(
        _grant_line(
            budget,
            codes,
            awarded[codes]["amount_cents"] if codes in awarded else 0,
            reserved.get(codes, 0),
            granted_of(had[codes]) if codes in had else dict.fromkeys(GRANTED, 0),
            whole.get(codes),
        )
        for codes in found
    )


def _grant_line(
    budget: str,
    codes: Codes,
    awarded_cents: int,
    reserved_cents: int,
    had: dict[str, int],
    whole: Any | None,
) -> GrantLine:
    line = _line(codes)
    return GrantLine(
        line,
        awarded_cents,
        reserved_cents,
        had["remaining_cents"],
        had["ordered_cents"],
        had["paid_cents"],
        had["released_cents"],
        had["carried_over_cents"],
        None if whole is None else LineBalance(**stages_of(whole), budget=budget, line=line),
    )


async def _reserved(
    conn: AsyncConnection, budget: str, grant: str, names: Sequence[str]
) -> dict[Codes, int]:
    """Reserved cents of an award that no convention has taken and no end given back.

    The closing of a year gives back all that is reserved, and names no grant (rules, 30).
    """
    closed_on = await conn.scalar(select(budgets.c.closed_on).where(budgets.c.budget == budget))
    if closed_on is not None:
        return {}
    of_grant = select(journal.c.sequence).where(
        journal.c.budget == budget,
        or_(journal.c.grant_ref == grant, journal.c.convention.in_(names)),
    )
    query = (
        select(
            *line_columns(moves), added(moves, (Stage.RESERVED,), (Stage.RESERVED,)).label("cents")
        )
        .where(moves.c.budget == budget)
        .where(
            or_(
                moves.c.convention.in_(names),
                and_(moves.c.convention.is_(None), moves.c.sequence.in_(of_grant)),
            )
        )
        .group_by(*line_columns(moves))
    )
    rows = await _by_line(conn, query)
    return {codes: row["cents"] for codes, row in rows.items() if row["cents"]}


async def reserved_of(conn: AsyncConnection, keys: Sequence[GrantKey]) -> dict[GrantKey, int]:
    """Reserved cents of each of these grants: the sum of `money_of` over its lines."""
    of_it = (conventions.c.budget, conventions.c.grant_ref)
    asked = tuple_(*of_it).in_(keys)
    named = union(
        select(*of_it, conventions.c.convention.label("name")).where(asked),
        select(*of_it, conventions.c.continues).where(asked, conventions.c.continues.is_not(None)),
    ).subquery("named")
    award = (journal.c.budget, journal.c.grant_ref)
    of_named = and_(journal.c.budget == named.c.budget, journal.c.convention == named.c.name)
    records = union(
        select(*award, journal.c.sequence).where(tuple_(*award).in_(keys)),
        select(named.c.budget, named.c.grant_ref, journal.c.sequence).join_from(
            named, journal, of_named
        ),
    ).subquery("records")
    by_name = and_(moves.c.budget == named.c.budget, moves.c.convention == named.c.name)
    by_record = and_(
        moves.c.budget == records.c.budget,
        moves.c.sequence == records.c.sequence,
        moves.c.convention.is_(None),
    )
    cents = added(moves, (Stage.RESERVED,), (Stage.RESERVED,)).label("cents")
    found = dict.fromkeys(keys, 0)
    for table, behind_it in ((named, by_name), (records, by_record)):
        key = (table.c.budget, table.c.grant_ref)
        query = (
            select(*key, cents)
            .join_from(table, moves, behind_it)
            .join(budgets, and_(budgets.c.budget == table.c.budget, budgets.c.closed_on.is_(None)))
            .group_by(*key)
        )
        for row in await conn.execute(query):
            found[row.budget, row.grant_ref] += row.cents
    return found


async def _by_line(conn: AsyncConnection, query: Any) -> dict[Codes, Any]:
    rows = (await conn.execute(query)).mappings()
    return {_codes(row): row for row in rows}


def _codes(row: Any) -> Codes:
    chapter, article, function, operation = (row[name] for name in LINE)
    return chapter, article, function, operation


def _line(codes: Codes) -> BudgetLine:
    chapter, article, function, operation = codes
    return BudgetLine(chapter, article, function or None, operation or None)

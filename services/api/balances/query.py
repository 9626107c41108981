"""Balances by line, chapter, convention, grant and beneficiary; of any day, as known at any record.

What stands now is read where it is kept; what stood once is summed from the moves: from which stage
to which each kind goes, the ledger's own table says (`services.ledger.domain.model.moves`).
"""

from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import Select, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.api.adapters.prepared import Parameter, Parameters, Prepared
from services.api.queries.figures import (
    NOW,
    AsOf,
    Columns,
    granted_columns,
    known_moves,
    stage_columns,
)
from services.api.queries.rows import (
    BudgetLine,
    Entities,
    FreeText,
    Name,
    line_columns,
    make_each,
    paged,
    row_as,
    same,
    visible,
)
from services.projector.tables import convention_lines, conventions, lines


@dataclass(frozen=True)
class Stages:
    """Money of budget lines by stage, in cents; appropriated is the sum of the others."""

    appropriated_cents: int
    available_cents: int
    reserved_cents: int
    committed_cents: int
    ordered_cents: int
    paid_cents: int
    carried_over_cents: int


@dataclass(frozen=True)
class Granted:
    """Money of conventions, in cents; granted is the sum of the others."""

    granted_cents: int
    remaining_cents: int
    ordered_cents: int
    paid_cents: int
    released_cents: int
    carried_over_cents: int


@dataclass(frozen=True)
class _OfLine:
    budget: str
    line: BudgetLine


@dataclass(frozen=True)
class _OfChapter:
    budget: str
    chapter: Name


@dataclass(frozen=True)
class _OfConvention:
    budget: str
    convention: Name
    line: BudgetLine


@dataclass(frozen=True)
class _OfGrant:
    budget: str
    grant: Name


@dataclass(frozen=True)
class _OfBeneficiary:
    budget: str
    siret: str
    beneficiary: FreeText


# Fields of the last base come first: what a row is of stands before its figures.


@dataclass(frozen=True)
class LineBalance(Stages, _OfLine):
    """The money of one budget line."""


@dataclass(frozen=True)
class ChapterBalance(Stages, _OfChapter):
    """The money of one chapter of a budget."""


@dataclass(frozen=True)
class ConventionBalance(Granted, _OfConvention):
    """The money of one convention on one line."""


@dataclass(frozen=True)
class GrantBalance(Granted, _OfGrant):
    """The money of all conventions of one grant."""


@dataclass(frozen=True)
class BeneficiaryBalance(Granted, _OfBeneficiary):
    """The money of all conventions with one establishment, in one budget."""


async def by_line(
    conn: AsyncConnection,
    entities: Entities,
    *,
    budget: str | None = None,
    as_of: AsOf = NOW,
    after: tuple[str, ...] | None = None,
    limit: int | None = None,
    **codes: str | None,
) -> list[LineBalance]:
    """Balances of budget lines, by budget, chapter, article, function, operation.

    `codes` are those that they have, by the names of `LINE`.
    """
    rows = await _by_line.rows(
        conn,
        entities=entities,
        budget=budget,
        as_of=as_of,
        after=after,
        limit=limit,
        **codes,
    )
    return await make_each(rows, partial(row_as, LineBalance))


@Prepared
def _by_line(
    entities: Parameters | None,
    budget: Parameter | None,
    as_of: AsOf,
    after: tuple[Parameter, ...] | None,
    limit: Parameter | None,
    **codes: Parameter | None,
) -> Select[Any]:
    table = lines if as_of.is_now else known_moves(as_of)
    key = [table.c.budget, *line_columns(table)]
    query = select(*key, *stage_columns(table)).where(*same(table, budget=budget, **codes))
    return _page(entities, query, key, after, limit, summed=not as_of.is_now)


async def by_chapter(
    conn: AsyncConnection,
    entities: Entities,
    *,
    budget: str | None = None,
    as_of: AsOf = NOW,
    after: tuple[str, ...] | None = None,
    limit: int | None = None,
    **codes: str | None,
) -> list[ChapterBalance]:
    """Balances of chapters, by budget and chapter; with `codes`, of their lines that have them."""
    rows = await _by_chapter.rows(
        conn, entities=entities, budget=budget, as_of=as_of, after=after, limit=limit, **codes
    )
    return [row_as(ChapterBalance, row) for row in rows]


@Prepared
def _by_chapter(
    entities: Parameters | None,
    budget: Parameter | None,
    as_of: AsOf,
    after: tuple[Parameter, ...] | None,
    limit: Parameter | None,
    **codes: Parameter | None,
) -> Select[Any]:
    table = lines if as_of.is_now else known_moves(as_of)
    key = [table.c.budget, table.c.chapter]
    query = select(*key, *stage_columns(table, summed=True))
    query = query.where(*same(table, budget=budget, **codes))
    return _page(entities, query, key, after, limit)


async def by_convention(
    conn: AsyncConnection,
    entities: Entities,
    *,
    budget: str | None = None,
    convention: str | None = None,
    as_of: AsOf = NOW,
    after: tuple[str, ...] | None = None,
    limit: int | None = None,
) -> list[ConventionBalance]:
    """Balances of conventions by line, by budget, convention and line."""
    rows = await _by_convention.rows(
        conn,
        entities=entities,
        budget=budget,
        convention=convention,
        as_of=as_of,
        after=after,
        limit=limit,
    )
    return [row_as(ConventionBalance, row) for row in rows]


@Prepared
def _by_convention(
    entities: Parameters | None,
    budget: Parameter | None,
    convention: Parameter | None,
    as_of: AsOf,
    after: tuple[Parameter, ...] | None,
    limit: Parameter | None,
) -> Select[Any]:
    table = convention_lines if as_of.is_now else known_moves(as_of)
    key = [table.c.budget, table.c.convention, *line_columns(table)]
    query = select(*key, *granted_columns(table)).where(table.c.convention.is_not(None))
    query = query.where(*same(table, budget=budget, convention=convention))
    return _page(entities, query, key, after, limit, summed=not as_of.is_now)


async def by_grant(
    conn: AsyncConnection,
    entities: Entities,
    *,
    budget: str | None = None,
    grant: str | None = None,
    as_of: AsOf = NOW,
    after: tuple[str, ...] | None = None,
    limit: int | None = None,
) -> list[GrantBalance]:
    """Money of the conventions of each grant, by budget and grant."""
    rows = await _by_grant.rows(
        conn, entities=entities, budget=budget, grant=grant, as_of=as_of, after=after, limit=limit
    )
    return [row_as(GrantBalance, row, grant=row["grant_ref"]) for row in rows]


@Prepared
def _by_grant(
    entities: Parameters | None,
    budget: Parameter | None,
    grant: Parameter | None,
    as_of: AsOf,
    after: tuple[Parameter, ...] | None,
    limit: Parameter | None,
) -> Select[Any]:
    key = [conventions.c.budget, conventions.c.grant_ref]
    query = _of_conventions(key, as_of).where(*same(conventions, budget=budget, grant_ref=grant))
    return _page(entities, query, key, after, limit)


async def by_beneficiary(
    conn: AsyncConnection,
    entities: Entities,
    *,
    budget: str | None = None,
    siret: str | None = None,
    as_of: AsOf = NOW,
    after: tuple[str, ...] | None = None,
    limit: int | None = None,
) -> list[BeneficiaryBalance]:
    """Money of the conventions with each establishment, by budget and SIRET."""
    rows = await _by_beneficiary.rows(
        conn, entities=entities, budget=budget, siret=siret, as_of=as_of, after=after, limit=limit
    )
    return [row_as(BeneficiaryBalance, row) for row in rows]


@Prepared
def _by_beneficiary(
    entities: Parameters | None,
    budget: Parameter | None,
    siret: Parameter | None,
    as_of: AsOf,
    after: tuple[Parameter, ...] | None,
    limit: Parameter | None,
) -> Select[Any]:
    key = [conventions.c.budget, conventions.c.siret]
    other = conventions.alias("named")
    named = (
        select(other.c.beneficiary)
        .where(other.c.budget == conventions.c.budget, other.c.siret == conventions.c.siret)
        .order_by(other.c.sequence.desc())
        .limit(1)
    )
    query = _of_conventions(key, as_of).where(conventions.c.siret.is_not(None))
    query = query.add_columns(named.scalar_subquery().label("beneficiary"))
    query = query.where(*same(conventions, budget=budget, siret=siret))
    return _page(entities, query, key, after, limit)


def _of_conventions(key: Columns, as_of: AsOf) -> Select[Any]:
    """Money of conventions, summed by what they have in common."""
    table = convention_lines if as_of.is_now else known_moves(as_of)
    # Before its signature was known, money may stand under the name that a convention continues.
    names = (conventions.c.convention, conventions.c.continues)
    of_it = and_(
        table.c.budget == conventions.c.budget,
        or_(*(table.c.convention == name for name in names)),
    )
    query = select(*key, *granted_columns(table, summed=True))
    return query.join_from(conventions, table, of_it)


def _page(
    entities: Parameters | None,
    query: Select[Any],
    key: Columns,
    after: tuple[Parameter, ...] | None,
    limit: Parameter | None,
    *,
    summed: bool = True,
) -> Select[Any]:
    """A page of rows in the order of their key, the budget first: as they are kept, or summed."""
    query = query.where(visible(key[0], entities))
    return paged(query.group_by(*key) if summed else query, key, after, limit)

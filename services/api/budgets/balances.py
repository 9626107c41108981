"""Balances by line, chapter, convention, grant and beneficiary; of any day, as known at any record.

What stands now is read where it is kept; what stood once is summed from the moves: from which stage
to which each kind goes, the ledger's own table says (`services.ledger.domain.model.moves`).
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, TypeVar

from sqlalchemy import Select, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.api.adapters.prepared import Parameter, Parameters, PreparedQuery
from services.api.queries.figures import (
    NOW,
    AsOf,
    Columns,
    convention_columns,
    select_known_moves,
    stage_columns,
)
from services.api.queries.rows import (
    BudgetLine,
    Entities,
    FreeText,
    Name,
    line_columns,
    make_each,
    row_as,
    same,
    select_page,
    visible,
)
from services.projector.tables import convention_lines, conventions, lines

Balance = TypeVar("Balance")
List = Callable[..., Awaitable[list[Balance]]]


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
class ConventionFigures:
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
class ConventionBalance(ConventionFigures, _OfConvention):
    """The money of one convention on one line."""


@dataclass(frozen=True)
class GrantBalance(ConventionFigures, _OfGrant):
    """The money of all conventions of one grant."""


@dataclass(frozen=True)
class BeneficiaryBalance(ConventionFigures, _OfBeneficiary):
    """The money of all conventions with one establishment, in one budget."""


def _select_by_line(
    entities: Parameters | None,
    budget: Parameter | None = None,
    as_of: AsOf = NOW,
    after: tuple[Parameter, ...] | None = None,
    limit: Parameter | None = None,
    **codes: Parameter | None,
) -> Select[Any]:
    """Balances of budget lines, by budget, chapter, article, function, operation.

    `codes` are those that they have, by the names of `LINE`.
    """
    table = lines if as_of.is_now else select_known_moves(as_of)
    key = [table.c.budget, *line_columns(table)]
    query = select(*key, *stage_columns(table)).where(*same(table, budget=budget, **codes))
    return _page(entities, query, key, after, limit, summed=not as_of.is_now)


def _select_by_chapter(
    entities: Parameters | None,
    budget: Parameter | None = None,
    as_of: AsOf = NOW,
    after: tuple[Parameter, ...] | None = None,
    limit: Parameter | None = None,
    **codes: Parameter | None,
) -> Select[Any]:
    """Balances of chapters; with `codes`, of their lines that have them."""
    table = lines if as_of.is_now else select_known_moves(as_of)
    key = [table.c.budget, table.c.chapter]
    query = select(*key, *stage_columns(table, summed=True))
    query = query.where(*same(table, budget=budget, **codes))
    return _page(entities, query, key, after, limit)


def _select_by_convention(
    entities: Parameters | None,
    budget: Parameter | None = None,
    convention: Parameter | None = None,
    as_of: AsOf = NOW,
    after: tuple[Parameter, ...] | None = None,
    limit: Parameter | None = None,
) -> Select[Any]:
    """Balances of conventions by line, by budget, convention and line."""
    table = convention_lines if as_of.is_now else select_known_moves(as_of)
    key = [table.c.budget, table.c.convention, *line_columns(table)]
    query = select(*key, *convention_columns(table)).where(table.c.convention.is_not(None))
    query = query.where(*same(table, budget=budget, convention=convention))
    return _page(entities, query, key, after, limit, summed=not as_of.is_now)


def _select_by_grant(
    entities: Parameters | None,
    budget: Parameter | None = None,
    grant: Parameter | None = None,
    as_of: AsOf = NOW,
    after: tuple[Parameter, ...] | None = None,
    limit: Parameter | None = None,
) -> Select[Any]:
    """Money of the conventions of each grant, by budget and grant."""
    key = [conventions.c.budget, conventions.c.grant_ref]
    query = _sum_conventions(key, as_of).add_columns(conventions.c.grant_ref.label("grant"))
    query = query.where(*same(conventions, budget=budget, grant_ref=grant))
    return _page(entities, query, key, after, limit)


def _select_by_beneficiary(
    entities: Parameters | None,
    budget: Parameter | None = None,
    siret: Parameter | None = None,
    as_of: AsOf = NOW,
    after: tuple[Parameter, ...] | None = None,
    limit: Parameter | None = None,
) -> Select[Any]:
    """Money of the conventions with each establishment, by budget and SIRET."""
    key = [conventions.c.budget, conventions.c.siret]
    other = conventions.alias("named")
    named = (
        select(other.c.beneficiary)
        .where(other.c.budget == conventions.c.budget, other.c.siret == conventions.c.siret)
        .order_by(other.c.sequence.desc())
        .limit(1)
    )
    query = _sum_conventions(key, as_of).where(conventions.c.siret.is_not(None))
    query = query.add_columns(named.scalar_subquery().label("beneficiary"))
    query = query.where(*same(conventions, budget=budget, siret=siret))
    return _page(entities, query, key, after, limit)


def _sum_conventions(key: Columns, as_of: AsOf) -> Select[Any]:
    """Money of conventions, summed by what they have in common."""
    table = convention_lines if as_of.is_now else select_known_moves(as_of)
    # Before its signature was known, money may stand under the name that a convention continues.
    names = (conventions.c.convention, conventions.c.continues)
    of_it = and_(
        table.c.budget == conventions.c.budget,
        or_(*(table.c.convention == name for name in names)),
    )
    query = select(*key, *convention_columns(table, summed=True))
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
    return select_page(query.group_by(*key) if summed else query, key, after, limit)


def _list_of(kind: type[Balance], select_rows: Callable[..., Select[Any]]) -> List[Balance]:
    """The function that reads balances of a kind: its filters are those of their query."""
    prepared = PreparedQuery(select_rows)

    async def read(conn: AsyncConnection, entities: Entities, **filters: Any) -> list[Balance]:
        rows = await prepared.rows(conn, entities=entities, **filters)
        return await make_each(rows, partial(row_as, kind))

    read.__annotations__["return"] = list[kind]  # type: ignore[valid-type] # routes read it
    return read


list_lines: Final = _list_of(LineBalance, _select_by_line)
list_chapters: Final = _list_of(ChapterBalance, _select_by_chapter)
list_conventions: Final = _list_of(ConventionBalance, _select_by_convention)
list_grants: Final = _list_of(GrantBalance, _select_by_grant)
list_beneficiaries: Final = _list_of(BeneficiaryBalance, _select_by_beneficiary)

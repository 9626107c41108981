"""Grants (subventions): the list, and all that is known of one."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, RowMapping, Table, and_, exists, func, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from services.api.grants.conventions import Convention, conventions_of
from services.api.grants.money import GrantKey, GrantLine, money_of
from services.api.orders.query import OrderLine
from services.api.queries.figures import GRANTED, granted_columns
from services.api.queries.rows import (
    Act,
    Beneficiary,
    Entities,
    FreeText,
    Name,
    all_rows,
    first_row,
    line_columns,
    of_entity,
    page_rows,
    row_as,
    same,
    shown,
    visible,
)
from services.api.queries.verdicts import Verdict, flag_verdict
from services.projector.tables import (
    acts,
    convention_lines,
    conventions,
    grant_lines,
    grants,
    journal,
    moves,
    payment_orders,
    review_flags,
)

SEARCHED: Final = (
    grants.c.grant_ref,
    grants.c.title,
    grants.c.beneficiary,
    grants.c.siret,
)
KEYS_MAX: Final = 1000
"""Keys that one query names: databases take some thousands of values."""

CAPITALS: Final = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}
"""Plain capitals to small letters: all that both databases fold alike."""


@dataclass(frozen=True, slots=True)
class Grant:
    """A grant, and what its conventions have, in cents."""

    budget: str
    grant: Name
    state: str
    title: FreeText | None
    beneficiary: Beneficiary | None
    act: Act | None
    requires_convention: bool | None
    conditions_year: int | None
    withdrawn_on: date | None
    withdrawn_cause: str | None
    carried_from: str | None
    awarded_cents: int
    granted_cents: int
    remaining_cents: int
    ordered_cents: int
    paid_cents: int
    released_cents: int
    carried_over_cents: int
    flags: int
    """Number of review flags."""
    sequence: int

    @property
    def name(self) -> str:
        """What people call it: by who receives it, else by its reference."""
        return self.grant if self.beneficiary is None else self.beneficiary.name or self.grant


@dataclass(frozen=True, slots=True)
class AwardedLine(OrderLine):
    """The amount awarded on one line, as the act says."""


@dataclass(frozen=True, slots=True)
class GrantAct:
    """A decision on a grant. Role: award, concurring, withdrawal, amendment, carried."""

    role: str
    act: Act
    title: FreeText | None
    convention: Name | None
    sequence: int


@dataclass(frozen=True, slots=True)
class Flag:
    """A review flag, and the record that raised it."""

    sequence: int
    event_id: Name | None
    convention: Name | None
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Record:
    """A record of the journal, in a line."""

    budget: str
    sequence: int
    outcome: str
    event_id: Name | None
    event_type: str | None
    event_time: datetime | None
    resumes: int | None


@dataclass(frozen=True, slots=True)
class WholeGrant:
    """All that is known of a grant."""

    grant: Grant
    awarded: tuple[AwardedLine, ...]
    acts: tuple[GrantAct, ...]
    conventions: tuple[Convention, ...]
    lines: tuple[GrantLine, ...]
    """Its money by line and stage, beside the line's own."""
    flags: tuple[Flag, ...]
    records: tuple[Record, ...]
    """The journal behind it."""


async def listed(
    conn: AsyncConnection,
    entities: Entities,
    *,
    budget: str | None = None,
    entity: str | None = None,
    state: str | None = None,
    siret: str | None = None,
    search: str | None = None,
    after: tuple[str, str] | None = None,
    limit: int | None = None,
) -> list[Grant]:
    """Grants by budget and reference; `search` looks into reference, title and beneficiary."""
    key = (grants.c.budget, grants.c.grant_ref)
    query = select(grants).where(visible(grants.c.budget, entities))
    query = query.where(*same(grants, budget=budget, state=state, siret=siret))
    if entity is not None:
        query = query.where(of_entity(grants.c.budget, entity))
    if search:
        text = search.translate(CAPITALS)
        query = query.where(
            or_(*(func.lower(column).contains(text, autoescape=True) for column in SEARCHED))
        )
    return await _with_figures(conn, await page_rows(conn, query, key, after, limit))


async def one(
    conn: AsyncConnection, entities: Entities, budget: str, grant: str
) -> WholeGrant | None:
    """All that is known of one grant; None where the caller can see none."""
    query = select(grants).where(
        visible(grants.c.budget, entities), grants.c.budget == budget, grants.c.grant_ref == grant
    )
    row = await first_row(conn, query)
    if row is None:
        return None
    (whole,) = await _with_figures(conn, [row])
    found = await conventions_of(conn, budget, grant)
    names = [each.convention for each in found]
    names += [each.continues for each in found if each.continues is not None]
    return WholeGrant(
        whole,
        await _awarded(conn, budget, grant),
        tuple(
            row_as(GrantAct, row, act=Act(shown(row["body"]) or "", row["number"], row["act_on"]))
            for row in await _about(conn, acts, budget, grant, names)
        ),
        found,
        await money_of(conn, budget, grant, names),
        tuple(
            row_as(Flag, row, verdict=flag_verdict(row["code"], row["facts"]))
            for row in await _about(conn, review_flags, budget, grant, names)
        ),
        await _records(conn, budget, grant, names),
    )


async def _with_figures(conn: AsyncConnection, rows: Sequence[RowMapping]) -> list[Grant]:
    """Grants with what their conventions have, and how many flags."""
    found: list[Grant] = []
    for start in range(0, len(rows), KEYS_MAX):
        some = rows[start : start + KEYS_MAX]
        keys = [(row["budget"], row["grant_ref"]) for row in some]
        money = await _figures(conn, keys)
        flags = await _flag_counts(conn, keys)
        for row, key in zip(some, keys, strict=True):
            had = {**row, **money.get(key, dict.fromkeys(GRANTED, 0)), "flags": flags.get(key, 0)}
            found.append(row_as(Grant, had, grant=row["grant_ref"]))
    return found


async def _figures(conn: AsyncConnection, keys: Sequence[GrantKey]) -> dict[GrantKey, RowMapping]:
    of_convention = and_(
        convention_lines.c.budget == conventions.c.budget,
        convention_lines.c.convention == conventions.c.convention,
    )
    key = (conventions.c.budget, conventions.c.grant_ref)
    query = (
        select(*key, *granted_columns(convention_lines, summed=True))
        .join_from(conventions, convention_lines, of_convention)
        .where(tuple_(*key).in_(keys))
        .group_by(*key)
    )
    rows = await all_rows(conn, query)
    return {(row["budget"], row["grant_ref"]): row for row in rows}


async def _flag_counts(conn: AsyncConnection, keys: Sequence[GrantKey]) -> dict[GrantKey, int]:
    key = (grants.c.budget, grants.c.grant_ref)
    query = (
        select(*key, func.count().label("flags"))
        .join_from(grants, review_flags, _flag_of(grants.c.budget, grants.c.grant_ref))
        .where(tuple_(*key).in_(keys))
        .group_by(*key)
    )
    return {(row.budget, row.grant_ref): row.flags for row in await conn.execute(query)}


def _flag_of(budget: ColumnElement[Any], grant: ColumnElement[Any]) -> ColumnElement[bool]:
    """True if a flag is on a grant, or on a convention of it."""
    of_it = exists().where(
        conventions.c.budget == review_flags.c.budget,
        conventions.c.convention == review_flags.c.convention,
        conventions.c.grant_ref == grant,
    )
    return and_(review_flags.c.budget == budget, or_(review_flags.c.grant_ref == grant, of_it))


async def _awarded(conn: AsyncConnection, budget: str, grant: str) -> tuple[AwardedLine, ...]:
    query = (
        select(grant_lines)
        .where(grant_lines.c.budget == budget, grant_lines.c.grant_ref == grant)
        .order_by(*line_columns(grant_lines))
    )
    return tuple(row_as(AwardedLine, row) for row in await all_rows(conn, query))


async def _about(
    conn: AsyncConnection, table: Table, budget: str, grant: str, names: Sequence[str]
) -> Sequence[RowMapping]:
    """The rows about a grant and its conventions, in the order of the journal."""
    named = or_(table.c.grant_ref == grant, table.c.convention.in_(names))
    query = select(table).where(table.c.budget == budget, named)
    return await all_rows(conn, query.order_by(*table.primary_key))


async def _records(
    conn: AsyncConnection, budget: str, grant: str, names: Sequence[str]
) -> tuple[Record, ...]:
    """The records that name the grant, a convention or an order of it, or moved its money."""
    moved = select(moves.c.sequence).where(moves.c.budget == budget, moves.c.convention.in_(names))
    orders = select(payment_orders.c.payment_order).where(
        payment_orders.c.budget == budget, payment_orders.c.convention.in_(names)
    )
    named = or_(
        journal.c.grant_ref == grant,
        journal.c.convention.in_(names),
        journal.c.payment_order.in_(orders),
        journal.c.sequence.in_(moved),
    )
    # The records' own bytes stay where they are.
    columns = (journal.c[field.name] for field in fields(Record))
    query = select(*columns).where(journal.c.budget == budget, named)
    rows = await all_rows(conn, query.order_by(journal.c.sequence))
    return tuple(row_as(Record, row) for row in rows)

"""A grant's money by line: reserved by its award, then as its conventions have it."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, Subquery, and_, literal, select, tuple_, union
from sqlalchemy.ext.asyncio import AsyncConnection

from services.api.adapters.prepared import Parameter, Prepared, Row
from services.api.balances.query import LineBalance
from services.api.grants.awards import GrantKey, Which, named, raised
from services.api.queries.figures import GRANTED, added, granted_columns, stage_columns
from services.api.queries.rows import (
    LINE,
    BudgetLine,
    all_rows,
    line_columns,
    line_of,
    row_as,
)
from services.ledger.domain.model.lines import Stage
from services.ledger.explain.sentences import line_order
from services.projector.tables import (
    budgets,
    convention_lines,
    grant_lines,
    journal,
    lines,
    moves,
)

NO_MONEY = dict.fromkeys(GRANTED, 0)
NO_AWARD: Final[Counter[str]] = Counter()


@dataclass(frozen=True, slots=True)
class GrantLine:
    """A grant's money on one line by stage, in cents; and that of the whole budget line."""

    line: BudgetLine
    awarded_cents: int
    carried_in_cents: int
    """The amount that the year before awarded and carried over."""
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
    given: dict[BudgetLine, Counter[str]] = {}
    for query in GIVEN:
        for row in await query.rows(conn, budget=budget, grant=grant):
            cents = {name: row[name] for name in ("added_cents", "carried_in_cents")}
            given.setdefault(line_of(row), Counter()).update(cents)
    had = _by_line(await HAD.rows(conn, budget=budget, names=names))
    whole = _by_line(await WHOLE.rows(conn, budget=budget))
    reserved: dict[BudgetLine, int] = {}
    for query in RESERVED:
        for row in await query.rows(conn, budget=budget, grant=grant):
            line = line_of(row)
            reserved[line] = reserved.get(line, 0) + row["cents"]
    found = given.keys() | had.keys() | {line for line, cents in reserved.items() if cents}
    return tuple(
        row_as(
            GrantLine,
            had.get(line, NO_MONEY),
            line=line,
            awarded_cents=given.get(line, NO_AWARD)["added_cents"],
            carried_in_cents=given.get(line, NO_AWARD)["carried_in_cents"],
            reserved_cents=reserved.get(line, 0),
            budget_line=row_as(LineBalance, whole[line], budget=budget) if line in whole else None,
        )
        for line in sorted(found, key=line_order)
    )


async def reserved_of(conn: AsyncConnection, keys: Sequence[GrantKey]) -> dict[GrantKey, int]:
    """Reserved cents of each of these grants, on all lines."""
    found = dict.fromkeys(keys, 0)
    for reserved in (_reserved_by_name, _reserved_by_record):
        for row in await all_rows(conn, reserved(matches_any(keys))):
            found[row["budget"], row["grant_ref"]] += row["cents"]
    return found


def matches_any(keys: Sequence[GrantKey]) -> Which:
    """Condition: the grant is one of these."""
    references = sorted({reference for _, reference in keys})
    # SQLite looks up no pairs in an index: for these alone it would read all of the journal.
    return lambda columns: and_(columns[1].in_(references), tuple_(*columns).in_(keys))


def matches_grant(budget: Parameter, grant: Parameter) -> Which:
    """Condition: the grant is this one."""
    return lambda columns: and_(columns[0] == budget, columns[1] == grant)


# Cents reserved by awards, that no convention has taken and no end given back, are those of both
# queries: a grant may have rows in each, of what names its conventions and of what its records
# moved besides. The closing of a year gives back all that is reserved, and names no grant
# (rules, 30).


def _reserved_by_name(which: Which, *by: str) -> Select[Any]:
    """Reserved cents of the moves that name a convention of these grants."""
    by_name = named(which)
    of_it = and_(moves.c.budget == by_name.c.budget, moves.c.convention == by_name.c.name)
    return _reserved(by_name, of_it, by)


def _reserved_by_record(which: Which, *by: str) -> Select[Any]:
    """Reserved cents of the moves that name none, in the records of these grants."""
    by_name = named(which)
    award = (journal.c.budget, journal.c.grant_ref)
    of_named = and_(journal.c.budget == by_name.c.budget, journal.c.convention == by_name.c.name)
    records = union(
        select(*award, journal.c.sequence).where(which(award)),
        select(by_name.c.budget, by_name.c.grant_ref, journal.c.sequence).join_from(
            by_name, journal, of_named
        ),
    ).subquery("records")
    of_it = and_(
        moves.c.budget == records.c.budget,
        moves.c.sequence == records.c.sequence,
        moves.c.convention.is_(None),
    )
    return _reserved(records, of_it, by)


def _reserved(grants: Subquery, of_it: ColumnElement[bool], by: Sequence[str]) -> Select[Any]:
    """Reserved cents by grant, of the moves that are of it; of years that are not closed."""
    key = (grants.c.budget, grants.c.grant_ref, *(moves.c[name] for name in by))
    return (
        select(*key, added(moves, (Stage.RESERVED,), (Stage.RESERVED,)).label("cents"))
        .join_from(grants, moves, of_it)
        .join(budgets, and_(budgets.c.budget == grants.c.budget, budgets.c.closed_on.is_(None)))
        .group_by(*key)
    )


GIVEN: Final = (
    Prepared(
        lambda budget, grant: select(
            *line_columns(grant_lines),
            grant_lines.c.amount_cents.label("added_cents"),
            literal(0).label("carried_in_cents"),
        ).where(grant_lines.c.budget == budget, grant_lines.c.grant_ref == grant)
    ),
    Prepared(lambda budget, grant: raised(matches_grant(budget, grant), *LINE)),
)
HAD: Final = Prepared(
    lambda budget, names: (
        select(*line_columns(convention_lines), *granted_columns(convention_lines, summed=True))
        .where(convention_lines.c.budget == budget, convention_lines.c.convention.in_(names))
        .group_by(*line_columns(convention_lines))
    )
)
WHOLE: Final = Prepared(
    lambda budget: select(*line_columns(lines), *stage_columns(lines)).where(
        lines.c.budget == budget
    )
)
RESERVED: Final = (
    Prepared(lambda budget, grant: _reserved_by_name(matches_grant(budget, grant), *LINE)),
    Prepared(lambda budget, grant: _reserved_by_record(matches_grant(budget, grant), *LINE)),
)


def _by_line(rows: Iterable[Row]) -> dict[BudgetLine, Row]:
    return {line_of(row): row for row in rows}

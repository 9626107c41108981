"""A grant's money by line: reserved by its award, then as its conventions have it."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, Subquery, and_, select, tuple_, union, union_all
from sqlalchemy.ext.asyncio import AsyncConnection

from services.api.adapters.prepared import Parameter, PreparedQuery, Row
from services.api.budgets.balances import LineBalance
from services.api.grants.awards import GrantKey, Which, convention_names, sum_raises
from services.api.queries.figures import GRANTED, convention_columns, stage_columns, sum_moves
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
    journal,
    lines,
    moves,
)

NO_MONEY = dict.fromkeys(GRANTED, 0)
NO_AWARD: Final[Counter[str]] = Counter()
RAISED_CENTS: Final = ("added_cents", "carried_in_cents")


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
    conn: AsyncConnection, budget: str, grant: str, names: Sequence[str], awarded: Iterable[Row]
) -> tuple[tuple[GrantLine, ...], Mapping[str, int]]:
    """The money of a grant and its conventions by line, and what all lines come to.

    `names` are all that its conventions had; `awarded` is what the act of its award gives by line.
    """
    given: dict[BudgetLine, Counter[str]] = {}
    for row in awarded:
        given.setdefault(line_of(row), Counter())["added_cents"] += row["amount_cents"]
    sums = Counter[str]()
    for row in await RAISED.rows(conn, budget=budget, grant=grant):
        cents = {name: row[name] for name in RAISED_CENTS}
        given.setdefault(line_of(row), Counter()).update(cents)
        sums.update(cents)
    had = _index_by_line(await HAD.rows(conn, budget=budget, names=names))
    for row in had.values():
        sums.update({name: row[name] for name in GRANTED})
    whole = _index_by_line(await WHOLE.rows(conn, budget=budget))
    reserved = Counter[BudgetLine]()
    for row in await RESERVED.rows(conn, budget=budget, grant=grant):
        reserved[line_of(row)] += row["cents"]
    found = given.keys() | had.keys() | {line for line, cents in reserved.items() if cents}
    lines = tuple(
        row_as(
            GrantLine,
            had.get(line, NO_MONEY),
            line=line,
            awarded_cents=given.get(line, NO_AWARD)["added_cents"],
            carried_in_cents=given.get(line, NO_AWARD)["carried_in_cents"],
            reserved_cents=reserved[line],
            budget_line=row_as(LineBalance, whole[line], budget=budget) if line in whole else None,
        )
        for line in sorted(found, key=line_order)
    )
    return lines, sums


async def sum_reserved(conn: AsyncConnection, keys: Sequence[GrantKey]) -> dict[GrantKey, int]:
    """Reserved cents of each of these grants, on all lines."""
    found = dict.fromkeys(keys, 0)
    for reserved in (_select_reserved_by_name, _select_reserved_by_record):
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


def _select_reserved_by_name(which: Which, *by: str) -> Select[Any]:
    """Reserved cents of the moves that name a convention of these grants."""
    by_name = convention_names(which)
    of_it = and_(moves.c.budget == by_name.c.budget, moves.c.convention == by_name.c.name)
    return _select_reserved(by_name, of_it, by)


def _select_reserved_by_record(which: Which, *by: str) -> Select[Any]:
    """Reserved cents of the moves that name none, in the records of these grants."""
    by_name = convention_names(which)
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
    return _select_reserved(records, of_it, by)


def _select_reserved(
    grants: Subquery, of_it: ColumnElement[bool], by: Sequence[str]
) -> Select[Any]:
    """Reserved cents by grant, of the moves that are of it; of years that are not closed."""
    key = (grants.c.budget, grants.c.grant_ref, *(moves.c[name] for name in by))
    return (
        select(*key, sum_moves(moves, (Stage.RESERVED,), (Stage.RESERVED,)).label("cents"))
        .join_from(grants, moves, of_it)
        .join(budgets, and_(budgets.c.budget == grants.c.budget, budgets.c.closed_on.is_(None)))
        .group_by(*key)
    )


RAISED: Final = PreparedQuery(lambda budget, grant: sum_raises(matches_grant(budget, grant), *LINE))
HAD: Final = PreparedQuery(
    lambda budget, names: (
        select(*line_columns(convention_lines), *convention_columns(convention_lines, summed=True))
        .where(convention_lines.c.budget == budget, convention_lines.c.convention.in_(names))
        .group_by(*line_columns(convention_lines))
    )
)
WHOLE: Final = PreparedQuery(
    lambda budget: select(*line_columns(lines), *stage_columns(lines)).where(
        lines.c.budget == budget
    )
)
RESERVED: Final = PreparedQuery(
    lambda budget, grant: union_all(
        *(
            reserved(matches_grant(budget, grant), *LINE)
            for reserved in (_select_reserved_by_name, _select_reserved_by_record)
        )
    )
)


def _index_by_line(rows: Iterable[Row]) -> dict[BudgetLine, Row]:
    return {line_of(row): row for row in rows}

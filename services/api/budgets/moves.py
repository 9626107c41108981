"""The moves of which a figure is the sum: as a list, as one page of a figure, and by day."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any, Final, NamedTuple

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    and_,
    case,
    false,
    func,
    or_,
    select,
    tuple_,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from services.api.adapters.prepared import Parameter, Parameters, PreparedQuery
from services.api.queries.figures import NOW, AsOf, select_known_moves, sum_moves
from services.api.queries.rows import (
    LINE,
    BudgetLine,
    Entities,
    Name,
    is_between,
    make_each,
    page_rows,
    record_of,
    row_as,
    same,
    total,
    visible,
)
from services.ledger.domain.model.moves import MOVE_KINDS, MoveKind
from services.projector.tables import conventions, journal, moves

OF_LINES: Final = frozenset(
    {"appropriated", "available", "reserved", "committed", "ordered", "paid", "carried_over"}
)
OF_GRANTS: Final = frozenset({"released"})
"""Stages that a convention knows and a line does not."""

STAGES_ASKED: Final = OF_LINES | OF_GRANTS

DAILY_STAGES: Final = ("ordered", "paid")
"""Stages whose moves are summed by day."""

NO_CODES: Final[Mapping[str, str]] = {}

KINDS: Final = {(kind.line_loses, kind.line_gains): kind for kind in MOVE_KINDS.values()}
"""The kinds of moves, by the stages of a line."""


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

    def change_cents(self, stage: str) -> int:
        """Cents that it adds to a figure, or takes from it; 0 where it is none of its moves."""
        return self.amount_cents * move_sign(stage, KINDS[self.from_stage, self.to_stage])


class FigureRow(NamedTuple):
    """A move behind a figure: by how much it changes it, and the figure after it, in cents."""

    move: Move
    change_cents: int
    after_cents: int


@dataclass(frozen=True, slots=True)
class MovesBehind:
    """A figure, and one page of the moves of which it is the sum, in the order of the journal."""

    figure_cents: int
    """The sum of all its moves, whichever of them are on the page."""
    before_cents: int
    """The sum of those that stand before the page."""
    moves: Sequence[Move]
    count: int
    """The number of all its moves."""

    def rows(self, stage: str) -> Iterator["FigureRow"]:
        """Each move with the cents by which it changes the figure, and the figure after it."""
        sum_cents = self.before_cents
        for move in self.moves:
            cents = move.change_cents(stage)
            sum_cents += cents
            yield FigureRow(move, cents, sum_cents)


async def moves_behind(
    conn: AsyncConnection,
    entities: Entities,
    *,
    budget: str,
    line: BudgetLine | None = None,
    chapter: str | None = None,
    convention: str | None = None,
    stage: str | None = None,
    as_of: AsOf = NOW,
    after: tuple[int, int] | None = None,
    limit: int | None = None,
) -> list[Move]:
    """The moves of which a figure is the sum, in the order of the journal.

    `stage` is one of a line's stages (`available` … `carried_over`).
    """
    table = select_known_moves(as_of)
    codes = {} if line is None else {name: getattr(line, name) or "" for name in LINE}
    query = _moves(entities, table, budget, codes, table, journal.c.event_id, journal.c.event_type)
    query = query.where(*same(table, chapter=chapter, convention=convention))
    if stage is not None:
        query = query.where(or_(table.c.from_stage == stage, table.c.to_stage == stage))
    key = (table.c.sequence, table.c.item)
    return [row_as(Move, row) for row in await page_rows(conn, query, key, after, limit)]


async def moves_of_figure(
    conn: AsyncConnection,
    entities: Entities,
    *,
    budget: str,
    stage: str,
    codes: Mapping[str, str] = NO_CODES,
    grant: str | None = None,
    as_of: AsOf = NOW,
    after: tuple[int, int] | None = None,
    limit: int | None = None,
    backwards: bool = False,
) -> MovesBehind:
    """A figure with its moves behind the one `after`; `stage` is one of `STAGES_ASKED`.

    With `backwards` it is the one before which they stand.

    `codes` takes the moves of lines that have them, by the names of `LINE`; '' stands for none.
    `grant` takes the moves for its award and for all its conventions.
    """
    table = select_known_moves(as_of)
    key = (table.c.sequence, table.c.item)

    def select_figure_moves(*columns: Any) -> Select[Any]:
        query = _moves(entities, table, budget, codes, *columns)
        query = query.where(_goes(table, stage, 1) | _goes(table, stage, -1))
        return query if grant is None else query.where(_is_for_grant(table, budget, grant))

    amount = table.c.amount_cents
    added, taken = _goes(table, stage, 1), _goes(table, stage, -1)
    cents = total(case((added, amount), (taken, -amount), else_=0))
    whole = (await conn.execute(select_figure_moves(cents, func.count()))).one()
    figure_cents, count = int(whole[0]), int(whole[1])
    query = select_figure_moves(table, journal.c.event_id, journal.c.event_type)
    rows = await page_rows(conn, query, key, after, limit, backwards=backwards)
    moves = await make_each(rows, partial(row_as, Move))
    before_cents: int = 0
    if after is not None and moves:
        first = (moves[0].sequence, moves[0].item)
        before = select_figure_moves(cents).where(tuple_(*key) < tuple_(*first))
        before_cents = (await conn.execute(before)).scalar_one()
    return MovesBehind(figure_cents, before_cents, moves, count)


async def figure_rows(
    conn: AsyncConnection, entities: Entities, *, stage: str, **filters: Any
) -> list[FigureRow]:
    """The moves behind a figure, each with the figure after it; asked as `moves_of_figure` is."""
    found = await moves_of_figure(conn, entities, stage=stage, **filters)
    return list(found.rows(stage))


def move_sign(stage: str, kind: MoveKind) -> int:
    """Sign of a kind of move in a figure: it adds (1), takes (-1), or neither (0)."""
    if stage == "appropriated":
        # Outside the budget is where appropriations come from, and go when they are taken away.
        return (kind.origin is None) - (kind.target is None)
    if stage in OF_GRANTS:
        gains, loses = kind.convention_gains, kind.convention_loses
    else:
        gains, loses = kind.line_gains, kind.line_loses
    return (gains == stage) - (loses == stage)


def _moves(
    entities: Entities, table: FromClause, budget: str, codes: Mapping[str, str], *columns: Any
) -> Select[Any]:
    """Moves of a budget, or of its lines with these codes, each with its record."""
    query = select(*columns).select_from(table).join(journal, record_of(table))
    query = query.where(visible(table.c.budget, entities), table.c.budget == budget)
    return query.where(*same(table, **codes))


def _is_for_grant(table: FromClause, budget: str, grant: str) -> ColumnElement[bool]:
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


def _goes(table: FromClause, stage: str, direction: int) -> ColumnElement[bool]:
    """True if a move changes the figure in this direction."""
    # A comparison with None asks whether there is no stage: outside the budget there is none.
    ends = (
        (table.c.from_stage == kind.line_loses) & (table.c.to_stage == kind.line_gains)
        for kind in KINDS.values()
        if move_sign(stage, kind) == direction
    )
    return or_(false(), *ends)


@dataclass(frozen=True, slots=True)
class DayMoved:
    """Cents that the moves of a day brought to a stage, less those that they took from it."""

    effective_on: date
    ordered_cents: int
    """Ordered and not paid."""
    paid_cents: int


async def sum_by_day(
    conn: AsyncConnection,
    entities: Entities,
    *,
    budget: str,
    codes: Mapping[str, str],
    as_of: AsOf = NOW,
) -> list[DayMoved]:
    """Days of a budget with moves to or from `ordered` and `paid`, up to a day and a record.

    `codes` are those of the lines that count, by the names of `LINE`.
    """
    rows = await _select_by_day.rows(
        conn,
        entities=entities,
        budget=budget,
        effective_on=as_of.effective_on,
        sequence=as_of.sequence,
        **codes,
    )
    return [row_as(DayMoved, row) for row in rows]


@PreparedQuery
def _select_by_day(
    entities: Parameters | None,
    budget: Parameter,
    effective_on: Parameter | None,
    sequence: Parameter | None,
    **codes: Parameter | None,
) -> Select[Any]:
    table = moves.c
    figures = [sum_moves(moves, (name,), (name,)).label(f"{name}_cents") for name in DAILY_STAGES]
    return (
        select(table.effective_on, *figures)
        .where(visible(table.budget, entities), *same(moves, budget=budget, **codes))
        .where(or_(table.to_stage.in_(DAILY_STAGES), table.from_stage.in_(DAILY_STAGES)))
        .where(*is_between(table.effective_on, None, effective_on))
        .where(*is_between(table.sequence, None, sequence))
        .group_by(table.effective_on)
        .order_by(table.effective_on)
    )

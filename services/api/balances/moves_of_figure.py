"""A figure as the sum of its moves: added up where they are kept, and read page by page."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, FromClause, Select, and_, case, false, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from services.api.balances.moves import Move, for_grant, move_of
from services.api.queries.figures import NOW, known_moves, record_of
from services.api.queries.rows import LINE, BudgetLine, Entities, behind, total, visible
from services.ledger.domain.model.lines import Stage
from services.ledger.domain.model.moves import MOVE_KINDS, MoveKind
from services.projector.tables import journal

OF_LINES: Final = frozenset(
    {"appropriated", "available", "reserved", "committed", "ordered", "paid", "carried_over"}
)
OF_GRANTS: Final = frozenset({"released"})
"""Stages that a convention knows and a line does not."""

STAGES_ASKED: Final = OF_LINES | OF_GRANTS


@dataclass(frozen=True, slots=True)
class MovesBehind:
    """A figure, and one page of the moves of which it is the sum, in the order of the journal."""

    figure_cents: int
    """The sum of all its moves, whichever of them are on the page."""
    before_cents: int
    """The sum of those that stand before the page."""
    moves: Sequence[Move]


def sense(stage: str, kind: MoveKind) -> int:
    """Sign of a kind of move in a figure: it adds (1), takes (-1), or neither (0)."""
    if stage == "appropriated":
        # Outside the budget is where appropriations come from, and go when they are taken away.
        return (kind.origin is None) - (kind.target is None)
    if stage in OF_GRANTS:
        gains, loses = kind.convention_gains, kind.convention_loses
    else:
        gains, loses = kind.line_gains, kind.line_loses
    return (gains == stage) - (loses == stage)


async def moves_of(
    conn: AsyncConnection,
    entities: Entities,
    *,
    budget: str,
    stage: str,
    line: BudgetLine | None = None,
    grant: str | None = None,
    after: tuple[int, int] | None = None,
    limit: int | None = None,
) -> MovesBehind:
    """The moves of a figure behind the one `after`; `stage` is one of `STAGES_ASKED`."""
    table = known_moves(NOW)
    key = [table.c.sequence, table.c.item]

    def of_figure(*columns: Any) -> Select[Any]:
        query = select(*columns).select_from(table).join(journal, record_of(table))
        query = query.where(visible(table.c.budget, entities), table.c.budget == budget)
        query = query.where(_goes(table, stage, 1) | _goes(table, stage, -1))
        if grant is not None:
            query = query.where(for_grant(table, budget, grant))
        if line is not None:
            query = query.where(*(table.c[name] == (getattr(line, name) or "") for name in LINE))
        return query

    cents = total(_signed(table, stage))
    figure_cents: int = (await conn.execute(of_figure(cents))).scalar_one()
    before_cents: int = 0
    if after is not None:
        before = of_figure(cents).where(tuple_(*key) <= tuple_(*after))
        before_cents = (await conn.execute(before)).scalar_one()
    page = of_figure(table, journal.c.event_id, journal.c.event_type).where(behind(key, after))
    rows = (await conn.execute(page.order_by(*key).limit(limit))).mappings()
    return MovesBehind(figure_cents, before_cents, [move_of(row) for row in rows])


def _signed(table: FromClause, stage: str) -> ColumnElement[int]:
    cents = table.c.amount_cents
    return case((_goes(table, stage, 1), cents), (_goes(table, stage, -1), -cents), else_=0)


def _goes(table: FromClause, stage: str, direction: int) -> ColumnElement[bool]:
    """True if a move changes the figure in this direction."""
    kinds = [kind for kind in MOVE_KINDS.values() if sense(stage, kind) == direction]
    ends = [and_(_is(table.c.from_stage, a.origin), _is(table.c.to_stage, a.target)) for a in kinds]
    return or_(false(), *ends)


def _is(column: ColumnElement[Any], stage: Stage | None) -> ColumnElement[bool]:
    return column.is_(None) if stage is None else column == stage.value

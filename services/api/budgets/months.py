"""What was ordered and paid in a budget, by the day on which it took effect."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Select, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.api.adapters.prepared import Parameter, Parameters, Prepared
from services.api.queries.figures import NOW, AsOf, added
from services.api.queries.rows import Entities, between, row_as, same, visible
from services.projector.tables import moves

STAGES = ("ordered", "paid")


@dataclass(frozen=True, slots=True)
class DayMoved:
    """Cents that the moves of a day brought to a stage, less those that they took from it."""

    effective_on: date
    ordered_cents: int
    """Ordered and not paid."""
    paid_cents: int


async def moved_by_day(
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
    rows = await _moved_by_day.rows(
        conn,
        entities=entities,
        budget=budget,
        effective_on=as_of.effective_on,
        sequence=as_of.sequence,
        **codes,
    )
    return [row_as(DayMoved, row) for row in rows]


@Prepared
def _moved_by_day(
    entities: Parameters | None,
    budget: Parameter,
    effective_on: Parameter | None,
    sequence: Parameter | None,
    **codes: Parameter | None,
) -> Select[Any]:
    table = moves.c
    figures = [added(moves, (name,), (name,)).label(f"{name}_cents") for name in STAGES]
    return (
        select(table.effective_on, *figures)
        .where(visible(table.budget, entities), *same(moves, budget=budget, **codes))
        .where(or_(table.to_stage.in_(STAGES), table.from_stage.in_(STAGES)))
        .where(*between(table.effective_on, None, effective_on))
        .where(*between(table.sequence, None, sequence))
        .group_by(table.effective_on)
        .order_by(table.effective_on)
    )

"""Lines of budgets whose codes no slip can take, as far as money is left on them."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from events.texts import Translatable
from services.api.console.page_context import Visit
from services.api.http.components import Components
from services.api.queries.rows import Entities, visible
from services.ledger.explain.sentences import line_label
from services.projector.tables import budgets, lines
from services.treasury.config.accountant import TreasuryConfig
from services.treasury.pes.line_codes import code_faults


@dataclass(frozen=True, slots=True)
class FaultyLine:
    """A line, and why no slip can pay from it."""

    budget: str
    reasons: tuple[Translatable, ...]


async def faulty_lines(
    conn: AsyncConnection, entities: Entities, config: TreasuryConfig, budget: str | None = None
) -> list[FaultyLine]:
    """The lines of open budgets, or of one, from which no slip can pay, by their codes.

    Of budgets alone of which the accountant's codes are known: others send no slips.
    """
    of = lines.c
    granted = of.reserved_cents + of.committed_cents + of.ordered_cents
    asked = (
        select(of.budget, of.chapter, of.article, of.function, of.operation, granted)
        .join(budgets, budgets.c.budget == of.budget)
        .where(visible(of.budget, entities), budgets.c.closed_on.is_(None))
        .where((granted != 0) | (of.available_cents != 0))
        .order_by(of.budget, of.chapter, of.article, of.function, of.operation)
    )
    if budget is not None:
        asked = asked.where(of.budget == budget)
    found = []
    for name, chapter, article, function, operation, granted_cents in await conn.execute(asked):
        settings = config.of(name)
        if settings is None:
            continue
        codes = {"chapter": chapter, "article": article, "function": function or None}
        reasons = code_faults(
            line_label(codes | {"operation": operation or None}),
            function or None,
            operation or None,
            functional=settings.functional,
            is_granted=granted_cents != 0,
        )
        if texts := tuple(reasons):
            found.append(FaultyLine(name, texts))
    return found


async def lines_at_treasury(
    visit: Visit, components: Components, budget: str | None = None
) -> list[FaultyLine]:
    """The same for a page; none where this server makes no slips."""
    treasury = components.treasury
    if treasury is None:
        return []
    return await faulty_lines(visit.connection, visit.entities, treasury.config, budget)

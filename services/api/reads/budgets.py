"""Budgets, and how far the accounts are."""

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Response
from pydantic import Field, TypeAdapter

from events.lag import State
from services.api.asking import Ends, Now, Watched
from services.api.problems import NOT_FOUND, Problem, problems
from services.api.queries import budgets
from services.api.queries.standing import Standing, standing
from services.api.reads.answering import UNCHANGED, Page, paged, whole
from services.api.reads.asked import BudgetId, Filters, KeyText, PageFilters, Question, Siret
from services.lag.present.headline import Knows, Verdict, arrived, headline

router = APIRouter(tags=["budgets"], responses=problems(400) | UNCHANGED)

YEAR_MIN, YEAR_MAX = 1900, 2199


@dataclass(frozen=True, slots=True)
class StandingNow(Standing):
    """The accounts at this moment: the read model, and what waits before the ledger."""

    verdict: Verdict
    """What the page Today says first."""
    knows: Knows
    """Who knows what waits before the ledger, or why nobody does."""
    stage: str | None
    """The stage that is not well, of those that lead to the accounts."""
    stage_state: State | None
    seen_at: datetime
    """When that was so: by a watch, when it last looked."""
    received: int | None
    """All records that came in; None where nobody knows what waits before the ledger."""
    in_flight: int | None
    """How many of them are not in the read model; what waits before the ledger is among them."""


class BudgetFilters(PageFilters):
    """Which budgets."""

    entity: Siret | None = None
    fiscal_year: int | None = Field(None, ge=YEAR_MIN, le=YEAR_MAX)


BUDGETS: Final = TypeAdapter(Page[budgets.Budget])
BUDGET: Final = TypeAdapter(budgets.Budget)
STANDING: Final = TypeAdapter(StandingNow)
KEY: Final = TypeAdapter(tuple[KeyText])


@router.get("/budgets", response_model=Page[budgets.Budget], summary="Budgets")
async def listed(question: Question, filters: Annotated[BudgetFilters, Query()]) -> Response:
    """Budgets: one public entity, one budget code, one fiscal year each."""
    entity = question.of(filters.entity)

    async def fetch(after: Any, limit: int) -> list[budgets.Budget]:
        return await budgets.listed(
            question.connection,
            question.entities,
            entity=entity,
            fiscal_year=filters.fiscal_year,
            after=after,
            limit=limit,
        )

    return await paged(question, filters, BUDGETS, KEY, fetch, lambda each: (each.budget,))


@router.get("/budgets/{budget}", response_model=budgets.Budget, summary="A budget")
async def one(question: Question, budget: BudgetId, _: Annotated[Filters, Query()]) -> Response:
    """One budget, and the last record of its journal."""
    question.of(budget)

    async def build() -> budgets.Budget:
        found = await budgets.one(question.connection, question.entities, budget)
        if found is None:
            raise Problem(NOT_FOUND)
        return found

    return await whole(question, BUDGET, build)


@router.get("/standing", response_model=StandingNow, summary="How far the accounts are")
async def stands(
    lag: Watched, ends: Ends, now: Now, question: Question, _: Annotated[Filters, Query()]
) -> Response:
    """How far the accounts are, as the page Today says it, and what became of what was decided.

    `received` and `in_flight` come from the watch, and are null where it does not know; `unread` is
    null where nobody knows where the journal ends. Who sees some entities only is told of their
    budgets: dead letters, what is in flight or unread and places in the journal are null.
    """
    found = await standing(question.connection, question.entities, ends)
    reading = found.reading(sees_all=question.entities is None)
    first, (received, in_flight) = headline(lag, reading, now), arrived(lag, reading)
    said = StandingNow(
        **{each.name: getattr(found, each.name) for each in fields(found)},
        verdict=first.verdict,
        knows=first.knows,
        stage=None if first.stage is None else first.stage.stage,
        stage_state=None if first.stage is None else first.stage.state,
        seen_at=first.seen_at,
        received=received,
        in_flight=in_flight,
    )
    return Response(STANDING.dump_json(said), media_type="application/json")

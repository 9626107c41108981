"""Budgets, and how far the read model is."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Response
from pydantic import Field, TypeAdapter

from services.api.asking import Ends, Now
from services.api.problems import NOT_FOUND, Problem, problems
from services.api.queries import budgets
from services.api.queries.standing import Standing, standing
from services.api.reads.answering import UNCHANGED, Page, paged, whole
from services.api.reads.asked import BudgetId, Filters, KeyText, PageFilters, Question, Siret

router = APIRouter(tags=["budgets"], responses=problems(400) | UNCHANGED)

YEAR_MIN, YEAR_MAX = 1900, 2199


class BudgetFilters(PageFilters):
    """Which budgets."""

    entity: Siret | None = None
    fiscal_year: int | None = Field(None, ge=YEAR_MIN, le=YEAR_MAX)


BUDGETS: Final = TypeAdapter(Page[budgets.Budget])
BUDGET: Final = TypeAdapter(budgets.Budget)
STANDING: Final = TypeAdapter(Standing)
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


@router.get("/standing", response_model=Standing, summary="How far the read model is")
async def stands(
    ends: Ends, now: Now, question: Question, _: Annotated[Filters, Query()]
) -> Response:
    """How far each partition of the journal is in the read model, and what became of its records.

    `in_flight` is null where nobody knows where the journal ends. Who sees some entities only is
    told of their budgets: dead letters, what is in flight and places in the journal are null.
    """
    found = await standing(question.connection, question.entities, now, ends)
    return Response(STANDING.dump_json(found), media_type="application/json")

"""Budgets."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Response
from pydantic import Field, TypeAdapter

from services.api.budgets import query as budgets
from services.api.http.answering import UNCHANGED, Page, paged, whole
from services.api.http.question import BudgetId, Filters, KeyText, PageFilters, Question, Siret
from services.api.problems import NOT_FOUND, Problem, problems

router = APIRouter(tags=["budgets"], responses=problems(400) | UNCHANGED)

YEAR_MIN, YEAR_MAX = 1900, 2199


class BudgetFilters(PageFilters):
    """Which budgets."""

    entity: Siret | None = None
    fiscal_year: int | None = Field(None, ge=YEAR_MIN, le=YEAR_MAX)


BUDGETS: Final = TypeAdapter(Page[budgets.Budget])
BUDGET: Final = TypeAdapter(budgets.Budget)
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

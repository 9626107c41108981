"""Budgets."""

from typing import Annotated, Final

from fastapi import APIRouter, Query, Response
from pydantic import Field, TypeAdapter

from services.api.budgets import query as budgets
from services.api.http.answering import UNCHANGED, whole
from services.api.http.lists import CURSOR_UNKNOWN, list_route
from services.api.http.question import BudgetId, Filters, KeyText, ListFilters, Question, Siret
from services.api.http.question_route import QuestionRoute
from services.api.problems import problems

router = APIRouter(
    tags=["budgets"], responses=problems(CURSOR_UNKNOWN) | UNCHANGED, route_class=QuestionRoute
)

YEAR_MIN, YEAR_MAX = 1900, 2199


class BudgetFilters(ListFilters):
    """Filters of budgets."""

    entity: Siret | None = None
    fiscal_year: int | None = Field(None, ge=YEAR_MIN, le=YEAR_MAX)


BUDGET: Final = TypeAdapter(budgets.Budget)


list_route(
    router,
    "/budgets",
    budgets.listed,
    BudgetFilters,
    {"budget": KeyText},
    summary="Budgets",
    description="Budgets: one public entity, one budget code, one fiscal year each.",
)


@router.get("/budgets/{budget}", response_model=budgets.Budget, summary="A budget")
async def one(question: Question, budget: BudgetId, _: Annotated[Filters, Query()]) -> Response:
    """One budget, and the last record of its journal."""
    question.check_authorized(budget)

    return await whole(
        question, BUDGET, lambda: budgets.one(question.connection, question.entities, budget)
    )

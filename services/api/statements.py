"""Statements of a budget: its execution, its list of grants; as JSON, CSV and XLSX."""

from typing import Annotated, Final

from fastapi import APIRouter, Query, Response
from pydantic import Field, TypeAdapter

from services.api.budgets import balances
from services.api.budgets import query as budgets
from services.api.budgets.statement import (
    TITLE,
    ExecutionStatement,
    execution_of,
    execution_sheet,
    line_sheet,
)
from services.api.files.list_file import FILE, FileFormat, file_answer, heading_of
from services.api.files.sheet import Sheet
from services.api.grants.grant_list import grant_list, grant_sheet
from services.api.http.answering import UNCHANGED, whole
from services.api.http.question import BudgetId, Day, Filters, QueryContext, Question, Sequence
from services.api.problems import NOT_FOUND, Problem
from services.api.queries.figures import AsOf

router = APIRouter(prefix="/budgets/{budget}", tags=["statements"], responses=UNCHANGED)

EXECUTION: Final = TypeAdapter(ExecutionStatement)


class ExecutionFilters(Filters):
    """The moment of an execution."""

    effective_on: Day | None = Field(None, description="As of this day. Else all moves count.")
    known_at: Sequence | None = Field(None, description="As known at this record; else now.")

    @property
    def as_of(self) -> AsOf:
        """The moment."""
        return AsOf(self.effective_on, self.known_at)


class _OfBudget(ExecutionFilters):
    """The same with the budget, for a heading."""

    budget: BudgetId


@router.get("/execution", response_model=ExecutionStatement, summary="Budget execution")
async def execution(
    question: Question, budget: BudgetId, filters: Annotated[ExecutionFilters, Query()]
) -> Response:
    """The budget execution statement (état d'exécution), by chapter and article."""
    question.check_authorized(budget)

    async def build() -> ExecutionStatement:
        return execution_of(budget, await _lines(question, budget, filters))

    return await whole(question, EXECUTION, build)


@router.get(
    "/execution.{file_format}",
    response_class=Response,
    responses=FILE,
    summary="Budget execution as a file",
)
async def execution_file(
    question: Question,
    budget: BudgetId,
    file_format: FileFormat,
    filters: Annotated[ExecutionFilters, Query()],
) -> Response:
    """The same as CSV or XLSX, in euros: in French with semicolons and decimal commas.

    A second sheet of the XLSX has it line by line, with function and operation.
    """
    question.check_authorized(budget)

    async def sheets() -> list[Sheet]:
        lines = await _lines(question, budget, filters)
        of_budget = _OfBudget(budget=budget, **filters.model_dump())
        heading = await heading_of(question, of_budget, TITLE, {})
        names = question.names
        by_chapter = execution_sheet(execution_of(budget, lines), names)
        return [each._replace(heading=heading) for each in (by_chapter, line_sheet(lines, names))]

    return await file_answer(question, f"execution-{budget}", file_format, sheets)


@router.get(
    "/grants.{file_format}",
    response_class=Response,
    responses=FILE,
    summary="List of grants as a file",
)
async def grants_file(
    question: Question,
    budget: BudgetId,
    file_format: FileFormat,
    _: Annotated[Filters, Query()],
) -> Response:
    """The list of grants (CGCT L2313-1), with the open-data columns of décret 2017-779.

    Its first line is that of the columns, as the published format wants it: it has no heading.
    """
    question.check_authorized(budget)

    async def sheets() -> list[Sheet]:
        await _check_budget(question, budget)
        listed = await grant_list(question.connection, question.entities, budget)
        return [grant_sheet(listed, question.names)]

    return await file_answer(question, f"grants-{budget}", file_format, sheets)


async def _lines(
    question: QueryContext, budget: str, filters: ExecutionFilters
) -> list[balances.LineBalance]:
    await _check_budget(question, budget)
    return await balances.list_lines(
        question.connection, question.entities, budget=budget, as_of=filters.as_of
    )


async def _check_budget(question: QueryContext, budget: str) -> None:
    """Check that there is such a budget.

    Raises:
        Problem: 404, there is none.
    """
    if await budgets.one(question.connection, question.entities, budget) is None:
        raise Problem(NOT_FOUND)

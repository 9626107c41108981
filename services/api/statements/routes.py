"""Statements of a budget: its execution, its list of grants; as JSON, CSV and XLSX."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from enum import StrEnum
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Response
from pydantic import TypeAdapter

from services.api.balances import query as balances
from services.api.budgets import query as budgets
from services.api.http.answering import UNCHANGED, answered, whole
from services.api.http.question import Asked, BudgetId, Filters, Question
from services.api.problems import NOT_FOUND, Problem
from services.api.statements import csv_file, xlsx_file
from services.api.statements.execution import (
    ExecutionStatement,
    execution_of,
    execution_sheet,
)
from services.api.statements.grant_list import grant_list, grant_sheet
from services.api.statements.sheet import Sheet

router = APIRouter(prefix="/budgets/{budget}", tags=["statements"], responses=UNCHANGED)

EXECUTION: Final = TypeAdapter(ExecutionStatement)


class FileFormat(StrEnum):
    """File formats of a statement."""

    CSV = "csv"
    XLSX = "xlsx"


MEDIA_TYPES: Final = {
    FileFormat.CSV: csv_file.MEDIA_TYPE,
    FileFormat.XLSX: xlsx_file.MEDIA_TYPE,
}
WRITERS: Final = {FileFormat.CSV: csv_file.as_csv, FileFormat.XLSX: xlsx_file.as_xlsx}
FILE: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "The file.",
        "content": {
            "text/csv": {"schema": {"type": "string"}},
            xlsx_file.MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}},
        },
    }
}


@router.get("/execution", response_model=ExecutionStatement, summary="Budget execution")
async def execution(
    question: Question, budget: BudgetId, _: Annotated[Filters, Query()]
) -> Response:
    """The budget execution statement (état d'exécution), by chapter and article."""
    question.check_authorized(budget)

    async def build() -> ExecutionStatement:
        return await _execution(question, budget)

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
    _: Annotated[Filters, Query()],
) -> Response:
    """The same as CSV or XLSX, in euros: in French with semicolons and decimal commas."""
    question.check_authorized(budget)

    async def sheet() -> Sheet:
        return execution_sheet(await _execution(question, budget))

    return await _file(question, f"execution-{budget}", file_format, sheet)


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
    """The list of grants (CGCT L2313-1), with the open-data columns of décret 2017-779."""
    question.check_authorized(budget)

    async def sheet() -> Sheet:
        await _check_budget(question, budget)
        listed = await grant_list(question.connection, question.entities, budget)
        return grant_sheet(listed)

    return await _file(question, f"grants-{budget}", file_format, sheet)


async def _execution(question: Asked, budget: str) -> ExecutionStatement:
    await _check_budget(question, budget)
    lines = await balances.by_line(question.connection, question.entities, budget=budget)
    return execution_of(budget, lines)


async def _check_budget(question: Asked, budget: str) -> None:
    """That there is such a budget.

    Raises:
        Problem: 404, there is none.
    """
    if await budgets.one(question.connection, question.entities, budget) is None:
        raise Problem(NOT_FOUND)


async def _file(
    question: Asked, name: str, file_format: FileFormat, sheet: Callable[[], Awaitable[Sheet]]
) -> Response:
    """The statement as a file to be kept, written beside the event loop."""

    async def body() -> tuple[bytes, Mapping[str, str]]:
        write = WRITERS[file_format]
        content = await asyncio.to_thread(write, await sheet(), question.language)
        disposition = f'attachment; filename="{name}.{file_format}"'
        return content, {"Content-Disposition": disposition}

    return await answered(question, MEDIA_TYPES[file_format], body)

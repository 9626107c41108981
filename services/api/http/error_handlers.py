"""Error handlers: each error becomes a problem with its code."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from events.texts import Translatable, _
from events.unreadable import fault_detail
from services.api.http.dependencies import RETRY_AFTER_S, unreachable
from services.api.problems import (
    INVALID_REQUEST,
    METHOD_NOT_ALLOWED,
    NOT_FOUND,
    OTHER,
    TOO_LARGE,
    TOO_SLOW,
    Kind,
    Problem,
    answer,
)
from services.api.requests import language_of
from services.runtime.ops.errors import Stop
from services.texts.language import Language
from services.texts.translation import translate

ProblemOf = Callable[[Request, Any], Problem]

FAULTS_MAX: Final = 20
"""Faults of a request that are named."""

STATEMENT_CANCELLED: Final = "57014"
"""PostgreSQL's code for a statement that took too long."""

SOURCE_UNREACHABLE: Final = Kind(
    "source_unreachable",
    503,
    _("Out of reach"),
    Translatable("{said}"),
    _("Try again; if it lasts, tell the operator."),
)


def add_handlers(app: FastAPI) -> None:
    """Have every error of a route answered as a problem."""
    for error, problem_of in PROBLEMS.items():
        app.add_exception_handler(error, _answering(problem_of))


def _answering(problem_of: ProblemOf) -> Callable[[Request, Exception], Awaitable[Response]]:
    async def answering(request: Request, error: Exception) -> Response:
        problem = problem_of(request, error)
        request.state.reason = problem.kind.code
        return answer(problem, request)

    return answering


def _invalid(request: Request, error: RequestValidationError) -> Problem:
    language = language_of(request)
    faults = [_fault(each, language) for each in error.errors()[:FAULTS_MAX]]
    named = ", ".join(f"{fault['in']} {fault['name']} ({fault['detail']})" for fault in faults)
    return Problem(INVALID_REQUEST, {"faults": named}, faults=faults)


def _fault(error: dict[str, Any], language: Language) -> dict[str, str]:
    """A fault of a request, and why: never the value, which may be anything."""
    place = error.get("loc", ())
    name = "/".join(str(part) for part in place[1:])
    facts = {**error.get("ctx", {}), "error": error["msg"]}
    why = fault_detail(error["type"], facts)
    return {"in": str(place[0]) if place else "", "name": name, "detail": translate(why, language)}


def _http(request: Request, error: HTTPException) -> Problem:
    headers = error.headers or {}
    match error.status_code:
        case 404:
            return Problem(NOT_FOUND, headers=headers)
        case 405:
            return Problem(METHOD_NOT_ALLOWED, {"method": request.method}, headers=headers)
        case 413:
            return Problem(TOO_LARGE, {"limit_bytes": error.detail})
        case status:
            return Problem(OTHER._replace(status=status), {"said": error.detail}, headers=headers)


def _database(request: Request, error: DBAPIError) -> Problem:
    """The database went away, or took too long; any other error of its is our bug.

    Raises:
        DBAPIError: it is our bug.
    """
    if getattr(error.orig, "sqlstate", None) == STATEMENT_CANCELLED:
        return Problem(TOO_SLOW, {"limit_s": request.app.state.components.request_limit_s})
    if error.connection_invalidated or isinstance(error, OperationalError | InterfaceError):
        return unreachable(error)
    raise error


def _stop(_request: Request, error: Stop) -> Problem:
    headers = {"Retry-After": str(RETRY_AFTER_S)}
    return Problem(SOURCE_UNREACHABLE, {"said": error.text}, headers=headers)


PROBLEMS: Final[Mapping[type[Exception], ProblemOf]] = {
    Problem: lambda _request, problem: problem,
    RequestValidationError: _invalid,
    HTTPException: _http,
    DBAPIError: _database,
    Stop: _stop,
}

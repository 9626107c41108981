"""Error handlers: each error becomes a problem with its code."""

from typing import Any, Final, cast

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from events.sentences import Sentence
from events.unreadable import DETAILS, OTHER_DETAIL
from services.api.http.dependencies import RETRY_AFTER_S, unreachable
from services.api.language import language_of
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
from services.runtime.ops.errors import Stop
from services.texts.language import Language
from services.texts.translation import translate

FAULTS_MAX: Final = 20
"""Faults of a request that are named."""

STATEMENT_CANCELLED: Final = "57014"
"""PostgreSQL's code for a statement that took too long."""

SOURCE_UNREACHABLE: Final = Kind(
    "source_unreachable",
    503,
    Sentence("Hors d'atteinte", "Out of reach"),
    Sentence("{said}", "{said}"),
    Sentence(
        "Réessayez\u00a0; si cela dure, prévenez l'opérateur.",
        "Try again; if it lasts, tell the operator.",
    ),
)


def add_handlers(app: FastAPI) -> None:
    """Have every error of a route answered as a problem."""
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(OperationalError, _database)
    app.add_exception_handler(InterfaceError, _database)
    app.add_exception_handler(DBAPIError, _database)
    app.add_exception_handler(Stop, _stop)


def _answer(request: Request, problem: Problem) -> Response:
    request.state.reason = problem.kind.code
    return answer(problem, request)


async def _problem(request: Request, error: Exception) -> Response:
    return _answer(request, cast(Problem, error))


async def _invalid(request: Request, error: Exception) -> Response:
    language = language_of(request)
    found = cast(RequestValidationError, error).errors()[:FAULTS_MAX]
    faults = [_fault(each, language) for each in found]
    named = ", ".join(f"{fault['in']} {fault['name']} ({fault['detail']})" for fault in faults)
    return _answer(request, Problem(INVALID_REQUEST, {"faults": named}, faults=faults))


def _fault(error: dict[str, Any], language: Language) -> dict[str, str]:
    """A fault of a request, and why: never the value, which may be anything."""
    place = error.get("loc", ())
    name = "/".join(str(part) for part in place[1:])
    facts = {**error.get("ctx", {}), "error": error["msg"]}
    why = DETAILS.get(error["type"], OTHER_DETAIL).render(facts)
    return {"in": str(place[0]) if place else "", "name": name, "detail": translate(why, language)}


async def _http(request: Request, error: Exception) -> Response:
    found = cast(HTTPException, error)
    headers = found.headers or {}
    match found.status_code:
        case 404:
            problem = Problem(NOT_FOUND, headers=headers)
        case 405:
            problem = Problem(METHOD_NOT_ALLOWED, {"method": request.method}, headers=headers)
        case 413:
            problem = Problem(TOO_LARGE, {"limit_bytes": found.detail})
        case status:
            kind = OTHER._replace(status=status)
            problem = Problem(kind, {"said": found.detail}, headers=headers)
    return _answer(request, problem)


async def _database(request: Request, error: Exception) -> Response:
    """The database went away, or took too long; any other error of its is our bug.

    Raises:
        DBAPIError: it is our bug.
    """
    found = cast(DBAPIError, error)
    if getattr(found.orig, "sqlstate", None) == STATEMENT_CANCELLED:
        limit_s = request.app.state.components.request_limit_s
        return _answer(request, Problem(TOO_SLOW, {"limit_s": limit_s}))
    if found.connection_invalidated or isinstance(found, OperationalError | InterfaceError):
        return _answer(request, unreachable())
    raise found


async def _stop(request: Request, error: Exception) -> Response:
    text = cast(Stop, error).text
    headers = {"Retry-After": str(RETRY_AFTER_S)}
    return _answer(request, Problem(SOURCE_UNREACHABLE, {"said": text}, headers=headers))

"""The routes of a declared list: page by page as JSON, and whole as a file."""

from fastapi import APIRouter

from services.api.files.list_file import list_file
from services.api.http.answering import UNCHANGED
from services.api.http.lists import CURSOR_UNKNOWN, list_route
from services.api.http.question import QuestionRoute
from services.api.lists.declaration import ListDeclaration
from services.api.problems import problems


def routes_of(declared: ListDeclaration) -> APIRouter:
    """A router with the routes of a list."""
    router = APIRouter(
        tags=[declared.summary.lower()],
        responses=problems(CURSOR_UNKNOWN) | UNCHANGED,
        route_class=QuestionRoute,
    )
    list_route(
        router,
        declared.path,
        declared.rows,
        declared.filters,
        declared.key,
        summary=declared.summary,
        description=declared.description,
        name=declared.name,
    )
    list_file(
        router,
        declared.path,
        declared.rows,
        declared.filters,
        declared.table,
        name=declared.name,
        summary=f"{declared.summary} as a file",
    )
    return router

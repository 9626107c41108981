"""The short way of a question's route reads what FastAPI reads, and leaves it all else."""

import asyncio
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Annotated, Any, Final

import httpx
import pytest
from fastapi import APIRouter, FastAPI, Path, Query, Request, Response
from fastapi.routing import APIRoute
from sqlalchemy.ext.asyncio import create_async_engine

from services.api.access.caller import EVERYBODY, Caller, Scope
from services.api.http import question
from services.api.http.components import ReadSlots
from services.api.http.error_handlers import add_handlers
from services.api.http.question import Name, PageFilters, Question, QuestionRoute, Sequence
from tests.api.environment import HandClock, asking

ADDRESSES: Final = (
    "/a/1",
    "/a%20b%2Fc/2?lang=fr",
    "/a/1?state=x&state=y&limit=7",
    "/a/1?limit=7&limit=8",
    "/a/1?state=",
    "/a/1?cursor=",
    "/a/1?limit=0",
    "/a/1?limit=seven",
    "/a/1?colour=red",
    "/a/0",
    "/a/x",
    "/%00/1",
    "/a/1?lang=de&limit=%20",
)


class Filters(PageFilters):
    state: list[str] | None = None


def an_app(route_class: type[APIRoute], rights: Mapping[Scope, Any]) -> FastAPI:
    app = FastAPI()
    add_handlers(app)
    router = APIRouter(route_class=route_class)

    @router.get("/{name}/{number}")
    async def route(
        question: Question,
        name: Annotated[Name, Path(description="a name")],
        number: Sequence,
        filters: Annotated[Filters, Query()],
    ) -> Response:
        return Response(f"{question.caller.name} {name!r} {number!r} {filters!r}")

    @app.middleware("http")
    async def known(request: Request, go_on: Any) -> Any:
        request.state.caller = Caller("somebody", rights)
        return await go_on(request)

    engine = create_async_engine("sqlite+aiosqlite://")
    app.state.components = SimpleNamespace(
        engine=engine, clock=HandClock(), read_slots=ReadSlots(), request_limit_s=1.0
    )
    app.include_router(router)
    return app


def get(app: FastAPI, address: str) -> httpx.Response:
    async def ask() -> httpx.Response:
        async with asking(app, None) as client:
            return await client.get(address)

    return asyncio.run(ask())


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("rights", [{Scope.READ: EVERYBODY}, {}], ids=["reader", "nobody"])
def test_both_ways_answer_the_same(address: str, rights: Mapping[Scope, Any]) -> None:
    answers = [get(an_app(each, rights), address) for each in (APIRoute, QuestionRoute)]
    by_fastapi, short = ((each.status_code, each.content) for each in answers)
    assert by_fastapi == short


def test_what_can_be_read_does_not_go_through_fastapi(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(APIRoute, "get_route_handler", lambda _route: None)
    answer = get(an_app(QuestionRoute, {Scope.READ: EVERYBODY}), "/a/1?state=x")
    assert 200 == answer.status_code
    assert "state=['x']" in answer.text


def test_an_endpoint_that_takes_anything_else_is_fastapis() -> None:
    async def endpoint(question: Question, other: int) -> Response:
        return Response(f"{question} {other}")

    assert question._parameters(endpoint, {}) is None

"""Around every request: closed by default, problems in two languages, headers, one log line."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from services.api.asking import Connection, Operator, Reader, check_sees
from tests.api.world import LILLE, LILLE_KEY, READ_KEY, ROUBAIX, an_app, an_empty_read_model, asking


@pytest.fixture
def app(tmp_path: Path) -> FastAPI:
    made = an_app(an_empty_read_model(tmp_path))

    @made.get("/budgets/{budget}/probe")
    async def probe(budget: str, caller: Reader, connection: Connection) -> dict[str, Any]:
        check_sees(caller, budget)
        found = await connection.exec_driver_sql("SELECT count(*) FROM journal")
        return {"budget": budget, "records": found.scalar_one()}

    @made.get("/secrets")
    async def secrets(_caller: Operator) -> dict[str, str]:
        return {}

    @made.get("/broken")
    async def broken(_caller: Reader) -> None:
        raise ZeroDivisionError("FR7610278027150004578690110")

    return made


def asked(
    app: FastAPI,
    what: Callable[[httpx.AsyncClient], Awaitable[httpx.Response]],
    key: str | None = READ_KEY,
    language: str | None = "en",
) -> httpx.Response:
    async def ask() -> httpx.Response:
        async with asking(app, key, language) as client:
            return await what(client)

    return asyncio.run(ask())


def test_nothing_but_health_is_open(app: FastAPI) -> None:
    paths = [path for path in app.openapi()["paths"] if path not in {"/healthz", "/readyz"}]
    closed = [*paths, "/docs", "/openapi.json", "/nowhere", "/readyz/", "/console/login/x"]

    async def ask() -> set[int]:
        async with asking(app, None) as client:
            return {(await client.post(path)).status_code for path in closed}

    assert {401} == asyncio.run(ask())
    assert 200 == asked(app, lambda client: client.get("/healthz"), None).status_code


def test_a_budget_of_another_entity_is_not_there(app: FastAPI) -> None:
    own = asked(app, lambda client: client.get(f"/budgets/{LILLE}-00-2023/probe"), LILLE_KEY)
    assert {"budget": f"{LILLE}-00-2023", "records": 0} == own.json()
    other = asked(app, lambda client: client.get(f"/budgets/{ROUBAIX}-00-2023/probe"), LILLE_KEY)
    assert (404, "not_found") == (other.status_code, other.json()["code"])


def test_a_right_that_is_missing_is_named(app: FastAPI) -> None:
    answer = asked(app, lambda client: client.get("/secrets"))
    assert (403, "scope_missing") == (answer.status_code, answer.json()["code"])
    assert "operate" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("language", "title"),
    [
        ("fr", "Introuvable"),
        ("en-GB,fr;q=0.5", "Not found"),
        ("de, en;q=0.1", "Not found"),
        ("de", "Introuvable"),
        (None, "Introuvable"),
        ("fr;q=0.2,en;q=0.20001", "Introuvable"),
        ("fr;q=nonsense,en;q=0.1", "Not found"),
    ],
)
def test_a_problem_speaks_the_language_that_was_asked_for(
    app: FastAPI, language: str | None, title: str
) -> None:
    answer = asked(app, lambda client: client.get("/nowhere"), language=language)
    assert (404, title) == (answer.status_code, answer.json()["title"])
    assert "application/problem+json" == answer.headers["content-type"]


def test_our_own_error_says_nothing_of_itself(app: FastAPI) -> None:
    answer = asked(app, lambda client: client.get("/broken"))
    assert (500, "internal_error") == (answer.status_code, answer.json()["code"])
    assert "FR76" not in answer.text
    assert answer.headers["x-request-id"] == answer.json()["request_id"]

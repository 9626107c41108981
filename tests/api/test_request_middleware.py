"""Around every request: closed by default, problems in two languages, headers, one log line."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any

import pytest
from fastapi import FastAPI, Query
from starlette.responses import Response, StreamingResponse
from starlette.types import Message
from structlog.testing import capture_logs

from services.api.http.dependencies import Operator, Reader
from services.api.http.question import Question
from tests import silence
from tests.api.environment import (
    ALL_KEY,
    LILLE,
    LILLE_KEY,
    READ_KEY,
    ROUBAIX,
    an_app,
    an_empty_read_model,
    asked,
    asking,
)
from tests.api.reads.walking import OPEN

no_logs = silence.all_logs


@pytest.fixture
def app(tmp_path: Path) -> FastAPI:
    made = an_app(an_empty_read_model(tmp_path))

    @made.get("/budgets/{budget}/probe")
    async def probe(budget: str, question: Question) -> dict[str, Any]:
        question.check_authorized(budget)
        found = await question.connection.exec_driver_sql("SELECT count(*) FROM journal")
        return {"budget": budget, "records": found.scalar_one()}

    @made.get("/secrets")
    async def secrets(_caller: Operator) -> dict[str, str]:
        return {}

    @made.get("/tagged")
    async def tagged(_caller: Reader) -> Response:
        return Response("1", headers={"ETag": '"1"'})

    @made.get("/broken")
    async def broken(_caller: Reader) -> None:
        raise ZeroDivisionError("FR7610278027150004578690110")

    return made


def test_nothing_but_health_and_the_contract_is_open(app: FastAPI) -> None:
    documented = app.openapi()["paths"]
    paths = [path for path in documented if path not in OPEN]
    others = ["/docs", "/openapi.json", "/nowhere", "/readyz/", "/console/login/x"]
    closed = [(method, path) for path in paths for method in {*documented[path], "post"}]
    # What is of the console leads to the page to log in, where it is only looked at.
    closed += [("post", path) for path in others] + [("get", path) for path in others[:-1]]

    async def ask() -> set[int]:
        async with asking(app, None) as client:
            return {(await client.request(*each)).status_code for each in closed}

    assert {401} == asyncio.run(ask())
    assert 200 == asked(app, "/healthz", None).status_code


def test_a_budget_of_another_entity_is_not_there(app: FastAPI) -> None:
    own = asked(app, f"/budgets/{LILLE}-00-2023/probe", LILLE_KEY)
    assert {"budget": f"{LILLE}-00-2023", "records": 0} == own.json()
    other = asked(app, f"/budgets/{ROUBAIX}-00-2023/probe", LILLE_KEY)
    assert (404, "not_found") == (other.status_code, other.json()["code"])


def test_a_right_that_is_missing_is_named(app: FastAPI) -> None:
    answer = asked(app, "/secrets")
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
    answer = asked(app, "/nowhere", language=language)
    assert (404, title) == (answer.status_code, answer.json()["title"])
    assert "application/problem+json" == answer.headers["content-type"]


def test_our_own_error_says_nothing_of_itself(app: FastAPI) -> None:
    answer = asked(app, "/broken")
    assert (500, "internal_error") == (answer.status_code, answer.json()["code"])
    assert "FR76" not in answer.text
    assert answer.headers["x-request-id"] == answer.json()["request_id"]


@pytest.mark.parametrize(
    ("language", "phrase"), [("fr", "le minimum est 1"), ("en", "the minimum is 1")]
)
def test_a_value_that_is_wrong_is_named_in_the_language_of_who_asks(
    app: FastAPI, language: str, phrase: str
) -> None:
    @app.get("/pages")
    async def pages(_caller: Reader, limit: Annotated[int, Query(ge=1)]) -> int:
        return limit

    answer = asked(app, "/pages?limit=0", language=language)
    assert (422, "invalid_request") == (answer.status_code, answer.json()["code"])
    assert [{"in": "query", "name": "limit", "detail": phrase}] == answer.json()["faults"]
    assert phrase in answer.json()["detail"]


def test_an_answer_that_does_not_come_is_given_up(tmp_path: Path) -> None:
    made = an_app(an_empty_read_model(tmp_path), request_limit_s=0.2)

    @made.get("/slow")
    async def slow(_caller: Reader) -> None:
        await asyncio.sleep(30)

    answer = asked(made, "/slow")
    assert (503, "too_slow") == (answer.status_code, answer.json()["code"])
    assert 0 < int(answer.headers["retry-after"])


def test_an_answer_that_has_begun_may_take_as_long_as_it_is_read(tmp_path: Path) -> None:
    made = an_app(an_empty_read_model(tmp_path), request_limit_s=2)

    @made.get("/stream")
    async def stream(_caller: Reader) -> StreamingResponse:
        async def pieces() -> AsyncGenerator[bytes]:
            for _ in range(5):
                await asyncio.sleep(0.5)
                yield b"."

        return StreamingResponse(pieces())

    assert "....." == asked(made, "/stream").text


@pytest.mark.parametrize(
    ("path", "key", "status", "kept"),
    [
        ("/healthz", None, 200, "no-store"),
        ("/metrics", None, 401, "no-store"),
        ("/secrets", READ_KEY, 403, "no-store"),
        ("/nowhere", READ_KEY, 404, "no-store"),
        ("/broken", READ_KEY, 500, "no-store"),
        ("/tagged", READ_KEY, 200, "private, no-cache"),
    ],
)
def test_every_answer_says_what_a_browser_may_do_with_it(
    app: FastAPI, path: str, key: str | None, status: int, kept: str
) -> None:
    answer = asked(app, path, key)
    assert (status, kept) == (answer.status_code, answer.headers["cache-control"])
    policy = answer.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "nosniff" == answer.headers["x-content-type-options"]
    assert "same-origin" == answer.headers["referrer-policy"]
    assert {"Authorization", "Cookie"} <= set(answer.headers["vary"].split(", "))
    assert answer.headers["x-request-id"]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("0af7651916cd43dd8448eb211c80319c", True),
        ("FR7610278027150004578690110", False),
        ("a b", False),
        ("f" * 65, False),
    ],
)
def test_a_request_keeps_the_name_it_came_with_if_it_can_be_no_secret(
    app: FastAPI, given: str, kept: bool
) -> None:
    answer = asked(app, "/healthz", headers={"X-Request-ID": given})
    assert kept is (given == answer.headers["x-request-id"])


def test_a_request_that_is_too_large_is_not_read(app: FastAPI) -> None:
    answer = asked(app, "/tagged", method="POST", content=b" " * (256 * 1024 + 1))
    assert (413, "too_large") == (answer.status_code, answer.json()["code"])


def gone_after(body: bytes) -> Callable[[], Awaitable[Message]]:
    """A sender who goes away when this much of a body has come."""
    pieces: list[Message] = [{"type": "http.request", "body": body, "more_body": True}]

    async def receive() -> Message:
        return pieces.pop() if pieces else {"type": "http.disconnect"}

    return receive


@pytest.mark.parametrize(
    ("path", "content_type"),
    [
        ("/events", "application/x-ndjson"),
        ("/console/login", "application/x-www-form-urlencoded"),
        ("/console/login", "multipart/form-data; boundary=x"),
    ],
)
async def test_a_sender_who_goes_away_is_neither_an_error_nor_a_500(
    app: FastAPI, path: str, content_type: str
) -> None:
    headers = {"authorization": f"Bearer {ALL_KEY}", "content-type": content_type}
    scope = {
        "type": "http",
        "method": "POST",
        "path": path,
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }
    answered: list[Message] = []

    async def send(message: Message) -> None:
        answered.append(message)

    with capture_logs() as logs:
        await app(scope, gone_after(b"--x\r\nContent-Disposition: form-data; n"), send)
        async with asking(app) as client:
            metrics = (await client.get("/metrics")).text
    (line,) = [each for each in logs if each.get("route") == path]
    assert ("info", 499, "client_gone") == (line["log_level"], line["status"], line["reason"])
    assert {"info"} == {each["log_level"] for each in logs}
    counted = f'ecluse_api_requests_total{{method="POST",route="{path}",status="499"}} 1.0'
    assert counted in metrics

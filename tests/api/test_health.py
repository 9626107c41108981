"""What watches the API: probes that restart nothing in vain, metrics, the OpenAPI page."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from datetime import timedelta

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from services.api.access.caller import Scope
from services.api.adapters.read_model import open_read_model
from services.api.http import health
from services.api.http.components import Components
from services.projector.database import make_engine
from services.projector.tables import positions
from tests.api.environment import LILLE_KEY, READ_KEY, HandClock, an_app, asking
from tests.api.reads.walking import OPEN
from tests.integration.command import EXAMPLE
from tests.read_model.filling import fill, journal_of


def asked(
    app: FastAPI,
    what: Callable[[httpx.AsyncClient], Awaitable[httpx.Response]],
    key: str | None = READ_KEY,
) -> httpx.Response:
    async def ask() -> httpx.Response:
        async with asking(app, key) as client:
            return await what(client)

    return asyncio.run(ask())


def test_ready_says_why_to_who_shows_a_key_and_no_more_than_yes_to_others(
    read_model_url: str,
) -> None:
    fill(read_model_url, journal_of(EXAMPLE))
    app = an_app(open_read_model(read_model_url))
    known = asked(app, lambda client: client.get("/readyz")).json()
    assert (True, True, True) == (known["ready"], known["database"], known["schema_fits"])
    assert {"ready": True} == asked(app, lambda client: client.get("/readyz"), None).json()


def test_a_table_that_is_missing_is_not_ready_and_alive(read_model_url: str) -> None:
    async def drop() -> None:
        engine = make_engine(read_model_url)
        async with engine.begin() as connection:
            await connection.execute(text("ALTER TABLE instalments RENAME TO elsewhere"))
        await engine.dispose()

    asyncio.run(drop())
    app = an_app(open_read_model(read_model_url))
    answer = asked(app, lambda client: client.get("/readyz"))
    assert (503, False, True) == (
        answer.status_code,
        answer.json()["ready"],
        answer.json()["database"],
    )
    assert 200 == asked(app, lambda client: client.get("/healthz")).status_code


@pytest.mark.parametrize(
    "address",
    ["postgresql://nobody@127.0.0.1:1/nothing", "sqlite:////nowhere/at/all/read.db"],
)
def test_a_database_that_is_away_is_a_problem_not_an_error(address: str) -> None:
    async def ask() -> dict[str, httpx.Response]:
        paths = ("/healthz", "/readyz", "/budgets", "/metrics")
        async with asking(an_app(open_read_model(address)), READ_KEY) as client:
            answers = {path: await client.get(path) for path in paths}
        # The thread of a connection that failed tells this loop so, and may be late.
        for thread in threading.enumerate():
            if "_connection_worker_thread" in thread.name:
                await asyncio.to_thread(thread.join, 10)
        return answers

    answers = asyncio.run(ask())
    assert (200, 503) == (answers["/healthz"].status_code, answers["/readyz"].status_code)
    answer = answers["/budgets"]
    assert (503, "database_unreachable") == (answer.status_code, answer.json()["code"])
    assert 0 < int(answer.headers["retry-after"])
    metrics = answers["/metrics"].text
    assert "ecluse_read_model_up 0.0" in metrics
    assert "ecluse_read_model_next_offset" not in metrics, "an unknown is left out, not 0"


def test_metrics_count_by_route_not_by_address(sqlite_url: str) -> None:
    fill(sqlite_url, journal_of(EXAMPLE))

    async def ask() -> str:
        async with asking(an_app(open_read_model(sqlite_url)), READ_KEY) as client:
            for budget in ("21590350100017-00-2023", "21590350100017-00-1999"):
                await client.get(f"/budgets/{budget}")
            await client.request("BREW", "/coffee")
            return (await client.get("/metrics")).text

    lines = asyncio.run(ask()).splitlines()
    counted = [line for line in lines if line.startswith("ecluse_api_requests_total{")]
    for phrase in (
        '{method="GET",route="/budgets/{budget}",status="200"} 1.0',
        '{method="GET",route="/budgets/{budget}",status="404"} 1.0',
        '{method="other",route="unknown",status="404"} 1.0',
    ):
        assert f"ecluse_api_requests_total{phrase}" in counted
    assert 'ecluse_read_model_next_offset{partition="0",topic="ecluse.journal.v1"} 10.0' in lines


def test_metrics_are_for_who_sees_all_entities(sqlite_url: str) -> None:
    app = an_app(open_read_model(sqlite_url))
    answer = asked(app, lambda client: client.get("/metrics"), LILLE_KEY)
    assert (403, "all_entities_needed") == (answer.status_code, answer.json()["code"])


def test_the_page_of_the_document_needs_nobody_elses_server(sqlite_url: str) -> None:
    async def ask() -> None:
        async with asking(an_app(open_read_model(sqlite_url)), READ_KEY) as client:
            page = await client.get("/docs")
            assert 200 == page.status_code
            assert "script-src" not in page.headers["content-security-policy"]
            assert "default-src 'self'" in page.headers["content-security-policy"]
            assert "<script>" not in page.text
            assert "//" not in page.text.replace("<!doctype html>", "")
            named = [part.split('"')[0] for part in page.text.split('"/')[1:]]
            for address in (*named, "openapi.json"):
                assert 200 == (await client.get(f"/{address}")).status_code, address

    asyncio.run(ask())


def test_every_address_says_who_may_ask_and_what_may_go_wrong(sqlite_url: str) -> None:
    document = an_app(open_read_model(sqlite_url)).openapi()
    for path, methods in document["paths"].items():
        for phrase in methods.values():
            assert {"401", "403", "404", "422", "500", "503"} <= phrase["responses"].keys(), path
            assert phrase["summary"], path
            if path not in OPEN:
                (by_bearer, by_session) = phrase["security"]
                (right,) = by_bearer["bearer"]
                assert right in {*Scope}, path
                assert {"session": [right]} == by_session, path


def test_a_reader_cannot_write_into_the_read_model(read_model_url: str) -> None:
    app = an_app(open_read_model(read_model_url))

    async def write() -> None:
        engine = app.state.components.engine
        try:
            async with engine.begin() as connection:
                await connection.execute(text("DELETE FROM journal"))
        finally:
            await engine.dispose()

    with pytest.raises(Exception, match=r"read-?only"):
        asyncio.run(write())


def test_probes_may_ask_for_the_head_alone(sqlite_url: str) -> None:
    async def ask() -> list[tuple[int, str]]:
        async with asking(an_app(open_read_model(sqlite_url)), None) as client:
            answers = [await client.head(path) for path in ("/healthz", "/readyz")]
            return [(each.status_code, each.headers["content-type"]) for each in answers]

    assert [(200, "application/json")] * 2 == asyncio.run(ask())


def test_however_many_ask_whether_it_is_ready_the_database_is_polled_once_a_second(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, points = HandClock(), []
    poll = health._polled

    async def counted(parts: Components) -> health.Ready:
        points.append(clock.now)
        await asyncio.sleep(0)  # Others come meanwhile.
        return await poll(parts)

    monkeypatch.setattr(health, "_polled", counted)

    async def ask() -> list[bool]:
        app = an_app(open_read_model(sqlite_url), clock=clock)
        async with asking(app, None) as client:

            async def many() -> list[bool]:
                answers = await asyncio.gather(*(client.get("/readyz") for _ in range(5)))
                return [each.json()["ready"] for each in answers]

            shown = await many()
            clock.advance(timedelta(seconds=health.KEPT_S) - timedelta(milliseconds=1))
            shown += await many()
            clock.advance(timedelta(milliseconds=1))
            shown += await many()
            clock.advance(-timedelta(hours=1))
            return shown + await many()

    assert [True] * 20 == asyncio.run(ask())
    assert 3 == len(points)


def test_what_was_found_grows_old_before_it_is_polled_for_again(sqlite_url: str) -> None:
    fill(sqlite_url, journal_of(EXAMPLE))
    clock = HandClock()

    async def date_it() -> None:
        engine = make_engine(sqlite_url)
        async with engine.begin() as connection:
            await connection.execute(positions.update().values(latest_event_time=clock.now))
        await engine.dispose()

    asyncio.run(date_it())

    async def ask() -> list[float]:
        app = an_app(open_read_model(sqlite_url), clock=clock)
        ages = []
        async with asking(app, READ_KEY) as client:
            for _ in range(2):
                ages.append((await client.get("/readyz")).json()["latest_event_age_s"])
                clock.advance(timedelta(seconds=0.5))
        return ages

    assert [0.0, 0.5] == asyncio.run(ask())

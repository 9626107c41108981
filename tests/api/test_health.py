"""What watches the API: probes that restart nothing in vain, metrics, the OpenAPI page."""

import asyncio
import sqlite3
import threading
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from services.api.access.caller import Scope
from services.api.adapters.read_model import open_read_model
from services.api.http import health
from services.api.http.components import Components
from services.projector.engine import make_engine
from services.projector.tables import positions
from tests.api.environment import (
    LILLE_KEY,
    READ_KEY,
    HandClock,
    a_reader,
    an_app,
    asked,
    asking,
)
from tests.api.reads.walking import OPEN
from tests.integration.command import EXAMPLE
from tests.read_model.databases import in_a_file
from tests.read_model.filling import fill, journal_of


def test_ready_says_why_to_who_shows_a_key_and_no_more_than_yes_to_others(
    read_model_url: str,
) -> None:
    fill(read_model_url, journal_of(EXAMPLE))
    app = an_app(open_read_model(read_model_url))
    known = asked(app, "/readyz").json()
    assert (True, True, True) == (known["ready"], known["database"], known["schema_fits"])
    assert {"ready": True} == asked(app, "/readyz", None).json()


def test_a_table_that_is_missing_is_not_ready_and_alive(read_model_url: str) -> None:
    async def drop() -> None:
        engine = make_engine(read_model_url)
        async with engine.begin() as connection:
            await connection.execute(text("ALTER TABLE instalments RENAME TO elsewhere"))
        await engine.dispose()

    asyncio.run(drop())
    app = an_app(open_read_model(read_model_url))
    answer = asked(app, "/readyz")
    assert (503, False, True) == (
        answer.status_code,
        answer.json()["ready"],
        answer.json()["database"],
    )
    assert 200 == asked(app, "/healthz").status_code


@pytest.mark.parametrize(
    "address",
    ["postgresql://nobody@127.0.0.1:1/nothing", "sqlite:////nowhere/at/all/read.db"],
)
async def test_a_database_that_is_away_is_a_problem_not_an_error(address: str) -> None:
    paths = ("/healthz", "/readyz", "/budgets", "/metrics")
    async with asking(an_app(open_read_model(address)), READ_KEY) as client:
        answers = {path: await client.get(path) for path in paths}
    # The thread of a connection that failed tells this loop so, and may be late.
    for thread in threading.enumerate():
        if "_connection_worker_thread" in thread.name:
            await asyncio.to_thread(thread.join, 10)
    assert (200, 503) == (answers["/healthz"].status_code, answers["/readyz"].status_code)
    answer = answers["/budgets"]
    assert (503, "database_unreachable") == (answer.status_code, answer.json()["code"])
    assert 0 < int(answer.headers["retry-after"])
    metrics = answers["/metrics"].text
    assert "ecluse_read_model_up 0.0" in metrics
    assert "ecluse_read_model_next_offset" not in metrics, "an unknown is left out, not 0"


@pytest.mark.parametrize("path", ["/balances/lines", "/budgets", "/console/budgets"])
async def test_a_file_that_lacks_a_table_is_the_database_s_fault(path: str, tmp_path: Path) -> None:
    url = in_a_file(tmp_path / "read.db")
    with closing(sqlite3.connect(tmp_path / "read.db")) as file, file:
        for table in ("lines", "budgets"):
            file.execute(f"ALTER TABLE {table} RENAME TO {table}_elsewhere")
    async with asking(an_app(a_reader(url)), READ_KEY) as client:
        answer = await client.get(path, headers={"accept": "application/json"})
    assert 503 == answer.status_code


async def test_metrics_count_by_route_not_by_address(sqlite_url: str) -> None:
    fill(sqlite_url, journal_of(EXAMPLE))
    async with asking(an_app(open_read_model(sqlite_url)), READ_KEY) as client:
        for budget in ("21590350100017-00-2023", "21590350100017-00-1999"):
            await client.get(f"/budgets/{budget}")
        await client.request("BREW", "/coffee")
        lines = (await client.get("/metrics")).text.splitlines()
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
    answer = asked(app, "/metrics", LILLE_KEY)
    assert (403, "all_entities_needed") == (answer.status_code, answer.json()["code"])


async def test_the_page_of_the_document_needs_nobody_elses_server(sqlite_url: str) -> None:
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


async def test_a_reader_cannot_write_into_the_read_model(read_model_url: str) -> None:
    app = an_app(open_read_model(read_model_url))

    engine = app.state.components.engine
    try:
        async with engine.begin() as connection:
            with pytest.raises(Exception, match=r"read-?only"):
                await connection.execute(text("DELETE FROM journal"))
    finally:
        await engine.dispose()


async def test_probes_may_ask_for_the_head_alone(sqlite_url: str) -> None:
    async with asking(an_app(open_read_model(sqlite_url)), None) as client:
        answers = [await client.head(path) for path in ("/healthz", "/readyz")]
        assert [(200, "application/json")] * 2 == [
            (each.status_code, each.headers["content-type"]) for each in answers
        ]


async def test_however_many_ask_whether_it_is_ready_the_database_is_polled_once_a_second(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, points = HandClock(), []
    poll = health._poll_read_model

    async def counted(parts: Components) -> health.Ready:
        points.append(clock.now)
        await asyncio.sleep(0)  # Others come meanwhile.
        return await poll(parts)

    monkeypatch.setattr(health, "_poll_read_model", counted)

    app = an_app(open_read_model(sqlite_url), clock=clock)
    async with asking(app, None) as client:

        async def many() -> list[bool]:
            answers = await asyncio.gather(*(client.get("/readyz") for _ in range(5)))
            return [each.json()["ready"] for each in answers]

        shown = await many()
        clock.advance(timedelta(seconds=health.READINESS_KEPT_S) - timedelta(milliseconds=1))
        shown += await many()
        clock.advance(timedelta(milliseconds=1))
        shown += await many()
        clock.advance(-timedelta(hours=1))
        assert [True] * 20 == (shown + await many())
    assert 3 == len(points)


async def test_what_was_found_grows_old_before_it_is_polled_for_again(sqlite_url: str) -> None:
    fill(sqlite_url, journal_of(EXAMPLE))
    clock = HandClock()

    engine = make_engine(sqlite_url)
    async with engine.begin() as connection:
        await connection.execute(positions.update().values(latest_event_time=clock.now))
    await engine.dispose()

    app = an_app(open_read_model(sqlite_url), clock=clock)
    ages = []
    async with asking(app, READ_KEY) as client:
        for _ in range(2):
            ages.append((await client.get("/readyz")).json()["latest_event_age_s"])
            clock.advance(timedelta(seconds=0.5))
    assert [0.0, 0.5] == ages

"""Today for whom: who sees one entity is told of no other; and nobody waits with a connection."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from services.api.ports import JournalEnd
from services.projector.database import an_engine
from services.projector.tables import positions
from tests.api.reads.two_towns import both
from tests.api.world import ALL_KEY, LILLE_KEY, a_reader, an_app, an_empty_read_model, asking
from tests.builders import IBAN
from tests.read_model.filling import fill, journal_of_events

ERROR = f"invalid input for query argument $5: '{IBAN}'"


async def hold(url: str) -> None:
    engine = an_engine(url)
    async with engine.begin() as connection:
        await connection.execute(positions.update().values(held_offset=977, held_error=ERROR))
    await engine.dispose()


def today(url: str, key: str) -> str:
    async def go() -> str:
        await hold(url)
        async with asking(an_app(a_reader(url)), key) as client:
            answer = await client.get("/console/today", headers={"accept": "text/html"})
            assert 200 == answer.status_code
            return answer.text

    return asyncio.run(go())


def test_what_holds_a_partition_is_told_to_who_sees_all_and_without_iban(sqlite_url: str) -> None:
    fill(sqlite_url, both())
    told, of_lille = today(sqlite_url, ALL_KEY), today(sqlite_url, LILLE_KEY)
    assert "Reading partition 0 is held" in told
    assert "Reading partition 0 is held" in of_lille
    assert "977" in told
    assert "977" not in of_lille
    assert "invalid input" not in of_lille
    assert IBAN not in told + of_lille


@pytest.mark.parametrize("path", ["/console/today", "/standing"])
def test_nobody_waits_for_the_journal_with_a_connection(path: str, tmp_path: Path) -> None:
    out: list[int] = []

    async def go() -> None:
        app = an_app(an_empty_read_model(tmp_path))
        engine = app.state.parts.engine

        async def ends() -> Mapping[int, JournalEnd] | None:
            out.append(engine.pool.checkedout())
            return None

        app.state.parts = replace(app.state.parts, journal_ends=ends)
        async with asking(app) as client:
            assert 200 == (await client.get(path, headers={"accept": "*/*"})).status_code

    asyncio.run(go())
    assert [0] == out


def test_nobody_waits_for_the_source_with_a_connection(sqlite_url: str) -> None:
    fill(sqlite_url, journal_of_events([b"{"]))
    out: list[int] = []

    async def go() -> str:
        app = an_app(a_reader(sqlite_url))
        engine = app.state.parts.engine

        async def original_bytes(*_place: object) -> bytes | None:
            out.append(engine.pool.checkedout())
            return b"{ as received"

        app.state.parts = replace(app.state.parts, original_bytes=original_bytes)
        async with asking(app) as client:
            answer = await client.post("/console/records/_dead.0/1", headers={"accept": "*/*"})
            assert 200 == answer.status_code
            return answer.text

    assert "{ as received" in asyncio.run(go())
    assert [0] == out

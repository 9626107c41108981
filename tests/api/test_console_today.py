"""Today for whom: who sees one entity is told of no other; and nobody waits with a connection."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from services.api.ports import JournalEnd
from services.api.read_model import open_read_model
from services.projector.database import an_engine
from services.projector.tables import positions
from tests.api.reads.two_towns import both
from tests.api.world import ALL_KEY, LILLE_KEY, an_app, an_empty_read_model, asking
from tests.builders import IBAN
from tests.read_model.filling import fill

ERROR = f"invalid input for query argument $5: '{IBAN}'"


async def hold(url: str) -> None:
    engine = an_engine(url)
    async with engine.begin() as connection:
        await connection.execute(positions.update().values(held_offset=977, held_error=ERROR))
    await engine.dispose()


def today(url: str, key: str) -> str:
    async def go() -> str:
        await hold(url)
        async with asking(an_app(open_read_model(url)), key) as client:
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
def test_nobody_waits_for_kafka_with_a_connection_of_the_database(path: str, tmp_path: Any) -> None:
    taken: list[int] = []

    async def go() -> None:
        app = an_app(an_empty_read_model(tmp_path))
        parts = app.state.parts
        opened = 0
        connect = parts.engine.connect

        def counting() -> Any:
            nonlocal opened
            opened += 1
            return connect()

        async def ends() -> Mapping[int, JournalEnd] | None:
            taken.append(opened)
            return None

        engine = Counting(parts.engine, counting)
        app.state.parts = replace(parts, engine=engine, journal_ends=ends)
        async with asking(app) as client:
            assert 200 == (await client.get(path, headers={"accept": "*/*"})).status_code
        assert opened > 0

    asyncio.run(go())
    assert [0] == taken


class Counting:
    """An engine whose connections are counted."""

    def __init__(self, engine: Any, connect: Any) -> None:
        self._engine = engine
        self.connect = connect

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)

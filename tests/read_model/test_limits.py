"""What takes too long on PostgreSQL ends: a question is answered 503, a batch is tried again."""

import asyncio
from typing import Final

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from services.api.access.store import AccessStore
from services.api.adapters import read_model
from services.api.adapters.clock_and_chance import wall_clock
from services.api.adapters.read_model import open_read_model
from services.projector import engine as engines
from services.projector.database import take
from services.projector.database_errors import failing_as_writer
from services.projector.engine import make_engine
from services.projector.migrations import MIGRATION_LOCK, prepare
from services.projector.rebuild import both_engines
from services.runtime.kafka.writer import WriterFailed
from tests.api.environment import an_app, asking
from tests.read_model.databases import Server

LIMIT_MS: Final = 1_000
LONGER_S: Final = 1.5
LOCK: Final = "LOCK TABLE ecluse_read.positions IN ACCESS EXCLUSIVE MODE"
LOCK_GRANTS: Final = "LOCK TABLE ecluse_read.grants IN ACCESS EXCLUSIVE MODE"
LIMITS: Final = (
    "SELECT current_setting('statement_timeout'),"
    " current_setting('idle_in_transaction_session_timeout')"
)


async def limits_of(engine: AsyncEngine) -> tuple[str, str]:
    async with engine.connect() as connection:
        row = (await connection.execute(text(LIMITS))).one()
    await engine.dispose()
    return row[0], row[1]


async def test_each_process_has_limits_of_its_own(postgresql_url: str) -> None:
    keys = AccessStore(postgresql_url, wall_clock)
    found = {
        "API": await limits_of(open_read_model(postgresql_url)),
        "keys": await limits_of(keys._engine),
        "projector": await limits_of(make_engine(postgresql_url)),
    }
    async with both_engines(postgresql_url) as engines:
        for name, engine in zip(("rebuild", "made again"), engines, strict=True):
            found[name] = await limits_of(engine)
    assert {
        "API": ("20s", "1min"),
        "keys": ("20s", "1min"),
        "projector": ("90s", "90s"),
        "rebuild": ("0", "90s"),
        "made again": ("0", "90s"),
    } == found


async def test_a_question_that_takes_too_long_is_503_in_words(
    postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(read_model, "STATEMENT_LIMIT_MS", LIMIT_MS)

    other = make_engine(postgresql_url)
    async with other.connect() as holding:
        await holding.execute(text(LOCK_GRANTS))
        async with asking(an_app(open_read_model(postgresql_url))) as client:
            answer = await client.get("/grants")
    await other.dispose()
    assert (503, "too_slow") == (answer.status_code, answer.json()["code"])
    assert "The answer did not come in" in answer.json()["detail"]


async def test_a_batch_that_takes_too_long_is_tried_again(
    postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "STATEMENT_LIMIT", f"{LIMIT_MS}ms")

    other, engine = make_engine(postgresql_url), make_engine(postgresql_url)
    async with other.connect() as holding:
        await holding.execute(text(LOCK))
        with pytest.raises(WriterFailed, match="statement timeout"):
            async with failing_as_writer():
                await take(engine, "journal", 0)
    async with failing_as_writer():
        assert 0 == (await take(engine, "journal", 0)).position.next_offset
    await other.dispose()
    await engine.dispose()


@pytest.mark.parametrize("tables", ["read model", "access"])
async def test_a_migration_takes_as_long_as_it_does(
    postgresql_server: Server, monkeypatch: pytest.MonkeyPatch, tables: str
) -> None:
    """Here it waits for that of another process."""
    url = postgresql_server.a_database()
    monkeypatch.setattr(read_model, "STATEMENT_LIMIT_MS", LIMIT_MS)
    monkeypatch.setattr(engines, "STATEMENT_LIMIT", f"{LIMIT_MS}ms")
    monkeypatch.setattr(engines, "ANSWER_S", LIMIT_MS / 1000)

    other = make_engine(url, limited=False)
    keys, engine = AccessStore(url, wall_clock), make_engine(url, limited=False)
    async with other.connect() as holding:
        await holding.execute(text(f"SELECT pg_advisory_xact_lock({MIGRATION_LOCK})"))
        made = keys.prepare() if tables == "access" else prepare(engine)
        task = asyncio.create_task(made)
        await asyncio.sleep(LONGER_S)
        assert not task.done(), "it waits"
    await task
    await keys.dispose()
    await engine.dispose()
    await other.dispose()

"""Connections that the server has closed are found out before a question is."""

import asyncio
import itertools
from contextlib import suppress
from typing import Any, Final

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.api.access.store import AccessStore
from services.api.adapters import read_model
from services.api.adapters.clock_and_chance import wall_clock
from services.api.adapters.read_model import (
    CONNECTIONS_MAX,
    begin_reading,
    driver_of,
    fetch_rows,
    open_read_model,
    revision,
)
from services.api.problems import DATABASE_UNREACHABLE, Problem
from services.projector.engine import make_engine
from tests.read_model.databases import Server
from tests.waiting import eventually_async

IDLE_MS = 100
MOMENTS_MIN = 3
"""Turns of the loop in which a request surely has not ended."""

ENDED = "SELECT pg_terminate_backend({process})"


async def process_of(engine: AsyncEngine) -> tuple[int, Any]:
    """The server's process that answers, and the driver's connection to it."""
    async with engine.connect() as connection:
        driver = (await connection.get_raw_connection()).driver_connection
        return int((await connection.execute(text("SELECT pg_backend_pid()"))).scalar_one()), driver


async def closed(driver: Any) -> None:
    """Wait until the server has closed it."""

    async def is_closed() -> bool:
        return bool(driver.is_closed())

    await eventually_async(is_closed, "it stays open")


def postgresql_driver(connection: AsyncConnection) -> "asyncpg.Connection[asyncpg.Record]":
    driver = driver_of(connection)
    assert isinstance(driver, asyncpg.Connection)
    return driver


async def test_a_connection_that_the_server_has_closed_is_not_used_again(
    postgresql_server: Server,
) -> None:
    url = postgresql_server.a_database()

    engine = open_read_model(url)
    before, driver = await process_of(engine)
    assert before == (await process_of(engine))[0], "a connection is kept"
    await asyncio.to_thread(postgresql_server.run, ENDED.format(process=before))
    await closed(driver)
    assert before != (await process_of(engine))[0]
    await engine.dispose()


async def test_a_connection_that_has_rested_is_asked_whether_it_still_is_one(
    postgresql_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = postgresql_server.a_database()
    asked = []

    engine = open_read_model(url)
    before, _ = await process_of(engine)
    dialect = engine.dialect
    ping = dialect.do_ping

    def gone_once(connection: Any) -> bool:
        asked.append(connection)
        if len(asked) == 1:
            raise dialect.loaded_dbapi.OperationalError("no answer")
        return ping(connection)

    monkeypatch.setattr(dialect, "do_ping", gone_once)
    assert before == (await process_of(engine))[0], "it was used just now"
    assert [] == asked
    monkeypatch.setattr(read_model, "RESTED_S", -1.0)
    assert before != (await process_of(engine))[0], "it did not answer"
    assert len(asked) >= 1
    await engine.dispose()


@pytest.mark.parametrize("statement", ["SELECT 1", "SELECT * FROM of_nothing"])
async def test_what_one_request_has_begun_is_ended_before_the_next_has_its_connection(
    postgresql_url: str, statement: str
) -> None:
    engine = open_read_model(postgresql_url)
    with suppress(DBAPIError):
        async with engine.connect() as connection:
            await begin_reading(connection)
            driver = postgresql_driver(connection)
            assert driver.is_in_transaction()
            await fetch_rows(driver, statement)
    async with engine.connect() as connection:
        assert driver is postgresql_driver(connection)
        assert not driver.is_in_transaction()
    await engine.dispose()


UNRESTED: Final = (
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE application_name = 'ecluse-api' AND datname = current_database() AND state <> 'idle'"
)
LOCK: Final = "LOCK TABLE positions IN ACCESS EXCLUSIVE MODE"


async def test_a_transaction_that_was_given_up_before_it_began_is_nobody_elses(
    postgresql_url: str,
) -> None:
    """It waits for the switch of a rebuild; whoever asked for it has gone."""
    switching, engine = make_engine(postgresql_url), open_read_model(postgresql_url)
    async with switching.connect() as held:
        await held.execute(text(LOCK))
        for _ in range(CONNECTIONS_MAX + 1):
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.05), engine.connect() as connection:
                    await begin_reading(connection)

        async def nobody() -> bool:
            return not await held.scalar(text(UNRESTED))

        await eventually_async(nobody, "somebody waits on")
    async with engine.connect() as connection:
        assert not postgresql_driver(connection).is_in_transaction()
        await begin_reading(connection)
        assert "" == await revision(connection)
    await engine.dispose()
    await switching.dispose()


def test_a_request_that_is_cancelled_at_any_moment_leaves_nothing_begun(
    postgresql_url: str,
) -> None:
    async def read(engine: AsyncEngine) -> None:
        async with engine.connect() as connection:
            await begin_reading(connection)
            await revision(connection)
            await connection.execute(text("SELECT 1"))

    async def go() -> None:
        switching, engine = make_engine(postgresql_url), open_read_model(postgresql_url)
        await read(engine)
        for turns in itertools.count():
            reading = asyncio.create_task(read(engine))
            for _ in range(turns):
                await asyncio.sleep(0)
            if not reading.cancel():
                assert turns > MOMENTS_MIN
                break
            with suppress(asyncio.CancelledError):
                await reading
            async with engine.connect() as connection:
                assert not postgresql_driver(connection).is_in_transaction()
            async with switching.connect() as beside:
                await beside.execute(text(f"{LOCK} NOWAIT"))
        await engine.dispose()
        await switching.dispose()

    asyncio.run(go())


@pytest.mark.parametrize(
    ("role", "said"), [("stranger", "does not exist"), ("crowd", "too many connections")]
)
def test_a_server_that_lets_nobody_in_is_unreachable_to_who_asks_for_a_key(
    postgresql_server: Server, role: str, said: str
) -> None:
    url = postgresql_server.a_database()
    postgresql_server.run("DROP ROLE IF EXISTS crowd; CREATE ROLE crowd LOGIN CONNECTION LIMIT 0")
    store = AccessStore(url.replace("//postgres@", f"//{role}@"), wall_clock)
    with pytest.raises(Problem) as met:
        asyncio.run(store.find("ABCDEFGH"))
    assert DATABASE_UNREACHABLE == met.value.kind
    assert said in str(met.value.__cause__)


@pytest.mark.parametrize("store", ["read model", "keys"])
async def test_a_transaction_of_a_process_that_was_stopped_does_not_last(
    postgresql_server: Server, monkeypatch: pytest.MonkeyPatch, store: str
) -> None:
    url = postgresql_server.a_read_model()
    monkeypatch.setattr(read_model, "IDLE_LIMIT_MS", IDLE_MS)

    keys = AccessStore(url, wall_clock)
    engine = open_read_model(url) if store == "read model" else keys._engine
    connection = await engine.connect()
    # One statement alone: the server may have ended the transaction before a second.
    if store == "read model":
        await begin_reading(connection)
    else:
        await connection.execute(text("SELECT 1"))
    driver: Any = (await connection.get_raw_connection()).driver_connection
    await closed(driver)
    with pytest.raises(DBAPIError) as ended:
        await connection.execute(text("SELECT 1"))
    assert ended.value.connection_invalidated, "answered as a database that is away"
    await connection.close()
    await engine.dispose()

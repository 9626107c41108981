"""Services that start while PostgreSQL is away: they wait for it, but not for one that refuses."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from services.api.access.store import AccessStore
from services.api.adapters.clock import wall_clock
from services.projector.database_errors import RETRY_S
from services.projector.migrations import prepare_at
from services.runtime.ops.errors import Unreachable
from services.treasury.store.database import TreasuryStore
from tests.read_model.databases import Server, a_server

PATIENCE_S = 60.0

Prepare = Callable[[str, float], Coroutine[Any, Any, None]]


async def read_model(url: str, patience_s: float) -> None:
    await prepare_at(url, patience_s)


async def keys(url: str, patience_s: float) -> None:
    store = AccessStore(url, wall_clock)
    try:
        await store.prepare(patience_s)
    finally:
        await store.dispose()


async def treasury(url: str, patience_s: float) -> None:
    store = TreasuryStore(url)
    try:
        await store.prepare(patience_s)
    finally:
        await store.dispose()


EACH = pytest.mark.parametrize("prepare", [read_model, keys, treasury])


@pytest.mark.rest
def test_it_waits_until_the_server_is_back() -> None:
    async def go(server: Server, prepare: Prepare, url: str) -> None:
        waiting = asyncio.create_task(prepare(url, PATIENCE_S))
        await asyncio.sleep(2 * RETRY_S)
        assert not waiting.done()
        await asyncio.to_thread(server.start_again)
        await waiting

    with a_server() as server:
        for prepare in (read_model, keys, treasury):
            url = server.a_database()
            server.crash()
            asyncio.run(go(server, prepare, url))
            asyncio.run(prepare(url, 0.0))


@EACH
def test_without_patience_it_is_asked_once(prepare: Prepare) -> None:
    with pytest.raises(Unreachable, match="ECLUSE_DATABASE_URL"):
        asyncio.run(prepare("postgresql://127.0.0.1:1/ecluse", 0.0))


@EACH
def test_a_server_that_refuses_is_asked_once(prepare: Prepare, postgresql_server: Server) -> None:
    url = postgresql_server.url("no_such_database")
    with pytest.raises(Unreachable, match="no_such_database"):
        asyncio.run(asyncio.wait_for(prepare(url, PATIENCE_S), PATIENCE_S / 2))

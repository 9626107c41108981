"""Services that start while PostgreSQL is away: they wait for it, but not for one that refuses."""

import asyncio
import socket
import ssl
from collections.abc import Callable, Coroutine
from typing import Any

import asyncpg
import pytest

from events.texts import verbatim
from services.api.access.store import AccessStore
from services.api.adapters.clock_and_chance import wall_clock
from services.projector.database_errors import RETRY_S, explain_error, when_reachable
from services.projector.migrations import prepare_at
from services.runtime.ops.errors import Unreachable
from services.texts.language import Language
from services.texts.translation import translate
from services.treasury.store.database import TreasuryStore
from tests.read_model.databases import Server, a_server
from tests.unit.runtime.harness import quickly

PATIENCE_S = 110.0

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


def after_tls(refusal: Exception) -> Exception:
    """A refusal of the plain connection, after that by TLS was closed (sslmode=prefer)."""
    refusal.__cause__ = ConnectionResetError(104, "Connection reset by peer")
    return refusal


EACH = pytest.mark.parametrize("prepare", [read_model, keys, treasury])


@pytest.mark.rest
def test_it_waits_until_the_server_is_back() -> None:
    async def go(server: Server, url: str) -> None:
        waiting = asyncio.create_task(read_model(url, PATIENCE_S))
        await asyncio.sleep(2 * RETRY_S)
        assert not waiting.done()
        await asyncio.to_thread(server.start_again)
        await waiting

    with a_server() as server:
        url = server.a_database()
        server.crash()
        asyncio.run(go(server, url))
        asyncio.run(read_model(url, 0.0))


@pytest.mark.parametrize(
    ("error", "is_away"),
    [
        (ConnectionRefusedError(111, "Connect call failed"), True),
        (OSError("Multiple exceptions: …"), True),
        (FileNotFoundError(2, "No such file or directory"), True),  # a socket's
        (FileNotFoundError(2, "No such file or directory", "password.txt"), False),
        (ConnectionError("unexpected connection_lost() call"), True),  # it went in the handshake
        (ConnectionError('PostgreSQL server at "db:5432" rejected SSL upgrade'), False),
        (ssl.SSLEOFError(8, "[SSL: UNEXPECTED_EOF_WHILE_READING] unexpected eof"), True),
        (ssl.SSLError(1, "[SSL: TLSV1_ALERT_UNKNOWN_CA] tlsv1 alert unknown ca"), False),
        (ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER] wrong version number"), False),
        (after_tls(asyncpg.InvalidAuthorizationSpecificationError("no pg_hba.conf entry")), False),
        (Unreachable("ecluse.slips.v1/3", verbatim("Kafka is away")), False),
        (asyncpg.CannotConnectNowError("the database system is starting up"), True),
        (asyncpg.ReadOnlySQLTransactionError("cannot execute CREATE TABLE"), True),
        (asyncpg.TargetServerAttributeNotMatched("None of the hosts match"), True),
        (asyncpg.InterfaceError("connection is closed"), True),
        (asyncpg.QueryCanceledError("canceling statement due to user request"), False),
        (asyncpg.InFailedSQLTransactionError("current transaction is aborted"), False),
        (asyncpg.InvalidPasswordError("password authentication failed"), False),
        (asyncpg.InvalidCatalogNameError("database does not exist"), False),
        (asyncpg.InsufficientPrivilegeError("permission denied"), False),
    ],
    ids=lambda each: type(each).__name__ if isinstance(each, BaseException) else str(each),
)
def test_what_is_away_is_asked_again_and_what_refuses_is_not(
    error: Exception, is_away: bool
) -> None:
    asked = 0

    async def ask() -> None:
        nonlocal asked
        asked += 1
        raise error

    for patience_s, times in ((0.0, 1), (0.5 * RETRY_S, 2 if is_away else 1)):
        asked = 0
        with pytest.raises(Unreachable):
            quickly(when_reachable("db", ask, patience_s))
        assert times == asked


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ConnectionRefusedError(111, "Connect call failed"), "connexion refusée"),
        (PermissionError(13, "Permission denied", "postgresql.key"), "postgresql.key\u00a0: "),
        (socket.gaierror(-2, "Name or service not known"), "nom inconnu"),
        (asyncpg.ReadOnlySQLTransactionError("cannot execute CREATE"), "cannot execute CREATE"),
        (ssl.SSLError(1, "tlsv1 alert unknown ca"), "tlsv1 alert unknown ca"),
    ],
)
def test_the_usual_reasons_are_in_the_readers_language(error: Exception, reason: str) -> None:
    assert reason in translate(explain_error(error), Language.FR)


def test_a_bug_is_none_of_the_database() -> None:
    async def ask() -> None:
        raise asyncpg.UndefinedColumnError("column does not exist")

    with pytest.raises(asyncpg.UndefinedColumnError):
        asyncio.run(when_reachable("db", ask, PATIENCE_S))


@EACH
def test_a_server_that_refuses_is_asked_once(prepare: Prepare, postgresql_server: Server) -> None:
    url = postgresql_server.url("no_such_database")
    with pytest.raises(Unreachable, match="no_such_database"):
        asyncio.run(asyncio.wait_for(prepare(url, PATIENCE_S), PATIENCE_S / 2))

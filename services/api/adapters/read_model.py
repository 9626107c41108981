"""The read model, opened to be read only."""

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

from sqlalchemy import URL, Connection, event, make_url, select
from sqlalchemy.exc import ArgumentError, InvalidatePoolError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.pool import ConnectionPoolEntry

from services.projector import postgresql
from services.projector.database import SCHEMA, an_engine_of_a_file, our_address
from services.projector.sql import POSTGRESQL
from services.projector.tables import positions

CONNECTIONS_MAX: Final = 10
CONNECT_TIMEOUT_S: Final = 5
WAIT_S: Final = 10
"""Time that a request waits for a connection of the pool."""

RESTED_S: Final = 30.0
"""A connection that nobody used for so long is asked whether it still is one."""

STATEMENT_LIMIT_MS: Final = 20_000
"""Time limit of one query, below the time of a request."""

IDLE_LIMIT_MS: Final = 60_000
"""Time that a transaction may rest, above the time of a request: PostgreSQL ends what a process
holds that was stopped in the middle of one."""


def open_read_model(address: str) -> AsyncEngine:
    """An engine over the read model at this address; it connects when it is first asked.

    `postgresql://…` and `sqlite:///…` are taken with our own drivers.
    """
    url = our_address(address)
    if url.get_backend_name() == "sqlite":
        engine = an_engine_of_a_file(url)
        event.listen(engine.sync_engine, "connect", _read_only)
        event.listen(engine.sync_engine, "begin", _begin)
        return engine
    return open_postgresql(
        url,
        CONNECTIONS_MAX,
        application_name="ecluse-api",
        search_path=SCHEMA,
        default_transaction_read_only="on",
    )


def open_postgresql(url: URL, connections_max: int, **session: str) -> AsyncEngine:
    """An engine over PostgreSQL, with these settings of each session; within limits."""
    engine = postgresql.open_postgresql(
        url,
        {
            "statement_timeout": str(STATEMENT_LIMIT_MS),
            "idle_in_transaction_session_timeout": str(IDLE_LIMIT_MS),
            **session,
        },
        connect_s=CONNECT_TIMEOUT_S,
        pool_size=connections_max,
        max_overflow=0,
        pool_timeout=WAIT_S,
    )
    _check_before_use(engine)
    return engine


def follow_password(engine: AsyncEngine, address: Callable[[], str | None]) -> None:
    """Have new connections to PostgreSQL log in with the password that `address` has then.

    Those that are open go on: PostgreSQL asks for a password once.
    """

    def connecting(_dialect: object, _record: object, _args: object, options: Any) -> None:
        with suppress(ArgumentError):  # No address: the password stays as it was.
            password = make_url(address() or "").password
            if password is not None:
                options["password"] = password

    if engine.dialect.name == POSTGRESQL:
        event.listen(engine.sync_engine, "do_connect", connecting)


async def begin_reading(opened: AsyncConnection) -> None:
    """Begin a transaction that sees the read model of one moment, and writes nothing.

    On PostgreSQL it takes first what the switch of a rebuild takes first (projector/switch.py):
    who waits for the switch then holds no table that it waits for, and the switch waits for
    nobody longer than for one answer. LOCK takes no snapshot: what is seen is what stands behind.
    """
    if opened.dialect.name != POSTGRESQL:
        await opened.begin()  # In SQLite that is all; its file is opened to be read only.
        return
    await opened.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    await opened.begin()
    await opened.exec_driver_sql(f"LOCK TABLE {positions.name} IN ACCESS SHARE MODE")


async def revision(connection: AsyncConnection) -> str:
    """A text that changes whenever the read model does: the position of each partition in it."""
    columns = (
        positions.c.topic,
        positions.c.partition,
        positions.c.generation,
        positions.c.next_offset,
    )
    rows = await connection.execute(select(*columns).order_by(*columns[:2]))
    return ";".join("/".join(map(str, row)) for row in rows)


def _check_before_use(engine: AsyncEngine) -> None:
    """A connection that the server has closed is found out before a question is.

    `pool_pre_ping` would ask each time, by three round trips: more than most questions take.
    """

    def returned(_connection: object, record: ConnectionPoolEntry) -> None:
        record.info["returned_s"] = time.monotonic()

    def taken(connection: Any, record: ConnectionPoolEntry, _proxy: object) -> None:
        if connection.driver_connection.is_closed():
            raise InvalidatePoolError
        now_s = time.monotonic()
        if now_s - record.info.get("returned_s", now_s) < RESTED_S:
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as error:
            raise InvalidatePoolError from error

    event.listen(engine.sync_engine, "checkin", returned)
    event.listen(engine.sync_engine, "checkout", taken)


def _read_only(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # Else Python's driver begins nothing before a question.
    cursor = connection.cursor()
    cursor.execute("PRAGMA query_only = ON")
    cursor.close()


def _begin(connection: Connection) -> None:
    """Every question of one request sees the same moment."""
    connection.exec_driver_sql("BEGIN")

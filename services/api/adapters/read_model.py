"""The read model, opened to be read only, and its position."""

import asyncio
import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from types import MappingProxyType
from typing import Any, Final

import aiosqlite
import asyncpg
from sqlalchemy import URL, Connection, event
from sqlalchemy.exc import DBAPIError, InvalidatePoolError, SQLAlchemyError, StatementError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.pool import ConnectionPoolEntry, PoolResetState

from services.projector import engine as engines
from services.projector.engine import SCHEMA, make_file_engine, our_address
from services.projector.settings import read_address
from services.projector.sql import POSTGRESQL
from services.projector.tables import positions
from services.runtime.ops.errors import Stop

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

BEGIN: Final = (
    "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;"
    f" LOCK TABLE {positions.name} IN ACCESS SHARE MODE"
)
"""One round trip. LOCK takes no snapshot: what is seen is what stands behind it."""

MARK: Final = (
    f"SELECT topic, partition, generation, next_offset FROM {positions.name}"  # noqa: S608 # ours
    " ORDER BY topic, partition"
)

DRIVER_ERRORS: Final = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    sqlite3.Error,
    OSError,
)

Driver = asyncpg.Connection | aiosqlite.Connection


def open_read_model(address: str) -> AsyncEngine:
    """An engine over the read model at this address; it connects when it is first asked.

    `postgresql://…` and `sqlite:///…` are taken with our own drivers.
    """
    url = our_address(address)
    if url.get_backend_name() == "sqlite":
        engine = make_file_engine(url)
        event.listen(engine.sync_engine, "connect", _read_only)
        event.listen(engine.sync_engine, "begin", _begin)
        return engine
    engine = open_postgresql(
        url,
        CONNECTIONS_MAX,
        # Transactions are our own: SQLAlchemy's take three round trips where BEGIN takes one.
        {"isolation_level": "AUTOCOMMIT"},
        application_name="ecluse-api",
        search_path=SCHEMA,
        default_transaction_read_only="on",
    )
    event.listen(engine.sync_engine, "reset", _end_reading)
    return engine


def open_postgresql(
    url: URL,
    connections_max: int,
    options: Mapping[str, Any] = MappingProxyType({}),
    **session: str,
) -> AsyncEngine:
    """An engine over PostgreSQL, with these settings of each session; within limits."""
    engine = engines.open_postgresql(
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
        **options,
    )
    _check_before_use(engine)
    return engine


def use_current_password(engine: AsyncEngine, address: Callable[[], str | None]) -> None:
    """Have new connections to PostgreSQL log in with the password that `address` has then.

    Those that are open go on: PostgreSQL asks for a password once.
    """

    def connecting(_dialect: object, _record: object, _args: object, options: Any) -> None:
        with suppress(Stop):  # No address: the password stays as it was.
            password = read_address(address() or "").password
            if password is not None:
                options["password"] = password

    if engine.dialect.name == POSTGRESQL:
        event.listen(engine.sync_engine, "do_connect", connecting)


async def begin_reading(opened: AsyncConnection) -> None:
    """Begin a transaction that sees the read model of one moment, and writes nothing.

    On PostgreSQL it takes first what the switch of a rebuild takes first (projector/rebuild.py):
    who waits for the switch then holds no table that it waits for, and the switch waits for
    nobody longer than for one answer. It ends when the connection is returned.

    Raises:
        SQLAlchemyError, OSError: the database does not answer.
    """
    if opened.dialect.name != POSTGRESQL:
        await opened.begin()  # In SQLite that is all; its file is opened to be read only.
        return
    driver = driver_of(opened)
    try:
        await driver.execute(BEGIN)
    except DRIVER_ERRORS as error:
        raise _as_sqlalchemy(driver, BEGIN, error) from error


async def revision(connection: AsyncConnection) -> str:
    """A text that changes whenever the read model does: the position of each partition in it."""
    rows = await fetch_rows(driver_of(connection), MARK)
    return ";".join("/".join(map(str, row)) for row in rows)


async def fetch_rows(driver: Driver, statement: str, *values: Any) -> Sequence[Any]:
    """Rows of a statement in the database's own SQL, prepared once a connection by its driver.

    SQLAlchemy would take five times as long around it.

    Raises:
        DBAPIError: as SQLAlchemy's own.
    """
    try:
        if isinstance(driver, asyncpg.Connection):
            return await driver.fetch(statement, *values)
        return [*await driver.execute_fetchall(statement, values)]
    except DRIVER_ERRORS as error:
        raise _as_sqlalchemy(driver, statement, error) from error


def driver_of(connection: AsyncConnection) -> Driver:
    """The driver's connection to the database."""
    proxied = connection.sync_connection
    assert proxied is not None, "it is open"
    driver = proxied.connection.driver_connection
    assert isinstance(driver, Driver), "asyncpg or aiosqlite is spoken to"
    return driver


def _as_sqlalchemy(driver: Driver, statement: str, error: Exception) -> StatementError:
    """An error of the driver as SQLAlchemy raises it."""
    if isinstance(error, sqlite3.Error):
        # By its class: a table that is not there is the database's fault, and none of ours.
        return DBAPIError.instance(statement, None, error, sqlite3.Error)
    is_closed = isinstance(driver, asyncpg.Connection) and driver.is_closed()
    return DBAPIError(statement, None, error, connection_invalidated=is_closed)


def _end_reading(connection: Any, _record: object, state: PoolResetState) -> None:
    """End the transaction of `begin_reading`, before somebody else has its connection.

    Also where the driver knows of none: a request that was cancelled may have begun one.
    """
    if not (state.terminate_only or connection.driver_connection.is_closed()):
        connection.run_async(lambda driver: driver.execute("ROLLBACK"))


def _check_before_use(engine: AsyncEngine) -> None:
    """A connection that the server has closed is found out before a question is.

    `pool_pre_ping` would ask each time, by three round trips: more than most questions take.
    """

    def note_return(_connection: object, record: ConnectionPoolEntry) -> None:
        record.info["returned_s"] = time.monotonic()

    def check_rested(connection: Any, record: ConnectionPoolEntry, _proxy: object) -> None:
        if connection.driver_connection.is_closed():
            raise InvalidatePoolError
        now_s = time.monotonic()
        if now_s - record.info.get("returned_s", now_s) < RESTED_S:
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as error:
            raise InvalidatePoolError from error

    event.listen(engine.sync_engine, "checkin", note_return)
    event.listen(engine.sync_engine, "checkout", check_rested)


def _read_only(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # Else Python's driver begins nothing before a question.
    cursor = connection.cursor()
    cursor.execute("PRAGMA query_only = ON")
    cursor.close()


def _begin(connection: Connection) -> None:
    """Every question of one request sees the same moment."""
    connection.exec_driver_sql("BEGIN")


POLL_EVERY_S: Final = 0.2
"""Time for which a position is taken for the present one: so many wait, one asks."""


class SharedPosition:
    """The position as it was found a moment ago; each who waits takes what another has found."""

    def __init__(self) -> None:
        self._slot = asyncio.Lock()
        self._found: tuple[str | None, float] | None = None

    async def now(self, engine: AsyncEngine) -> str | None:
        """A text that changes whenever the read model does; None while it does not answer."""
        async with self._slot:
            now_s = asyncio.get_running_loop().time()
            if self._found is not None and now_s - self._found[1] < POLL_EVERY_S:
                return self._found[0]
            try:
                async with engine.connect() as connection:
                    position = await revision(connection)
            except (SQLAlchemyError, OSError, TimeoutError):
                position = None
            self._found = position, asyncio.get_running_loop().time()
            return position

"""The read model, opened to be read only."""

from typing import Any, Final

from sqlalchemy import Connection, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from services.projector.database import SCHEMA

CONNECTIONS_MAX: Final = 10
CONNECT_TIMEOUT_S: Final = 5
WAIT_S: Final = 10
"""How long a request waits for a connection of the pool."""

STATEMENT_LIMIT_MS: Final = 20_000
"""How long one question may take, below the time of a request."""


def open_read_model(address: str) -> AsyncEngine:
    """An engine over the read model at this address; it connects when it is first asked.

    `postgresql://…` and `sqlite:///…` are taken with our own drivers.
    """
    url = with_driver(make_url(address))
    if url.get_backend_name() == "sqlite":
        engine = create_async_engine(url)
        event.listen(engine.sync_engine, "connect", _read_only)
        event.listen(engine.sync_engine, "begin", _begin)
        return engine
    settings = {
        "application_name": "ecluse-api",
        "search_path": SCHEMA,
        "statement_timeout": str(STATEMENT_LIMIT_MS),
        "default_transaction_read_only": "on",
    }
    return create_async_engine(
        url,
        pool_size=CONNECTIONS_MAX,
        max_overflow=0,
        pool_timeout=WAIT_S,
        pool_pre_ping=True,
        connect_args={"timeout": CONNECT_TIMEOUT_S, "server_settings": settings},
    )


def with_driver(url: URL) -> URL:
    """The same database, reached by our own drivers."""
    drivers = {"postgresql": "postgresql+asyncpg", "sqlite": "sqlite+aiosqlite"}
    return url.set(drivername=drivers.get(url.drivername, url.drivername))


def _read_only(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # Else Python's driver begins nothing before a question.
    cursor = connection.cursor()
    cursor.execute("PRAGMA query_only = ON")
    cursor.close()


def _begin(connection: Connection) -> None:
    """Every question of one request sees the same moment."""
    connection.exec_driver_sql("BEGIN")

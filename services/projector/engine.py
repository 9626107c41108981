"""Engines of the databases that Écluse keeps tables in: PostgreSQL or a file of SQLite.

Read model, treasury and access open theirs here. In PostgreSQL the tables live in a schema of their
own; TLS and limits are those of each session.
"""

import sqlite3
import ssl
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import structlog
from sqlalchemy import URL, event
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from events.texts import Translatable, _
from services.projector.settings import DRIVERS, MODES, TLS_NAMES, read_address, variable_name
from services.projector.sql import POSTGRESQL
from services.runtime.ops.errors import ClusterError
from services.runtime.ops.file_modes import restrict_database
from services.runtime.ops.http import LOCAL
from services.runtime.ops.tls import PemFile, client_context

SCHEMA: Final = "ecluse_read"
"""The schema of the tables in PostgreSQL; SQLite has none."""

POOL: Final = 8
"""The number of partitions written at once."""

SESSION: Final[Mapping[str, str]] = MappingProxyType(
    {"application_name": "ecluse", "idle_in_transaction_session_timeout": "90s"}
)
"""A host that vanished or froze in a transaction holds its locks no longer than that."""

STATEMENT_LIMIT: Final = "90s"
"""The server's own limit of one statement, for a host that vanished or froze while it ran: above
ANSWER_S, by which a host that is there gives up itself."""

PAGE_BYTES: Final = 16 * 1024
"""SQLite: the size of a page in a new file. A batch changes pages everywhere: with the default, 4
KiB, a journal takes a tenth more (measured: docs/decisions/0005)."""

CACHE_KIB: Final = 64 * 1024
LOG_BYTES: Final = 64 * 1024 * 1024
"""SQLite: what a connection may keep of the file, and the size from which on the log of a writer is
brought into it. By default each batch would wait for both."""

ANSWER_S: Final = 60.0
"""The timeout of one statement."""

log: Final = structlog.stdlib.get_logger("ecluse.database")

CONNECT_S: Final = 10.0

KEPT_ALIVE: Final[Mapping[str, str]] = MappingProxyType(
    {
        "tcp_keepalives_idle": "30",
        "tcp_keepalives_interval": "10",
        "tcp_keepalives_count": "3",
    }
)
"""A host that vanished is noticed after a minute, and its session ends."""

FILES: Final = tuple(name for name in TLS_NAMES if name != "sslmode")
"""Members that only a checked connection uses."""

CHECKED: Final = ("require", "verify-ca", "verify-full")
"""Modes that never go on without TLS."""

NO_MODE = _("“{mode}” is no mode of TLS: choose verify-full, or one of {modes}")
UNUSED = _("sslmode={mode} makes no use of {names}: choose verify-full, or remove them")
NEEDED = _("sslkey and sslpassword need sslcert")


def open_postgresql(
    address: URL,
    session: Mapping[str, str],
    *,
    connect_s: float = CONNECT_S,
    answer_s: float | None = None,
    **pool: Any,
) -> AsyncEngine:
    """An engine over PostgreSQL; nothing is asked yet.

    Args:
        address: where it is, with the members of TLS that PostgreSQL's own library has.
        session: settings of each session, by PostgreSQL's names.
        connect_s: how long a connection is waited for.
        answer_s: how long a statement is waited for, should the server vanish.
        pool: SQLAlchemy's arguments of the pool.

    Raises:
        ClusterError: members of TLS contradict each other, or a file is of no use.
    """
    return create_async_engine(
        address.difference_update_query((*TLS_NAMES, "ssl")),
        connect_args={
            "timeout": connect_s,
            "command_timeout": answer_s,
            "server_settings": {**KEPT_ALIVE, **session},
            **_tls(address),
        },
        **pool,
    )


def _tls(address: URL) -> dict[str, Any]:
    """The argument of asyncpg for the members of TLS of this address."""
    # `ssl` is what the mode is called by whoever writes for asyncpg.
    mode = str(address.query.get("sslmode") or address.query.get("ssl") or "")
    files = {name: str(address.query[name]) for name in FILES if name in address.query}
    if mode and mode not in MODES:
        raise _stop("sslmode", NO_MODE.render({"mode": mode, "modes": ", ".join(MODES)}))
    if mode not in CHECKED:
        if files:
            facts = {"mode": mode or "prefer", "names": ", ".join(files)}
            raise _stop("sslmode", UNUSED.render(facts))
        if not mode and (host := _elsewhere(address)):
            # By default TLS is only preferred, and whoever answers is given the password.
            log.warning(
                "database_without_required_tls",
                host=host,
                set=f"{variable_name('sslmode')}=verify-full",
            )
        return {"ssl": mode} if mode else {}
    if "sslcert" not in files and files.keys() - {"sslrootcert"}:
        raise _stop("sslcert", NEEDED)

    def file(name: str) -> PemFile | None:
        return PemFile(variable_name(name), Path(files[name])) if name in files else None

    context = client_context(
        file("sslrootcert"), file("sslcert"), file("sslkey"), files.get("sslpassword", "")
    )
    if mode != "verify-full":
        context.check_hostname = False
    if mode == "require" and "sslrootcert" not in files:
        context.verify_mode = ssl.CERT_NONE  # As PostgreSQL's own library does.
    return {"ssl": context}


def _elsewhere(address: URL) -> str | None:
    """The host, if it is of no local network: named in full, or by an address."""
    host = address.host or str(address.query.get("host", ""))
    is_name_or_socket = ("." not in host and ":" not in host) or host.startswith("/")
    return None if is_name_or_socket or host in LOCAL else host


def _stop(name: str, why: Translatable) -> ClusterError:
    return ClusterError(variable_name(name), why)


def our_address(url: str) -> URL:
    """The same database with our own drivers; Stop where that cannot be read."""
    address = read_address(url)
    return address.set(drivername=DRIVERS.get(address.drivername, address.drivername))


class RolledBack(sqlite3.Connection):
    """A connection to a file that leaves no lock behind when it is closed.

    Else a transaction in which not all rows were read lasts as long as anybody knows its cursor,
    such as the traceback of a task that was cancelled: until then no other connection can write.
    """

    def close(self) -> None:
        """Take back what was not committed, and close; a second time does nothing."""
        try:
            with suppress(sqlite3.ProgrammingError):  # It is closed already.
                self.rollback()
        finally:
            super().close()


def make_file_engine(address: URL, **connect: Any) -> AsyncEngine:
    """An engine for a file of SQLite, whose connections leave no lock behind."""
    if address.database:  # Else it is in memory.
        restrict_database(Path(address.database))
    return create_async_engine(address, connect_args={"factory": RolledBack, **connect})


def make_engine(url: str, schema: str = SCHEMA, *, limited: bool = True) -> AsyncEngine:
    """An engine for `postgresql://…` or `sqlite:///…`; nothing is asked yet.

    Without limits a statement takes as long as it does: of migrations and rebuilds.

    Raises:
        Stop: the address cannot be read, or asks for a TLS that cannot be.
    """
    address = our_address(url)
    if address.get_backend_name() == POSTGRESQL:
        return open_postgresql(
            address,
            {
                **SESSION,
                "search_path": schema,
                "statement_timeout": STATEMENT_LIMIT if limited else "0",
            },
            answer_s=ANSWER_S if limited else None,
            pool_pre_ping=True,  # A server that was restarted is not found out by a batch.
            pool_size=POOL,
        )
    engine = make_file_engine(address, timeout=ANSWER_S)
    event.listen(engine.sync_engine, "connect", _set_up_sqlite)
    return engine


def engine_address(engine: AsyncEngine) -> str:
    """The name of a database in messages: its URL without the password."""
    return engine.url.render_as_string(hide_password=True)


def _set_up_sqlite(connection: Any, _record: Any) -> None:
    """Readers and the writer do not wait for each other.

    What a power cut takes back, the position goes back with: the journal brings it again.
    """
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA page_size = {PAGE_BYTES}")  # Of a file that is there, nothing changes.
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = NORMAL")
    cursor.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
    cursor.execute("PRAGMA page_size")
    (page_bytes,) = cursor.fetchone()
    cursor.execute(f"PRAGMA wal_autocheckpoint = {LOG_BYTES // page_bytes}")
    cursor.close()


async def begin_snapshot(connection: AsyncConnection) -> None:
    """Have all questions of a connection that has asked nothing yet see the same moment."""
    if connection.dialect.name == POSTGRESQL:
        level = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        await connection.execution_options(**level)
    else:  # It begins a transaction where none was begun yet.
        await connection.exec_driver_sql("SAVEPOINT one_moment")

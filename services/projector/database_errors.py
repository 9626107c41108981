"""Errors of a database: of the dependency, which are retried, and of our SQL, which are bugs."""

import asyncio
import sqlite3
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from typing import Final

import asyncpg
import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolExhausted

from events.texts import Translatable, _, verbatim
from services.projector.settings import variable_name
from services.runtime.kafka.writer import WriterFailed
from services.runtime.ops.errors import Stop, Unreachable
from services.runtime.ops.tls import tls_refusal
from services.texts.translation import error_text

LIMIT_S: Final = 60.0
"""The timeout of one transaction: shorter than the watchdog's."""

TEMPORARY: Final = frozenset({"08", "25", "28", "3D", "40", "53", "55", "57", "58"})
"""Classes of PostgreSQL's errors that time or an operator mends: connections, a standby, access, a
database that is missing, conflicts, resources, locks, an operator's hand, the system."""

AWAY: Final = frozenset({"08", "25", "53", "57", "58"})
"""Those of a server that is away: connections, a standby, resources, an operator's hand, the
system."""

NOT_AWAY: Final = frozenset({"25001", "25P01", "25P02", "57014"})
"""Of these the states of a transaction, which are ours, and a statement that was cancelled."""

REFUSING: Final = frozenset({"28", "3D"})
"""Those of a server that refuses our login, or has no such database."""

RETRY_S: Final = 1.0
"""The pause before a database that is away is asked again."""

OUR_STATEMENT: Final = sqlite3.SQLITE_ERROR
"""SQLite's code for statements that it cannot run; its other operational errors come from the disk
or from another process."""

SPOILED: Final = frozenset({sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT})
"""SQLite's codes for a file that an operator must replace."""

NO_DATABASE = _(
    "the database does not answer as it must ({error}). Check ECLUSE_DATABASE_URL "
    "(ECLUSE_ACCESS_URL where keys are elsewhere), that the server runs, and that this role may "
    "write there"
)
WRONG_PASSWORD = _("it refuses the login ({error}): check user name and password in the address")
NOT_LET_IN = _(
    "it does not let this role in from here ({error}): check its pg_hba.conf; where that asks for "
    "TLS, set ECLUSE_DATABASE_SSLMODE=verify-full"
)
CLOSED = _(
    "it closed the connection ({error}): look into its log; where it asks for a certificate, "
    "check {setting}"
)
NO_TLS = _("there is no TLS ({error}): check the port, the server's `ssl`, and {setting}")
OF_FILE = _("{path}: {error}")

log: Final = structlog.stdlib.get_logger("ecluse.database")


class DatabaseUnreachable(Unreachable):
    """The database does not answer, or refuses us."""


def is_temporary(error: BaseException) -> bool:
    """True of an error that a retry may resolve."""
    return any(_may_pass(each) for each in _chain(error))


def _chain(error: BaseException) -> Iterator[BaseException]:
    """An error and its causes: SQLAlchemy wraps the driver's."""
    yield error
    inner = error.orig if isinstance(error, DBAPIError) else error.__cause__
    if inner is not None:
        yield from _chain(inner)


def _may_pass(error: BaseException) -> bool:
    if isinstance(error, asyncpg.InvalidCachedStatementError | asyncpg.InternalClientError):
        return True  # The tables were made anew, or the connection broke: the next try asks again.
    if isinstance(error, asyncpg.PostgresError):
        rights = isinstance(error, asyncpg.InsufficientPrivilegeError)
        return rights or str(error.sqlstate)[:2] in TEMPORARY
    if isinstance(error, asyncpg.InterfaceError):
        return not isinstance(error, ValueError)  # That is a value that no column can hold.
    if isinstance(error, sqlite3.OperationalError):
        return getattr(error, "sqlite_errorcode", OUR_STATEMENT) != OUR_STATEMENT
    if isinstance(error, sqlite3.DatabaseError):
        return getattr(error, "sqlite_errorcode", OUR_STATEMENT) in SPOILED
    return isinstance(error, OSError | TimeoutError | PoolExhausted)


@asynccontextmanager
async def failing_as_writer() -> AsyncIterator[None]:
    """Raise errors of the database as WriterFailed: nothing was written, and it is retried."""
    try:
        async with asyncio.timeout(LIMIT_S):
            yield
    except Exception as error:
        if not is_temporary(error):
            raise
        raise WriterFailed(f"the database: {message_of(error)}") from error


@asynccontextmanager
async def end_when_disconnected(driver: asyncpg.Connection) -> AsyncIterator[None]:
    """End with the connection, at once: a COPY of asyncpg waits until it may write again.

    On a lost connection that is never; and a cancelled COPY makes asyncpg write to the closed
    socket, where uvloop raises RuntimeError, which would look like a bug.

    Raises:
        ConnectionResetError: the connection was lost.
    """
    task = asyncio.current_task()
    assert task is not None, "only a task waits"
    cancelled_before = task.cancelling()
    limit = asyncio.timeout(None)

    def end(_: object) -> None:
        with suppress(RuntimeError):  # All was written, and the limit is not in force any more.
            limit.reschedule(asyncio.get_running_loop().time())

    driver.add_termination_listener(end)
    try:
        async with limit:
            yield
    except (RuntimeError, TimeoutError) as error:
        if task.cancelling() > cancelled_before:
            raise asyncio.CancelledError from error
        if not driver.is_closed():
            raise
        raise ConnectionResetError("the connection was lost") from None
    finally:
        driver.remove_termination_listener(end)


@asynccontextmanager
async def raising_unreachable(where: str) -> AsyncIterator[None]:
    """Raise errors of the database as DatabaseUnreachable, where nothing is written yet."""
    try:
        yield
    except Stop:
        raise  # It says what it must.
    except Exception as error:
        if not is_temporary(error):
            raise
        raise DatabaseUnreachable(where, explain_error(error)) from error


async def when_reachable(where: str, ask: Callable[[], Awaitable[None]], patience_s: float) -> None:
    """Ask the database; again each second while it is away, for `patience_s` at most.

    One that refuses us would do so again, and is asked once. The first failure is logged.

    Raises:
        DatabaseUnreachable: it refuses us, or is still away.
    """
    now_s = asyncio.get_running_loop().time
    until_s, is_first = now_s() + patience_s, True
    while True:
        try:
            async with raising_unreachable(where):
                return await ask()
        except DatabaseUnreachable as error:
            if now_s() >= until_s or not _is_away(error):
                raise
            if is_first:
                log.warning("database_unavailable", error=str(error), limit_s=patience_s)
            is_first = False
        await asyncio.sleep(RETRY_S)


def _is_away(error: DatabaseUnreachable) -> bool:
    """True of a server that is down, starts, is full, or only follows another; not of a refusal."""
    chain = list(_chain(error))
    return any(map(_may_come_back, chain)) and not any(map(_refuses, chain))


def _may_come_back(error: BaseException) -> bool:
    if isinstance(error, asyncpg.PostgresError):
        code = str(error.sqlstate)
        return code[:2] in AWAY and code not in NOT_AWAY
    if isinstance(error, asyncpg.InterfaceError):  # the connection is closed
        return not isinstance(error, ValueError)
    if isinstance(error, asyncpg.TargetServerAttributeNotMatched):
        return True  # None of the servers is the one that writes, yet.
    # What has a name is a file that we cannot read, and no socket.
    return isinstance(error, OSError) and error.filename is None


def _refuses(error: BaseException) -> bool:
    """True where a server does not take our login, our database's name or our TLS."""
    if isinstance(error, asyncpg.PostgresError):
        return str(error.sqlstate)[:2] in REFUSING
    # A handshake that only ends belongs to a server that is going.
    fails = isinstance(error, ssl.SSLError) and not isinstance(error, ssl.SSLEOFError)
    return fails or _has_no_tls(error)


def _has_no_tls(error: BaseException) -> bool:
    """True where a server answers that it has no TLS, which asyncpg has no type for.

    One that only closes the connection meanwhile is going, or away behind a balancer.
    """
    return type(error) is ConnectionError and "rejected SSL upgrade" in str(error)


def explain_error(error: BaseException) -> Translatable:
    """An error of the database as a text that says what to do."""
    known = filter(None, map(_refusal, _chain(error)))
    return next(known, None) or NO_DATABASE.render({"error": reason_of(error)})


def _refusal(error: BaseException) -> Translatable | None:
    """The reason why a server does not let us in."""
    of_certificates = tls_refusal(error, variable_name("sslrootcert"), variable_name("sslcert"))
    if of_certificates is not None:
        return of_certificates
    facts = {"error": reason_of(error)}
    if isinstance(error, asyncpg.InvalidPasswordError):
        return WRONG_PASSWORD.render(facts)
    if isinstance(error, asyncpg.InvalidAuthorizationSpecificationError):
        return NOT_LET_IN.render(facts)
    if _has_no_tls(error):
        return NO_TLS.render({**facts, "setting": variable_name("sslmode")})
    # By TLS 1.3 a refused certificate is only said once the connection stands, and may be lost.
    # For itself, asyncpg raises a ConnectionError of one that closes; its subclasses are others'.
    closes = isinstance(error, asyncpg.ConnectionDoesNotExistError | ConnectionResetError)
    if closes or type(error) is ConnectionError:
        return CLOSED.render({**facts, "setting": variable_name("sslcert")})
    return None


def message_of(error: BaseException) -> str:
    """The message of the server or the system, on one line, for a log."""
    *_unused, inmost = _chain(error)
    return str(inmost).split("\n")[0] or type(inmost).__name__


def reason_of(error: BaseException) -> Translatable:
    """The message for people: the usual errors of system and SQLite in their language."""
    *_unused, inmost = _chain(error)
    if not isinstance(inmost, OSError | sqlite3.Error):
        return verbatim(message_of(error))
    if isinstance(inmost, OSError) and inmost.filename is not None:  # No socket: a key, say.
        return OF_FILE.render({"path": inmost.filename, "error": error_text(inmost)})
    return error_text(inmost)

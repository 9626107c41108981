"""What fails of a database: what may pass, and what is a bug of ours."""

import asyncio
import sqlite3

import asyncpg
import pytest
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolExhausted

from services.projector.database_errors import failing_as_writer, is_temporary, raising_unreachable
from services.runtime.kafka.writer import WriterFailed
from services.runtime.ops.errors import Unreachable
from services.texts.translation import both


def of_sqlite(code: int) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("words")
    error.sqlite_errorcode = code
    return error


def wrapped(error: Exception) -> DBAPIError:
    """As SQLAlchemy passes it on."""
    return DBAPIError("SELECT", {}, error)


@pytest.mark.parametrize(
    "error",
    [
        ConnectionRefusedError(),
        TimeoutError(),
        PoolExhausted(),
        asyncpg.AdminShutdownError(),
        asyncpg.CannotConnectNowError(),
        asyncpg.ConnectionDoesNotExistError(),
        asyncpg.DiskFullError(),
        asyncpg.DeadlockDetectedError(),
        asyncpg.InvalidPasswordError(),
        asyncpg.InvalidCatalogNameError(),
        asyncpg.ReadOnlySQLTransactionError(),
        asyncpg.InsufficientPrivilegeError(),
        asyncpg.InterfaceError("connection is closed"),
        asyncpg.InvalidCachedStatementError(),
        asyncpg.InternalClientError("cannot switch to state 15; another operation is in progress"),
        of_sqlite(sqlite3.SQLITE_BUSY),
        of_sqlite(sqlite3.SQLITE_FULL),
        of_sqlite(sqlite3.SQLITE_IOERR),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_may_be_gone_the_next_time(error: Exception) -> None:
    assert is_temporary(error)
    assert is_temporary(wrapped(error))


@pytest.mark.parametrize(
    "error",
    [
        AssertionError(),
        ValueError(),
        asyncpg.UniqueViolationError(),
        asyncpg.NotNullViolationError(),
        asyncpg.UndefinedTableError(),
        asyncpg.DataError("invalid input for query argument"),
        asyncpg.ProgramLimitExceededError(),
        sqlite3.IntegrityError(),
        of_sqlite(sqlite3.SQLITE_ERROR),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_never_will_be(error: Exception) -> None:
    assert not is_temporary(error)
    assert not is_temporary(wrapped(error))


def test_temporary_errors_are_a_writers_and_bugs_are_raised_as_they_are() -> None:
    async def failing(error: Exception) -> None:
        async with failing_as_writer():
            raise error

    with pytest.raises(WriterFailed, match="away"):
        asyncio.run(failing(wrapped(ConnectionResetError("away\nfor long"))))
    with pytest.raises(AssertionError):
        asyncio.run(failing(AssertionError()))


def test_at_the_start_the_error_is_a_message_for_people() -> None:
    async def failing() -> None:
        async with raising_unreachable("postgresql://db"):
            raise ConnectionRefusedError("no")

    with pytest.raises(Unreachable) as caught:
        asyncio.run(failing())
    assert "ECLUSE_DATABASE_URL" in both(caught.value.text).en
    assert both(caught.value.text).fr.startswith("postgresql://db\u00a0: la base")

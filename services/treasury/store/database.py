"""The treasury's database: its tables in a schema of PostgreSQL, or in a file of SQLite."""

from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Final, Self, TypeVar

from sqlalchemy import Table, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.projector.database_errors import raising_unreachable
from services.projector.engine import begin_snapshot, engine_address, make_engine
from services.projector.migrations import prepare_beside
from services.projector.settings import address_beside
from services.projector.sql import POSTGRESQL
from services.treasury.settings import TreasurySettings
from services.treasury.store.tables import SCHEMA, VERSION_TABLE

TREASURY_FILE: Final = "treasury.db"
"""The file beside a read model in SQLite."""

MIGRATIONS: Final = Path(__file__).parent / "migrations"

RETURNS_LOCK: Final = 20_230_412_03
"""Advisory lock of PostgreSQL under which one file of the accountant is taken at a time."""

NAMED_AT_ONCE: Final = 2_000
"""Values named in one statement: far below what both databases take."""

Value = TypeVar("Value")

Clock = Callable[[], datetime]
"""Returns the instant, with its offset; tests set their own."""


def treasury_address(read_model: str, own: str | None) -> str:
    """The address of the treasury's tables: its own, or derived from that of the read model."""
    return address_beside(read_model, TREASURY_FILE) if own is None else own


class TreasuryStore:
    """The treasury's tables; every change is one transaction, and of two that meet one waits."""

    def __init__(self, address: str) -> None:
        engine = make_engine(address, SCHEMA)
        self.is_postgresql = engine.dialect.name == POSTGRESQL
        self._engine: AsyncEngine = engine.execution_options(
            schema_translate_map={SCHEMA: SCHEMA if self.is_postgresql else None}
        )

    @classmethod
    def build(cls, own: TreasurySettings) -> Self:
        """The tables that these settings name.

        Raises:
            ClusterError: the address asks for a TLS that cannot be.
        """
        return cls(cls.address_of(own))

    @staticmethod
    def address_of(own: TreasurySettings) -> str:
        """The address of the tables that these settings name.

        Raises:
            ClusterError: it asks for a TLS that cannot be.
        """
        named = own.treasury_url
        address = None if named is None else own.with_tls(named.get_secret_value())
        return treasury_address(own.url, address)

    @property
    def name(self) -> str:
        """The database's address in messages, without the password."""
        return engine_address(self._engine)

    async def prepare(self, patience_s: float = 0.0) -> None:
        """Make the tables, or bring them to this version.

        A server that is away is waited for, `patience_s` at most.

        Raises:
            Unreachable: the database does not answer.
            ClusterError: it is of a newer program.
        """
        await prepare_beside(self._engine, SCHEMA, MIGRATIONS, VERSION_TABLE, patience_s)

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[AsyncConnection]:
        """One transaction that writes: committed at the end, taken back at an error.

        On SQLite it has the file for itself from its beginning; on PostgreSQL it locks the rows
        that it reads `FOR UPDATE`.
        """
        async with raising_unreachable(self.name), self._engine.begin() as connection:
            if not self.is_postgresql:
                await connection.exec_driver_sql("BEGIN IMMEDIATE")
            yield connection

    @asynccontextmanager
    async def lock_returns(self) -> AsyncGenerator[AsyncConnection]:
        """A transaction that writes, in which no other one takes a file of the accountant.

        Two returns that say the same would meet in their rows, and a slip would be given up while
        one that names it is read. SQLite has one writer anyway.
        """
        async with self.transaction() as connection:
            if self.is_postgresql:
                await connection.execute(text(f"SELECT pg_advisory_xact_lock({RETURNS_LOCK})"))
            yield connection

    @asynccontextmanager
    async def reading(self) -> AsyncGenerator[AsyncConnection]:
        """A connection for questions, which see one moment: no act is seen half done."""
        async with raising_unreachable(self.name), self._engine.connect() as connection:
            await begin_snapshot(connection)
            yield connection

    def use_current_password(self, prepare: Callable[[AsyncEngine], None]) -> None:
        """Have new connections log in with a password that may change."""
        prepare(self._engine)

    async def dispose(self) -> None:
        await self._engine.dispose()


def split_in_parts(
    values: Sequence[Value], at_most: int = NAMED_AT_ONCE
) -> Iterator[Sequence[Value]]:
    """Consecutive parts, each of what one statement may name."""
    for first in range(0, len(values), at_most):
        yield values[first : first + at_most]


def inserting(connection: AsyncConnection, table: Table) -> postgresql.Insert | sqlite.Insert:
    """An INSERT that knows ON CONFLICT, which both databases spell alike."""
    if connection.dialect.name == POSTGRESQL:
        return postgresql.insert(table)
    return sqlite.insert(table)

"""The database of the read model: its engine, and a batch written with its position, or not at all.

Two are known: PostgreSQL, where the tables live in a schema of their own, and a file of SQLite.
"""

import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, NamedTuple

import asyncpg
from sqlalchemy import URL, ColumnElement, event, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from services.projector import sql
from services.projector.database_errors import until_disconnected
from services.projector.postgresql import open_postgresql
from services.projector.rows.changes import Changes, Key, Members, Row
from services.projector.rows.event_rows import UnsignedGrants
from services.projector.rows.fold import DEAD
from services.projector.rows.settling import LATE, Unsettled, document_things, read_awaited
from services.projector.settings import DRIVERS, read_address
from services.projector.tables import (
    budgets,
    conventions,
    journal,
    positions,
    refusals,
    review_flags,
)
from services.runtime.kafka.source_positions import SourcePosition
from services.runtime.ops.file_modes import restrict_database

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
KiB, a journal takes a tenth more (measured: docs/decisions/0041)."""

CACHE_KIB: Final = 64 * 1024
LOG_BYTES: Final = 64 * 1024 * 1024
"""SQLite: what a connection may keep of the file, and the size from which on the log of a writer is
brought into it. By default each batch would wait for both."""

ANSWER_S: Final = 60.0
"""The timeout of one statement."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Position(SourcePosition):
    """The position of one partition of the journal in the tables, and the last record read."""

    topic: str
    partition: int
    latest_event_time: datetime | None = None
    epoch: int = 0
    generation: int = 0


BEHIND_DEAD: Final = "_dead/"
"""The first name behind those of all chains of unreadable records."""


class Overtaken(Exception):
    """The tables are not as this writer left them: nothing of the batch was written."""


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
    if address.get_backend_name() == sql.POSTGRESQL:
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


FIRST: Final = (
    "INSERT INTO positions (topic, partition, next_offset, epoch, generation)"
    " SELECT :topic, :partition, 0, 0, coalesce(max(generation), 0) FROM positions WHERE true"
    " ON CONFLICT DO NOTHING"
)
"""The position of a partition of which nothing was read; in tables that were made anew, theirs."""


class Taken(NamedTuple):
    """A partition that was taken, with the state that a fold needs of earlier batches."""

    position: Position
    sequences: dict[str, int]
    """The last record of each chain."""
    alone: UnsignedGrants
    """Grants without convention, by budget."""
    unsettled: Unsettled
    """Refusals and review flags that later records may settle."""


async def take(engine: AsyncEngine, topic: str, partition: int) -> Taken:
    """Become the only writer of a partition, and fence the one before."""
    raised = update(positions).where(_is(topic, partition)).values(epoch=positions.c.epoch + 1)
    # One transaction: a switch waits for it, so that position and rows are of the same tables.
    async with engine.begin() as connection:
        # A process that comes at the same time finds the row, and waits for it below.
        await connection.execute(text(FIRST), {"topic": topic, "partition": partition})
        await connection.execute(raised)
        position = await _position(connection, topic, partition)
        return Taken(position, *await _fold_state(connection, partition))


async def _fold_state(
    connection: AsyncConnection, partition: int
) -> tuple[dict[str, int], UnsignedGrants, Unsettled]:
    # A chain of another partition may rest here, where a journal was imported: a range of the key.
    last = select(journal.c.budget, func.max(journal.c.sequence)).where(
        journal.c.budget >= DEAD,
        journal.c.budget < BEHIND_DEAD,
        journal.c.partition == partition,
    )
    known = select(budgets.c.budget, budgets.c.sequence).where(budgets.c.partition == partition)
    alone = (
        select(conventions.c.budget, conventions.c.convention)
        .join(budgets, budgets.c.budget == conventions.c.budget)
        .where(
            conventions.c.stands_alone,
            budgets.c.partition == partition,
            budgets.c.closed_on.is_(None),  # In a closed year nothing is signed.
        )
    )
    sequences: dict[str, int] = {}
    for asked in (last.group_by(journal.c.budget), known):
        sequences |= {row[0]: row[1] for row in await connection.execute(asked)}
    grants_alone: UnsignedGrants = {}
    for budget, grant in await connection.execute(alone):
        grants_alone.setdefault(budget, set()).add(grant)
    return sequences, grants_alone, await _unsettled(connection, partition)


async def _unsettled(connection: AsyncConnection, partition: int) -> Unsettled:
    found = Unsettled()
    for table in (refusals, review_flags):
        asked = (
            select(*table.primary_key, table.c.awaits)
            .join(budgets, budgets.c.budget == table.c.budget)
            .where(
                budgets.c.partition == partition,
                table.c.settled_sequence.is_(None),
                table.c.awaits.is_not(None),
            )
        )
        for *key, awaits in await connection.execute(asked):
            found.add(table.name, tuple(key), read_awaited(awaits))
    late = (
        select(*review_flags.primary_key, review_flags.c.facts)
        .join(budgets, budgets.c.budget == review_flags.c.budget)
        .where(budgets.c.partition == partition, review_flags.c.code == LATE)
    )
    for *key, facts in await connection.execute(late):
        found.note_late(tuple(key), document_things(facts))
    return found


async def other_topics(engine: AsyncEngine, topic: str) -> list[str]:
    """Of which other journals these tables are made."""
    asked = select(positions.c.topic).where(positions.c.topic != topic).distinct()
    async with engine.connect() as connection:
        return list((await connection.execute(asked)).scalars())


async def position_of(engine: AsyncEngine, topic: str, partition: int) -> Position:
    """The position and the epoch of a partition."""
    async with engine.connect() as connection:
        return await _position(connection, topic, partition)


async def _position(connection: AsyncConnection, topic: str, partition: int) -> Position:
    row = (await connection.execute(select(positions).where(_is(topic, partition)))).one()
    members = row._mapping  # noqa: SLF001 # SQLAlchemy's own name for a row by columns
    return Position(**{each.name: members[each.name] for each in fields(Position)})


def _is(topic: str, partition: int) -> ColumnElement[bool]:
    return (positions.c.topic == topic) & (positions.c.partition == partition)


def _is_mine(position: Position) -> ColumnElement[bool]:
    return _is(position.topic, position.partition) & (positions.c.epoch == position.epoch)


async def hold(
    engine: AsyncEngine, position: Position, offset: int, event_id: str | None, error: str
) -> None:
    """Record that a partition is held before a record; Overtaken where another has it."""
    async with engine.begin() as connection:
        held = {"held_offset": offset, "held_event_id": event_id, "held_error": error}
        await _update(connection, position, _is_mine(position), held)


async def is_held(engine: AsyncEngine, position: Position) -> bool:
    """True while a partition is held by this writer."""
    asked = select(positions.c.held_offset).where(_is_mine(position))
    async with engine.connect() as connection:
        return (await connection.execute(asked)).scalar_one_or_none() is not None


async def write(
    engine: AsyncEngine, changes: Changes, position: Position, behind: int | None = None
) -> None:
    """Write a batch and how far it was read, in one transaction; `behind` is where the last ended.

    Raises:
        Overtaken: the epoch of `position` is not that of the partition any more, or the database
            has lost the last batch.
    """
    async with engine.connect() as connection:
        try:
            await _write(connection, changes, position, behind)
            await connection.commit()
        except BaseException:
            # Copies go past SQLAlchemy, which does not see in what state they leave a connection.
            await connection.invalidate()
            raise


async def _write(
    connection: AsyncConnection, changes: Changes, position: Position, behind: int | None
) -> None:
    of_postgresql = connection.dialect.name == sql.POSTGRESQL
    if of_postgresql:
        # What a crash of the server takes back, the position goes back with: it is read again.
        await connection.exec_driver_sql("SET LOCAL synchronous_commit = off")
    # First, so that it is waited for here: behind it this transaction is the only writer.
    await _move(connection, position, behind)
    for change in changes.renamed:
        for statement in sql.RENAMED:
            await connection.execute(text(statement), change)
    for key in changes.rejected:
        named = dict(zip(sql.keys("documents"), key, strict=True))
        await connection.execute(text(sql.REJECTED), named)
    if of_postgresql:
        await _copy(connection, changes)
    else:
        await _insert(connection, changes)
    for each in changes.withdrawn:
        await connection.execute(text(sql.WITHDRAWN), each)
    for each in changes.replanned:
        await connection.execute(text(sql.REPLANNED), each)


async def _move(connection: AsyncConnection, position: Position, behind: int | None) -> None:
    moved = {each.name: getattr(position, each.name) for each in fields(SourcePosition)}
    moved["latest_event_time"] = position.latest_event_time
    not_held = dict.fromkeys(("held_offset", "held_event_id", "held_error"))
    mine = _is_mine(position)
    if behind is not None:
        mine &= positions.c.next_offset == behind
    await _update(connection, position, mine, moved | not_held)


async def _update(
    connection: AsyncConnection,
    position: Position,
    where_mine: ColumnElement[bool],
    values: Mapping[str, object],
) -> None:
    found = await connection.execute(update(positions).where(where_mine).values(values))
    if found.rowcount != 1:
        raise Overtaken(f"{position.topic}/{position.partition}")


async def _copy(connection: AsyncConnection, changes: Changes) -> None:
    """New rows by COPY, merged ones as arrays: one statement a table."""
    raw = await connection.get_raw_connection()
    driver = raw.driver_connection
    assert isinstance(driver, asyncpg.Connection), "PostgreSQL is spoken to by asyncpg"
    async with until_disconnected(driver):
        for name, rows in changes.appended.items():
            await driver.copy_records_to_table(name, records=rows, columns=sql.columns(name))
    for statement, _, _, merged in _merged(changes, sql.POSTGRESQL):
        await driver.execute(statement, *map(list, zip(*merged, strict=True)))


async def _insert(connection: AsyncConnection, changes: Changes) -> None:
    """Row by row, each kind in one call."""
    for name, rows in changes.appended.items():
        spelled = sql.spelled(name, sql.columns(name), rows)
        await connection.exec_driver_sql(sql.appending(name), list(spelled))
    for statement, name, written, rows in _merged(changes, "sqlite"):
        await connection.exec_driver_sql(statement, list(sql.spelled(name, written, rows)))


Merged = tuple[str, str, tuple[str, ...], list[Row]]
"""A statement, its table, what each of its rows holds, and the rows."""


def _merged(changes: Changes, dialect: str) -> Iterable[Merged]:
    for name, grown in changes.added.items():
        if grown:
            written = (*sql.keys(name), *sql.non_key_columns(name))
            rows = [(*key, *amounts) for key, amounts in grown.items()]
            yield sql.adding(name, dialect), name, written, rows
    for put, offered in ((changes.offered, True), (changes.put, False)):
        for name, named in put.items():
            for members, found in _by_members(named).items():
                statement = sql.upsert(name, members, dialect, offered=offered)
                rows = [(*key, *row.values()) for key, row in found]
                yield statement, name, (*sql.keys(name), *members), rows
    for name, named in changes.patched.items():
        for members, found in _by_members(named).items():
            rows = [(*row.values(), *key) for key, row in found]
            written = (*members, *sql.keys(name))
            yield sql.patching(name, members, dialect), name, written, rows


def _by_members(rows: Mapping[Key, Members]) -> dict[tuple[str, ...], list[tuple[Key, Members]]]:
    """Rows that are written in the same columns, together."""
    found: dict[tuple[str, ...], list[tuple[Key, Members]]] = {}
    for key, row in rows.items():
        found.setdefault(tuple(row), []).append((key, row))
    return found

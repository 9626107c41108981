"""The database of the read model: a batch is written with its position, or not at all."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Final, NamedTuple

import asyncpg
from sqlalchemy import ColumnElement, case, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from events.follow_up import EventWithdrawn
from services.projector import sql
from services.projector.database_errors import end_when_disconnected
from services.projector.rows.changes import Changes, Key, Members, Row
from services.projector.rows.event_rows import UnsignedGrants
from services.projector.rows.fold import DEAD
from services.projector.rows.settling import LATE, UnsettledRows, late_of, read_awaited
from services.projector.tables import (
    budgets,
    conventions,
    journal,
    positions,
    refusals,
    review_flags,
)
from services.runtime.kafka.reader import SourcePosition


@dataclass(frozen=True, slots=True, kw_only=True)
class Position(SourcePosition):
    """The position of one partition of the journal in the tables, and the last record read."""

    topic: str
    partition: int
    latest_event_time: datetime | None = None
    epoch: int = 0
    generation: int = 0


class Overtaken(Exception):
    """The tables are not as this writer left them: nothing of the batch was written."""


FIRST: Final = (
    "INSERT INTO positions (topic, partition, next_offset, epoch, generation)"
    " SELECT :topic, :partition, 0, 0, coalesce(max(generation), 0) FROM positions WHERE true"
    " ON CONFLICT DO NOTHING"
)
"""The position of a partition of which nothing was read; in tables that were made anew, theirs."""


class TakenPartition(NamedTuple):
    """A partition that was taken, with the state that a fold needs of earlier batches."""

    position: Position
    sequences: dict[str, int]
    """The last record of each chain."""
    alone: UnsignedGrants
    """Grants without convention, by budget."""
    unsettled: UnsettledRows
    """Refusals and review flags that later records may settle."""


async def take(engine: AsyncEngine, topic: str, partition: int) -> TakenPartition:
    """Become the only writer of a partition, and fence the one before."""
    raised = update(positions).where(_is(topic, partition)).values(epoch=positions.c.epoch + 1)
    # One transaction: a switch waits for it, so that position and rows are of the same tables.
    async with engine.begin() as connection:
        # A process that comes at the same time finds the row, and waits for it below.
        await connection.execute(text(FIRST), {"topic": topic, "partition": partition})
        await connection.execute(raised)
        position = await _position(connection, topic, partition)
        return TakenPartition(position, *await fold_state(connection, partition))


async def other_topics(engine: AsyncEngine, topic: str) -> list[str]:
    """The topics of other journals that these tables are made of."""
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
    async with end_when_disconnected(driver):
        for name, rows in changes.appended.items():
            await driver.copy_records_to_table(name, records=rows, columns=sql.columns(name))
    for statement, _, _, merged in _list_writes(changes, sql.POSTGRESQL):
        await driver.execute(statement, *map(list, zip(*merged, strict=True)))


async def _insert(connection: AsyncConnection, changes: Changes) -> None:
    """Row by row, each kind in one call."""
    for name, rows in changes.appended.items():
        spelled = sql.spell_rows(name, sql.columns(name), rows)
        await connection.exec_driver_sql(sql.appending(name), list(spelled))
    for statement, name, written, rows in _list_writes(changes, "sqlite"):
        await connection.exec_driver_sql(statement, list(sql.spell_rows(name, written, rows)))


TableWrite = tuple[str, str, tuple[str, ...], list[Row]]
"""A statement, its table, what each of its rows holds, and the rows."""


def _list_writes(changes: Changes, dialect: str) -> Iterable[TableWrite]:
    for name, grown in changes.added.items():
        if grown:
            written = (*sql.keys(name), *sql.non_key_columns(name))
            rows = [(*key, *amounts) for key, amounts in grown.items()]
            yield sql.adding(name, dialect), name, written, rows
    for put, offered in ((changes.offered, True), (changes.put, False)):
        for name, named in put.items():
            for members, found in _group_by_members(named).items():
                statement = sql.upsert(name, members, dialect, offered=offered)
                rows = [(*key, *row.values()) for key, row in found]
                yield statement, name, (*sql.keys(name), *members), rows
    for name, named in changes.patched.items():
        for members, found in _group_by_members(named).items():
            rows = [(*row.values(), *key) for key, row in found]
            written = (*members, *sql.keys(name))
            yield sql.patching(name, members, dialect), name, written, rows


def _group_by_members(
    rows: Mapping[Key, Members],
) -> dict[tuple[str, ...], list[tuple[Key, Members]]]:
    """Rows that are written in the same columns, together."""
    found: dict[tuple[str, ...], list[tuple[Key, Members]]] = {}
    for key, row in rows.items():
        found.setdefault(tuple(row), []).append((key, row))
    return found


BEHIND_DEAD: Final = "_dead/"
"""The first name behind those of all chains of unreadable records."""


async def fold_state(
    connection: AsyncConnection, partition: int
) -> tuple[dict[str, int], UnsignedGrants, UnsettledRows]:
    """The last record of each chain, grants without convention, and what may still be settled."""
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
    return sequences, grants_alone, await _read_unsettled(connection, partition)


async def _read_unsettled(connection: AsyncConnection, partition: int) -> UnsettledRows:
    found = UnsettledRows()
    withdrawn = (
        select(journal.c.budget, journal.c.sequence)
        .join(
            budgets,
            (budgets.c.budget == journal.c.budget) & (budgets.c.sequence == journal.c.sequence),
        )
        .where(
            budgets.c.partition == partition,
            journal.c.event_type == EventWithdrawn.TYPE,
            journal.c.outcome == "accepted",
        )
    )
    for budget, sequence in await connection.execute(withdrawn):
        found.add_withdrawal(budget, sequence)
    for table in (refusals, review_flags):
        asked = (
            select(*table.primary_key, table.c.awaits, case((table.c.code == LATE, table.c.facts)))
            .join(budgets, budgets.c.budget == table.c.budget)
            .where(
                budgets.c.partition == partition,
                table.c.settled_sequence.is_(None),
                table.c.awaits.is_not(None),
            )
        )
        for *key, awaits, facts in await connection.execute(asked):
            late = None if facts is None else late_of(facts)
            found.add(table.name, tuple(key), read_awaited(awaits), late)
    return found

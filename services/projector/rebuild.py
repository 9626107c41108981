"""The read model made again from the journal beside the running one, then put into its place.

What was made stays when this is stopped: the next run goes on behind it. The switch is one
transaction. On PostgreSQL the new tables are another schema, which takes the name of the old; on
SQLite they are another file, whose rows take the place of the old. Readers see the one or the
other, whole. Projectors are fenced, and continue in the new ones.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Final

import structlog
from aiokafka.structs import TopicPartition
from asyncpg import DependentObjectsStillExistError, LockNotAvailableError
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from events.texts import _
from events.topics import JOURNAL
from services.projector.database_errors import raising_unreachable
from services.projector.engine import SCHEMA, engine_address, make_engine
from services.projector.migrations import prepare
from services.projector.processor import BATCH_RECORDS, ProjectorProcessor
from services.projector.settings import read_address
from services.projector.sql import POSTGRESQL, refilling
from services.projector.tables import metadata, positions
from services.runtime.kafka.topics import check
from services.runtime.ops.errors import ClusterError
from services.runtime.ops.settings import Settings
from services.runtime.ops.watchdog import Progress

NEXT: Final = f"{SCHEMA}_next"
"""The schema in which the read model is made again."""

BEFORE: Final = f"{SCHEMA}_before"
"""The name of the old schema until it is dropped."""

NEXT_FILE: Final = ".next"
"""The suffix of the file in which the read model is rebuilt."""

LOCK_MS: Final = 500
"""Lock timeout of one try of the switch: less than PostgreSQL's deadlock timeout."""

PAUSE_S: Final = 0.5
PAUSES_MAX: Final = 10
TRIES: Final = 120
"""Tries of the switch, with pauses that grow to ten times the first."""

READERS = _(
    "readers keep the old tables open: end their transactions, then run `ecluse projector "
    "--rebuild` again, which goes on where it is"
)
DEPEND = _(
    "other objects stand on the old tables ({error}): drop them, run `ecluse projector --rebuild` "
    "again, then make them again"
)

OWNER = _(
    "these tables belong to {owner}: run `ecluse projector --rebuild` as that role, else the "
    "projector could not write to them any more"
)

OWNERS = _(
    "the schema {schema} and its tables belong to {owners}: give them all to the projector's role "
    "(ALTER SCHEMA, ALTER TABLE … OWNER TO), then run `ecluse projector --rebuild` as that role"
)

OWNED: Final = (
    "SELECT DISTINCT pg_get_userbyid(owner), current_user FROM ("
    "SELECT nspowner FROM pg_namespace WHERE nspname = :schema"
    " UNION SELECT relowner FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace"
    " WHERE nspname = :schema AND relkind = 'r') AS known (owner)"
)
"""Owners of the schema and its tables, and the current role."""

CatchUp = Callable[[], Awaitable[None]]
"""Brings the new tables to the end of the journal while the old ones stand still."""

log: Final = structlog.stdlib.get_logger("ecluse.projector")


def next_engine(url: str) -> AsyncEngine:
    """The engine of the read model that is made beside the running one."""
    address = read_address(url)
    if address.get_backend_name() == POSTGRESQL:
        return make_engine(url, NEXT, limited=False)
    return make_engine(
        address.set(database=f"{address.database}{NEXT_FILE}").render_as_string(False)
    )


async def switch(running: AsyncEngine, made: AsyncEngine, catch_up: CatchUp) -> None:
    """Put the new tables into the place of the old ones; ClusterError where readers hold those."""
    if running.dialect.name == POSTGRESQL:
        await _rename(running, made, catch_up)
    else:
        await _refill(running, made, catch_up)


async def _rename(running: AsyncEngine, made: AsyncEngine, catch_up: CatchUp) -> None:
    for attempt in range(TRIES):
        await catch_up()  # So that little is left to be done while all wait.
        async with running.connect() as connection:
            if await _lock(connection):
                # The new tables are written on other connections, which hold no locks.
                await catch_up()
                await _take_over(made, await _epochs(connection))
                await _give_the_name(connection)
                await connection.commit()
                return
        await asyncio.sleep(PAUSE_S * min(attempt + 1, PAUSES_MAX))
    raise ClusterError(SCHEMA, READERS)


async def _lock(connection: AsyncConnection) -> bool:
    """Lock the old tables; False where a reader holds them."""
    # Positions first: who projects begins there, and so holds nothing else while he waits.
    first = sorted(metadata.tables, key=lambda name: name != positions.name)
    names = ", ".join(f"{SCHEMA}.{name}" for name in first)
    await connection.execute(text(f"SET LOCAL lock_timeout = {LOCK_MS}"))
    # Catching up may take longer than other sessions may be idle.
    await connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
    try:
        await connection.execute(text(f"LOCK TABLE {names} IN ACCESS EXCLUSIVE MODE"))
    except DBAPIError as error:
        if not isinstance(_cause(error), LockNotAvailableError):
            raise
        await connection.rollback()
        return False
    return True


def _cause(error: DBAPIError) -> BaseException | None:
    """The error of asyncpg that SQLAlchemy wraps."""
    return None if error.orig is None else error.orig.__cause__


async def _give_the_name(connection: AsyncConnection) -> None:
    names = ", ".join(f"{BEFORE}.{name}" for name in (*metadata.tables, "alembic_version"))
    grants = await _grants(connection)
    for statement in (
        f"ALTER SCHEMA {SCHEMA} RENAME TO {BEFORE}",
        f"ALTER SCHEMA {NEXT} RENAME TO {SCHEMA}",
        *grants,
    ):
        await connection.execute(text(statement))
    try:
        await connection.execute(text(f"DROP TABLE {names}"))
        await connection.execute(text(f"DROP SCHEMA {BEFORE}"))
    except DBAPIError as error:
        cause = _cause(error)
        if not isinstance(cause, DependentObjectsStillExistError):
            raise
        detail = (cause.detail or str(cause)).replace(BEFORE, SCHEMA)
        raise ClusterError(SCHEMA, DEPEND.render({"error": detail})) from error


WHO: Final = "CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END"

GRANTED: Final = (
    f"SELECT format('GRANT %s ON SCHEMA {SCHEMA} TO %s', privilege_type, {WHO})"  # noqa: S608 # ours
    " FROM pg_namespace, aclexplode(nspacl)"
    f" WHERE nspname = '{SCHEMA}' AND grantee <> nspowner"
    f" UNION ALL SELECT format('GRANT %s ON {SCHEMA}.%I TO %s', privilege_type, relname, {WHO})"
    " FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace, aclexplode(relacl)"
    f" WHERE nspname = '{SCHEMA}' AND relkind = 'r' AND grantee <> relowner"
)
"""The statements that give again what was granted on the schema and its tables."""


async def _grants(connection: AsyncConnection) -> list[str]:
    """Statements that grant the rights on the old tables again."""
    rows = await connection.execute(text(GRANTED))
    return [str(row[0]) for row in rows]


async def _epochs(connection: AsyncConnection) -> dict[tuple[str, int], tuple[int, int]]:
    """Epoch and generation of each partition."""
    asked = select(
        positions.c.topic, positions.c.partition, positions.c.epoch, positions.c.generation
    )
    rows = await connection.execute(asked)
    return {(row.topic, row.partition): (row.epoch, row.generation) for row in rows}


async def _take_over(made: AsyncEngine, before: dict[tuple[str, int], tuple[int, int]]) -> None:
    """Positions that no writer of either has: each finds that the tables are new."""
    generation = max((each for _, each in before.values()), default=0) + 1
    async with made.begin() as connection:
        for (topic, partition), (epoch, _unused) in (await _epochs(connection)).items():
            old, _unused = before.get((topic, partition), (0, 0))
            mine = (positions.c.topic == topic) & (positions.c.partition == partition)
            new = {"epoch": max(epoch, old) + 1, "generation": generation}
            await connection.execute(positions.update().where(mine).values(new))


async def _refill(running: AsyncEngine, made: AsyncEngine, catch_up: CatchUp) -> None:
    """SQLite: the rows of the new file take the place of the old ones."""
    file = str(made.url.database)
    async with running.connect() as connection:
        await connection.exec_driver_sql("ATTACH DATABASE ? AS made", (file,))
        try:
            # A write, and nothing of the other file: that is still being written by us.
            await connection.exec_driver_sql("UPDATE main.positions SET epoch = epoch")
            await catch_up()
            await _take_over(made, await _epochs(connection))
            for name in metadata.tables:
                for statement in refilling(name, made="made"):
                    await connection.exec_driver_sql(statement)
            await connection.commit()
        finally:
            await connection.rollback()
            await connection.exec_driver_sql("DETACH DATABASE made")
    await made.dispose()
    _remove(file)


def _remove(file: str) -> None:
    for suffix in ("", "-wal", "-shm"):
        Path(f"{file}{suffix}").unlink(missing_ok=True)


async def drop_unfinished(running: AsyncEngine, made: AsyncEngine) -> None:
    """Take away what an earlier rebuild made and did not bring to its end."""
    if running.dialect.name != POSTGRESQL:
        _remove(str(made.url.database))
        return
    async with running.begin() as connection:
        await connection.execute(text(f"DROP SCHEMA IF EXISTS {NEXT} CASCADE"))


async def check_owner(running: AsyncEngine) -> None:
    """Check that the new tables will have the owner of the old ones; else ClusterError."""
    if running.dialect.name != POSTGRESQL:
        return
    async with running.connect() as connection:
        found = (await connection.execute(text(OWNED), {"schema": SCHEMA})).all()
    owners = sorted(owner for owner, _ in found)
    if len(owners) > 1:
        facts = {"schema": SCHEMA, "owners": ", ".join(owners)}
        raise ClusterError(SCHEMA, OWNERS.render(facts))
    if any(owner != ourselves for owner, ourselves in found):
        raise ClusterError(SCHEMA, OWNER.render({"owner": owners[0]}))


@asynccontextmanager
async def both_engines(url: str) -> AsyncIterator[tuple[AsyncEngine, AsyncEngine]]:
    """The engines of the running read model and of the new one."""
    running, made = make_engine(url, limited=False), next_engine(url)
    try:
        yield running, made
    finally:
        await running.dispose()
        await made.dispose()


SIDE_BY_SIDE: Final = 4
"""Partitions projected at once into PostgreSQL: one is written while another is read.
SQLite has one writer."""

Report = Callable[[int, int], None]
"""Hears how many offsets of the journal are in the new tables, and how many there are."""


class Rebuild:
    """All partitions of the journal, projected into new tables."""

    def __init__(self, report: Report, side_by_side: int = 1) -> None:
        self._report = report
        self._side_by_side = asyncio.Semaphore(side_by_side)
        self._works: list[ProjectorProcessor] = []
        self._ends: dict[TopicPartition, int] = {}
        self._next: dict[TopicPartition, int] = {}
        self.records = 0

    async def open(self, works: list[ProjectorProcessor]) -> None:
        """Take every partition, where an earlier run has left it."""
        for work in works:
            await work.open()
            self._works.append(work)
            self._next[work.place] = work.position.next_offset
            _, self._ends[work.place] = await work.reader.bounds(work.place)

    async def catch_up(self) -> None:
        """Read each partition to its end, as it is when its reading begins."""
        tasks = [asyncio.create_task(self._catch_up(work)) for work in self._works]
        try:
            await asyncio.gather(*tasks)
        finally:
            for each in tasks:
                each.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _catch_up(self, work: ProjectorProcessor) -> None:
        async with self._side_by_side:
            start = self._next[work.place]
            _, self._ends[work.place] = await work.reader.bounds(work.place)
            if start >= self._ends[work.place]:
                return
            pending = 0
            async for records in work.reader.to_the_end(work.place, start):
                for record in records:
                    work.handle(record)
                    pending += 1
                    if pending == BATCH_RECORDS or work.is_full:
                        await self._commit(work, pending)
                        pending = 0
            if pending:
                await self._commit(work, pending)

    async def _commit(self, work: ProjectorProcessor, count: int) -> None:
        await work.commit()
        self.records += count
        self._next[work.place] = work.position.next_offset
        done = sum(self._next.values())
        self._report(done, max(done, sum(self._ends.values())))


async def rebuild(settings: Settings, url: str, report: Report, *, anew: bool = False) -> int:
    """Make the read model again; how many records that took now.

    With `anew` nothing is kept of what an earlier run made and did not bring to its end.

    Raises:
        ClusterError: the cluster, the database or its schema is not as it must be.
        WriterFailed, FencedError: the database went away, or another rebuild has taken over.
    """
    count = await check(settings, (JOURNAL,))
    async with AsyncExitStack() as stack:
        running, made = await stack.enter_async_context(both_engines(url))
        again = Rebuild(report, SIDE_BY_SIDE if made.dialect.name == POSTGRESQL else 1)
        async with raising_unreachable(engine_address(running)):
            await check_owner(running)
            await prepare(running)
            if anew:
                await drop_unfinished(running, made)
            await prepare(made, NEXT)
        works = [ProjectorProcessor(settings, made, number, Progress()) for number in range(count)]
        for work in works:
            stack.push_async_callback(work.close)
        await again.open(works)
        await again.catch_up()
        log.info("read_model_rebuilt", records=again.records)
        async with raising_unreachable(engine_address(running)):
            await switch(running, made, again.catch_up)
        log.info("read_model_switched", records=again.records)
    return again.records

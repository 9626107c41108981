"""The journal as a read model keeps it: every record with its bytes, in PostgreSQL or SQLite.

Alone, since it imports SQLAlchemy, for which readers of files and of Kafka need not wait.
"""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from pydantic import SecretStr
from sqlalchemy import select
from sqlalchemy.exc import DatabaseError
from sqlalchemy.ext.asyncio import AsyncEngine

from services.cli.terminal.texts import NO_READ_MODEL
from services.ledger.application.ports import JournalRow
from services.ledger.application.restore import ReadRecord, read_row
from services.projector.database_errors import is_temporary, raising_unreachable
from services.projector.engine import engine_address, make_engine
from services.projector.settings import DatabaseSettings
from services.projector.sql import POSTGRESQL
from services.projector.tables import journal
from services.runtime.ops.errors import Stop

BATCH: Final = 1_000


@contextmanager
def read_model_journal(url: str, budget: str | None) -> Iterator[Iterator[ReadRecord]]:
    """The records of one budget, or all, each chain in its order.

    Raises:
        Stop: the database does not answer, or holds no read model.
        StoreError: a record is damaged.
    """
    engine = make_engine(DatabaseSettings(database_url=SecretStr(url)).url)
    file = None if engine.dialect.name == POSTGRESQL else engine.url.database
    if file is not None and not Path(file).exists():
        raise Stop(file, NO_READ_MODEL)  # SQLite would make an empty one.
    with asyncio.Runner() as runner:
        batches = _batches(engine, budget)
        try:
            yield _one_by_one(runner, batches)
        finally:
            runner.run(batches.aclose())
            runner.run(engine.dispose())


def _one_by_one(
    runner: asyncio.Runner, batches: AsyncGenerator[list[ReadRecord], None]
) -> Iterator[ReadRecord]:
    async def following() -> list[ReadRecord] | None:
        return await anext(batches, None)

    while (batch := runner.run(following())) is not None:
        yield from batch


async def _batches(
    engine: AsyncEngine, budget: str | None
) -> AsyncGenerator[list[ReadRecord], None]:
    key = (journal.c.budget, journal.c.sequence)
    query = select(*key, journal.c.record).order_by(*key)
    if budget is not None:
        query = query.where(journal.c.budget == budget)
    async with raising_unreachable(engine_address(engine)), engine.connect() as connection:
        try:
            found = await connection.stream(query)
        except DatabaseError as error:
            if is_temporary(error):
                raise
            raise Stop(engine_address(engine), NO_READ_MODEL) from error
        async for rows in found.partitions(BATCH):
            read = [JournalRow(row.budget, row.sequence, bytes(row.record)) for row in rows]
            yield [ReadRecord(read_row(row), row.record) for row in read]

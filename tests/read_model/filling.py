"""Journals made by the embedded core, and read models filled with them."""

import asyncio
from collections.abc import Iterable, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any, Final

from hypothesis import HealthCheck, settings
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from events.topics import JOURNAL
from services.ledger.adapters.memory import MemoryStore
from services.ledger.ports import Store
from services.ledger.replay import replay
from services.ledger.restore import open_ledger
from services.projector.database import Position, an_engine, take, write
from services.projector.fold import Fold
from services.projector.tables import metadata
from tests.builders import Story

EXAMPLES: Final = Path(__file__).resolve().parents[2] / "schemas" / "examples"
GOLDEN: Final = EXAMPLES.parents[1] / "tests" / "golden"
RECORDED: Final = ("hard-year-2023", "lille-avenirs-2023", "turns-2023", "year-end-2023")
"""Histories with every type of event and every outcome."""

lasting: Final = settings(
    max_examples=20,
    # One database for all of them: each begins by taking the rows away.
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
"""For properties over a database."""

Tables = dict[str, list[dict[str, Any]]]


def journal_of(*files: Path) -> list[bytes]:
    """The journal that these files of events lead to, read one after the other."""
    store = MemoryStore()
    for file in files:
        _replay(store, file.name, file.read_bytes())
    return [row.record for row in store.journal()]


def journal_of_events(events: Iterable[bytes]) -> list[bytes]:
    """The journal that these events lead to."""
    store = MemoryStore()
    _replay(store, "events.jsonl", b"\n".join(events) + b"\n")
    return [row.record for row in store.journal()]


def rows_of(story: Story) -> list[bytes]:
    """The journal of a story."""
    return [row.record for row in story.store.journal()]


def golden(name: str) -> list[bytes]:
    """A journal that was recorded."""
    return (GOLDEN / f"{name}.journal.jsonl").read_bytes().splitlines()


def _replay(store: Store, name: str, content: bytes) -> None:
    replay(store, name, BytesIO(content), open_ledger(store), lambda _: None)


def fill(url: str, records: Sequence[bytes], cuts: Iterable[int] = (), partition: int = 0) -> None:
    """Project these records as one partition of the journal, in batches that end at `cuts`."""
    asyncio.run(_fill(url, records, cuts, partition))


async def _fill(url: str, records: Sequence[bytes], cuts: Iterable[int], partition: int) -> None:
    engine = an_engine(url)
    try:
        position, sequences, alone = await take(engine, JOURNAL, partition)
        fold = Fold(partition, sequences, alone)
        ends = {*cuts, len(records)}
        for offset, raw in enumerate(records):
            fold.add(offset, raw)
            if offset + 1 in ends:
                at = Position(JOURNAL, partition, offset + 1, offset, epoch=position.epoch)
                await write(engine, fold.take_changes(), at)
                # As after a restart: all that is known of earlier batches is in the tables.
                position, sequences, alone = await take(engine, JOURNAL, partition)
                fold = Fold(partition, sequences, alone)
    finally:
        await engine.dispose()


def read(url: str) -> Tables:
    """All rows of all tables, in order; of positions, what does not tell who wrote."""

    async def go() -> Tables:
        engine = an_engine(url)
        try:
            return await _tables(engine)
        finally:
            await engine.dispose()

    return asyncio.run(go())


def query(url: str, statement: str) -> Any:
    """The one value that a statement gives."""

    async def go() -> Any:
        engine = an_engine(url)
        try:
            async with engine.connect() as connection:
                return (await connection.execute(text(statement))).scalar_one()
        finally:
            await engine.dispose()

    return asyncio.run(go())


def empty(url: str) -> None:
    """Take all rows away again."""

    async def go() -> None:
        engine = an_engine(url)
        try:
            async with engine.begin() as connection:
                for table in metadata.tables.values():
                    await connection.execute(table.delete())
        finally:
            await engine.dispose()

    asyncio.run(go())


async def _tables(engine: AsyncEngine) -> Tables:
    found: Tables = {}
    async with engine.connect() as connection:
        for name, table in metadata.tables.items():
            columns = [column for column in table.columns if column.name != "epoch"]
            rows = await connection.execute(select(*columns).order_by(*table.primary_key))
            found[name] = [dict(row) for row in rows.mappings()]
    return found

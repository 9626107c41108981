"""Journal records a second into the read model, beside the same bytes written plainly.

The plain yardstick writes each record's bytes under its number, and nothing else: what the database
and its driver can do with them at best.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Final

import asyncpg
import pytest
import uvloop
from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import AsyncEngine

from bench import world
from events.topics import JOURNAL
from services.ledger.application.handle import Ledger, RawRecord
from services.ledger.domain.journal import Source
from services.projector.database import Position, take, write
from services.projector.engine import make_engine
from services.projector.processor import BATCH_RECORDS
from services.projector.rows.fold import Fold
from services.runtime.kafka.partitioning import partition_of
from tests import silence
from tests.read_model import databases
from tests.read_model.databases import Server

RECORDS: Final = 60_000
PARTITIONS: Final = 4
PLAIN: Final = "CREATE TABLE plain (number BIGINT PRIMARY KEY, record {kind} NOT NULL)"

no_logs = silence.no_logs
postgresql_url = databases.postgresql_url
sqlite_url = databases.sqlite_url


@pytest.fixture(scope="module")
def postgresql_server() -> Iterator[Server]:
    """One that writes down what it must, unlike that of the tests."""
    with databases.a_server(durable=True) as server:
        yield server


Go = Callable[[AsyncEngine], Awaitable[None]]


@pytest.fixture(scope="module")
def journal() -> list[tuple[str, bytes]]:
    """The journal of the first 60,000 events of the made-up year, with each record's budget."""
    ledger, found = Ledger(), list[tuple[str, bytes]]()
    events = islice([*world.opening(), *world.stream()], RECORDS)
    for offset, event in enumerate(events):
        ledger.handle(RawRecord(event, Source("bench", 0, offset)))
        if offset % BATCH_RECORDS == 0:
            found += [(row.budget, row.record) for row in ledger.commit_batch([]).records]
    found += [(row.budget, row.record) for row in ledger.commit_batch([]).records]
    assert len(found) == RECORDS
    return found


def by_partition(journal: list[tuple[str, bytes]], count: int) -> list[list[bytes]]:
    homes: list[list[bytes]] = [[] for _ in range(count)]
    for budget, raw in journal:
        homes[partition_of(budget.encode(), count)].append(raw)
    return homes


def batches(records: list[bytes]) -> Iterator[list[bytes]]:
    rest = iter(records)
    while batch := list(islice(rest, BATCH_RECORDS)):
        yield batch


def paced(url: str, go: Go) -> float:
    """Records a second of `go`, in the event loop of a worker."""

    async def run() -> float:
        engine = make_engine(url)
        try:
            start_s = time.perf_counter()
            await go(engine)
            return RECORDS / (time.perf_counter() - start_s)
        finally:
            await engine.dispose()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(run())


def projected(homes: list[list[bytes]]) -> Go:
    """All partitions side by side, each batch a transaction, as in one worker."""

    async def one(engine: AsyncEngine, number: int, records: list[bytes]) -> None:
        position = (await take(engine, JOURNAL, number)).position
        fold, offset = Fold(number), 0
        for batch in batches(records):
            for raw in batch:
                fold.add(offset, raw)
                offset += 1
            at = Position(offset, topic=JOURNAL, partition=number, epoch=position.epoch)
            await write(engine, fold.take_changes(), at, offset - len(batch))

    async def go(engine: AsyncEngine) -> None:
        await asyncio.gather(*(one(engine, *each) for each in enumerate(homes)))

    return go


def plainly(records: list[bytes]) -> Go:
    """The bytes alone, in as many transactions."""

    async def go(engine: AsyncEngine) -> None:
        number = 0
        for batch in batches(records):
            rows = list(enumerate(batch, start=number))
            number += len(batch)
            async with engine.begin() as connection:
                if engine.dialect.name == "sqlite":
                    await connection.exec_driver_sql("INSERT INTO plain VALUES (?, ?)", rows)
                    continue
                await connection.exec_driver_sql("SET LOCAL synchronous_commit = off")
                driver = (await connection.get_raw_connection()).driver_connection
                assert isinstance(driver, asyncpg.Connection)
                await driver.copy_records_to_table("plain", records=rows)

    return go


def prepared_plainly(url: str) -> None:
    async def go() -> None:
        engine = make_engine(url)
        kind = "BLOB" if engine.dialect.name == "sqlite" else "BYTEA"
        async with engine.begin() as connection:
            await connection.execute(text(PLAIN.format(kind=kind)))
        await engine.dispose()

    asyncio.run(go())


def test_fold(journal: list[tuple[str, bytes]]) -> None:
    """From bytes to rows, without a database."""
    fold = Fold(0)
    start_s = time.perf_counter()
    for offset, (_, raw) in enumerate(journal):
        fold.add(offset, raw)
        if offset % BATCH_RECORDS == 0:
            fold.take_changes()
    pace = RECORDS / (time.perf_counter() - start_s)
    print(f"\nfold: {pace:,.0f} records/s, {1e6 / pace:.1f} us each")


@pytest.mark.parametrize("database", ["postgresql", "sqlite"])
def test_journal_to(
    database: str, journal: list[tuple[str, bytes]], request: pytest.FixtureRequest
) -> None:
    url = request.getfixturevalue(f"{database}_url")
    prepared_plainly(url)
    plain = paced(url, plainly([raw for _, raw in journal]))
    one = paced(url, projected(by_partition(journal, 1)))
    print(
        f"\njournal -> {database}, one partition: {one:,.0f} records/s, {one / plain:.2f} of plain"
    )
    if database == "postgresql":
        server = request.getfixturevalue("postgresql_server")
        pace = paced(server.a_read_model(), projected(by_partition(journal, PARTITIONS)))
        print(
            f"journal -> {database}, {PARTITIONS} partitions: {pace:,.0f} records/s, "
            f"{pace / plain:.2f} of plain"
        )
    print(f"plain bytes -> {database}: {plain:,.0f} records/s")
    if database == "sqlite":
        size = Path(str(make_url(url).database)).stat().st_size
        print(f"{database}: {size / RECORDS:,.0f} bytes a record, plain rows included")

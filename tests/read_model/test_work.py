"""The work on a partition, without a broker: the fence, and the errors of a writer that lost it."""

import asyncio
import json
import sqlite3
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime
from pathlib import Path

import pytest
from aiokafka.structs import ConsumerRecord
from prometheus_client import CollectorRegistry
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from events.topics import JOURNAL
from services.projector import engine as engines
from services.projector.database import position_of, take
from services.projector.engine import RolledBack, make_engine
from services.projector.processor import FULL_BYTES, Metrics, ProjectorProcessor, is_same
from services.runtime.kafka.writer import FencedError, WriterFailed
from services.runtime.ops.errors import ClusterError
from services.runtime.ops.settings import Settings
from services.runtime.ops.watchdog import Progress
from services.runtime.processing.processor import Hold
from tests.builders import a_convention, a_vote, an_award, encoded
from tests.read_model.filling import golden, journal_of_events, query
from tests.waiting import WAIT_S

RECORDS = golden("lille-avenirs-2023")
LATER, EARLIER = "2024-03-20T12:00:00+01:00", "2023-06-30T12:00:00+02:00"
DATED_BACK = (
    a_vote(_time="2023-06-01T12:00:00+02:00"),
    an_award(_time=LATER),
    a_convention(_time=EARLIER),
)
SLOW = (
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000)"
    " SELECT max(i) FROM n"
)
STARTED_S = 0.05
FREED_S = 50.0
NOWHERE = "postgresql://127.0.0.1:1/ecluse"


def a_record(offset: int, value: bytes | None) -> ConsumerRecord:
    return ConsumerRecord(JOURNAL, 0, offset, 1_700_000_000_000, 0, None, value, None, 0, 0, ())


@asynccontextmanager
async def working(url: str) -> AsyncGenerator[tuple[ProjectorProcessor, AsyncEngine]]:
    """A work whose partition was taken, and of which nothing was read."""
    engine = make_engine(url)
    work = ProjectorProcessor(Settings(), engine, 0, Progress(), Metrics(CollectorRegistry()))
    try:
        if url != NOWHERE:
            work.position = (await take(engine, JOURNAL, 0)).position
        yield work, engine
    finally:
        await work.close()
        await engine.dispose()


async def do(engine: AsyncEngine, statement: str) -> None:
    async with engine.begin() as connection:
        await connection.execute(text(statement))


def handle_all(work: ProjectorProcessor) -> None:
    for offset, raw in enumerate(RECORDS):
        work.handle(a_record(offset, raw))


@contextmanager
def failing(kind: type[Exception], message: str) -> Iterator[None]:
    with pytest.raises(kind, match=message):
        yield


async def test_what_was_handled_is_committed_with_its_place(read_model_url: str) -> None:
    async with working(read_model_url) as (work, _):
        handle_all(work)
        await work.commit()
        assert (10, 9) == (work.position.next_offset, work.position.last_offset)
        assert work.position.latest_event_time is not None
    assert len(RECORDS) == query(read_model_url, "SELECT count(*) FROM journal")
    assert 1_700_000_000_000 == query(read_model_url, "SELECT last_timestamp_ms FROM positions")


@pytest.mark.parametrize("batch", [1, 2, 3])
async def test_an_event_of_an_earlier_date_does_not_move_the_latest_back(
    read_model_url: str, batch: int
) -> None:
    journal = journal_of_events(map(encoded, DATED_BACK))
    async with working(read_model_url) as (work, _):
        for offset, raw in enumerate(journal):
            work.handle(a_record(offset, raw))
            if offset % batch == batch - 1:
                await work.commit()
        assert datetime.fromisoformat(LATER) == work.position.latest_event_time


async def test_whoever_lost_the_partition_to_another_is_fenced(read_model_url: str) -> None:
    async with working(read_model_url) as (work, engine):
        handle_all(work)
        await take(engine, JOURNAL, 0)
        with failing(FencedError, f"{JOURNAL}/0"):
            await work.settle()
        with failing(FencedError, f"{JOURNAL}/0"):
            await work.hold(Hold(JOURNAL, 0, 3, None, "error"))
        with failing(FencedError, f"{JOURNAL}/0"):
            await work.commit()
    assert 0 == query(read_model_url, "SELECT count(*) FROM journal")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("UPDATE positions SET epoch = 9, generation = 1", "made again"),
        ("UPDATE positions SET next_offset = 3", "lost the last batch"),
    ],
)
async def test_whoever_finds_other_tables_than_his_opens_them_again(
    change: str, message: str, read_model_url: str
) -> None:
    async with working(read_model_url) as (work, engine):
        handle_all(work)
        await do(engine, change)
        with failing(WriterFailed, message):
            await work.commit()
    assert 0 == query(read_model_url, "SELECT count(*) FROM journal")


async def test_an_idle_projector_finds_out_that_the_tables_are_new(read_model_url: str) -> None:
    async with working(read_model_url) as (work, engine):
        await work.settle()
        await do(engine, "UPDATE positions SET epoch = 9, generation = 1")
        with failing(WriterFailed, "made again"):
            await work.settle()


async def test_an_idle_projector_finds_out_that_a_crash_took_its_last_batch(
    read_model_url: str,
) -> None:
    async with working(read_model_url) as (work, engine):
        handle_all(work)
        await work.commit()
        await work.settle()
        await do(engine, "UPDATE positions SET next_offset = 0")
        with failing(WriterFailed, "lost the last batch"):
            await work.settle()


async def test_who_is_cancelled_while_rows_come_keeps_nobody_from_writing(sqlite_url: str) -> None:
    """Else a projector that stops waits for a minute for a lock of its own."""

    async def read_slowly(engine: AsyncEngine, writing: asyncio.Event) -> None:
        async with engine.begin() as connection:
            await connection.execute(text("UPDATE positions SET next_offset = 1"))
            writing.set()
            await connection.execute(text(SLOW))

    async with working(sqlite_url) as (_, engine):
        writing = asyncio.Event()
        reading = asyncio.create_task(read_slowly(engine, writing))
        await writing.wait()
        await asyncio.sleep(STARTED_S)
        reading.cancel()
        # As long as the task is known, so is its cursor.
        await asyncio.wait([reading])
        assert reading.cancelled()
        async with asyncio.timeout(FREED_S):
            await do(engine, "UPDATE positions SET next_offset = 2")


def test_a_connection_to_a_file_is_closed_twice_without_harm(tmp_path: Path) -> None:
    """Who is cancelled twice closes it twice."""
    connection = sqlite3.connect(tmp_path / "read.db", factory=RolledBack)
    connection.close()
    connection.close()
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        connection.execute("SELECT 1")


async def test_a_record_of_a_newer_ledger_is_not_read(sqlite_url: str) -> None:
    async with working(sqlite_url) as (work, _):
        newer = RECORDS[0].replace(b'"version":1,', b'"version":2,')
        with failing(ClusterError, "version 2; this program knows 1"):
            work.handle(a_record(0, newer))


async def test_a_database_that_is_away_is_the_worlds_failure() -> None:
    async with working(NOWHERE) as (work, _):
        handle_all(work)
        hold = Hold(JOURNAL, 0, 3, None, "error")
        for each in (work.open, work.commit, work.settle, work.was_moved, lambda: work.hold(hold)):
            with failing(WriterFailed, "the database: "):
                await each()


async def test_a_held_partition_waits_until_somebody_moves_it(read_model_url: str) -> None:
    async with working(read_model_url) as (work, engine):
        await work.hold(Hold(JOURNAL, 0, 3, "e3", "'\0' FR7610278027150004578690110"))
        assert not await work.was_moved()
        await do(engine, "UPDATE positions SET held_offset = NULL")
        assert await work.was_moved()
    assert "e3" == query(read_model_url, "SELECT held_event_id FROM positions")
    assert "10278027150004578690110" not in query(
        read_model_url, "SELECT held_error FROM positions"
    )


async def test_an_answer_to_a_commit_that_was_lost_is_no_lost_batch(
    read_model_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was written: who opens the partition again finds it so."""
    real = AsyncConnection.commit

    async def lost(connection: AsyncConnection) -> None:
        await real(connection)
        raise ConnectionResetError("the answer is lost")

    async def _progress(engine: AsyncEngine) -> int:
        return (await position_of(engine, JOURNAL, 0)).next_offset

    async with working(read_model_url) as (work, engine):
        handle_all(work)
        monkeypatch.setattr(AsyncConnection, "commit", lost)
        with failing(WriterFailed, "the answer is lost"):
            await work.commit()
        monkeypatch.undo()
        assert (10, 2) == (await _progress(engine), (await take(engine, JOURNAL, 0)).position.epoch)
    assert len(RECORDS) == query(read_model_url, "SELECT count(*) FROM journal")


async def test_a_writer_that_froze_in_its_transaction_is_let_go(
    postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    short = {**engines.SESSION, "idle_in_transaction_session_timeout": "500ms"}
    async with working(postgresql_url) as (_, engine):
        with monkeypatch.context() as patch:
            patch.setattr(engines, "SESSION", short)
            freezing = make_engine(postgresql_url)
        frozen = await freezing.connect()
        try:
            await frozen.execute(text("UPDATE positions SET held_error = 'frozen'"))
            async with asyncio.timeout(WAIT_S):
                assert 2 == (await take(engine, JOURNAL, 0)).position.epoch
        finally:
            await frozen.invalidate()
            await frozen.close()
            await freezing.dispose()


async def test_a_database_is_one_journals(read_model_url: str) -> None:
    async with working(read_model_url) as (work, engine):
        await take(engine, "test.ecluse.journal.v1", 0)
        with failing(ClusterError, "those of the journal test.ecluse.journal.v1"):
            await work.open()


async def test_a_batch_is_full_by_its_bytes(sqlite_url: str) -> None:
    async with working(sqlite_url) as (work, _):
        handle_all(work)
        full = [work.is_full]
        work._bytes += FULL_BYTES
        full.append(work.is_full)
        await work.commit()
        assert [False, True, False] == [*full, work.is_full]


async def test_it_counts_what_it_committed(sqlite_url: str) -> None:
    registry = CollectorRegistry()
    async with working(sqlite_url) as (work, _):
        work._metrics = Metrics(registry)
        handle_all(work)
        await work.commit()
    name = "ecluse_projector_records_total"
    assert 10 == registry.get_sample_value(name, {"outcome": "accepted"})
    assert 1 == registry.get_sample_value("ecluse_projector_batch_records_count")


async def test_a_record_is_known_by_its_hash_and_its_event_by_name(sqlite_url: str) -> None:
    expected = RECORDS[0].split(b',"hash":"')[1][:64].decode()
    assert is_same(a_record(0, RECORDS[0]), expected)
    assert not is_same(a_record(0, RECORDS[1]), expected)
    for raw in (None, b"", b"{}"):
        assert not is_same(a_record(0, raw), expected)
    async with working(sqlite_url) as (work, _):
        assert "budget-2023-primitif" == work.name_of(a_record(0, RECORDS[0]))
        assert work.name_of(a_record(0, b"{")) is None
        with pytest.raises(ValueError, match="truncated"):
            work.handle(a_record(0, None))


async def test_the_time_of_a_record_is_that_of_its_event(sqlite_url: str) -> None:
    expected = datetime.fromisoformat(json.loads(RECORDS[0])["event"]["time"]).timestamp()
    async with working(sqlite_url) as (work, _):
        assert expected == work.time_of(a_record(0, RECORDS[0]))
        for raw in (None, b"", b"{", b"{}", b'{"event":null}', b'{"event":{"time":"never"}}'):
            assert work.time_of(a_record(0, raw)) is None
        assert work.time_of(a_record(0, b'{"event":' + b"[" * 100_000)) is None
        assert work.outcomes is None, "only the ledger reports outcomes"

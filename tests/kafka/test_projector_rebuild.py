"""`ecluse projector --rebuild` beside a running one: stopped, resumed, switched, seen whole."""

import asyncio
import threading
from typing import Final, Self

import pytest
from sqlalchemy import text

from events.topics import JOURNAL
from services.projector.engine import make_engine
from services.projector.rebuild import NEXT
from tests.kafka.clean_run import CleanRun
from tests.kafka.commands import UNREACHABLE
from tests.kafka.ledger_transactions import PARTITIONS, Journal, a_long_journal, count
from tests.kafka.processes import rows
from tests.kafka.stack import Stack
from tests.read_model.databases import Server, prepared
from tests.read_model.filling import query, read
from tests.waiting import eventually

pytestmark = pytest.mark.timeout(400)

RECORDS: Final = 4_000
DAMAGE: Final = "UPDATE lines SET paid_cents = paid_cents + 1"
MENDED: Final = "SELECT sum(paid_cents) FROM lines"
NEXT_RECORDS: Final = f"SELECT count(*) FROM {NEXT}.journal"
LAST: Final = PARTITIONS - 1
"""A partition whose rows wait in their transaction, as long as a test wants."""

WAIT: Final = (
    f"CREATE FUNCTION {NEXT}.wait() RETURNS trigger LANGUAGE plpgsql"
    " AS $$ BEGIN PERFORM pg_sleep(600); RETURN new; END $$"
)
WAITS: Final = (
    f"CREATE TRIGGER waits BEFORE INSERT ON {NEXT}.journal"
    f" FOR EACH ROW WHEN (new.partition = {LAST}) EXECUTE FUNCTION {NEXT}.wait()"
)
WAITS_NO_MORE: Final = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'",
    f"DROP FUNCTION {NEXT}.wait() CASCADE",
)


@pytest.fixture(scope="module")
def journal() -> Journal:
    return a_long_journal(RECORDS)


def run(url: str, *wanted: str) -> None:
    async def go() -> None:
        engine = make_engine(url)
        try:
            for statement in wanted:
                async with engine.begin() as connection:
                    await connection.execute(text(statement))
        finally:
            await engine.dispose()

    asyncio.run(go())


class Reader:
    """Reads all the time, and remembers what it could not make whole."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._stop = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._go()))
        self.samples = 0
        self.faults: list[str] = []

    def __enter__(self) -> Self:
        self._thread.start()
        self.reads_on()
        return self

    def reads_on(self) -> None:
        """Until it has read a few times more."""
        wanted = self.samples + 10
        eventually(lambda: self.samples >= wanted, "it reads no more")

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    async def _go(self) -> None:
        engine = make_engine(self._url)
        before = 0
        while not self._stop.is_set():
            async with engine.connect() as connection:
                if engine.dialect.name == "postgresql":
                    await connection.execution_options(isolation_level="REPEATABLE READ")
                found = [
                    (await connection.execute(text(asked))).scalar_one()
                    for asked in (
                        "SELECT count(*) FROM journal",
                        "SELECT coalesce(sum(sequence), 0) FROM budgets",
                    )
                ]
            self.samples += 1
            if found[0] != found[1]:
                self.faults.append(f"half a read model: {found}")
            if found[0] < before:
                self.faults.append(f"{found[0]} records after {before}")
            before = found[0]
            await asyncio.sleep(0.01)
        await engine.dispose()


@pytest.mark.fault
def test_it_is_killed_resumed_and_switched_beside_a_running_projector(
    stack: Stack, postgresql_server: Server, journal: Journal
) -> None:
    url = postgresql_server.a_read_model()
    most = len(journal) * 4 // 5
    stack.write_outs(journal[:most])
    with stack.projector(url) as running:
        running.until_rows(count(journal[:most]))
        paid_cents = query(url, MENDED)
        run(url, DAMAGE)
        run(url, "CREATE ROLE analyst")
        run(url, "GRANT USAGE ON SCHEMA ecluse_read TO analyst")
        run(url, "GRANT SELECT ON lines TO analyst")
        damaged_cents = query(url, MENDED)
        assert paid_cents < damaged_cents
        prepared(url, NEXT)
        run(url, WAIT, WAITS)
        half = sum(out.partition != LAST for batch in journal[:most] for out in batch)
        with (
            Reader(url) as seen,
            stack.projector(url, "--rebuild", "--json") as again,
        ):
            again.until(lambda: query(url, NEXT_RECORDS) == half, "it gets on")
            again.kill()
            # The server does not know of that, and its transaction would wait on.
            run(url, *WAITS_NO_MORE)
            assert half == query(url, NEXT_RECORDS), "it was killed in the midst"
            again.start_again()
            stack.write_outs(journal[most : most + 2])
            assert 0 == again.ended(), again.text
            made = int(again.printed().removeprefix('{"records":').rstrip("}\n"))
            assert count(journal[:most]) - half <= made < count(journal[: most + 2])
            assert paid_cents <= query(url, MENDED) < damaged_cents
            stack.write_outs(journal[most + 2 :])
            running.until_rows(RECORDS, "it goes on in the new tables")
            seen.reads_on()
        assert [] == seen.faults
        assert 0 == running.stop()
        assert [] == running.logged("record_failed") + running.logged("partition_failed")
    assert {"ecluse_read"} == {name for name in schemas(url) if "ecluse" in name}
    assert query(url, "SELECT has_table_privilege('analyst', 'lines', 'SELECT')")
    assert query(url, "SELECT min(generation) = 1 AND max(generation) = 1 FROM positions")
    CleanRun(stack, postgresql_server.a_read_model(), stack.folder, RECORDS).assert_same(url)


def content(url: str) -> dict[str, int]:
    """A digest of the rows of each table; but for how often they were made again."""
    found = read(url)
    for row in found["positions"]:
        del row["generation"]
    return {name: hash(repr(table)) for name, table in found.items()}


def schemas(url: str) -> list[str]:
    names: str = query(url, "SELECT string_agg(nspname, ' ') FROM pg_namespace")
    return names.split()


def test_in_sqlite_the_rows_of_another_file_take_the_place_of_the_old(
    stack: Stack, sqlite_url: str, journal: Journal
) -> None:
    part = len(journal) // 4
    stack.write_outs(journal[:part])
    with stack.projector(sqlite_url) as running:
        running.until_rows(count(journal[:part]))
        before = content(sqlite_url)
        run(sqlite_url, DAMAGE)
        with (
            Reader(sqlite_url) as seen,
            stack.projector(sqlite_url, "--rebuild") as again,
        ):
            assert 0 == again.ended(), again.text
            seen.reads_on()
        assert before == content(sqlite_url)
        stack.write_outs(journal[part : part + 2])
        running.until_rows(count(journal[: part + 2]), "it goes on in the new rows")
        assert [] == seen.faults
        assert 0 == running.stop()
    assert [] == list(stack.folder.glob("*.next*"))


def test_views_on_the_old_tables_are_named_and_nothing_is_switched(
    stack: Stack, postgresql_url: str, journal: Journal
) -> None:
    stack.write_outs(journal[:1])
    run(postgresql_url, "CREATE VIEW public.mine AS SELECT * FROM ecluse_read.lines")
    with stack.projector(postgresql_url, "--rebuild") as again:
        assert UNREACHABLE == again.ended()
        assert "view public.mine depends on table ecluse_read.lines" in again.text
        assert NEXT in schemas(postgresql_url)
        run(postgresql_url, "DROP VIEW public.mine")
        again.start_again()
        assert 0 == again.ended()
    assert len(journal[0]) == rows(postgresql_url)


def test_what_an_earlier_rebuild_made_of_another_journal_is_dropped_when_asked(
    stack: Stack, sqlite_url: str, journal: Journal
) -> None:
    stack.write_outs(journal[:2])
    records = count(journal[:2])
    stale = prepared(f"{sqlite_url}.next")
    run(
        stale,
        "INSERT INTO positions (topic, partition, next_offset, last_offset, last_sha256)"
        f" VALUES ('{stack.name(JOURNAL)}', {journal[0][0].partition}, 3, 2, 'another')",
    )
    with stack.projector(sqlite_url, "--rebuild") as again:
        assert UNREACHABLE == again.ended()
        assert "ecluse projector --rebuild --anew" in again.text
    with stack.projector(sqlite_url, "--rebuild", "--anew") as again:
        assert 0 == again.ended(), again.text
    assert records == rows(sqlite_url)

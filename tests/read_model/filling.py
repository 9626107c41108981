"""Journals made by the embedded core, and read models filled with them."""

import asyncio
from collections.abc import (
    AsyncGenerator,
    Callable,
    Coroutine,
    Iterable,
    Iterator,
    Sequence,
)
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any, ClassVar, Final, TypeVar

from hypothesis import HealthCheck, settings
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from events.topics import JOURNAL
from services.ledger.application.ports import Store
from services.ledger.application.restore import open_ledger
from services.ledger.files.replay import replay
from services.ledger.files.stores import MemoryStore
from services.projector.database import Position, take, write
from services.projector.engine import make_engine
from services.projector.rows.fold import Fold
from services.projector.tables import metadata
from tests.builders import Scenario

EXAMPLES: Final = Path(__file__).resolve().parents[2] / "schemas" / "examples"
GOLDEN: Final = EXAMPLES.parents[1] / "tests" / "golden"
RECORDED: Final = (
    "hard-year-2023",
    "lille-avenirs-2023",
    "reviewed-2023",
    "withdrawn-2023",
    "turns-2023",
    "year-end-2023",
)
"""Histories with every type of event and every outcome."""

lasting: Final = settings(
    max_examples=20,
    # One database for all of them: each begins by taking the rows away.
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
"""For properties over a database."""

Found = TypeVar("Found")
Tables = dict[str, list[dict[str, Any]]]


def journal_of(*files: Path) -> list[bytes]:
    """The journal that these files of events lead to, read one after the other."""
    store = MemoryStore()
    for file in files:
        _replay(store, file.name, file.read_bytes())
    return [row.record for row in store.journal()]


def journal_of_events(*files: Iterable[bytes]) -> list[bytes]:
    """The journal that these events lead to, file after file."""
    store = MemoryStore()
    for number, events in enumerate(files):
        _replay(store, f"events-{number}.jsonl", b"\n".join(events) + b"\n")
    return [row.record for row in store.journal()]


def rows_of(history: Scenario) -> list[bytes]:
    """The journal of a history of events."""
    return [row.record for row in history.store.journal()]


def golden(name: str) -> list[bytes]:
    """A journal that was recorded."""
    return (GOLDEN / f"{name}.journal.jsonl").read_bytes().splitlines()


def _replay(store: Store, name: str, content: bytes) -> None:
    replay(store, name, BytesIO(content), open_ledger(store), lambda _: None)


def fill(url: str, records: Sequence[bytes], cuts: Iterable[int] = (), partition: int = 0) -> None:
    """Project these records as one partition of the journal, in batches that end at `cuts`."""
    with_engine(url, lambda engine: project(engine, records, cuts, partition))


async def project(
    engine: AsyncEngine, records: Sequence[bytes], cuts: Iterable[int] = (), partition: int = 0
) -> None:
    """The same within an event loop."""
    taken = await take(engine, JOURNAL, partition)
    fold = Fold(partition, *taken[1:])
    ends = {*cuts, len(records)}
    for offset, raw in enumerate(records):
        fold.add(offset, raw)
        if offset + 1 in ends:
            epoch = taken.position.epoch
            at = Position(offset + 1, offset, topic=JOURNAL, partition=partition, epoch=epoch)
            await write(engine, fold.take_changes(), at)
            # As after a restart: all that is known of earlier batches is in the tables.
            taken = await take(engine, JOURNAL, partition)
            fold = Fold(partition, *taken[1:])


def read(url: str) -> Tables:
    """All rows of all tables, in order; of positions, what does not tell who wrote."""
    return with_engine(url, _tables)


def query(url: str, statement: str) -> Any:
    """The one value that a statement gives."""

    async def go(engine: AsyncEngine) -> Any:
        async with engine.connect() as connection:
            return (await connection.execute(text(statement))).scalar_one()

    return with_engine(url, go)


def empty(url: str) -> None:
    """Take all rows away again."""

    async def go(engine: AsyncEngine) -> None:
        async with engine.begin() as connection:
            for table in metadata.tables.values():
                await connection.execute(table.delete())

    with_engine(url, go)


class Kept:
    """Engines that go on: one that is opened anew compiles each statement again, and connects."""

    now: ClassVar["Kept | None"] = None
    for_long: ClassVar[dict[str, "Kept"]] = {}

    def __init__(self) -> None:
        self._runner = asyncio.Runner()
        self._engines: dict[str, AsyncEngine] = {}

    @classmethod
    @contextmanager
    def for_a_while(cls) -> Iterator[None]:
        """What is asked of a database meanwhile, one engine and one loop answer."""
        cls.now = kept = cls()
        try:
            yield
        finally:
            cls.now = None
            kept.end()

    @classmethod
    @contextmanager
    def of_many_tests(cls, url: str) -> Iterator[str]:
        """The same for one database, through all tests that share it."""
        cls.for_long[url] = kept = cls()
        try:
            yield url
        finally:
            del cls.for_long[url]
            kept.end()

    @classmethod
    def of(cls, url: str) -> "Kept | None":
        """Where there is one that is kept."""
        return cls.for_long.get(url, cls.now)

    def run(self, url: str, go: Callable[[AsyncEngine], Coroutine[Any, Any, Found]]) -> Found:
        """With the one engine of this database."""
        if url not in self._engines:
            self._engines[url] = make_engine(url)
        return self._runner.run(go(self._engines[url]))

    def end(self) -> None:
        with self._runner:
            for engine in self._engines.values():
                self._runner.run(engine.dispose())


@asynccontextmanager
async def an_engine(url: str) -> AsyncGenerator[AsyncEngine]:
    """An engine for this block alone."""
    engine = make_engine(url)
    try:
        yield engine
    finally:
        await engine.dispose()


def with_engine(url: str, go: Callable[[AsyncEngine], Coroutine[Any, Any, Found]]) -> Found:
    """Ask a database with an engine that is kept, or with one for this alone.

    In a thread beside this one, where a test may be in a loop already.
    """
    kept = Kept.of(url)
    with ThreadPoolExecutor(1) as beside:
        return beside.submit(_with_engine_alone if kept is None else kept.run, url, go).result()


def _with_engine_alone(url: str, go: Callable[[AsyncEngine], Coroutine[Any, Any, Found]]) -> Found:
    alone = Kept()
    try:
        return alone.run(url, go)
    finally:
        alone.end()


async def _tables(engine: AsyncEngine) -> Tables:
    found: Tables = {}
    async with engine.connect() as connection:
        for name, table in metadata.tables.items():
            columns = [column for column in table.columns if column.name != "epoch"]
            rows = await connection.execute(select(*columns).order_by(*table.primary_key))
            found[name] = [dict(row) for row in rows.mappings()]
    return found

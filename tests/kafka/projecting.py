"""A projector as a process of its own, and journals written for it to a real broker."""

import asyncio
from collections.abc import Iterable, Sequence
from itertools import chain, islice, zip_longest
from pathlib import Path
from typing import Final

from sqlalchemy import text

from bench.world import opening, stream
from events.topics import JOURNAL
from services.dev.local_broker import free_port
from services.projector.database import an_engine
from services.projector.tables import metadata
from services.runtime.ops.settings import Settings
from tests.kafka.forked import ECLUSE
from tests.kafka.ledger_transactions import Writer, ledger_transactions
from tests.kafka.running import Running
from tests.read_model.filling import Tables, query, read
from tests.unit.watch.ledger_output import Out

ROWS_POLL_S: Final = 0.2
"""Each look is a connection to the database: where much is waited for, they are not that many."""

OF_WRITERS: Final = frozenset({"epoch", "generation"})

Journal = list[list[Out]]
"""Records of the journal, transaction by transaction."""


def journal_of(events: Iterable[bytes], batch_events: int = 500) -> Journal:
    """What a ledger leaves of these events in its journal."""
    batches = ledger_transactions(events, batch_events)
    return [[out for out in batch if out.topic == JOURNAL] for batch in batches]


def write(settings: Settings, journal: Sequence[Sequence[Out]], *, abort: bool = False) -> None:
    """Write transactions of the journal."""

    async def go() -> None:
        async with Writer(settings) as writer:
            for outs in journal:
                await writer.write(outs, abort=abort)

    asyncio.run(go())


class Projector(Running):
    """`ecluse projector`; leaving it ends the process, and says what it logged."""

    def __init__(self, settings: Settings, url: str, folder: Path, *args: str, **more: str) -> None:
        port = free_port()
        environment = {
            "ECLUSE_BOOTSTRAP_SERVERS": settings.bootstrap_servers,
            "ECLUSE_TOPIC_PREFIX": settings.topic_prefix,
            "ECLUSE_DATABASE_URL": url,
            "ECLUSE_INSTANCE": "projector",
            "ECLUSE_HEALTH_PORT": str(port),
            "ECLUSE_LOG_LEVEL": "INFO",
            "ECLUSE_LANG": "en",
            **more,
        }
        command = (ECLUSE, "projector", *args)
        super().__init__(command, folder, "projector", port, environment, keeps_output=True)

    def projected(self) -> float:
        """How many records this process has projected."""
        return sum(
            figure
            for name, figure in self.metrics().items()
            if name.startswith("ecluse_projector_records_total")
        )

    def until_rows(self, url: str, wanted: int, why: str, limit_s: float = 240.0) -> None:
        """Until so many records are in the tables."""
        self.until(lambda: rows(url) == wanted, why, limit_s, ROWS_POLL_S)


def a_long_journal(records: int, batch_events: int = 500) -> Journal:
    """So many records of the bench's year, on four partitions."""
    # The second is made only where the first is not enough.
    events = chain.from_iterable(part() for part in (opening, stream))
    journal = journal_of(islice(events, records), batch_events)
    assert records == count(journal)
    # The partitions take turns, as they do where each has a ledger of its own.
    by_partition: dict[int, Journal] = {}
    for batch in journal:
        by_partition.setdefault(batch[0].partition, []).append(batch)
    cycles = zip_longest(*by_partition.values())
    return [batch for cycle in cycles for batch in cycle if batch is not None]


def count(journal: Journal) -> int:
    """How many records it has."""
    return sum(map(len, journal))


def rows(url: str) -> int:
    """How many records are in the tables."""
    return int(query(url, "SELECT count(*) FROM journal"))


def content(url: str) -> Tables:
    """All rows; but for how often they were made again."""
    found = read(url)
    for row in found["positions"]:
        del row["generation"]
    return found


class Clean:
    """What a projector that nobody disturbs makes of a journal, on PostgreSQL."""

    def __init__(self, settings: Settings, url: str, folder: Path, records: int) -> None:
        with Projector(settings, url, folder) as projector:
            projector.until_rows(url, records, "all records")
            assert 0 == projector.stop()
        self._url = url
        self._marks = marks(url)

    def assert_same(self, url: str) -> None:
        """Row for row, every column, that of another database of the same server.

        Table by table: a difference of a hundred thousand rows is no message.
        """
        found = marks(url)
        for name, mark in self._marks.items():
            if mark != found[name]:
                assert_same(content(self._url), content(url))
                raise AssertionError(f"{name}: {mark} is not {found[name]}")


def marks(url: str) -> dict[str, str]:
    """For each table how many rows it has, and a sum over all of them in order.

    Left out is what tells who wrote, and how often the tables were made again.
    """

    async def go() -> dict[str, str]:
        engine = an_engine(url)
        found = {}
        try:
            async with engine.connect() as connection:
                for name, table in metadata.tables.items():
                    columns = ", ".join(
                        column.name for column in table.columns if column.name not in OF_WRITERS
                    )
                    key = ", ".join(f"one.{column.name}" for column in table.primary_key)
                    asked = (
                        "SELECT count(*) || ' rows, ' || coalesce(md5(string_agg(md5(one::text), ''"
                        f" ORDER BY {key})), '') FROM (SELECT {columns} FROM {name}) AS one"
                    )
                    found[name] = str((await connection.execute(text(asked))).scalar_one())
        finally:
            await engine.dispose()
        return found

    return asyncio.run(go())


def assert_same(expected: Tables, found: Tables) -> None:
    """Table by table: a difference of a hundred thousand rows is no message."""
    for name, of_table in expected.items():
        assert len(of_table) == len(found[name]), name
        for one, other in zip(of_table, found[name], strict=True):
            assert one == other, name

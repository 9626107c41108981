"""Reading a journal wherever it is: on Kafka, in a SQLite file, or exported to a file of records.

An exported file holds one journal record a line, exactly the record's own bytes as
`ecluse journal tail --json` prints them; no header, and the records of one chain in their order.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Collection, Iterable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Annotated, Final

import typer

from events.texts import _
from services.cli.terminal.output import bad_option
from services.ledger.application.handle import Ledger
from services.ledger.application.restore import Folding, ReadRecord, read_row
from services.ledger.files.exports import Chains, read_export
from services.ledger.files.stores import SqliteStore
from services.ledger.files.summary import History
from services.ledger.kafka.journal_topic import topic_journal
from services.runtime.ops.settings import Settings

ONE_BY_ONE_MAX: Final = 8
"""The number of budgets read one by one: on Kafka each costs a whole partition."""

EMBEDDED_LEDGER: Final = "ledger.db"
"""The journal in the directory of `ecluse serve --embedded`."""

NO_FILE = _("this reads a file; a read model by its URL is read by `ecluse balances`")


def ledger_file(path: Path | None) -> Path | None:
    """The file of a ledger: also of the embedded mode, by its directory."""
    if path is not None and ":/" in str(path):  # A path has lost the second slash.
        raise bad_option("--db", NO_FILE)
    return path / EMBEDDED_LEDGER if path is not None and path.is_dir() else path


Database = Annotated[
    Path | None,
    typer.Option(
        metavar="PATH",
        help="SQLite file of `ecluse replay --db`, or the directory of `ecluse serve --embedded`; "
        "else Kafka.",
        callback=ledger_file,
    ),
]
Exported = Annotated[
    Path | None,
    typer.Option(
        "--journal",
        metavar="FILE",
        help="Journal exported to a file, one record a line; else Kafka.",
    ),
]

ONE_PLACE = _("--db and --journal name two journals: which one is to be read?")


Records = Callable[[str | None], Iterator[ReadRecord]]
"""The records of one budget, or all of a journal; each chain in its order, from the first.

Each record's own hash is taken again; that it follows the one before is asked by `folded`, and of a
file here.

Raises:
    StoreError: it cannot be read, or a record of it is damaged.
    ClusterError: the cluster cannot be reached.
"""


@contextmanager
def histories(db: Path | None, exported: Path | None) -> Iterator[Records]:
    """The journal that a command reads: of a database, of a file, else of the cluster."""
    if db is not None and exported is not None:
        raise bad_option("--journal", ONE_PLACE)
    if exported is not None:
        yield partial(_read_file, exported)
    elif db is not None:
        with closing(SqliteStore(db, create=False)) as store:
            yield partial(_read_store, store)
    else:
        with _read_kafka(Settings()) as records:
            yield records


def records_of(journal: Records, budgets: Collection[str]) -> Iterator[ReadRecord]:
    """The records of some budgets, each chain in its order: one by one where they are few.

    Of many the whole journal is read once, and the others are left out.
    """
    if len(budgets) <= ONE_BY_ONE_MAX:
        for budget in sorted(budgets):
            yield from journal(budget)
    else:
        wanted = frozenset(budgets)
        yield from (each for each in journal(None) if each.record.budget in wanted)


def fold_records(records: Iterable[ReadRecord], *, forgets: bool = False) -> tuple[Ledger, History]:
    """The ledger as these records leave it, and what only the journal remembers.

    `forgets` as a working ledger does: closed years in which nothing more can happen.

    Raises:
        StoreError: a record is not the next one of its budget, or its event is damaged.
    """
    folding, history = Folding(forgets=forgets), History()
    for each in records:
        folding.apply(each.record)
        history.add(each.record)
    return Ledger(folding.budgets, folding.dead), history


def _read_store(store: SqliteStore, budget: str | None) -> Iterator[ReadRecord]:
    for row in store.journal(budget):
        yield ReadRecord(read_row(row), row.record)


def _read_file(path: Path, budget: str | None) -> Iterator[ReadRecord]:
    for each in read_export(path, Chains(), lambda _: None):
        if budget in {None, each.record.budget}:
            yield each


@contextmanager
def _read_kafka(settings: Settings) -> Iterator[Records]:
    """The journal topic, read by whoever knows no event loop."""
    with asyncio.Runner() as runner:
        connected = topic_journal(settings)
        journal = runner.run(connected.__aenter__())
        readings: list[AsyncGenerator[list[ReadRecord], None]] = []

        def records(budget: str | None) -> Iterator[ReadRecord]:
            chunks = journal.records(budget)
            readings.append(chunks)
            while (chunk := runner.run(_next(chunks))) is not None:
                yield from chunk

        try:
            yield records
        finally:
            for each in readings:
                runner.run(each.aclose())  # An error may have left it halfway.
            runner.run(connected.__aexit__(None, None, None))


async def _next(chunks: AsyncGenerator[list[ReadRecord], None]) -> list[ReadRecord] | None:
    return await anext(chunks, None)

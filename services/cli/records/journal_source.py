"""Reading a journal wherever it is: on Kafka, in a SQLite file, or exported to a file of records.

An exported file holds one journal record a line, exactly the record's own bytes as
`ecluse journal tail --json` prints them; no header, and the records of one chain in their order.
"""

import asyncio
from collections.abc import AsyncGenerator, Collection, Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Annotated, Final, Protocol

import typer

from events.texts import _
from services.cli.terminal.output import bad_option
from services.ledger.application.handle import Ledger
from services.ledger.application.ports import JournalRow
from services.ledger.application.restore import Folding, read_row
from services.ledger.files.chains import Chains
from services.ledger.files.exports import read_export
from services.ledger.files.sqlite import SqliteStore
from services.ledger.files.summary import History
from services.ledger.kafka.journal_topic import Placed, TopicJournal, topic_journal
from services.runtime.ops.settings import Settings

ONE_BY_ONE_MAX: Final = 8
"""The number of budgets read one by one: on Kafka each costs a whole partition."""

Database = Annotated[
    Path | None,
    typer.Option(metavar="PATH", help="SQLite file made by `ecluse replay --db`; else Kafka."),
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


class Histories(Protocol):
    """A journal that can be read from its beginning, as often as one likes.

    Raises:
        StoreError: from any method, when it cannot be read, or a record of it is damaged.
        ClusterError: from any method, when the cluster cannot be reached.
    """

    def records(self, budget: str | None = None) -> Iterator[Placed]:
        """The records of one budget, or all of them; each chain in its order, from the first.

        Each record's own hash is taken again; that it follows the one before is asked by `folded`,
        and of a file here.
        """
        ...


@contextmanager
def histories(db: Path | None, exported: Path | None) -> Iterator[Histories]:
    """The journal that a command reads: of a database, of a file, else of the cluster.

    Raises:
        typer.BadParameter: both a database and a file were named.
    """
    if db is not None and exported is not None:
        raise bad_option("--journal", ONE_PLACE)
    if exported is not None:
        yield _InFile(exported)
    elif db is not None:
        with closing(SqliteStore(db, create=False)) as store:
            yield _InStore(store)
    else:
        with _on_kafka(Settings()) as found:
            yield found


def records_of(found: Histories, budgets: Collection[str]) -> Iterator[Placed]:
    """The records of some budgets, each chain in its order: one by one where they are few.

    Of many the whole journal is read once, and the others are left out.
    """
    if len(budgets) <= ONE_BY_ONE_MAX:
        for budget in sorted(budgets):
            yield from found.records(budget)
    else:
        wanted = frozenset(budgets)
        yield from (each for each in found.records() if each.record.budget in wanted)


def folded(records: Iterable[Placed], *, forgets: bool = False) -> tuple[Ledger, History]:
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


class _InStore:
    """The journal of a SQLite file."""

    def __init__(self, store: SqliteStore) -> None:
        self._store = store

    def records(self, budget: str | None = None) -> Iterator[Placed]:
        for row in self._store.journal(budget):
            yield Placed(read_row(row), row)


class _InFile:
    """The journal in an exported file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def records(self, budget: str | None = None) -> Iterator[Placed]:
        for record, raw in read_export(self._path, Chains(), lambda _: None):
            if budget in {None, record.budget}:
                yield Placed(record, JournalRow(record.budget, record.sequence, raw))


class _OnKafka:
    """The journal topic, read by whoever knows no event loop."""

    def __init__(self, runner: asyncio.Runner, journal: TopicJournal) -> None:
        self._runner = runner
        self._journal = journal
        self._open: list[AsyncGenerator[list[Placed], None]] = []

    def records(self, budget: str | None = None) -> Iterator[Placed]:
        chunks = self._journal.records(budget)
        self._open.append(chunks)
        try:
            while (chunk := self._runner.run(_next(chunks))) is not None:
                yield from chunk
        finally:
            self._close(chunks)

    def close(self) -> None:
        """End every reading that an error has left halfway: it holds on to its iterator."""
        for chunks in list(self._open):
            self._close(chunks)

    def _close(self, chunks: AsyncGenerator[list[Placed], None]) -> None:
        if chunks in self._open:
            self._open.remove(chunks)
            self._runner.run(chunks.aclose())


@contextmanager
def _on_kafka(settings: Settings) -> Iterator[_OnKafka]:
    with asyncio.Runner() as runner:
        connected = topic_journal(settings)
        found = _OnKafka(runner, runner.run(connected.__aenter__()))
        try:
            yield found
        finally:
            found.close()
            runner.run(connected.__aexit__(None, None, None))


async def _next(chunks: AsyncGenerator[list[Placed], None]) -> list[Placed] | None:
    return await anext(chunks, None)

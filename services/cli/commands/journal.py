"""`ecluse journal`: the records of a ledger, on its topic or in a SQLite file; and the back-up."""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Annotated, NamedTuple

import typer

from events.masking import mask
from events.texts import Number, Translatable, _
from services.cli.records.journal_source import Database
from services.cli.records.record_view import (
    DeadLetters,
    dead_letters_of,
    show_record,
    show_records,
    unreadable_sources,
)
from services.cli.terminal.options import (
    COUNT_MAX,
    AsJson,
    Command,
    Group,
    OfBudget,
    decode_argument,
    find_language,
    readable_file,
)
from services.cli.terminal.output import (
    EXIT_NOT_THERE,
    counting,
    exit_with,
    print_json,
    say,
    show_spinner,
)
from services.cli.terminal.screen import Screen, clean
from services.cli.terminal.texts import EMPTY_JOURNAL, NO_RECORD, NO_RECORDS, READING, counts
from services.cli.workers import run_worker
from services.ledger.application.ports import JournalRow
from services.ledger.application.restore import ReadRecord, read_row
from services.ledger.domain.journal import JournalRecord
from services.ledger.files.exports import Chains, Export, ExportFile, Stream, export_store
from services.ledger.files.imports import import_store
from services.ledger.files.replay import STANDARD_INPUT
from services.ledger.files.stores import SqliteStore
from services.ledger.kafka.journal_import import import_topic
from services.ledger.kafka.journal_topic import TopicJournal, export_topic, topic_journal
from services.runtime.ops.settings import Settings
from services.runtime.processing.processor import Hold
from services.texts.translation import translate

HELD = _(
    "Partition {partition} stands still before {topic}, offset {offset} (event {event}): {error}. "
    "Mend the program and start it again, or set the record aside: "
    'ecluse quarantine {partition} {offset} --reason "…"'
)
EXPORTING = _("exporting the journal")
READING_FILE = _("reading the file")
EXPORTED = _("{file}: {records} of {chains}; written now: {written}.")
IMPORTED = _("{file}: {records} of {chains}; imported now: {written}.")

journal_app = typer.Typer(cls=Group, no_args_is_help=True)


@journal_app.callback()
def journal() -> None:
    """Records of the journal: the last ones, or one; to a file, and back from one."""


class JournalExcerpt(NamedTuple):
    """Records with what a person reads beside them."""

    rows: Sequence[JournalRow]
    records: Sequence[JournalRecord]
    dead_letters: DeadLetters
    holds: Sequence[Hold] = ()


@journal_app.command("tail", cls=Command)
def tail(
    db: Database = None,
    count: Annotated[
        int,
        typer.Option("-n", "--count", metavar="N", min=1, max=COUNT_MAX, help="How many records."),
    ] = 10,
    budget: OfBudget = None,
    as_json: AsJson = False,
) -> None:
    """Show the last records, oldest first; with --json, each record's own bytes, one a line.

    Kafka is at ECLUSE_BOOTSTRAP_SERVERS, else localhost:9092;
    its topics' names begin with ECLUSE_TOPIC_PREFIX.
    """
    if db is None:
        found = _read_kafka(lambda journal: journal.last(budget, count))
    else:
        found = _read_file(db, lambda store: list(store.journal(budget, last=count)))
    screen = Screen()
    if as_json:
        _print_bytes(found.rows)
    elif found.records:
        show_records(screen, found.records, found.dead_letters)
    else:
        screen.say(EMPTY_JOURNAL if budget is None else NO_RECORDS.render({"budget": budget}))


@journal_app.command("show", cls=Command)
def show(
    budget: Annotated[
        str,
        typer.Argument(
            metavar="BUDGET",
            help="The budget, or _dead.0 for unreadable records.",
            callback=decode_argument,
        ),
    ],
    sequence: Annotated[
        int,
        typer.Argument(
            metavar="N", min=1, max=COUNT_MAX, help="The record's number in its budget."
        ),
    ],
    db: Database = None,
    as_json: AsJson = False,
) -> None:
    """Show one record whole, IBANs masked; with --json, its own bytes.

    Kafka is at ECLUSE_BOOTSTRAP_SERVERS, else localhost:9092;
    its topics' names begin with ECLUSE_TOPIC_PREFIX.
    """

    async def find_on_topic(journal: TopicJournal) -> list[ReadRecord]:
        placed = await journal.find(budget, sequence)
        return [] if placed is None else [placed]

    def find_in_store(store: SqliteStore) -> list[JournalRow]:
        row = store.find(budget, sequence)
        return [] if row is None else [row]

    found = _read_kafka(find_on_topic) if db is None else _read_file(db, find_in_store)
    if not found.rows:
        exit_with(NO_RECORD.render({"budget": budget, "sequence": sequence}), EXIT_NOT_THERE)
    if as_json:
        _print_bytes(found.rows)
    else:
        show_record(Screen(), found.records[0], found.dead_letters)


def _read_file(db: Path, find: Callable[[SqliteStore], list[JournalRow]]) -> JournalExcerpt:
    with closing(SqliteStore(db, create=False)) as store:
        rows = find(store)
        records = [read_row(row) for row in rows]
        return JournalExcerpt(rows, records, dead_letters_of(records, store.dead_letters()))


def _read_kafka(find: Callable[[TopicJournal], Awaitable[list[ReadRecord]]]) -> JournalExcerpt:
    async def read() -> JournalExcerpt:
        async with topic_journal(Settings()) as journal:
            placed = await find(journal)
            records = [each.record for each in placed]
            dead_letters = await journal.notices(unreadable_sources(records))
            holds = await journal.holds()
            return JournalExcerpt([each.row for each in placed], records, dead_letters, holds)

    with show_spinner(READING):
        found = asyncio.run(read())
    # To standard error: what a program reads of the journal stays as it is.
    for hold in found.holds:
        text = HELD.render({**hold._asdict(), "event": hold.event_id or "?"})
        typer.echo(clean(mask(translate(text, find_language()))), err=True)
    return found


def _print_bytes(rows: Sequence[JournalRow]) -> None:
    for row in rows:
        sys.stdout.buffer.write(row.record + b"\n")


@journal_app.command("export", cls=Command)
def export_journal(
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="Where to; - is standard output, from the first on."),
    ],
    db: Database = None,
    budget: OfBudget = None,
    as_json: AsJson = False,
) -> None:
    """Write the journal to a file, one record a line: the back-up.

    Every hash is taken again. To a file that is there, only what follows is added.
    Kafka is at ECLUSE_BOOTSTRAP_SERVERS, else localhost:9092;
    its topics' names begin with ECLUSE_TOPIC_PREFIX.
    """
    to_stream = str(file) == STANDARD_INPUT
    if to_stream:
        export = _export(Stream(sys.stdout.buffer), db, budget)
    else:
        with counting(READING_FILE) as progress:
            kept = ExportFile(file, progress)
        with kept:
            export = _export(kept, db, budget)
    # Standard output may hold the records.
    _report(EXPORTED, file, export.journal, export.written, as_json=as_json, err=to_stream)


@journal_app.command("import", cls=Command)
def import_journal(
    file: Annotated[Path, readable_file(help_text="What `ecluse journal export` wrote.")],
    db: Annotated[
        Path | None,
        typer.Option(metavar="PATH", help="A new SQLite file; else Kafka, a new cluster."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Bring an exported journal into a new cluster or database, to the same heads.

    Stop its workers first. No order, entry or refusal is published again.
    Run again, an interrupted import goes on; before its end no ledger begins.
    Kafka is at ECLUSE_BOOTSTRAP_SERVERS, else localhost:9092;
    its topics' names begin with ECLUSE_TOPIC_PREFIX.
    """
    with counting(READING_FILE) as progress:
        if db is None:
            proved = run_worker(import_topic(Settings(), file, progress))
        else:
            with closing(SqliteStore(db)) as store:
                proved = import_store(store, str(db), file, progress)
    written = proved.chains.records - proved.already
    _report(IMPORTED, file, proved.chains, written, as_json=as_json)


def _export(sink: Stream, db: Path | None, budget: str | None) -> Export:
    with counting(EXPORTING) as progress:
        export = Export(sink, progress)
        if db is None:
            asyncio.run(export_topic(Settings(), budget, export))
        else:
            with closing(SqliteStore(db, create=False)) as store:
                export_store(store, str(db), budget, export)
        return export


def _report(
    message: Translatable,
    file: Path,
    chains: Chains,
    written: int,
    *,
    as_json: bool,
    err: bool = False,
) -> None:
    """Print what was done."""
    name = decode_argument(str(file))
    if as_json:
        heads = {chain: end.head for chain, end in sorted(chains.ends.items())}
        row = {"file": name, "records": chains.records, "written": written, "heads": heads}
        print_json(row, err=err)
    else:
        facts = counts(records=chains.records, chains=len(chains.ends))
        say(message.render({**facts, "file": name, "written": Number(written)}), err=err)

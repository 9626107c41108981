"""`ecluse journal tail|show`: the records of a ledger, on its topic or in a SQLite file."""

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, NamedTuple

import typer

from events.masking import masked
from events.texts import _
from services.cli.journal_source import Database
from services.cli.options import AsJson, Group, Lang, OfBudget, Verb, chosen_language
from services.cli.output import EXIT_NOT_THERE, busy
from services.cli.record_view import (
    DeadLetters,
    dead_letters_of,
    show_record,
    show_records,
    unreadable_sources,
)
from services.cli.screen import Screen, clean
from services.cli.texts import EMPTY_JOURNAL, NO_RECORD, NO_RECORDS, READING, typed
from services.ledger.application.ports import JournalRow
from services.ledger.application.restore import read_row
from services.ledger.domain.journal import JournalRecord
from services.ledger.files.sqlite import SqliteStore
from services.ledger.kafka.journal_topic import topic_journal
from services.runtime.ops.settings import Settings
from services.runtime.processing.processor import Hold
from services.texts.language import Language
from services.texts.translation import translate

HELD = _(
    "Partition {partition} stands still before {topic}, offset {offset} (event {event}): {error}. "
    "Mend the program and start it again, or set the record aside: "
    'ecluse quarantine {partition} {offset} --reason "…"'
)

app = typer.Typer(
    cls=Group,
    help="Records of the journal: the last ones, or one; to a file, and back from one.",
    no_args_is_help=True,
)


class Found(NamedTuple):
    """Records with what a person reads beside them."""

    rows: Sequence[JournalRow]
    records: Sequence[JournalRecord]
    dead_letters: DeadLetters
    holds: Sequence[Hold]


@app.command(cls=Verb)
def tail(
    context: typer.Context,
    db: Database = None,
    count: Annotated[
        int, typer.Option("-n", "--count", metavar="N", min=1, help="How many records.")
    ] = 10,
    budget: OfBudget = None,
    as_json: AsJson = False,
    lang: Lang = None,
) -> None:
    """Show the last records, oldest first; with --json, each record's own bytes, one a line.

    Kafka is at ECLUSE_BOOTSTRAP_SERVERS, else localhost:9092;
    its topics' names begin with ECLUSE_TOPIC_PREFIX.
    """
    language = chosen_language(context, lang)
    budget = budget and typed(budget)
    if db is None:
        with busy(translate(READING, language)):
            found = asyncio.run(_last_on_kafka(budget, count))
    else:
        found = _last_in_file(db, budget, count)
    _name_holds(found.holds, language)
    screen = Screen(language)
    if as_json:
        _print_bytes(found.rows)
    elif found.records:
        show_records(screen, found.records, found.dead_letters)
    else:
        screen.say(EMPTY_JOURNAL if budget is None else NO_RECORDS.render({"budget": budget}))


@app.command(cls=Verb)
def show(
    context: typer.Context,
    budget: Annotated[
        str,
        typer.Argument(metavar="BUDGET", help="The budget, or _dead.0 for unreadable records."),
    ],
    sequence: Annotated[
        int, typer.Argument(metavar="N", min=1, help="The record's number in its budget.")
    ],
    db: Database = None,
    as_json: AsJson = False,
    lang: Lang = None,
) -> None:
    """Show one record whole, IBANs masked; with --json, its own bytes.

    Kafka is at ECLUSE_BOOTSTRAP_SERVERS, else localhost:9092;
    its topics' names begin with ECLUSE_TOPIC_PREFIX.
    """
    language = chosen_language(context, lang)
    budget = typed(budget)
    if db is None:
        with busy(translate(READING, language)):
            found = asyncio.run(_one_on_kafka(budget, sequence))
    else:
        found = _one_in_file(db, budget, sequence)
    _name_holds(found.holds, language)
    if not found.rows:
        facts = {"budget": budget, "sequence": sequence}
        typer.echo(translate(NO_RECORD.render(facts), language), err=True)
        raise typer.Exit(EXIT_NOT_THERE)
    if as_json:
        _print_bytes(found.rows)
    else:
        show_record(Screen(language), found.records[0], found.dead_letters)


def _last_in_file(db: Path, budget: str | None, count: int) -> Found:
    store = SqliteStore(db, create=False)
    try:
        rows = list(store.journal(budget, last=count))
        records = [read_row(row) for row in rows]
        return Found(rows, records, dead_letters_of(records, store.dead_letters()), [])
    finally:
        store.close()


def _one_in_file(db: Path, budget: str, sequence: int) -> Found:
    store = SqliteStore(db, create=False)
    try:
        row = store.find(budget, sequence)
        rows = [] if row is None else [row]
        records = [read_row(row) for row in rows]
        return Found(rows, records, dead_letters_of(records, store.dead_letters()), [])
    finally:
        store.close()


async def _last_on_kafka(budget: str | None, count: int) -> Found:
    async with topic_journal(Settings()) as journal:
        placed = await journal.last(budget, count)
        records = [each.record for each in placed]
        dead_letters = await journal.notices(unreadable_sources(records))
        return Found([each.row for each in placed], records, dead_letters, await journal.holds())


async def _one_on_kafka(budget: str, sequence: int) -> Found:
    async with topic_journal(Settings()) as journal:
        placed = await journal.find(budget, sequence)
        holds = await journal.holds()
        if placed is None:
            return Found([], [], {}, holds)
        dead_letters = await journal.notices(unreadable_sources([placed.record]))
        return Found([placed.row], [placed.record], dead_letters, holds)


def _name_holds(holds: Sequence[Hold], language: Language) -> None:
    """To standard error: what a program reads of the journal stays as it is."""
    for hold in holds:
        facts = {**hold._asdict(), "event": hold.event_id or "?"}
        typer.echo(clean(masked(translate(HELD.render(facts), language))), err=True)


def _print_bytes(rows: Sequence[JournalRow]) -> None:
    for row in rows:
        sys.stdout.buffer.write(row.record + b"\n")

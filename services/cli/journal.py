"""`ecluse journal`: the records of a ledger kept in a SQLite file."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from services.cli.options import AsJson, Group, Lang, Verb, chosen_language
from services.cli.records import letters_of, show_record, show_records
from services.cli.screen import Screen
from services.cli.wording import EMPTY_JOURNAL, NO_RECORD, NO_RECORDS, told
from services.ledger.adapters.sqlite import SqliteStore
from services.ledger.ports import JournalRow
from services.ledger.restore import read_row

EXIT_NOT_THERE = 3
"""It cannot reach what it needs."""

app = typer.Typer(
    cls=Group, help="Records of the journal: the last ones, or one.", no_args_is_help=True
)

Database = Annotated[
    Path, typer.Option(metavar="PATH", help="SQLite file made by `ecluse replay --db`.")
]


@app.command(cls=Verb)
def tail(
    context: typer.Context,
    db: Database,
    count: Annotated[
        int, typer.Option("-n", "--count", metavar="N", min=1, help="How many records.")
    ] = 10,
    budget: Annotated[
        str | None, typer.Option(metavar="BUDGET", help="Of this budget only.")
    ] = None,
    as_json: AsJson = False,
    lang: Lang = None,
) -> None:
    """Show the last records, oldest first; with --json, each record's own bytes, one a line."""
    screen = Screen(chosen_language(context, lang))
    store = SqliteStore(db, create=False)
    try:
        rows = list(store.journal(budget, last=count))
        if as_json:
            _print_bytes(rows)
            return
        records = [read_row(row) for row in rows]
        letters = letters_of(records, store.dead_letters())
    finally:
        store.close()
    if records:
        show_records(screen, records, letters)
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
    db: Database,
    as_json: AsJson = False,
    lang: Lang = None,
) -> None:
    """Show one record whole, IBANs masked; with --json, its own bytes."""
    language = chosen_language(context, lang)
    store = SqliteStore(db, create=False)
    try:
        row = store.find(budget, sequence)
        if row is None:
            facts = {"budget": budget, "sequence": sequence}
            typer.echo(told(NO_RECORD.render(facts), language), err=True)
            raise typer.Exit(EXIT_NOT_THERE)
        if as_json:
            _print_bytes([row])
            return
        record = read_row(row)
        letters = letters_of([record], store.dead_letters())
    finally:
        store.close()
    show_record(Screen(language), record, letters)


def _print_bytes(rows: list[JournalRow]) -> None:
    for row in rows:
        sys.stdout.buffer.write(row.record + b"\n")

"""`ecluse journal`: the records of a ledger kept in a SQLite file."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.pretty import Pretty
from rich.text import Text

from services.cli.output import AsJson
from services.cli.tables import Screen
from services.cli.wording import NO_RECORD, OUTCOMES, Language, told
from services.ledger.adapters.sqlite import SqliteStore
from services.ledger.domain.journal import JournalRecord, read_record
from services.ledger.ports import JournalRow
from services.ledger.sentences import flag_sentence, parked_sentence, refusal_sentence

app = typer.Typer(help="Records of the journal: the last ones, or one.", no_args_is_help=True)

Database = Annotated[Path, typer.Option(help="SQLite file made by `ecluse replay --db`.")]


@app.command()
def tail(
    context: typer.Context,
    db: Database,
    count: Annotated[int, typer.Option("-n", "--count", min=1, help="How many records.")] = 10,
    budget: Annotated[str | None, typer.Option(help="Of this budget only.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show the last records, oldest first; with --json, each record's own bytes, one a line."""
    store = SqliteStore(db, create=False)
    try:
        rows = list(store.journal(budget, last=count))
    finally:
        store.close()
    if as_json:
        _print_bytes(rows)
        return
    screen = Screen(context.obj)
    columns = ("budget", "sequence", "outcome", "event", "detail")
    table = screen.table("journal", columns, ("sequence",))
    for row in rows:
        record = read_record(row.record)
        table.add_row(
            record.budget,
            str(record.sequence),
            screen.word(OUTCOMES, record.outcome),
            Text(record.event_id or "–"),
            Text("\n".join(_details(record, screen))),
        )
    screen.show(table)


@app.command()
def show(
    context: typer.Context,
    budget: Annotated[str, typer.Argument(help="The budget, or _dead.0 for unreadable records.")],
    sequence: Annotated[int, typer.Argument(min=1, help="The record's number in its budget.")],
    db: Database,
    as_json: AsJson = False,
) -> None:
    """Show one record whole; with --json, its own bytes."""
    language: Language = context.obj
    store = SqliteStore(db, create=False)
    try:
        row = store.find(budget, sequence)
    finally:
        store.close()
    if row is None:
        facts = {"budget": budget, "sequence": sequence}
        typer.echo(told(NO_RECORD.render(facts), language), err=True)
        raise typer.Exit(2)
    if as_json:
        _print_bytes([row])
    else:
        record = read_record(row.record)
        Screen(language).console.print(Pretty(record, expand_all=True))


def _print_bytes(rows: list[JournalRow]) -> None:
    for row in rows:
        sys.stdout.buffer.write(row.record + b"\n")


def _details(record: JournalRecord, screen: Screen) -> list[str]:
    """What a person wants to know of a record, a line each."""
    details = []
    if record.refusal is not None:
        sentence = refusal_sentence(record.refusal["code"], record.refusal["facts"])
        details.append(told(sentence, screen.language))
    if record.waits_for is not None:
        details.append(told(parked_sentence(record.waits_for), screen.language))
    if record.dead_letter is not None:
        details.append(record.dead_letter["reason"])
    entries = record.commitment_entries
    details += [f"{each['kind']} {screen.euros(each['amount_cents'])}" for each in entries]
    orders = [change.order for change in record.payment_orders]
    details += [f"{each.payment_order} {each.state}" for each in orders]
    flags = [flag_sentence(each["code"], each["facts"]) for each in record.review_flags]
    return details + [told(sentence, screen.language) for sentence in flags]

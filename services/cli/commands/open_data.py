"""`ecluse open-data`: conventions as the law has them published, SCDL *Subventions* 2.1.1."""

import asyncio
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated, Any

import typer

from events.texts import CountedText, Day, _, ngettext
from services.cli.terminal.options import (
    AsJson,
    OfBudget,
    decode_argument,
    decode_option,
    find_language,
)
from services.cli.terminal.output import bad_option, print_json, say, show_spinner
from services.cli.terminal.screen import ROWS_MAX
from services.cli.terminal.texts import MORE, READING
from services.due.calendar_days import day_of
from services.texts.formats import NotAnAmount, read_euros

PUBLISHED = ngettext("{count} convention written.", "{count} conventions written.")
LATE = _(
    "{convention} of budget {budget}, signed on {signed_on}, was to be published by {publish_by}."
)
LEFT_OUT = _(
    "{convention} of budget {budget} is left out: ECLUSE_OPEN_DATA_FILE does not name {entity}."
)
EXIT_LEFT_OUT = 1

OfEntity = Annotated[
    str | None,
    typer.Option("--entity", metavar="SIRET", help="Of this entity only.", callback=decode_option),
]
OfYear = Annotated[
    int | None, typer.Option("--year", metavar="YEAR", help="Signed in this fiscal year only.")
]
Above = Annotated[
    str,
    typer.Option(
        "--above",
        metavar="EUROS",
        help="Those that granted more than this.",
        callback=decode_argument,
    ),
]
ReadModel = Annotated[
    str | None,
    typer.Option(
        "--db",
        metavar="URL",
        help="The read model: postgresql://…, sqlite:///FILE; else ECLUSE_DATABASE_URL.",
        callback=decode_option,
    ),
]
OutputFile = Annotated[
    Path | None,
    typer.Option("-o", "--output", metavar="FILE", help="Where to; else standard output."),
]

ABOVE = "23000"
"""Euros above which the law asks for a convention (loi 2000-321, article 10)."""


@dataclass(slots=True)
class _Publication:
    """The result of a publication, with the notes for a person."""

    rows: int = 0
    late: list[dict[str, Any]] = field(default_factory=list)
    left_out: list[dict[str, Any]] = field(default_factory=list)


def open_data(
    budget: OfBudget = None,
    entity: OfEntity = None,
    year: OfYear = None,
    above: Above = ABOVE,
    on: Annotated[
        datetime | None,
        typer.Option(
            metavar="DAY", formats=["%Y-%m-%d"], help="The day of publication, else today."
        ),
    ] = None,
    output: OutputFile = None,
    db: ReadModel = None,
    as_json: AsJson = False,
) -> None:
    """Write the conventions to be published as open data (SCDL Subventions 2.1.1), a row each.

    ECLUSE_OPEN_DATA_FILE says what no event does, such as the names of entities.
    Conventions that are published later than three months after their signature are named.
    One that was carried over counts for the budget in which it was signed.
    """
    from services.open_data.config import OpenDataSettings, read_config  # noqa: PLC0415

    # It imports SQLAlchemy.
    from services.open_data.conventions import Scope, conventions_at  # noqa: PLC0415
    from services.open_data.publication import publish_by, row_of  # noqa: PLC0415

    above_cents = _read_above(above)
    config = read_config(OpenDataSettings().open_data_file)
    # Whether a publication is late is asked against the wall clock; nothing is decided by it.
    today = day_of(datetime.now(UTC)) if on is None else on.date()  # noqa: TID251
    with show_spinner(READING):
        found = asyncio.run(conventions_at(db, Scope(budget, entity, year)))
    done = _Publication()
    with _rows_into(output) as write:
        for each in found:
            if each.highest_cents <= above_cents:
                continue
            named = {"budget": each.budget, "convention": each.convention}
            row = row_of(each, config)
            if row is None:
                done.left_out.append({**named, "entity": each.entity})
                continue
            write(row)
            done.rows += 1
            last = publish_by(each)
            if last is not None and today > last:
                done.late.append({**named, **_days(signed_on=each.signed_on, publish_by=last)})
    _show(done, output, as_json=as_json)
    if done.left_out:
        raise typer.Exit(EXIT_LEFT_OUT)


def _read_above(typed_euros: str) -> int:
    try:
        return read_euros(typed_euros, find_language())
    except NotAnAmount as error:
        raise bad_option("--above", error.why) from error


def _days(**days: date) -> dict[str, str]:
    return {name: each.isoformat() for name, each in days.items()}


@contextmanager
def _rows_into(output: Path | None) -> Iterator[Any]:
    """Rows into a file, or to standard output."""
    from services.open_data.grant_file import replacing, row_writer  # noqa: PLC0415 # as above

    if output is not None:
        with replacing(output) as write:
            yield write
        return
    stream = TextIOWrapper(sys.stdout.buffer, encoding="utf-8", newline="")
    try:
        yield row_writer(stream)
        stream.flush()
    finally:
        stream.detach()


def _show(done: _Publication, output: Path | None, *, as_json: bool) -> None:
    """Show the result: on standard error where standard output holds the rows."""
    if as_json:
        row = {"rows": done.rows, "late": done.late, "left_out": done.left_out}
        print_json(row, err=output is None)
        return
    for each in done.late[:ROWS_MAX]:
        days = {name: Day(each[name]) for name in ("signed_on", "publish_by")}
        say(LATE.render({**each, **days}), err=True)
    _say_more(done.late)
    for each in done.left_out[:ROWS_MAX]:
        say(LEFT_OUT.render(each), err=True)
    _say_more(done.left_out)
    say(PUBLISHED.render(done.rows), err=True)


def _say_more(rows: list[dict[str, Any]], more: CountedText = MORE) -> None:
    if len(rows) > ROWS_MAX:
        say(more.render(len(rows) - ROWS_MAX), err=True)

"""`ecluse balances`: what came out of all events, folded from a journal."""

import asyncio
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from events.journal import Line, read_record
from events.texts import _
from services.cli.records.journal_source import fold_records, histories, ledger_file
from services.cli.records.summary_tables import Unread, show_lines, show_summary
from services.cli.terminal.options import AsJson, OfBudget, Strict, decode_option
from services.cli.terminal.output import print_json, show_spinner
from services.cli.terminal.screen import Screen
from services.cli.terminal.texts import EMPTY_JOURNAL, NO_RECORDS, READING
from services.ledger.application.handle import Ledger
from services.ledger.application.restore import ReadRecord
from services.ledger.files.summary import summary_of
from services.ledger.kafka.journal_topic import topic_journal
from services.projector.rows.column_values import day_of_moves
from services.projector.rows.fold import LINE_COLUMNS
from services.runtime.ops.settings import Settings

FIGURES: Final = ("appropriated", *(stage for stage in LINE_COLUMNS if stage is not None))


def line_balances(
    records: Iterable[ReadRecord], codes: Mapping[str, str], as_of: date | None
) -> list[dict[str, Any]]:
    """Rows of `lines` as `replay --json` prints them, of the lines that have these codes.

    With `as_of` those moves count that took effect on that day or before.
    """
    sums: dict[tuple[str, Line], list[int]] = {}
    for each in records:
        if not each.record.moves:
            continue
        record = read_record(each.raw)
        day = day_of_moves(record)
        if as_of is not None and day is not None and day > as_of:
            continue
        for move in record.moves or ():
            if any(getattr(move.line, name) != code for name, code in codes.items()):
                continue
            row = sums.setdefault((record.budget, move.line), [0] * len(FIGURES))
            cents, origin, target = move.amount_cents, move.origin, move.target
            row[LINE_COLUMNS[origin]] += cents if origin is None else -cents
            row[LINE_COLUMNS[target]] += -cents if target is None else cents
    return [
        {"budget": budget, "line": _codes(line)}
        | {f"{name}_cents": cents for name, cents in zip(FIGURES, sums[budget, line], strict=True)}
        for budget, line in sorted(sums, key=lambda key: (key[0], key[1].codes))
    ]


def _codes(line: Line) -> dict[str, str | None]:
    return {
        "chapter": line.chapter,
        "article": line.article,
        "function": line.function,
        "operation": line.operation,
    }


URL_MARK: Final = "://"

NO_LINES = _("No line has these codes, or none had credits then.")

Database = Annotated[
    str | None,
    typer.Option(
        "--db",
        metavar="PATH_OR_URL",
        help="Journal in a SQLite file of `replay --db`, in the directory of `serve --embedded`, "
        "or in a read model (postgresql://…, sqlite:///FILE); else Kafka.",
        callback=decode_option,
    ),
]
AsOf = Annotated[
    datetime | None,
    typer.Option(metavar="DAY", formats=["%Y-%m-%d"], help="Lines as of this day (YYYY-MM-DD)."),
]


def _code(name: str, help_text: str) -> Any:
    return typer.Option(name, metavar="CODE", help=help_text, callback=decode_option)


def balances(
    budget: OfBudget = None,
    db: Database = None,
    chapter: Annotated[
        str | None, _code("--chapter", help_text="Lines of this chapter only.")
    ] = None,
    article: Annotated[
        str | None, _code("--article", help_text="Lines of this article only.")
    ] = None,
    function: Annotated[
        str | None, _code("--function", help_text="Lines of this function only.")
    ] = None,
    operation: Annotated[
        str | None, _code("--operation", help_text="Lines of this operation only.")
    ] = None,
    as_of: AsOf = None,
    as_json: AsJson = False,
    strict: Strict = False,
) -> None:
    """Add the journal up: entries, payment orders, balances; --json as `replay` prints it.

    With a code or a day: the balances of those lines alone, as `lines`.
    Kafka is at ECLUSE_BOOTSTRAP_SERVERS, else localhost:9092;
    its topics' names begin with ECLUSE_TOPIC_PREFIX.
    """
    screen = Screen()
    given = {"chapter": chapter, "article": article, "function": function, "operation": operation}
    codes = {name: code for name, code in given.items() if code is not None}
    if codes or as_of is not None:
        with _records(db, budget) as records, show_spinner(READING):
            day = None if as_of is None else as_of.date()
            rows = line_balances(records, codes, day)
        if as_json:
            print_json({"lines": rows})
        elif rows:
            show_lines(screen, rows)
        else:
            screen.say(NO_LINES)
        return
    with show_spinner(READING):
        figures, ledger, dead_letters = _read(db, budget, with_texts=not as_json)
    if as_json:
        print_json(figures)
    elif figures["events"]:
        show_summary(screen, figures, ledger, dead_letters)
    else:
        screen.say(EMPTY_JOURNAL if budget is None else NO_RECORDS.render({"budget": budget}))
    if strict and (figures["refusals"] or figures["dead_letters"]):
        raise typer.Exit(1)


@contextmanager
def _records(db: str | None, budget: str | None) -> Generator[Iterator[ReadRecord]]:
    """The records of a journal, wherever it is."""
    if db is not None and URL_MARK in db:
        # Only here: who reads a file does not wait for the libraries of a database.
        from services.cli.records.read_model_source import read_model_journal  # noqa: PLC0415

        with read_model_journal(db, budget) as records:
            yield records
        return
    with histories(ledger_file(None if db is None else Path(db)), None) as journal:
        yield journal(budget)


def _read(
    db: str | None, budget: str | None, *, with_texts: bool
) -> tuple[dict[str, Any], Ledger, list[Unread]]:
    if db is None:
        return asyncio.run(_fold_topic(budget, with_texts=with_texts))
    with _records(db, budget) as records:
        ledger, history = fold_records(records)
    # The bytes of what was unreadable stand elsewhere: its code says why.
    dead_letters = [Unread(each, reason, None) for each, reason in history.dead_letters]
    return summary_of(ledger, history), ledger, dead_letters


async def _fold_topic(
    budget: str | None, *, with_texts: bool
) -> tuple[dict[str, Any], Ledger, list[Unread]]:
    async with topic_journal(Settings()) as journal:
        ledger, history = await journal.fold(budget)
        sources = dict(history.dead_letters)
        sentences = await journal.notices(sources.keys()) if with_texts else {}
        dead_letters = [
            Unread(each, reason, sentences.get(each)) for each, reason in sources.items()
        ]
        return summary_of(ledger, history), ledger, dead_letters

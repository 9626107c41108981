"""`ecluse replay`: the whole ledger over files of events, without a broker.

Alone: no other command imports SQLite without Kafka.
"""

from pathlib import Path
from typing import Annotated

import typer

from events.texts import _
from services.cli.records.summary_tables import show_summary, unread
from services.cli.terminal.options import COUNT_MAX, AsJson, EventFiles, Strict
from services.cli.terminal.output import display_name, print_json, progress, show_spinner
from services.cli.terminal.screen import Screen
from services.cli.terminal.texts import ADDING_UP, REPLAYING
from services.ledger.application.ports import Store
from services.ledger.application.restore import open_ledger
from services.ledger.files.replay import BATCH_LINES, replay
from services.ledger.files.stores import MemoryStore, SqliteStore
from services.ledger.files.summary import summary
from services.runtime.processing.cycle_collection import collect_rarely

NEXT_STEP = _("To see these figures in a browser: {command}")


def replay_files(
    files: EventFiles,
    db: Annotated[
        Path | None,
        typer.Option(
            metavar="PATH", help="SQLite file to keep the ledger in; resumed where it stopped."
        ),
    ] = None,
    batch_lines: Annotated[
        int,
        typer.Option(
            metavar="N",
            min=1,
            max=COUNT_MAX,
            help="Lines kept by one commit: few lose less, many are faster.",
        ),
    ] = BATCH_LINES,
    as_json: AsJson = False,
    strict: Strict = False,
    next_step: Annotated[
        str | None,
        typer.Option(hidden=True, help="What a person may run next: said behind the figures."),
    ] = None,
) -> None:
    """Decide events from files and show what came out: entries, payment orders, balances."""
    collect_rarely()
    store: Store = MemoryStore() if db is None else SqliteStore(db)
    try:
        ledger = open_ledger(store)
        with progress(REPLAYING, files) as handled:
            for stream in files:
                replay(store, display_name(stream), stream, ledger, handled, batch_lines)
        with show_spinner(ADDING_UP):
            figures = summary(ledger, store.journal())
        if as_json:
            print_json(figures)
        else:
            screen = Screen()
            show_summary(screen, figures, ledger, unread(store.dead_letters()))
            if next_step is not None:
                screen.say(NEXT_STEP.render({"command": next_step}))
    finally:
        store.close()
    if strict and (figures["refusals"] or figures["dead_letters"]):
        raise typer.Exit(1)

"""`ecluse replay`: the whole ledger over files of events, without a broker."""

from pathlib import Path
from typing import Annotated

import typer

from events.texts import _
from services.cli.options import AsJson, EventFiles, Lang, Strict, chosen_language
from services.cli.output import busy, display_name, print_json, progress
from services.cli.replay_tables import show_summary, unread
from services.cli.screen import Screen
from services.cli.texts import ADDING_UP, REPLAYING
from services.ledger.application.ports import Store
from services.ledger.application.restore import open_ledger
from services.ledger.files.memory import MemoryStore
from services.ledger.files.replay import BATCH_LINES, replay
from services.ledger.files.sqlite import SqliteStore
from services.ledger.files.summary import summary
from services.texts.translation import translate

NEXT_STEP = _("To see these figures in a browser: {command}")


def replay_files(
    context: typer.Context,
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
            metavar="N", min=1, help="Lines kept by one commit: few lose less, many are faster."
        ),
    ] = BATCH_LINES,
    as_json: AsJson = False,
    strict: Strict = False,
    next_step: Annotated[
        str | None,
        typer.Option(hidden=True, help="What a person may run next: said behind the figures."),
    ] = None,
    lang: Lang = None,
) -> None:
    """Decide events from files and show what came out: entries, payment orders, balances."""
    language = chosen_language(context, lang)
    store: Store = MemoryStore() if db is None else SqliteStore(db)
    try:
        ledger = open_ledger(store)
        with progress(translate(REPLAYING, language), files) as handled:
            for stream in files:
                replay(store, display_name(stream), stream, ledger, handled, batch_lines)
        with busy(translate(ADDING_UP, language)):
            figures = summary(ledger, store.journal())
        if as_json:
            print_json(figures)
        else:
            screen = Screen(language)
            show_summary(screen, figures, ledger, unread(store.dead_letters()))
            if next_step is not None:
                screen.say(NEXT_STEP.render({"command": next_step}))
    finally:
        store.close()
    if strict and (figures["refusals"] or figures["dead_letters"]):
        raise typer.Exit(1)

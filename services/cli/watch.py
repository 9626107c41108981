"""`ecluse watch`: live balances from the journal, held against those that the ledger publishes."""

import asyncio

import typer

from events.topics import BALANCES, JOURNAL
from services.cli.options import Lang, chosen_language
from services.runtime.settings import Settings
from services.runtime.topics import check


def watch(context: typer.Context, lang: Lang = None) -> None:
    """Add up the journal into live balances, and compare them with the published ones.

    Serves /balances/{budget}, /healthz, /readyz, /metrics. Settings: ECLUSE_…, ECLUSE_WATCH_….
    """
    chosen_language(context, lang)
    asyncio.run(check(Settings(), (JOURNAL, BALANCES)))
    # This module builds the app from the environment when it is imported, and brings Faust with it.
    from services.watch.app import app  # noqa: PLC0415
    from services.watch.running import run  # noqa: PLC0415

    run(app)

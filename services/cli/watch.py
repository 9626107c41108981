"""`ecluse watch`: live balances from the journal, held against those that the ledger publishes."""

import asyncio

import typer

from events.topics import BALANCES, JOURNAL
from services.cli.logs import log_as_json
from services.cli.options import Lang, LogsAsJson, chosen_language
from services.runtime.settings import Settings
from services.runtime.topics import check


def watch(context: typer.Context, as_json: LogsAsJson = False, lang: Lang = None) -> None:
    """Add up the journal into live balances, and compare them with the published ones.

    Kafka is at ECLUSE_BOOTSTRAP_SERVERS, else localhost:9092;
    its topics' names begin with ECLUSE_TOPIC_PREFIX.
    On ECLUSE_WATCH_WEB_PORT, else 6066: /balances/BUDGET, /healthz, /readyz, /metrics.
    """
    chosen_language(context, lang)
    if as_json:
        log_as_json()
    asyncio.run(check(Settings(), (JOURNAL, BALANCES)))
    # This module builds the app from the environment when it is imported, and brings Faust with it.
    from services.watch.app import app  # noqa: PLC0415
    from services.watch.running import run  # noqa: PLC0415

    run(app)

"""`ecluse watch`: who is behind, what waits, and live balances held against the published ones."""

import asyncio

import typer

from services.cli.logs import log_as_json
from services.cli.options import Lang, LogsAsJson, chosen_language
from services.runtime.kafka.topics import check
from services.runtime.ops.settings import Settings
from services.watch.settings import WatchSettings


def watch(context: typer.Context, as_json: LogsAsJson = False, lang: Lang = None) -> None:
    """Say who is behind and what waits, and write deadline events to the ledger.

    It adds up the journal into live balances too, and compares them with the published ones.
    Kafka is at ECLUSE_BOOTSTRAP_SERVERS, else localhost:9092;
    its topics' names begin with ECLUSE_TOPIC_PREFIX.
    On ECLUSE_WATCH_WEB_PORT, else 6066: /lag, /balances/BUDGET, /healthz, /readyz, /metrics.
    """
    chosen_language(context, lang)
    if as_json:
        log_as_json()
    asyncio.run(check(Settings(), WatchSettings().topics))
    # This module builds the app from the environment when it is imported, and brings Faust with it.
    from services.watch.app import app  # noqa: PLC0415
    from services.watch.process.building import run  # noqa: PLC0415

    run(app)

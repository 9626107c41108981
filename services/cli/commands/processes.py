"""The roles that run until they are stopped: ledger, projector, watch, API, or all in one process.

Each imports its service when it is run: every other one would wait for Faust, a web framework and
a database's library.
"""
# ruff: noqa: PLC0415 # as above

import asyncio
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Final

import typer

from events.texts import _, ngettext
from services.cli.terminal.logs import log_as_json
from services.cli.terminal.options import AsJson, flag, readable_file
from services.cli.terminal.output import bad_option, exit_with, print_json, say, show_progress
from services.cli.terminal.screen import Screen
from services.cli.workers import run_worker
from services.runtime.ops.settings import Settings

EXIT_USAGE: Final = 2

WITH_REBUILD = _("it goes with --rebuild")
REBUILDING = _("making the read model again")
LOADING = _("loading")
REBUILT = ngettext(
    "The read model is made again, and in service: {count} record read.",
    "The read model is made again, and in service: {count} records read.",
)
API_LISTENING = _(
    "The API answers at {address}; {address}/docs describes it, {address}/console shows it."
)
EMBEDDED_ONLY = _("Say --embedded: with Kafka, each role has its command (ledger, projector, api).")
LISTENING = _(
    "Écluse runs on this machine. Open {address}/console (Ctrl-C stops it; its data stays in "
    "{data})."
)
KEY_NEEDED = _("To enter you need a key: ecluse api-keys create NAME --read all --data {data}")
UNCHECKED = _(
    "Access is not checked (ECLUSE_AUTH=off): whoever reaches this address sees all and publishes."
)

LogsAsJson = Annotated[bool, flag("--json", "Log as JSON on a terminal too; elsewhere it is JSON.")]
Instance = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="This worker's name in its group, the same after a restart; else the host's.",
    ),
]
Bind = Annotated[
    str | None, typer.Option(metavar="ADDRESS", help="Where to listen; else ECLUSE_API_BIND.")
]
Port = Annotated[
    int | None,
    typer.Option(metavar="PORT", min=0, max=65535, help="0 is any free; else ECLUSE_API_PORT."),
]


def ledger(
    instance: Instance = None,
    accept_lost: Annotated[
        list[str] | None,
        typer.Option(
            metavar="TOPIC/PARTITION/OFFSET",
            help="Go on although the records before this offset are gone; the error names it.",
        ),
    ] = None,
    rebuild: Annotated[
        bool, flag("--rebuild", "Make the state again from the journal before anything.")
    ] = False,
    as_json: LogsAsJson = False,
) -> None:
    """Decide events and write the journal, until stopped; several workers share the partitions.

    Kafka is at ECLUSE_BOOTSTRAP_SERVERS, else localhost:9092;
    its topics' names begin with ECLUSE_TOPIC_PREFIX.
    On ECLUSE_HEALTH_PORT, if set: /healthz, /readyz, /partitions, /metrics.
    """
    from services.ledger.kafka.worker import serve as serve_ledger

    if as_json:
        log_as_json()
    run_worker(serve_ledger(_settings(instance), frozenset(accept_lost or ()), rebuild=rebuild))


def projector(
    instance: Instance = None,
    rebuild: Annotated[
        bool,
        flag(
            "--rebuild",
            "Make all tables again from the journal, beside the running ones; then end.",
        ),
    ] = False,
    anew: Annotated[
        bool, flag("--anew", "With --rebuild: keep nothing of an earlier one that was stopped.")
    ] = False,
    as_json: LogsAsJson = False,
) -> None:
    """Write the journal into SQL tables, until stopped; several workers share the partitions.

    The database is at ECLUSE_DATABASE_URL, or at what the file ECLUSE_DATABASE_URL_FILE holds:
    postgresql://…, or sqlite:///FILE. Kafka is at ECLUSE_BOOTSTRAP_SERVERS, else localhost:9092;
    its topics' names begin with ECLUSE_TOPIC_PREFIX.
    On ECLUSE_HEALTH_PORT, if set: /healthz, /readyz, /partitions, /metrics.
    --rebuild may be stopped: the next one goes on. Readers see the old tables until the new are in
    their place; running projectors go on in them by themselves.
    """
    if anew and not rebuild:
        raise bad_option("--anew", WITH_REBUILD)
    if as_json:
        log_as_json()
    from services.projector.processor import serve as serve_projector
    from services.projector.rebuild import rebuild as make_again
    from services.projector.settings import DatabaseSettings

    settings = _settings(instance)
    url = DatabaseSettings().url
    if not rebuild:
        run_worker(serve_projector(settings, url))
        return
    with show_progress(REBUILDING) as report:
        records = run_worker(make_again(settings, url, report, anew=anew))
    if as_json:
        print_json({"records": records})
    else:
        Screen().say(REBUILT.render(records))


def watch(as_json: LogsAsJson = False) -> None:
    """Say who is behind and what waits, and write deadline events to the ledger.

    It adds up the journal into live balances too, and compares them with the published ones.
    Kafka is at ECLUSE_BOOTSTRAP_SERVERS, else localhost:9092;
    its topics' names begin with ECLUSE_TOPIC_PREFIX.
    On ECLUSE_WATCH_WEB_PORT, else 6066: /lag, /balances/BUDGET, /healthz, /readyz, /metrics.
    """
    if as_json:
        log_as_json()
    from services.runtime.agents.running import run
    from services.runtime.kafka.topics import check
    from services.watch.settings import WatchSettings

    asyncio.run(check(Settings(), WatchSettings().topics))
    # This module builds the app from the environment when it is imported.
    from services.watch.app import app

    run(app)


def api(bind: Bind = None, port: Port = None, as_json: LogsAsJson = False) -> None:
    """Answer questions over HTTP and take events in, until stopped. See /docs there.

    The read model is at ECLUSE_DATABASE_URL, Kafka at ECLUSE_BOOTSTRAP_SERVERS; its topics' names
    begin with ECLUSE_TOPIC_PREFIX. Who may ask: keys (`ecluse api-keys`), tokens and people of
    ECLUSE_OIDC_ISSUER; ECLUSE_AUTH=off lets everybody in.
    """
    from services.api.serving import serve_api
    from services.api.settings import ApiSettings

    if as_json:
        log_as_json()
    settings = ApiSettings.with_options(bind, port)

    def ready(address: str) -> None:
        if not as_json:
            say(API_LISTENING.render({"address": address}))
            if settings.auth == "off":
                say(UNCHECKED)

    run_worker(serve_api(settings, Settings(), ready))


def serve(
    embedded: Annotated[bool, flag("--embedded", "Without Kafka: the only way so far.")] = False,
    data: Annotated[
        Path,
        typer.Option(
            metavar="DIR", envvar="ECLUSE_DATA", help="Where ledger, read model and keys are kept."
        ),
    ] = Path("ecluse-data"),
    load: Annotated[
        list[Path] | None,
        # Not opened here: a pipe that is opened twice waits for a second writer.
        readable_file(
            help_text="Events to decide first, file after file; what was read is not read again.",
            parameter=typer.Option,
        ),
    ] = None,
    bind: Bind = None,
    port: Port = None,
    as_json: AsJson = False,
) -> None:
    """Decide events, keep them in a directory, and serve API and console, until stopped.

    Who may ask: keys (`ecluse api-keys … --data DIR`), tokens and people of ECLUSE_OIDC_ISSUER;
    ECLUSE_AUTH=off lets everybody in.
    """
    from services.api.settings import ApiSettings
    from services.embedded.api import serve_embedded
    from services.embedded.ledger_process import EventFile

    if not embedded:
        exit_with(EMBEDDED_ONLY, EXIT_USAGE)
    settings = ApiSettings.with_options(bind, port)
    files = [EventFile(each, each.name) for each in load or []]
    with ExitStack() as shown:
        report = shown.enter_context(show_progress(LOADING))

        def listening(address: str) -> None:
            shown.close()  # The bar goes before the address is printed.
            if as_json:
                print_json({"address": address, "data": str(data), "auth": settings.auth})
                sys.stdout.flush()  # Whoever waits for it reads a pipe.
                return
            facts = {"address": address, "data": data}
            say(LISTENING.render(facts))
            say(UNCHECKED if settings.auth == "off" else KEY_NEEDED.render(facts))

        run_worker(serve_embedded(settings, data, files, listening, report))


def _settings(instance: str | None) -> Settings:
    return Settings() if instance is None else Settings(instance=instance)

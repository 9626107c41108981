"""`ecluse ledger`: a worker of the ledger on Kafka."""

from typing import Annotated

import typer

from services.cli.logs import log_as_json
from services.cli.options import Lang, LogsAsJson, chosen_language
from services.cli.workers import run_worker
from services.ledger.kafka.serve import serve
from services.runtime.ops.settings import Settings


def ledger(
    context: typer.Context,
    instance: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="This worker's name in its group, the same after a restart; else the host's.",
        ),
    ] = None,
    accept_lost: Annotated[
        list[str] | None,
        typer.Option(
            metavar="TOPIC/PARTITION/OFFSET",
            help="Go on although the records before this offset are gone; the error names it.",
        ),
    ] = None,
    rebuild: Annotated[
        bool,
        typer.Option(
            "--rebuild", metavar="", help="Make the state again from the journal before anything."
        ),
    ] = False,
    as_json: LogsAsJson = False,
    lang: Lang = None,
) -> None:
    """Decide events and write the journal, until stopped; several workers share the partitions.

    Kafka is at ECLUSE_BOOTSTRAP_SERVERS, else localhost:9092;
    its topics' names begin with ECLUSE_TOPIC_PREFIX.
    On ECLUSE_HEALTH_PORT, if set: /healthz, /readyz, /partitions, /metrics.
    """
    chosen_language(context, lang)
    if as_json:
        log_as_json()
    settings = Settings() if instance is None else Settings(instance=instance)
    run_worker(serve(settings, frozenset(accept_lost or ()), rebuild=rebuild))

"""`ecluse projector`: the journal into SQL, for the API, the console and whoever asks."""

from typing import Annotated

import typer

from events.texts import _, ngettext
from services.cli.logs import log_as_json
from services.cli.options import Lang, LogsAsJson, chosen_language
from services.cli.output import counted, print_json
from services.cli.screen import Screen
from services.cli.workers import run_worker
from services.projector.settings import DatabaseSettings
from services.runtime.ops.settings import Settings
from services.texts.translation import translate

WITH_REBUILD = _("it goes with --rebuild")
REBUILDING = _("making the read model again")
REBUILT = ngettext(
    "The read model is made again, and in service: {count} record read.",
    "The read model is made again, and in service: {count} records read.",
)


def projector(
    context: typer.Context,
    instance: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="This worker's name in its group, the same after a restart; else the host's.",
        ),
    ] = None,
    rebuild: Annotated[
        bool,
        typer.Option(
            "--rebuild",
            metavar="",
            help="Make all tables again from the journal, beside the running ones; then end.",
        ),
    ] = False,
    anew: Annotated[
        bool,
        typer.Option(
            "--anew",
            metavar="",
            help="With --rebuild: keep nothing of an earlier one that was stopped.",
        ),
    ] = False,
    as_json: LogsAsJson = False,
    lang: Lang = None,
) -> None:
    """Write the journal into SQL tables, until stopped; several workers share the partitions.

    The database is at ECLUSE_DATABASE_URL, or at what the file ECLUSE_DATABASE_URL_FILE holds:
    postgresql://…, or sqlite:///FILE. Kafka is at ECLUSE_BOOTSTRAP_SERVERS, else localhost:9092;
    its topics' names begin with ECLUSE_TOPIC_PREFIX.
    On ECLUSE_HEALTH_PORT, if set: /healthz, /readyz, /partitions, /metrics.
    --rebuild may be stopped: the next one goes on. Readers see the old tables until the new are in
    their place; running projectors go on in them by themselves.
    """
    screen = Screen(chosen_language(context, lang))
    if anew and not rebuild:
        raise typer.BadParameter(translate(WITH_REBUILD, screen.language), param_hint="--anew")
    if as_json:
        log_as_json()
    # The other verbs need not wait for SQLAlchemy and Alembic.
    from services.projector.rebuild import rebuild as make_again  # noqa: PLC0415
    from services.projector.serve import serve  # noqa: PLC0415

    settings = Settings() if instance is None else Settings(instance=instance)
    url = DatabaseSettings().url
    if not rebuild:
        run_worker(serve(settings, url))
        return
    with counted(translate(REBUILDING, screen.language)) as progress:
        records = run_worker(make_again(settings, url, progress, anew=anew))
    if as_json:
        print_json({"records": records})
    else:
        screen.say(REBUILT.render(records))

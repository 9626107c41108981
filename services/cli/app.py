"""The `ecluse` command: its verbs, and what they exit with.

Exit codes: 0 done, 1 something was refused, unreadable, different or not proved, 2 usage, 3 cannot
reach what it needs (docs/contract.md, 5).
"""

import os
import sys
from importlib.metadata import version
from typing import Annotated, Any, Final, NoReturn

import typer
from pydantic import ValidationError

from services.cli import (
    api,
    api_keys,
    backup,
    balances,
    dev,
    journal,
    lag,
    ledger,
    parked,
    projector,
    publish,
    quarantine,
    replay,
    seal,
    serve,
    topics,
    trace,
    validate,
    verify,
    watch,
    whatif,
)
from services.cli.logs import configure_logs
from services.cli.options import Group, Lang, LogLevel, Verb
from services.cli.wording import STORE_ERROR, language_of_the_system, told
from services.runtime.errors import Stop
from services.verifier.unreachable import UnreachableError

EXIT_USAGE: Final = 2
EXIT_UNREACHABLE: Final = 3


class Verbs(Group):
    """Every verb says in words what it could not reach, in the language that was asked for."""

    def invoke(self, ctx: Any) -> Any:
        """Run a verb, and exit 3 where the world is down."""
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()  # Here a reader that went away can still be told from a failure.
        except ValidationError as error:
            _refuse_settings(error)
        except (Stop, UnreachableError) as error:
            language = ctx.obj or language_of_the_system()
            typer.echo(
                told(STORE_ERROR, language).format(error=told(error.said, language)), err=True
            )
            sys.exit(EXIT_UNREACHABLE)
        return result


def _refuse_settings(error: ValidationError) -> NoReturn:
    """Name each ECLUSE_… variable that holds what it cannot mean."""
    prefix = {
        "Settings": "ECLUSE_",
        "ApiSettings": "ECLUSE_",
        "DatabaseSettings": "ECLUSE_",
        "WatchSettings": "ECLUSE_WATCH_",
    }.get(error.title)
    if prefix is None:
        raise error
    for each in error.errors(include_url=False, include_input=False):
        name = prefix + "_".join(map(str, each["loc"])).upper()
        typer.echo(f"ecluse: {name}: {each['msg']}", err=True)
    sys.exit(EXIT_USAGE)


app = typer.Typer(
    name="ecluse",
    cls=Verbs,
    help="Écluse: money moves when the act that opens the gate has arrived.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
JOB, ROLES, LOOK, PROVE, OPERATE = "The job", "Roles", "Look", "Prove", "Operate"

app.command("replay", cls=Verb, rich_help_panel=JOB)(replay.replay_files)
app.command("validate", cls=Verb, rich_help_panel=JOB)(validate.validate_file)
app.command("publish", cls=Verb, rich_help_panel=JOB)(publish.publish_files)
app.command("ledger", cls=Verb, rich_help_panel=ROLES)(ledger.ledger)
app.command("serve", cls=Verb, rich_help_panel=ROLES)(serve.serve)
app.command("api", cls=Verb, rich_help_panel=ROLES)(api.api)
app.command("projector", cls=Verb, rich_help_panel=ROLES)(projector.projector)
app.command("watch", cls=Verb, rich_help_panel=ROLES)(watch.watch)
app.command("dev", cls=Verb, rich_help_panel=ROLES)(dev.dev)
app.command("balances", cls=Verb, rich_help_panel=LOOK)(balances.balances)
journal.app.command("export", cls=Verb)(backup.export_journal)
journal.app.command("import", cls=Verb)(backup.import_journal)
app.add_typer(journal.app, name="journal", rich_help_panel=LOOK)
app.command("lag", cls=Verb, rich_help_panel=LOOK)(lag.lag)
app.command("trace", cls=Verb, rich_help_panel=LOOK)(trace.trace)
app.command("parked", cls=Verb, rich_help_panel=LOOK)(parked.parked)
app.command("verify", cls=Verb, rich_help_panel=PROVE)(verify.verify_journal)
app.command("seal", cls=Verb, rich_help_panel=PROVE)(seal.seal_journal)
app.command("whatif", cls=Verb, rich_help_panel=PROVE)(whatif.whatif)
app.add_typer(topics.app, name="topics", rich_help_panel=OPERATE)
app.add_typer(api_keys.app, name="api-keys", rich_help_panel=OPERATE)
app.command("quarantine", cls=Verb, rich_help_panel=OPERATE)(quarantine.quarantine_record)


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(f"ecluse {version('ecluse')}")
        raise typer.Exit


@app.callback()
def options(
    context: typer.Context,
    lang: Lang = None,
    log_level: Annotated[
        LogLevel | None,
        typer.Option(
            envvar="ECLUSE_LOG_LEVEL",
            case_sensitive=False,
            metavar="LEVEL",
            help="DEBUG, INFO, WARNING or ERROR; else INFO, on a terminal WARNING.",
        ),
    ] = None,
    _version: Annotated[
        bool,
        typer.Option(
            "--version",
            metavar="",
            is_eager=True,
            callback=_print_version,
            help="Show the version and exit.",
        ),
    ] = False,
) -> None:
    """Écluse: money moves when the act that opens the gate has arrived."""
    configure_logs(log_level)
    context.obj = lang or language_of_the_system()


def main() -> None:
    """Run the command."""
    if not __debug__:
        raise SystemExit("ecluse: assertions are part of this program: run it without -O")
    try:
        app()
    except SystemExit as leaving:
        # typer and rich leave with 1 where the reader of our output went away (`| head`): that is
        # not an error, and nothing is left to say.
        if not isinstance(leaving.__context__, BrokenPipeError):
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    main()

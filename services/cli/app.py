"""The `ecluse` command: its verbs, and what they exit with.

Exit codes: 0 done, 1 something was refused, unreadable, different or not proved, 2 usage, 3 cannot
reach what it needs (docs/contract.md, 5).
"""

import os
import sys
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING, Annotated, Any, Final, NoReturn

import typer

from services.cli.options import Group, Lang, LogLevel, Verb
from services.cli.texts import STORE_ERROR, language_of_the_system
from services.runtime.ops.file_modes import be_private
from services.texts.language import Language
from services.texts.translation import translate

if TYPE_CHECKING:
    from pydantic import ValidationError

EXIT_USAGE: Final = 2
EXIT_UNREACHABLE: Final = 3


class Later:
    """A verb of which the help's line is known; its module is imported when more is asked of it.

    Else `ecluse --help`, and every verb, waits for what all the others need: most of its time.
    """

    hidden = deprecated = False
    help = None

    def __init__(
        self, name: str, where: str, short_help: str, panel: str | None = None, *more: "Later"
    ) -> None:
        self.name = name
        self.short_help = short_help
        self.rich_help_panel = panel
        self._module, self._attribute = where.split(":")
        self._more = more

    @cached_property
    def verb(self) -> Any:
        """The command itself, imported at its first use."""
        found = getattr(import_module(f"services.cli.{self._module}"), self._attribute)
        if not isinstance(found, typer.Typer):
            alone = typer.Typer(add_completion=False)
            alone.command(self.name, cls=Verb)(found)
            return typer.main.get_command(alone)
        group = typer.main.get_group(found)
        group.name = self.name
        group.commands.update({each.name: each for each in self._more})  # type: ignore[misc] # stands for one
        return group

    def __getattr__(self, name: str) -> Any:
        """All else is the verb's own."""
        return getattr(self.verb, name)


JOB, ROLES, INSPECT, PROVE, OPERATE = "The job", "Roles", "Look", "Prove", "Operate"

VERBS: Final = (
    Later(
        "replay",
        "replay:replay_files",
        "Decide events from files and show what came out: entries, payment orders, balances.",
        JOB,
    ),
    Later(
        "validate",
        "validate:validate_file",
        "Check each line by the rules of the ledger's input, and say in words what is wrong where.",
        JOB,
    ),
    Later(
        "publish",
        "publish:publish_files",
        "Send the events of files to the ledger's topic, if every line is one; else nothing.",
        JOB,
    ),
    Later(
        "ledger",
        "ledger:ledger",
        "Decide events and write the journal, until stopped; several workers share the partitions.",
        ROLES,
    ),
    Later(
        "serve",
        "serve:serve",
        "Decide events, keep them in a directory, and serve API and console, until stopped.",
        ROLES,
    ),
    Later(
        "api",
        "api:api",
        "Answer questions over HTTP and take events in, until stopped. See /docs there.",
        ROLES,
    ),
    Later(
        "projector",
        "projector:projector",
        "Write the journal into SQL tables, until stopped; several workers share the partitions.",
        ROLES,
    ),
    Later(
        "watch",
        "watch:watch",
        "Say who is behind and what waits, and write deadline events to the ledger.",
        ROLES,
    ),
    Later(
        "dev",
        "dev:dev",
        "Run Kafka, ledger, watch, projector, API and console on this machine, until Ctrl-C.",
        ROLES,
    ),
    Later(
        "balances",
        "balances:balances",
        "Add the journal up: entries, payment orders, balances; --json as `replay` prints it.",
        INSPECT,
    ),
    Later(
        "lag",
        "lag:lag",
        "Show who is behind and by how much: ledger, projector, watch, treasury; and what waits.",
        INSPECT,
    ),
    Later(
        "trace",
        "trace:trace",
        "Show all records about REF in order: what came, what was decided and why, "
        "what is awaited.",
        INSPECT,
    ),
    Later(
        "parked",
        "parked:parked",
        "List the events that wait, the oldest first: what each waits for, and until when.",
        INSPECT,
    ),
    Later(
        "journal",
        "journal:app",
        "Records of the journal: the last ones, or one; to a file, and back from one.",
        INSPECT,
        Later(
            "export",
            "backup:export_journal",
            "Write the journal to a file, one record a line: the back-up.",
        ),
        Later(
            "import",
            "backup:import_journal",
            "Bring an exported journal into a new cluster or database, to the same heads.",
        ),
    ),
    Later(
        "verify",
        "verify:verify_journal",
        "Prove a journal by a second implementation: its chains, balances, orders; "
        "exit 1 if wrong.",
        PROVE,
    ),
    Later(
        "seal",
        "seal:seal_journal",
        "Prove a journal by itself and sign its heads and totals; "
        "`verify --seal` holds it to them.",
        PROVE,
    ),
    Later(
        "whatif",
        "whatif:whatif",
        "Decide events against the present state, and show what would happen; nothing changes.",
        PROVE,
    ),
    Later(
        "quarantine",
        "quarantine:quarantine_record",
        "Write the record that stops a partition as a dead letter; `ecluse journal` names it.",
        OPERATE,
    ),
    Later(
        "topics",
        "topics:app",
        "The topics on the cluster of ECLUSE_BOOTSTRAP_SERVERS: what differs, and mending it.",
        OPERATE,
    ),
    Later(
        "api-keys",
        "api_keys:app",
        "Keys to the API: made, listed, revoked. At ECLUSE_DATABASE_URL, or ECLUSE_ACCESS_URL.",
        OPERATE,
    ),
)
"""In the order of the help. Each line is the first one of the verb's own help: a test compares."""


class Verbs(Group):
    """Every verb says in words what it could not reach, in the language that was asked for."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.commands.update({each.name: each for each in VERBS})  # type: ignore[misc] # as above

    def invoke(self, ctx: Any) -> Any:
        """Run a verb, and exit 3 where the world is down."""
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()  # Here a reader that left still differs from a failure.
        except (typer.Exit, typer.Abort, typer.TyperException):
            raise
        except Exception as error:
            _say_what_stopped(error, ctx.obj or language_of_the_system())
            raise
        return result


def _say_what_stopped(error: Exception, language: Language) -> None:
    """Leave with words where a setting or the world was to blame; what returns is our mistake."""
    # Only here: a verb that ends well may do without their libraries.
    from pydantic import ValidationError  # noqa: PLC0415

    from services.runtime.ops.errors import Stop  # noqa: PLC0415
    from services.verifier.findings import UnreachableError  # noqa: PLC0415

    if isinstance(error, ValidationError):
        _refuse_settings(error)
    if isinstance(error, Stop | UnreachableError):
        typer.echo(
            translate(STORE_ERROR, language).format(error=translate(error.text, language)), err=True
        )
        sys.exit(EXIT_UNREACHABLE)


def _refuse_settings(error: "ValidationError") -> NoReturn:
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


def _print_version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version  # noqa: PLC0415 # it brings the parser of e-mails

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
    from services.cli.logs import configure_logs  # noqa: PLC0415 # `--help` logs nothing

    configure_logs(log_level)
    context.obj = lang or language_of_the_system()


def main() -> None:
    """Run the command."""
    if not __debug__:
        raise SystemExit("ecluse: assertions are part of this program: run it without -O")
    be_private()  # Journals, databases and brokers' data hold IBANs.
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

"""The `ecluse` command: its subcommands, and what they exit with.

Exit codes: 0 done, 1 something was refused, unreadable, different or not proved, 2 usage, 3 cannot
reach what it needs (docs/contract.md, 5).
"""

import os
import signal
import sys
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, NoReturn

import typer

from events.texts import Translatable, _
from services.cli.terminal.help import WIDTH_MAX, summary
from services.cli.terminal.options import (
    Command,
    Group,
    Lang,
    LogLevel,
    find_language,
)
from services.cli.terminal.streams import watch_standard_streams
from services.cli.terminal.texts import STORE_ERROR
from services.runtime.ops.file_modes import set_private_umask
from services.runtime.processing.cycle_collection import tune_for_command
from services.texts.translation import error_text, translate

if TYPE_CHECKING:
    from pydantic import ValidationError

EXIT_USAGE: Final = 2
EXIT_UNREACHABLE: Final = 3
EXIT_TERMINATED: Final = 128 + signal.SIGTERM

COMPLETES: Final = "_ECLUSE_COMPLETE"
"""The variable by which a shell asks for completions."""

TYPERS_OPTIONS: Final = (
    _("Install completion for the current shell."),
    _("Show completion for the current shell, to copy it or customize the installation."),
)
"""The help of the two options that Typer adds, for the catalogue."""

JOB: Final = _("The job")
TREASURY: Final = _("Treasury")
ROLES: Final = _("Roles")
INSPECT: Final = _("Look")
PROVE: Final = _("Prove")
OPERATE: Final = _("Operate")
"""The panels of the help."""


class LazyCommand:
    """A command whose module is imported when more is asked of it than its line of the help.

    Else `ecluse --help`, and every command, waits for what all the others need: most of its time.
    """

    hidden = deprecated = False
    help = None

    def __init__(self, name: str, where: str, panel: Translatable) -> None:
        self.name = name
        self.rich_help_panel = panel
        module, self._attribute = where.split(":")
        self.module = f"services.cli.{module}"

    @cached_property
    def short_help(self) -> str:
        """The first paragraph of its docstring, found in its source: parsing all takes too long."""
        source = Path(__file__).parents[2].joinpath(*self.module.split(".")).with_suffix(".py")
        _before, _def, command = source.read_text(encoding="utf-8").partition(
            f"\ndef {self._attribute}("
        )
        return " ".join(command.split('"""')[1].split("\n\n")[0].split())

    def get_short_help_str(self, _limit: int = 0) -> str:
        """The command's line where a shell completes its name."""
        return summary(self, find_language())

    @cached_property
    def imported(self) -> Any:
        """The command itself, imported at its first use."""
        module = import_module(self.module)
        group = getattr(module, f"{self._attribute}_app", None)
        if group is not None:
            group = typer.main.get_group(group)
            group.name = self.name
            return group
        alone = typer.Typer(add_completion=False)
        alone.command(self.name, cls=Command)(getattr(module, self._attribute))
        return typer.main.get_command(alone)

    def __getattr__(self, name: str) -> Any:
        """All else is the command's own."""
        return getattr(self.imported, name)


COMMANDS: Final = (
    LazyCommand("replay", "commands.replay:replay_files", JOB),
    LazyCommand("validate", "commands.validate:validate_file", JOB),
    LazyCommand("publish", "commands.publish:publish_files", JOB),
    LazyCommand("schema", "commands.schema:schema", JOB),
    LazyCommand("treasury", "commands.treasury:treasury", TREASURY),
    LazyCommand("slips", "commands.slips:slips", TREASURY),
    LazyCommand("returns", "commands.returns:returns", TREASURY),
    LazyCommand("findings", "commands.returns:findings", TREASURY),
    LazyCommand("entries", "commands.entries:entries", TREASURY),
    LazyCommand("reconcile", "commands.reconcile:reconcile", TREASURY),
    LazyCommand("open-data", "commands.open_data:open_data", TREASURY),
    LazyCommand("ledger", "commands.processes:ledger", ROLES),
    LazyCommand("serve", "commands.processes:serve", ROLES),
    LazyCommand("api", "commands.processes:api", ROLES),
    LazyCommand("projector", "commands.processes:projector", ROLES),
    LazyCommand("watch", "commands.processes:watch", ROLES),
    LazyCommand("dev", "commands.dev:dev", ROLES),
    LazyCommand("balances", "commands.balances:balances", INSPECT),
    LazyCommand("lag", "commands.lag:lag", INSPECT),
    LazyCommand("trace", "commands.trace:trace", INSPECT),
    LazyCommand("parked", "commands.parked:list_parked", INSPECT),
    LazyCommand("journal", "commands.journal:journal", INSPECT),
    LazyCommand("personal-data", "commands.personal_data:personal_data", INSPECT),
    LazyCommand("verify", "commands.verify:verify_journal", PROVE),
    LazyCommand("seal", "commands.seal:seal_journal", PROVE),
    LazyCommand("whatif", "commands.whatif:whatif", PROVE),
    LazyCommand("dead-letters", "commands.dead_letters:dead_letters", OPERATE),
    LazyCommand("redrive", "commands.redrive:redrive", OPERATE),
    LazyCommand("doctor", "commands.doctor:doctor", OPERATE),
    LazyCommand("config", "commands.doctor:config", OPERATE),
    LazyCommand("quarantine", "commands.quarantine:quarantine_record", OPERATE),
    LazyCommand("topics", "commands.cluster:topics", OPERATE),
    LazyCommand("acls", "commands.cluster:acls", OPERATE),
    LazyCommand("database", "commands.database:database", OPERATE),
    LazyCommand("api-keys", "commands.api_keys:api_keys", OPERATE),
    LazyCommand("webhooks", "commands.webhooks:webhooks", OPERATE),
)
"""In the order of the help."""


class Commands(Group):
    """Every command says in words what it could not reach, in the language that was asked for."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.commands.update({each.name: each for each in COMMANDS})  # type: ignore[misc] # as above

    def invoke(self, ctx: Any) -> Any:
        """Run a command, and exit 3 where the world is down."""
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()  # Here a reader that left still differs from a failure.
        except (typer.Exit, typer.Abort, typer.TyperException):
            raise
        except Exception as error:
            _say_what_stopped(error)
            raise
        return result


def _say_what_stopped(error: Exception) -> None:
    """Leave with words where a setting or the world was to blame; what returns is our mistake."""
    # Only here: a command that ends well may do without their libraries.
    from pydantic import ValidationError  # noqa: PLC0415

    from services.runtime.ops.errors import Stop  # noqa: PLC0415
    from services.verifier.findings import UnreachableError  # noqa: PLC0415

    if isinstance(error, ValidationError):
        _refuse_settings(error)
    if isinstance(error, PermissionError) and error.filename is not None:
        # A folder that may not be entered refuses even the question what is in it.
        error = Stop(error.filename, error_text(error))
    if isinstance(error, Stop | UnreachableError):
        message = STORE_ERROR.render({"error": error.text})
        typer.echo(translate(message, find_language()), err=True)
        sys.exit(EXIT_UNREACHABLE)


def _refuse_settings(error: "ValidationError") -> NoReturn:
    """Name each ECLUSE_… variable that holds what it cannot mean."""
    prefix = {
        "Settings": "ECLUSE_",
        "ApiSettings": "ECLUSE_",
        "DatabaseSettings": "ECLUSE_",
        "TreasurySettings": "ECLUSE_",
        "OpenDataSettings": "ECLUSE_",
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
    cls=Commands,
    help="Écluse: money moves when the act that opens the gate has arrived.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # terminal/help.py says why
    context_settings={"max_content_width": WIDTH_MAX},
)


def _print_version(is_requested: bool) -> None:
    if is_requested:
        from importlib.metadata import version  # noqa: PLC0415 # it brings the parser of e-mails

        typer.echo(f"ecluse {version('ecluse')}")
        raise typer.Exit


@app.callback()
def options(
    _lang: Lang = None,
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
    from services.cli.terminal.logs import configure_logs  # noqa: PLC0415 # `--help` logs nothing

    configure_logs(log_level)


def main() -> None:
    """Run the command."""
    if not __debug__:
        raise SystemExit("ecluse: assertions are part of this program: run it without -O")
    if os.getpid() == 1:
        # The first process of a container is sent no signal without a handler; a service has its
        # own from when it has begun.
        signal.signal(signal.SIGTERM, lambda *_: os._exit(EXIT_TERMINATED))
    watch_standard_streams()
    tune_for_command()
    set_private_umask()  # Journals, databases and brokers' data hold IBANs.
    if COMPLETES in os.environ:
        # Else rich breaks a long help, and fish offers its second line as a word of its own.
        os.environ["TERMINAL_WIDTH"] = "1000"
    try:
        _run()
    except Exception as error:
        _say_what_stopped(error)  # Help and version are printed before there is a command.
        raise


def _run() -> None:
    try:
        app()
    except SystemExit as leaving:
        # typer and rich leave with 1 where the reader of our output went away (`| head`): that is
        # not an error, and nothing is left to say.
        reader_left = isinstance(leaving.__context__, BrokenPipeError)
        try:
            sys.stdout.flush()  # Here a failure is still reported.
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not reader_left:
            raise


if __name__ == "__main__":
    main()

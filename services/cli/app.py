"""The `ecluse` command: its verbs, and what they exit with.

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

from events.texts import Translatable, _, verbatim
from services.cli.terminal.help import WIDTH_MAX, summary
from services.cli.terminal.options import (
    COMPLETES,
    Group,
    Lang,
    LogLevel,
    Verb,
    chosen_language,
)
from services.cli.terminal.streams import watch_standard_streams
from services.cli.terminal.texts import STORE_ERROR
from services.runtime.ops.file_modes import be_private
from services.runtime.processing.cycle_collection import for_a_command
from services.texts.translation import translate

if TYPE_CHECKING:
    from pydantic import ValidationError

EXIT_USAGE: Final = 2
EXIT_UNREACHABLE: Final = 3
EXIT_TERMINATED: Final = 128 + signal.SIGTERM


JOB: Final = _("The job")
TREASURY: Final = _("Treasury")
ROLES: Final = _("Roles")
INSPECT: Final = _("Look")
PROVE: Final = _("Prove")
OPERATE: Final = _("Operate")
"""The panels of the help."""


class Later:
    """A verb whose module is imported when more is asked of it than its line of the help.

    Else `ecluse --help`, and every verb, waits for what all the others need: most of its time.
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
        _before, _def, verb = source.read_text(encoding="utf-8").partition(
            f"\ndef {self._attribute}("
        )
        return " ".join(verb.split('"""')[1].split("\n\n")[0].split())

    def get_short_help_str(self, _limit: int = 0) -> str:
        """Its line where a shell completes its name."""
        return summary(self, chosen_language())

    @cached_property
    def verb(self) -> Any:
        """The command itself, imported at its first use."""
        module = import_module(self.module)
        group = getattr(module, "app", None)
        if group is not None:
            group = typer.main.get_group(group)
            group.name = self.name
            return group
        alone = typer.Typer(add_completion=False)
        alone.command(self.name, cls=Verb)(getattr(module, self._attribute))
        return typer.main.get_command(alone)

    def __getattr__(self, name: str) -> Any:
        """All else is the verb's own."""
        return getattr(self.verb, name)


VERBS: Final = (
    Later("replay", "commands.events.replay:replay_files", JOB),
    Later("validate", "commands.events.validate:validate_file", JOB),
    Later("publish", "commands.events.publish:publish_files", JOB),
    Later("schema", "commands.events.schema:schema", JOB),
    Later("order", "commands.events.order:order", JOB),
    Later("document", "commands.events.document:document", JOB),
    Later("treasury", "commands.treasury.treasury:treasury", TREASURY),
    Later("slips", "commands.treasury.slips:slips", TREASURY),
    Later("returns", "commands.treasury.returns:returns", TREASURY),
    Later("findings", "commands.treasury.findings:findings", TREASURY),
    Later("entries", "commands.treasury.entries:entries", TREASURY),
    Later("reconcile", "commands.treasury.reconcile:reconcile", TREASURY),
    Later("open-data", "commands.treasury.open_data:open_data", TREASURY),
    Later("import", "commands.treasury.imports:imports", TREASURY),
    Later("ledger", "commands.roles.processes:ledger", ROLES),
    Later("serve", "commands.roles.processes:serve", ROLES),
    Later("api", "commands.roles.processes:api", ROLES),
    Later("projector", "commands.roles.processes:projector", ROLES),
    Later("watch", "commands.roles.processes:watch", ROLES),
    Later("dev", "commands.roles.dev:dev", ROLES),
    Later("balances", "commands.inspect.balances:balances", INSPECT),
    Later("lag", "commands.inspect.lag:lag", INSPECT),
    Later("trace", "commands.inspect.trace:trace", INSPECT),
    Later("parked", "commands.inspect.parked:parked", INSPECT),
    Later("journal", "commands.inspect.journal:journal", INSPECT),
    Later("personal-data", "commands.inspect.personal_data:personal_data", INSPECT),
    Later("verify", "commands.prove.verify:verify_journal", PROVE),
    Later("seal", "commands.prove.seal:seal_journal", PROVE),
    Later("whatif", "commands.prove.whatif:whatif", PROVE),
    Later("dead-letters", "commands.inspect.dead_letters:dead_letters", OPERATE),
    Later("redrive", "commands.operate.redrive:redrive", OPERATE),
    Later("doctor", "commands.operate.doctor:doctor", OPERATE),
    Later("config", "commands.operate.config:config", OPERATE),
    Later("quarantine", "commands.operate.quarantine:quarantine_record", OPERATE),
    Later("topics", "commands.operate.topics:topics", OPERATE),
    Later("acls", "commands.operate.acls:acls", OPERATE),
    Later("database", "commands.operate.database:database", OPERATE),
    Later("api-keys", "commands.operate.api_keys:api_keys", OPERATE),
    Later("webhooks", "commands.operate.webhooks:webhooks", OPERATE),
    Later("completion", "commands.operate.completion:completion", OPERATE),
)
"""In the order of the help."""


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
            _say_what_stopped(error)
            raise
        return result


def _say_what_stopped(error: Exception) -> None:
    """Leave with words where a setting or the world was to blame; what returns is our mistake."""
    # Only here: a verb that ends well may do without their libraries.
    from pydantic import ValidationError  # noqa: PLC0415

    from services.runtime.ops.errors import Stop  # noqa: PLC0415
    from services.verifier.findings import UnreachableError  # noqa: PLC0415

    if isinstance(error, ValidationError):
        _refuse_settings(error)
    if isinstance(error, PermissionError) and error.filename is not None:
        # A folder that may not be entered refuses even the question what is in it.
        error = Stop(error.filename, verbatim(error.strerror))
    if isinstance(error, Stop | UnreachableError):
        message = STORE_ERROR.render({"error": error.text})
        try:
            typer.echo(translate(message, chosen_language()), err=True)
        except OSError:  # Nobody hears it; else the end of the process would fail again.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())
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
    cls=Verbs,
    help="Écluse: money moves when the act that opens the gate has arrived.",
    no_args_is_help=True,
    add_completion=False,  # `ecluse completion` installs them, and says so in two languages
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # terminal/help.py says why
    context_settings={"max_content_width": WIDTH_MAX},
)


def _print_version(asked: bool) -> None:
    if asked:
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
    for_a_command()
    be_private()  # Journals, databases and brokers' data hold IBANs.
    if COMPLETES in os.environ:
        from typer._completion_classes import completion_init  # noqa: PLC0415 # seldom asked for

        # Else rich breaks a long help, and fish offers its second line as a word of its own.
        os.environ["TERMINAL_WIDTH"] = "1000"
        completion_init()
    try:
        _run()
    except Exception as error:
        _say_what_stopped(error)  # Help and version are printed before there is a verb.
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

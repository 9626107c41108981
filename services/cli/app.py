"""The `ecluse` command: its verbs, and what they exit with.

Exit codes: 0 done, 1 something was refused or unreadable (with --strict), 2 usage, 3 cannot reach
what it needs.
"""

import os
import sys
from typing import Annotated, Any, Final

import typer
from typer.core import TyperGroup

from services.cli import journal, replay, validate
from services.cli.logs import configure_logs
from services.cli.wording import STORE_ERROR, Language, language_of_the_system, told
from services.ledger.ports import StoreError

EXIT_UNREACHABLE: Final = 3


class Verbs(TyperGroup):
    """Every verb says in words what it could not reach, in the language that was asked for."""

    def invoke(self, ctx: Any) -> Any:
        """Run a verb; exit 3 where the world is down."""
        try:
            return super().invoke(ctx)
        except StoreError as error:
            language = ctx.obj or language_of_the_system()
            typer.echo(
                told(STORE_ERROR, language).format(error=told(error.said, language)), err=True
            )
            sys.exit(EXIT_UNREACHABLE)


app = typer.Typer(
    name="ecluse",
    cls=Verbs,
    help="Écluse: money moves when the act that opens the gate has arrived.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("replay", rich_help_panel="The job")(replay.replay_files)
app.command("validate", rich_help_panel="The job")(validate.validate_file)
app.add_typer(journal.app, name="journal", rich_help_panel="Look")


@app.callback()
def options(
    context: typer.Context,
    language: Annotated[
        Language | None,
        typer.Option("--lang", help="Language of messages; else ECLUSE_LANG, LANG."),
    ] = None,
    log_level: Annotated[
        str, typer.Option(envvar="ECLUSE_LOG_LEVEL", help="DEBUG, INFO, WARNING or ERROR.")
    ] = "INFO",
) -> None:
    """Écluse: money moves when the act that opens the gate has arrived."""
    if log_level not in {"DEBUG", "INFO", "WARNING", "ERROR"}:
        raise typer.BadParameter(f"{log_level} is not DEBUG, INFO, WARNING or ERROR")
    configure_logs(log_level)
    context.obj = language or language_of_the_system()


def main() -> None:
    """Run the command."""
    if not __debug__:
        raise SystemExit("ecluse: assertions are part of this program: run it without -O")
    try:
        app()
    except BrokenPipeError:
        # The reader of our output went away (`| head`): not an error, and nothing left to say.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    main()

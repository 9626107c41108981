"""Options of every command: its language, its JSON output, the layout of its help."""

from enum import StrEnum
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from services.cli.texts import language_of_the_system
from services.texts.language import Language


class LogLevel(StrEnum):
    """From which level on the command logs."""

    DEBUG = "DEBUG"
    INFO = "INFO"
    WARNING = "WARNING"
    ERROR = "ERROR"


Lang = Annotated[
    Language | None,
    typer.Option("--lang", metavar="fr|en", help="Language of messages; else ECLUSE_LANG, LANG."),
]
AsJson = Annotated[
    bool, typer.Option("--json", metavar="", help="One JSON object on one line, for programs.")
]
OfBudget = Annotated[
    str | None, typer.Option("--budget", metavar="BUDGET", help="Of this budget only.")
]
Strict = Annotated[
    bool,
    typer.Option("--strict", metavar="", help="Exit 1 if anything was refused or unreadable."),
]
EventFiles = Annotated[
    list[typer.FileBinaryRead],
    typer.Argument(metavar="FILE", help="Events, one JSON object a line; - is standard input."),
]
LogsAsJson = Annotated[
    bool,
    typer.Option("--json", metavar="", help="Log as JSON on a terminal too; elsewhere it is JSON."),
]

Bind = Annotated[
    str | None, typer.Option(metavar="ADDRESS", help="Where to listen; else ECLUSE_API_BIND.")
]
Port = Annotated[
    int | None,
    typer.Option(metavar="PORT", min=0, max=65535, help="0 is any free; else ECLUSE_API_PORT."),
]


def chosen_language(context: typer.Context, asked: Language | None) -> Language:
    """The language asked of the verb; else of the command, else of the system."""
    root = context.find_root()
    root.obj = asked or root.obj or language_of_the_system()
    return Language(root.obj)


class Verb(TyperCommand):
    """A verb whose usage names its arguments plainly: `BUDGET N`."""

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """The arguments of the usage line, without braces."""
        pieces = super().collect_usage_pieces(ctx)
        return [piece.replace("{", "").replace("}", "") for piece in pieces]

    def get_help_option(self, ctx: Any) -> Any:
        """`--help`, which takes no value, and says so."""
        return _without_value(super().get_help_option(ctx))


class Group(TyperGroup):
    """Verbs under one name."""

    def get_help_option(self, ctx: Any) -> Any:
        """`--help`, which takes no value, and says so."""
        return _without_value(super().get_help_option(ctx))


def _without_value(option: Any) -> Any:
    if option is not None:
        option.metavar = ""
    return option

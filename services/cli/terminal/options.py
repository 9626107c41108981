"""Options of every command: its language, its JSON output, the layout of its help."""

import os
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from enum import StrEnum
from itertools import pairwise
from typing import Annotated, Any, Final

import typer
from typer.core import TyperCommand, TyperGroup

from services.cli.terminal import help as help_page
from services.texts.language import Language

COUNT_MAX: Final = 1_000_000_000
"""The bound of a count of records or lines: above any that is kept, below what SQLite reads."""

_chosen: Final = ContextVar[Language]("language")


def language_of_the_system() -> Language:
    """French where the environment asks for it, English elsewhere.

    `ECLUSE_LANG` decides first, then the usual POSIX variables in their order.
    """
    names = ("ECLUSE_LANG", "LC_ALL", "LC_MESSAGES", "LANG")
    chosen = next((os.environ[name] for name in names if os.environ.get(name)), "")
    return Language.FR if chosen.lower().startswith("fr") else Language.EN


def find_language() -> Language:
    """The language asked of the subcommand; else of `ecluse`, else of the system."""
    return _chosen.get(None) or language_of_the_system()


def _choose(context: typer.Context, language: Language | None) -> None:
    if language is not None or context.parent is None:
        _chosen.set(language or language_of_the_system())


def _choose_ahead(arguments: Iterable[str]) -> None:
    """Choose the language that these arguments ask for, if they ask for one."""
    for name, value in pairwise(piece for each in arguments for piece in each.split("=", 1)):
        if name == "--lang" and value in set(Language):
            _chosen.set(Language(value))
            return


def decode_argument(argument: str) -> str:
    """Decode an argument of a command line: bytes that are no UTF-8 become `?`."""
    return argument.encode(errors="replace").decode()


def decode_option(argument: str | None) -> str | None:
    """The same of an option that may be left out."""
    return argument and decode_argument(argument)


def readable_file(help_text: str, parameter: Callable[..., Any] = typer.Argument) -> Any:
    """An argument or option FILE that must be a file which can be read; it is not opened."""
    return parameter(metavar="FILE", exists=True, dir_okay=False, readable=True, help=help_text)


def flag(name: str, help_text: str) -> Any:
    """An option that is given or not, and takes no value."""
    return typer.Option(name, metavar="", help=help_text)


class LogLevel(StrEnum):
    """From which level on the command logs."""

    DEBUG = "DEBUG"
    INFO = "INFO"
    WARNING = "WARNING"
    ERROR = "ERROR"


Lang = Annotated[
    Language | None,
    typer.Option(
        "--lang",
        metavar="fr|en",
        help="Language of messages; else ECLUSE_LANG, LANG.",
        callback=_choose,
        expose_value=False,
    ),
]
AsJson = Annotated[bool, flag("--json", "One JSON object on one line, for programs.")]
OfBudget = Annotated[
    str | None,
    typer.Option("--budget", metavar="BUDGET", help="Of this budget only.", callback=decode_option),
]
Strict = Annotated[bool, flag("--strict", "Exit 1 if anything was refused or unreadable.")]
As = Annotated[
    str,
    typer.Option(
        "--as",
        metavar="FORM",
        help="How the cluster names a principal: `User:CN=NAME` where certificates name them.",
    ),
]
USER: Final = "User:NAME"
EventFiles = Annotated[
    list[typer.FileBinaryRead],
    typer.Argument(metavar="FILE", help="Events, one JSON object a line; - is standard input."),
]


class _Help:
    """Help of a command in the chosen language."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Choose the language first: `--help` is answered before `--lang` is read."""
        _choose_ahead(args)
        rest: list[str] = super().parse_args(ctx, args)  # type: ignore[misc] # of the command beside it
        return rest

    def get_help_option(self, ctx: Any) -> Any:
        option = super().get_help_option(ctx)  # type: ignore[misc] # as above
        if option is not None:
            option.help = help_page.SHOW_HELP.msgid
        return option

    def get_short_help_str(self, _limit: int = 0) -> str:
        """The line of this command where a shell completes its name."""
        return help_page.summary(self, find_language())

    def format_usage(self, ctx: Any, formatter: Any) -> None:
        help_page.write_usage(self, ctx, formatter, find_language())

    def format_help(self, ctx: Any, formatter: Any) -> None:
        help_page.write_usage(self, ctx, formatter, find_language())
        help_page.write_text(self, formatter, find_language())
        help_page.write_options(self, ctx, formatter, find_language())


class Group(_Help, TyperGroup):
    """Commands under one name."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help of a group; the commands come last."""
        super().format_help(ctx, formatter)
        help_page.write_commands(self, formatter, find_language())


class Command(_Help, TyperCommand):
    """A command, to which `--lang` is added."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings | {"params": [*settings["params"], _language_option()]})


def _language_option() -> Any:
    alone = typer.Typer(add_completion=False)

    @alone.command()
    def command(_lang: Lang = None) -> None:
        pass

    return typer.main.get_command(alone).params[0]

"""Help in a language: the usage, arguments, options, and commands in their panels.

Its texts stand where Typer reads them, in English: the docstring of a command and the `help=` of an
option. `make texts` finds them there (services/texts/catalogue.py). It is plain text by Typer's own
formatter: the one with boxes imports readers of Markdown and of source code, a third of the time
of `ecluse --help`.
"""

from collections.abc import Sequence
from typing import Any, Final

import typer

from events.texts import Translatable, _
from services.texts.language import Language
from services.texts.translation import paragraphs, translate

WIDTH_MAX: Final = 100
"""The most columns of a help."""

USAGE: Final = _("Usage: ")
COMMAND_AND_ARGUMENTS: Final = _("COMMAND [ARGS]...")
ARGUMENTS: Final = _("Arguments")
OPTIONS: Final = _("Options")
COMMANDS: Final = _("Commands")
SHOW_HELP: Final = _("Show this help and exit.")

REMARKS: Final = (_("env var: "), _("default: "), _("required"))
"""Typer's remarks behind the text of an option, in brackets."""

Rows = Sequence[tuple[str, str]]


def help_text(text: str, language: Language) -> str:
    """A text of the help in a language, its paragraphs apart."""
    return "\n\n".join(translate(Translatable(each), language) for each in paragraphs(text))


def summary(command: Any, language: Language) -> str:
    """The first paragraph about a command: its line among others."""
    return help_text((command.short_help or command.help or "").split("\n\n")[0], language)


def write_usage(command: Any, ctx: Any, formatter: Any, language: Language) -> None:
    """`Usage: ecluse lag [OPTIONS]`."""
    # Typer marks arguments by braces, which no terminal wants typed.
    pieces = [each.strip("{}").replace("}...", "...") for each in command.collect_usage_pieces(ctx)]
    usage = " ".join(pieces).replace(
        COMMAND_AND_ARGUMENTS.msgid, translate(COMMAND_AND_ARGUMENTS, language)
    )
    formatter.write_usage(ctx.command_path, usage, translate(USAGE, language))


def write_text(command: Any, formatter: Any, language: Language) -> None:
    """The whole text about a command, below its usage."""
    formatter.write_paragraph()
    with formatter.indentation():
        formatter.write_text(help_text(command.help or "", language))


def write_options(command: Any, ctx: Any, formatter: Any, language: Language) -> None:
    """Write the arguments and options of a command."""
    params = [each for each in command.get_params(ctx) if not each.hidden]
    for title, kind in ((ARGUMENTS, "argument"), (OPTIONS, "option")):
        rows = [_row(each, ctx, language) for each in params if each.param_type_name == kind]
        _write_panel(translate(title, language), rows, formatter)


def write_commands(group: Any, formatter: Any, language: Language) -> None:
    """The commands under a name, by their panels."""
    panels: dict[str, list[tuple[str, str]]] = {}
    for name, command in group.commands.items():
        if not command.hidden:
            title = translate(command.rich_help_panel or COMMANDS, language)
            panels.setdefault(title, []).append((name, summary(command, language)))
    for title, rows in panels.items():
        _write_panel(title, rows, formatter)


def _write_panel(title: str, rows: Rows, formatter: Any) -> None:
    if rows:
        formatter.write_paragraph()
        formatter.write(typer.style(title, bold=True) + "\n")
        with formatter.indentation():
            formatter.write_dl(rows)


def _row(param: Any, ctx: Any, language: Language) -> tuple[str, str]:
    """The names of an option or argument, its text, and the remarks of Typer."""
    names, text = param.get_help_record(ctx)
    remarks = text.removeprefix(param.help or "")
    for each in REMARKS:
        remarks = remarks.replace(each.msgid, translate(each, language))
    if param.param_type_name == "argument":  # Behind its name stands its type, as `<file>`.
        names = names.partition(" <")[0]
    names = names.strip().replace("<", "").replace(">", "")  # Of an option, its choices.
    return names, help_text(param.help or "", language) + remarks

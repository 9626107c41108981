"""`ecluse completion`: a shell completes commands, options and the values that are known."""

import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer
from typer._completion_shared import get_completion_script, install

from events.texts import _
from services.cli.terminal.options import COMPLETES, AsJson, Command, Group
from services.cli.terminal.output import exit_with, print_json, say
from services.runtime.ops.errors import Stop
from services.texts.system_errors import error_text

EXIT_USAGE: Final = 2
PROGRAM: Final = "ecluse"

FIRST_ASKED: Final = f"""
# zsh loads this file when it is first asked for a completion: without this the first would be none.
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then _{PROGRAM}_completion "$@"; fi
"""
"""The end of the script for zsh, which Typer leaves out."""

INSTALLED: Final = _("Completions for {shell} stand in {file}. A new terminal has them.")
WHICH_SHELL: Final = _("Name the shell: bash, zsh or fish.")


class Shell(StrEnum):
    """Shells that can complete this command."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


AShell = Annotated[
    Shell | None, typer.Argument(metavar="bash|zsh|fish", help="Else the shell of this terminal.")
]

app = typer.Typer(cls=Group, no_args_is_help=True)


@app.callback()
def completion() -> None:
    """Completions in a shell: commands, options, types of events."""


@app.command("install", cls=Command)
def install_script(shell: AShell = None, as_json: AsJson = False) -> None:
    """Install them in the home directory; a new terminal has them.

    For bash and zsh a line of .bashrc or .zshrc loads them. Installed again, nothing changes.
    """
    chosen = _of_this_terminal() if shell is None else shell
    try:
        _name, file = install(chosen.value, PROGRAM, COMPLETES)
        if chosen is Shell.ZSH:
            file.write_text(file.read_text() + FIRST_ASKED)
    except OSError as error:
        raise Stop(error.filename, error_text(error)) from error
    if as_json:
        print_json({"shell": chosen.value, "file": str(file)})
    else:
        say(INSTALLED.render({"shell": chosen.value, "file": file}))


@app.command("show", cls=Command)
def show_script(shell: AShell = None, as_json: AsJson = False) -> None:
    """Print the script that a shell loads, and change nothing."""
    chosen = _of_this_terminal() if shell is None else shell
    script = get_completion_script(prog_name=PROGRAM, complete_var=COMPLETES, shell=chosen.value)
    if chosen is Shell.ZSH:
        script += FIRST_ASKED
    if as_json:
        print_json({"shell": chosen.value, "script": script})
    else:
        typer.echo(script)


def _of_this_terminal() -> Shell:
    """The shell that the system starts for this user."""
    name = Path(os.environ.get("SHELL", "")).name
    if name not in set(Shell):
        exit_with(WHICH_SHELL, EXIT_USAGE)
    return Shell(name)

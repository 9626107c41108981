"""`ecluse config`: the settings of every role, and where each stands."""
# ruff: noqa: PLC0415 # the models are those of all services: no other command waits for them

from typing import Final

import typer

from events.texts import _
from services.cli.terminal.options import AsJson, Command, Group
from services.cli.terminal.output import print_json
from services.cli.terminal.screen import Screen

OF_FILE: Final = _("the file {file}")

SOURCES: Final = {
    "environment": _("environment"),
    "default": _("default"),
}

app = typer.Typer(cls=Group, no_args_is_help=True)


@app.callback()
def config() -> None:
    """The settings, as this environment has them."""


@app.command(cls=Command)
def show(as_json: AsJson = False) -> None:
    """List every setting with its value and its source: environment, file or default.

    Passwords and other secrets are not shown. What contradicts itself `ecluse doctor` says.
    """
    from services.doctor.configuration.variables import variables

    found = variables()
    if as_json:
        print_json({"settings": [each._asdict() for each in found]})
        return
    screen = Screen()
    table = screen.table("settings", ("setting", "value", "source", "roles"))
    for each in found:
        source = OF_FILE.render({"file": each.file}) if each.file else SOURCES[each.source]
        screen.add(table, each.name, each.value or "", source, each.roles)
    screen.show(table)

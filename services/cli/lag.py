"""`ecluse lag`: who is behind and by how much, as the watch says it."""

import sys
import time
from contextlib import suppress
from typing import Annotated, Final

import typer
from rich.console import Group, RenderableType
from rich.live import Live

from events.sentences import Sentence
from services.api.adapters.clock import the_clock_on_the_wall
from services.cli.lag_client import Watches
from services.cli.options import AsJson, Lang, chosen_language
from services.cli.output import print_json
from services.cli.screen import Screen
from services.cli.texts import told
from services.runtime.ops.errors import Stop

HERE: Final = "http://127.0.0.1:6066"
"""Where `ecluse watch` answers unless it is told otherwise."""

EVERY_S: Final = 2.0
"""How often `--watch` asks: so often the watch itself looks."""

EXIT_WELL, EXIT_NOT_WELL, EXIT_SILENT = 0, 1, 3

NO_ADDRESS = Sentence(
    "{said}\u00a0: des adresses telles que http://watch:6066, séparées par des virgules",
    "{said}: addresses as http://watch:6066, separated by commas",
)


def lag(
    context: typer.Context,
    url: Annotated[
        str,
        typer.Option(
            "--url",
            envvar="ECLUSE_WATCH_URL",
            metavar="URL",
            help="Where the watch answers; of several that share the journal all, with commas.",
        ),
    ] = HERE,
    follow: Annotated[
        bool, typer.Option("--watch", metavar="", help="Again every two seconds, until Ctrl-C.")
    ] = False,
    as_json: AsJson = False,
    lang: Lang = None,
) -> None:
    """Show who is behind and by how much: ledger, projector, watch, treasury; and what waits.

    It asks the watch, and nobody else. "—" is what nobody knows.
    Exit code: 0 all is well, 1 something is not, or is not known, 3 no watch answers.
    """
    language = chosen_language(context, lang)
    try:
        watches = Watches(url)
    except ValueError as error:
        said = told(NO_ADDRESS.render({"said": error}), language)
        raise typer.BadParameter(said, param_hint="--url") from error
    look = _Look(watches, Screen(language), as_json=as_json)
    if follow:
        raise typer.Exit(_followed(look))
    look.ask()
    if watches.all_silent:
        (address, fault), *_ = watches.silent
        raise Stop(address, fault)
    look.print()
    raise typer.Exit(look.code)


def _followed(look: "_Look") -> int:
    """Ask and show until somebody ends it; the exit code of the last look."""
    with suppress(KeyboardInterrupt):
        if look.is_live:
            with Live(console=look.screen.console, auto_refresh=False) as live:
                while True:
                    look.ask()
                    live.update(Group(*look.parts()), refresh=True)
                    time.sleep(EVERY_S)
        while True:
            look.ask()
            look.print()
            time.sleep(EVERY_S)
    return look.code


class _Look:
    """What the watches said last, and when they were asked."""

    def __init__(self, watches: Watches, screen: Screen, *, as_json: bool) -> None:
        self.screen = screen
        self._watches = watches
        self._as_json = as_json
        self._now = the_clock_on_the_wall()

    def ask(self) -> None:
        """Ask all of them."""
        self._watches.ask()
        self._now = the_clock_on_the_wall()

    @property
    def is_live(self) -> bool:
        """Whether a person looks on, before whom one page may take the place of another."""
        console = self.screen.console
        return console.is_terminal and not console.is_dumb_terminal and not self._as_json

    @property
    def code(self) -> int:
        """What it is worth as an exit code."""
        if self._watches.all_silent:
            return EXIT_SILENT
        lag = self._watches.lag(self._now)
        return EXIT_WELL if lag.is_well(self._now) else EXIT_NOT_WELL

    def print(self) -> None:
        """Once, for whoever reads lines."""
        if self._as_json:
            self._print_for_programs()
        else:
            for each in self.parts():
                self.screen.console.print(each, crop=False)
        sys.stdout.flush()

    def parts(self) -> list[RenderableType]:
        """For people."""
        # Only here: its words are the console's, and bring a library for dates.
        from services.cli.lag_page import page  # noqa: PLC0415

        lag = self._watches.lag(self._now)
        return page(self.screen, lag, self._watches.silent, self._now)

    def _print_for_programs(self) -> None:
        for address, fault in self._watches.silent:
            typer.echo(f"ecluse: {address}: {told(fault, self.screen.language)}", err=True)
        board = self._watches.lag(self._now).board
        if board is not None and not self._watches.all_silent:
            print_json(self._watches.for_programs(board))

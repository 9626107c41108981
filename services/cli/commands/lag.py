"""`ecluse lag`: the lag of every stage, as the watch reports it."""

import asyncio
import json
import sys
import time
from contextlib import suppress
from typing import Annotated, Final

import typer
from rich.console import Group, RenderableType
from rich.live import Live
from rich.text import Text

from events import lag as document
from events.texts import Translatable, _
from services.api.adapters.clock_and_chance import wall_clock
from services.cli.commands.lag_lines import Reader, brief_lines
from services.cli.commands.lag_page import page
from services.cli.terminal.options import AsJson, flag
from services.cli.terminal.output import bad_option, print_json
from services.cli.terminal.screen import Screen, clean
from services.lag.document import NO_ANSWER, Answer, Lag, lag_of
from services.lag.watches import Watches, watch_addresses
from services.runtime.ops.errors import Stop
from services.texts.translation import translate

HERE: Final = "http://127.0.0.1:6066"
"""The default address of `ecluse watch`."""

EVERY_S: Final = 2.0
"""Seconds between two questions of `--watch`, as between two samples of the watch."""

WATCHES_MAX: Final = 64

EXIT_WELL, EXIT_NOT_WELL, EXIT_SILENT = 0, 1, 3

NO_ADDRESS = _("{value}: addresses as http://watch:6066, separated by commas")
SILENT = _("no watch answers here ({error})")
NO_WATCH = _("what answers here is no watch of this version ({error})")


def lag(
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
    brief: Annotated[
        bool, flag("--brief", "A line for each consumer: state, backlog, oldest, when seen.")
    ] = False,
    console: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            envvar="ECLUSE_CONSOLE_URL",
            help="Where the console is: --brief names runbooks there.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show who is behind and by how much: ledger, projector, watch, treasury; and what waits.

    It asks the watch, and nobody else. "—" is what nobody knows.
    Exit code: 0 all is well, 1 something is not, or is not known, 3 no watch answers.
    """
    try:
        addresses = _addresses(url)
    except ValueError as error:
        raise bad_option("--url", NO_ADDRESS.render({"value": error})) from error
    screen = Screen()
    reader = Reader(screen.language, console) if brief else None
    poll = _Poll(Watches(addresses), screen, as_json=as_json, brief=reader)
    if follow:
        raise typer.Exit(_follow(poll))
    poll.ask()
    if poll.all_silent:
        first, *_unused = poll.answers
        raise Stop(first.address, fault_of(first))
    poll.print()
    raise typer.Exit(poll.code)


def _addresses(url: str) -> list[str]:
    addresses = watch_addresses(url)
    if not 0 < len(addresses) <= WATCHES_MAX:
        raise ValueError(url)
    return addresses


def fault_of(answer: Answer) -> Translatable:
    """The sentence about a watch that does not answer."""
    fault = SILENT if answer.error == NO_ANSWER else NO_WATCH
    return fault.render({"error": answer.detail})


def _follow(poll: "_Poll") -> int:
    """Ask and show until Ctrl-C; the exit code of the last poll."""
    with suppress(KeyboardInterrupt):
        if poll.is_live:
            with Live(console=poll.screen.console, auto_refresh=False) as live:
                while True:
                    poll.ask()
                    live.update(Group(*poll.parts()), refresh=True)
                    time.sleep(EVERY_S)
        while True:
            poll.ask()
            poll.print()
            time.sleep(EVERY_S)
    return poll.code


class _Poll:
    """The last answers of the watches, and when they were asked."""

    def __init__(
        self, watches: Watches, screen: Screen, *, as_json: bool, brief: Reader | None
    ) -> None:
        self.screen = screen
        self.answers: list[Answer] = []
        self._watches = watches
        self._as_json = as_json
        self._brief = brief
        self._now = wall_clock()

    def ask(self) -> None:
        """Ask all of them."""
        self.answers = asyncio.run(self._watches.ask())
        self._now = wall_clock()

    @property
    def silent(self) -> list[Answer]:
        """The watches that do not answer."""
        return [each for each in self.answers if each.error is not None]

    @property
    def all_silent(self) -> bool:
        """True if no watch answers, or no watch was asked yet."""
        return len(self.silent) == len(self.answers)

    @property
    def is_live(self) -> bool:
        """True if the output is a terminal, on which one page may replace another."""
        console = self.screen.console
        return console.is_terminal and not console.is_dumb_terminal and not self._as_json

    @property
    def code(self) -> int:
        """The exit code."""
        if self.all_silent:
            return EXIT_SILENT
        return EXIT_WELL if self._lag().is_well(self._now) else EXIT_NOT_WELL

    def print(self) -> None:
        """Print one page, or one line of JSON."""
        if self._as_json:
            self._print_for_programs()
        else:
            for each in self.parts():
                # A brief line stays one, whatever the width of a mail or a log.
                self.screen.console.print(each, crop=False, soft_wrap=self._brief is not None)
        sys.stdout.flush()

    def parts(self) -> list[RenderableType]:
        """The page for people."""
        silent = [(each.address, fault_of(each)) for each in self.silent]
        if self._brief is not None:
            lines = brief_lines(self._lag(), silent, self._now, self._brief)
            return list(map(Text, map(clean, lines)))
        return page(self.screen, self._lag(), silent, self._now)

    def _print_for_programs(self) -> None:
        for each in self.silent:
            fault = translate(fault_of(each), self.screen.language)
            typer.echo(f"ecluse: {each.address}: {fault}", err=True)
        board = self._lag().board
        if board is None or self.all_silent:
            return
        if len(self.answers) == 1:  # As it was sent: members of a newer watch are passed on.
            print_json(json.loads(self.answers[0].raw))
        else:
            print_json(document.as_json(board))

    def _lag(self) -> Lag:
        return lag_of(self.answers, self._now)

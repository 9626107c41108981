"""Messages in the reader's language, JSON for programs, and progress where a person waits."""

import json
import os
import re
import stat
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, BinaryIO, Final, NoReturn

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    FileSizeColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    TextColumn,
    TimeRemainingColumn,
)

from events.texts import Translatable, _
from events.unreadable import WHY_MAX
from events.values import LINES
from services.cli.terminal.options import decode_argument, find_language
from services.cli.terminal.streams import can_encode_all
from services.ledger.files.replay import STANDARD_INPUT
from services.texts.translation import translate

NOT_PLAIN = _("1 to {limit} characters, none of them a control or direction character")

EXIT_NOT_THERE: Final = 3
"""A command cannot reach what it needs: here, what it was asked for is not in the journal."""

LONG_INPUT_BYTES = 5_000_000
"""From this size on a person sees progress."""


def say(message: Translatable, *, err: bool = False) -> None:
    """Print a message as it is, on a line however long."""
    typer.echo(translate(message, find_language()), err=err)


def exit_with(message: Translatable, code: int) -> NoReturn:
    """Exit with this code, and say why on standard error."""
    say(message, err=True)
    raise typer.Exit(code)


def bad_option(option: str, message: Translatable) -> typer.BadParameter:
    """The error of an option that cannot be meant."""
    return typer.BadParameter(translate(message, find_language()), param_hint=option)


def check_text(option: str, argument: str, limit: int = WHY_MAX, pattern: str = LINES) -> str:
    """Return the text of an option that is kept.

    Raises:
        BadParameter: it is blank, too long, or holds a character that cannot be shown.
    """
    text = decode_argument(argument).strip()
    if not (0 < len(text) <= limit and re.fullmatch(pattern[1:-1], text)):
        raise bad_option(option, NOT_PLAIN.render({"limit": limit}))
    return text


def print_json(value: Any, *, err: bool = False) -> None:
    """One line, no spaces; to standard error where standard output holds something else."""
    stream = sys.stderr if err else sys.stdout
    # Where the terminal lacks characters, programs still get them all.
    is_escaped = not can_encode_all(stream)
    stream.write(json.dumps(value, ensure_ascii=is_escaped, separators=(",", ":")) + "\n")


def display_name(stream: BinaryIO) -> str:
    """The name under which a file was given, in UTF-8 whatever it is; `-` for standard input."""
    if stream.name in {"<stdin>", 0}:
        return STANDARD_INPUT
    # A file's name is bytes: what is not UTF-8 in it has no place in a journal.
    return os.fsencode(stream.name).decode(errors="replace")


@contextmanager
def progress(label: Translatable, streams: Iterable[BinaryIO]) -> Iterator[Callable[[int], None]]:
    """Count handled bytes; on a terminal, show them for input that takes a while."""
    sizes = [_size(stream) for stream in streams]
    if None in sizes:
        with _show_line(label, SpinnerColumn(), FileSizeColumn()) as update:
            yield lambda handled: update(advance=handled)
        return
    total = sum(size or 0 for size in sizes)
    columns = (BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with _show_line(label, *columns, total=total, is_long=total >= LONG_INPUT_BYTES) as update:
        yield lambda handled: update(advance=handled)


@contextmanager
def show_progress(label: Translatable) -> Iterator[Callable[[int, int], None]]:
    """Show a person the progress: called repeatedly with done and total."""
    with _show_line(label, BarColumn(), TimeRemainingColumn()) as update:
        yield lambda done, total: update(completed=done, total=total)


@contextmanager
def show_spinner(label: Translatable) -> Iterator[None]:
    """Show a person that work goes on whose length is not known."""
    with _show_line(label, SpinnerColumn()):
        yield


@contextmanager
def counting(label: Translatable) -> Iterator[Callable[[int], None]]:
    """Count what is handled; on a terminal, show how much it is while its end is not known."""
    with _show_line(label, SpinnerColumn(), TextColumn("{task.completed:,.0f}")) as update:
        yield lambda handled: update(advance=handled)


@contextmanager
def _show_line(
    label: Translatable, *columns: ProgressColumn, total: int | None = None, is_long: bool = True
) -> Iterator[Callable[..., None]]:
    """A line that lasts as long as the work; only a person sees it."""
    if not (is_long and sys.stderr.isatty()):
        yield lambda **_: None
        return
    description = TextColumn("{task.description}")
    with Progress(description, *columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(translate(label, find_language()), total=total)
        yield partial(bar.update, task)


def _size(stream: BinaryIO) -> int | None:
    """The size of a stream; None where only its end shows it."""
    try:
        found = os.fstat(stream.fileno())
    except OSError:
        return None
    if stream.isatty():
        return 0  # A person is typing: no bar in between.
    return found.st_size if stat.S_ISREG(found.st_mode) else None

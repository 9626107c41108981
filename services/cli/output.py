"""JSON for programs, the names of files, and progress where a person waits."""

import json
import os
import stat
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO, Final

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

from services.ledger.files.replay import STANDARD_INPUT

EXIT_NOT_THERE: Final = 3
"""A verb cannot reach what it needs: here, what it was asked for is not in the journal."""

LONG_INPUT_BYTES = 5_000_000
"""From this size on a person sees progress."""


def print_json(value: Any, *, err: bool = False) -> None:
    """One line, no spaces; to standard error where standard output holds something else."""
    line = json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n"
    (sys.stderr if err else sys.stdout).write(line)


def display_name(stream: BinaryIO) -> str:
    """The name under which a file was given, in UTF-8 whatever it is; `-` for standard input."""
    if stream.name in {"<stdin>", 0}:
        return STANDARD_INPUT
    # A file's name is bytes: what is not UTF-8 in it has no place in a journal.
    return os.fsencode(stream.name).decode(errors="replace")


@contextmanager
def progress(label: str, streams: Iterable[BinaryIO]) -> Iterator[Callable[[int], None]]:
    """Count handled bytes; on a terminal, show them for input that takes a while."""
    sizes = [_size(stream) for stream in streams]
    total = sum(size or 0 for size in sizes)
    if not sys.stderr.isatty() or (None not in sizes and total < LONG_INPUT_BYTES):
        yield lambda _bytes: None
        return
    counted: tuple[ProgressColumn, ...] = (BarColumn(), DownloadColumn(), TimeRemainingColumn())
    if None in sizes:
        counted = (SpinnerColumn(), FileSizeColumn())
    with Progress(
        TextColumn("{task.description}"), *counted, console=Console(stderr=True), transient=True
    ) as bar:
        task = bar.add_task(label, total=None if None in sizes else total)
        yield lambda handled: bar.advance(task, handled)


@contextmanager
def counted(label: str) -> Iterator[Callable[[int, int], None]]:
    """Show a person the progress: called repeatedly with done and total."""
    if not sys.stderr.isatty():
        yield lambda _done, _total: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(label, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


@contextmanager
def busy(label: str) -> Iterator[None]:
    """Show a person that work goes on whose length is not known."""
    if not sys.stderr.isatty():
        yield
        return
    columns = (TextColumn("{task.description}"), SpinnerColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as spinner:
        spinner.add_task(label, total=None)
        yield


@contextmanager
def counting(label: str) -> Iterator[Callable[[int], None]]:
    """Count what is handled; on a terminal, show how much it is while its end is not known."""
    if not sys.stderr.isatty():
        yield lambda _count: None
        return
    columns = (
        TextColumn("{task.description}"),
        SpinnerColumn(),
        TextColumn("{task.completed:,.0f}"),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(label, total=None)
        yield lambda handled: bar.advance(task, handled)


def _size(stream: BinaryIO) -> int | None:
    """The size of a stream; None where only its end shows it."""
    try:
        found = os.fstat(stream.fileno())
    except OSError:
        return None
    if stream.isatty():
        return 0  # A person is typing: no bar in between.
    return found.st_size if stat.S_ISREG(found.st_mode) else None

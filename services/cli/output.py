"""What every verb shares: JSON for programs, and progress where a person waits."""

import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any, BinaryIO

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from services.ledger.replay import STANDARD_INPUT

LONG_INPUT_BYTES = 5_000_000
"""From this size on a person sees progress."""

AsJson = Annotated[bool, typer.Option("--json", help="One JSON object on one line, for programs.")]


def print_json(value: Any) -> None:
    """One line, no spaces."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n")


def display_name(stream: BinaryIO) -> str:
    """The name under which a file was given; `-` for standard input."""
    return STANDARD_INPUT if stream.name in {"<stdin>", 0} else str(stream.name)


@contextmanager
def progress(label: str, streams: Iterable[BinaryIO]) -> Iterator[Callable[[int], None]]:
    """Count handled bytes; on a terminal, show them for input that takes a while."""
    total = sum(_size(stream) for stream in streams)
    if total < LONG_INPUT_BYTES or not sys.stderr.isatty():
        yield lambda _bytes: None
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(label, total=total)
        yield lambda handled: bar.advance(task, handled)


def _size(stream: BinaryIO) -> int:
    try:
        return os.fstat(stream.fileno()).st_size
    except OSError:
        return 0

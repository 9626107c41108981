"""Standard streams of the process, whose errors differ from those of any other file."""

import codecs
import errno
import faulthandler
import json
import os
import signal
import sys
from io import BufferedReader, BufferedWriter, FileIO, TextIOWrapper
from typing import Any, Final, TextIO

from events.texts import Translatable, _
from services.runtime.ops.errors import Stop
from services.texts.translation import error_text

INPUT: Final = _("standard input")
OUTPUT: Final = _("standard output")
CLOSED: Final = _("it is closed")

BY_DEFAULT: Final = frozenset({"strict", "surrogateescape"})
"""How an encoding of the system treats what it lacks, where nobody asked for anything else."""


class _Stream(FileIO):
    """A standard stream that raises Stop where it fails; a reader that left is no failure."""

    def __init__(self, number: int, mode: str, what: Translatable) -> None:
        super().__init__(number, mode, closefd=False)
        self._what = what
        self._failed = False

    def readinto(self, buffer: Any) -> int | None:
        """Read, or raise Stop."""
        try:
            return super().readinto(buffer)
        except OSError as error:
            raise self._stop(error) from error

    def write(self, data: Any, /) -> int:
        """Write, or raise Stop, once: the rest vanishes, or the end of the process would fail."""
        if self._failed:
            return memoryview(data).nbytes
        try:
            return super().write(data)
        except BrokenPipeError:
            raise
        except OSError as error:
            self._failed = True
            raise self._stop(error) from error

    def _stop(self, error: OSError) -> Stop:
        why = CLOSED if error.errno == errno.EBADF else error_text(error)
        return Stop(self._what, why)


class _StandardError(FileIO):
    """Standard error: what cannot be written there is lost and counted.

    Events are decided all the same where the disk of a log is full, or its reader has gone.
    """

    def __init__(self, number: int) -> None:
        super().__init__(number, "w", closefd=False)
        self._lost = 0
        """The number of writes that were lost, since the last that was not."""

    def write(self, data: Any, /) -> int:
        """Write; where there is room again, say first how much was lost."""
        try:
            if self._lost and super().write(self._note()):
                self._lost = 0
            written = super().write(data)
        except OSError:
            written = None
        if written is not None:
            return written
        self._lost += 1
        return memoryview(data).nbytes

    def _note(self) -> bytes:
        note = {"event": "log_lines_lost", "level": "error", "lines": self._lost}
        return f"\n{json.dumps(note)}\n".encode()  # Half a line may stand before it.


def watch_standard_streams() -> None:
    """Have standard input and output raise Stop where they fail, or were closed by our caller.

    A closed one keeps its number taken: else the next file that is opened has it, and is written
    into. Messages are lost where standard error is closed, or cannot be written.
    """
    given: dict[str, Any] = {name: getattr(sys, name) for name in ("stdin", "stdout", "stderr")}
    if given["stdin"] is None:
        # Opened the wrong way round, so that each attempt fails.
        raw = _Stream(os.open(os.devnull, os.O_WRONLY), "r", INPUT)
        sys.stdin = TextIOWrapper(BufferedReader(raw), encoding="utf-8")
    if given["stdout"] is None:
        raw = _Stream(os.open(os.devnull, os.O_RDONLY), "w", OUTPUT)
        sys.stdout = _output(raw, encoding="utf-8")
    elif sys.stdout is sys.__stdout__:  # Else a test has put its own there.
        _watch_output(given["stdout"])
    if given["stderr"] is None:
        sys.stderr = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w", encoding="utf-8")
    elif sys.stderr is sys.__stderr__:
        opened = given["stderr"]
        faulthandler.enable(opened)  # A library in C that crashes leaves its place in the log.
        # Then the log says where each thread is. By a handler of Python's, as no thread may run
        # meanwhile: one of faulthandler's own read frames that others freed, and crashed.
        signal.signal(signal.SIGUSR1, lambda *_: faulthandler.dump_traceback(opened))
        sys.stderr = _output(
            _StandardError(opened.fileno()),
            encoding=opened.encoding,
            errors=opened.errors,
            line_buffering=True,
        )


def can_encode_all(stream: TextIO) -> bool:
    """True if the encoding of a stream has every character."""
    return codecs.lookup(stream.encoding).name.startswith("utf")


def _watch_output(opened: Any) -> None:
    # A table with a `?` in it is better than none.
    replaces = not can_encode_all(opened) and opened.errors in BY_DEFAULT
    sys.stdout = _output(
        _Stream(opened.fileno(), "w", OUTPUT),
        encoding=opened.encoding,
        errors="replace" if replaces else opened.errors,
        line_buffering=opened.line_buffering,
        write_through=opened.write_through,
    )


def _output(raw: FileIO, **settings: Any) -> TextIOWrapper:
    return TextIOWrapper(BufferedWriter(raw), **settings)

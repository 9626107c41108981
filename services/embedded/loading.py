"""How far a start is: files are decided first, then what they led to is projected."""

from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

Report = Callable[[int, int], None]
"""Called with what is done, and with all."""

HALF: Final = 50
"""Per cent of the work of a start that deciding is said to be; projecting is the other half."""

NEARLY: Final = 2 * HALF - 1
"""Per cent of a start that has not ended."""


class EventFile(NamedTuple):
    """A file of events, under the name by which the journal knows it."""

    path: Path
    name: str


class StoppedWhileLoading(Exception):
    """The process ends: what was committed stays, the rest is read the next time."""


class Loading:
    """The progress of a start, reported to the terminal and to whoever asks the API."""

    def __init__(self, bytes_total: int = 0, report: Report = lambda _done, _all: None) -> None:
        self._bytes_total, self._bytes_read = bytes_total, 0
        self._projected = 0.0
        self._report = report
        self._is_stopped = False
        self._is_over = False

    @property
    def percent(self) -> int | None:
        """Per cent of the work that is done; None once all of it is."""
        if self._is_over:
            return None
        read = self._bytes_read / self._bytes_total if self._bytes_total else 1.0
        return min(NEARLY, int(HALF * (min(read, 1.0) + self._projected)))

    def count_bytes(self, handled: int) -> None:
        """Count bytes of the files that were decided.

        Raises:
            StoppedWhileLoading: nobody waits for the rest any more.
        """
        if self._is_stopped:
            raise StoppedWhileLoading
        self._bytes_read += handled
        self._report_percent()

    def show_projected(self, records: int, of: int) -> None:
        """Say how many records of the journal are in the tables."""
        self._projected = records / of if of else 1.0
        self._report_percent()

    def end(self) -> None:
        """All is loaded."""
        self._is_over = True

    def stop(self) -> None:
        """Have the thread that decides stop at the next line."""
        self._is_stopped = True

    def _report_percent(self) -> None:
        self._report(self.percent or 0, 2 * HALF)

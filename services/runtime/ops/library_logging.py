"""What the libraries log, as lines of ours."""

import logging
from typing import Final

import structlog

REPEATED_AFTER_S: Final = 30.0
"""After how many seconds a library is heard again with the same sentence."""

REMEMBERED_MAX: Final = 1000
"""How many sentences are remembered."""


class LibraryLogHandler(logging.Handler):
    """Hands what a library logs on to structlog: its sentence is a fact, not our event's name.

    Each sentence once in `REPEATED_AFTER_S`: without a broker aiokafka says the same a hundred
    times a second.
    """

    def __init__(self) -> None:
        super().__init__()
        self._said: dict[tuple[str, str], float] = {}

    def emit(self, record: logging.LogRecord) -> None:
        """Log one record, unless it was just said."""
        said = (record.name, record.getMessage())
        if record.created - self._said.get(said, 0.0) < REPEATED_AFTER_S:
            return
        if len(self._said) >= REMEMBERED_MAX:
            self._said.clear()
        self._said[said] = record.created
        log = structlog.get_logger().bind(logger=record.name, message=said[1])
        log.log(record.levelno, "library_log", exc_info=record.exc_info)

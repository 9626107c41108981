"""Log lines of libraries, as structlog events."""

import logging
from typing import Final

import structlog

REPEATED_AFTER_S: Final = 30.0
"""The time for which a repeated line of a library is dropped."""

REMEMBERED_MAX: Final = 1000
"""The number of lines remembered."""


class LibraryLogHandler(logging.Handler):
    """Passes a library's log lines on to structlog: the line is a fact, not our event's name.

    Each line once in `REPEATED_AFTER_S`: without a broker aiokafka logs the same a hundred times a
    second.
    """

    def __init__(self) -> None:
        super().__init__()
        self._logged: dict[tuple[str, str], float] = {}

    def emit(self, record: logging.LogRecord) -> None:
        """Log one record, unless the same line was just logged."""
        line = (record.name, record.getMessage())
        if record.created - self._logged.get(line, 0.0) < REPEATED_AFTER_S:
            return
        if len(self._logged) >= REMEMBERED_MAX:
            self._logged.clear()
        self._logged[line] = record.created
        log = structlog.get_logger().bind(logger=record.name, message=line[1])
        log.log(record.levelno, "library_log", exc_info=record.exc_info)

"""Logs of libraries as structlog events, and of a service of agents that no command runs.

They stand alone because every command configures its logs before it imports an agent.
"""

import logging
import sys
from typing import Any, Final

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


LIBRARIES: Final[dict[str, Any]] = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"lines": {"()": "services.runtime.ops.logs.LibraryLogHandler"}},
    "root": {"handlers": ["lines"], "level": "WARNING"},
    # A timer that waits for a fetch or a database is late, and Faust warns of each such timer.
    "loggers": {"mode.timers": {"level": "ERROR"}},
}
"""Configuration of the standard library's logging: warnings of libraries, in our format."""


def configure_by_default() -> None:
    """Log as JSON to standard error, unless the command has configured its own logs."""
    if structlog.is_configured():
        return
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )

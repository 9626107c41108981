"""Logs of a service of agents: those of libraries, and those of one that no command runs."""

import logging
import sys
from typing import Any, Final

import structlog

LIBRARIES: Final[dict[str, Any]] = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"lines": {"()": "services.runtime.ops.library_logging.LibraryLogHandler"}},
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

"""What the libraries log, as lines of ours; and how we log where nobody has said how."""

import logging
import sys
from typing import Any, Final

import structlog

LIBRARIES: Final[dict[str, Any]] = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"lines": {"()": "services.runtime.ops.library_logging.LibraryLogHandler"}},
    "root": {"handlers": ["lines"], "level": "WARNING"},
    # A round waits for a fetch that finds nothing, and Faust warns of each that comes late.
    "loggers": {"mode.timers": {"level": "ERROR"}},
}
"""The configuration of the standard library's logging: what libraries find worth a warning."""


def configure_where_nobody_did() -> None:
    """Log as JSON to standard error; `ecluse watch` comes with logs of its own."""
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

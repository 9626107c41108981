"""What the libraries log, as lines of ours; and how we log where nobody has said how."""

import logging
import sys
from typing import Any, Final

import structlog

from services.runtime.library_lines import LibraryLines

REPEATED_AFTER_S: Final = 30.0
"""After how many seconds a library is heard again with the same sentence."""

REMEMBERED_MAX: Final = 1000
"""How many sentences are remembered."""

LIBRARIES: Final[dict[str, Any]] = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"lines": {"()": "services.watch.logs.Lines"}},
    "root": {"handlers": ["lines"], "level": "WARNING"},
    # A round waits for a fetch that finds nothing, and Faust warns of each that comes late.
    "loggers": {"mode.timers": {"level": "ERROR"}},
}
"""The configuration of the standard library's logging: what libraries find worth a warning."""


class Lines(LibraryLines):
    """Lines of libraries, each sentence once in `REPEATED_AFTER_S`.

    Without a broker aiokafka says so a hundred times a second.
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
        super().emit(record)


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

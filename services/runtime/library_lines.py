"""What the libraries log, as lines of ours."""

import logging

import structlog


class LibraryLines(logging.Handler):
    """Hands what a library logs on to structlog: its sentence is a fact, not our event's name."""

    def emit(self, record: logging.LogRecord) -> None:
        """Log one record."""
        log = structlog.get_logger().bind(logger=record.name, message=record.getMessage())
        log.log(record.levelno, "library_said", exc_info=record.exc_info)

"""Logs: fixed event names, facts as keys, JSON where no person looks on. Never a full IBAN.

A module of its own, since it imports structlog, for which `--help` need not wait.
"""

import logging
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any

import structlog

from events.masking import mask
from services.cli.terminal.options import LogLevel
from services.runtime.ops.logs import LibraryLogHandler


def mask_ibans(_logger: Any, _method: str, line: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """The step of the logging chain that masks."""
    return {name: mask(each) for name, each in line.items()}


def log_as_json() -> None:
    """Log as where no person looks on, whatever `configure_logs` found."""
    steps = structlog.get_config()["processors"][:-1]
    structlog.configure(processors=[*steps, structlog.processors.JSONRenderer()])


def configure_logs(level: LogLevel | None) -> None:
    """Log to standard error; without a level people see warnings only."""
    is_terminal = sys.stderr.isatty()
    if level is None:
        level = LogLevel.WARNING if is_terminal else LogLevel.INFO
    renderer: Any = (
        structlog.dev.ConsoleRenderer() if is_terminal else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            # Before masking: a traceback may quote what it failed on.
            structlog.processors.format_exc_info,
            mask_ibans,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(handlers=[LibraryLogHandler()], level=logging.WARNING, force=True)

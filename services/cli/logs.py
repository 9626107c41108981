"""Logs: fixed event names, facts as keys, JSON where no person looks on. Never a full IBAN."""

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any

import structlog

IBAN = re.compile(
    r"(?:(?<![A-Z0-9])|(?<=IBAN)|(?<=RIB))[A-Z]{2}[0-9]{2}"
    r"(?:[A-Z0-9]{11,30}|(?:[ -][A-Z0-9]{4}){2,7}(?:[ -][A-Z0-9]{1,3})?)"
)
"""What may be an IBAN, printed in groups of four too: masked even where it is none."""


def masked(fact: Any) -> Any:
    """`fact` with every IBAN in it, however deep, reduced to its country, key and last four."""
    if isinstance(fact, str):
        return IBAN.sub(lambda found: f"{found[0][:4]}…{found[0][-4:]}", fact)
    if isinstance(fact, Mapping):
        return {name: masked(each) for name, each in fact.items()}
    if isinstance(fact, list | tuple):
        return [masked(each) for each in fact]
    return fact


def mask_ibans(_logger: Any, _method: str, line: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """The step of the logging chain that masks."""
    return {name: masked(each) for name, each in line.items()}


def configure_logs(level: str) -> None:
    """Log to standard error from `level` on."""
    people_look_on = sys.stderr.isatty()
    renderer: Any = (
        structlog.dev.ConsoleRenderer() if people_look_on else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            # Before masking: a traceback may quote what it failed on.
            structlog.processors.format_exc_info,
            mask_ibans,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )

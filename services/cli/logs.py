"""Logs: fixed event names, facts as keys, JSON where no person looks on. Never a full IBAN."""

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from functools import cache
from typing import Any

import structlog
from schwifty import registry

from services.cli.options import LogLevel
from services.runtime.library_lines import LibraryLines

IBAN = re.compile(
    r"(?:(?<![A-Z0-9])|(?<=IBAN)|(?<=RIB))[A-Z]{2}[0-9]{2}"
    r"(?:[A-Z0-9]{11,30}|(?:[ -][A-Z0-9]{4}){2,7}(?:[ -][A-Z0-9]{1,3})?)"
)
"""What looks like an IBAN, printed in groups of four too: masked even where it is none."""

NOT_AN_IBAN = re.compile(
    r"[0-9a-f]{64}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
)
"""A hash or a UUID: one in some hundreds would pass for an account."""

START = re.compile(r"(?=[A-Za-z]{2}[0-9]{2})")
"""Where an IBAN may begin, in the midst of other letters too."""

SEPARATORS = frozenset(" .-_\u00a0\u202f")
"""What may stand between the groups of an IBAN, one at a time."""

SHOWN = 4
"""How many characters stay at either end."""


def masked(fact: Any) -> Any:
    """`fact` with every IBAN in it, however deep, reduced to its country, key and last four."""
    if isinstance(fact, str):
        if NOT_AN_IBAN.fullmatch(fact):
            return fact
        return IBAN.sub(lambda found: _shortened(found[0]), _without_ibans(fact))
    if isinstance(fact, Mapping):
        return {name: masked(each) for name, each in fact.items()}
    if isinstance(fact, list | tuple):
        return [masked(each) for each in fact]
    return fact


def _without_ibans(text: str) -> str:
    """`text` without what is an IBAN by its country's length and its check digits."""
    pieces, done = [], 0
    for found in START.finditer(text):
        start = found.start()
        end = _iban_end(text, start) if start >= done else None
        if end is not None:
            pieces += [text[done:start], _shortened(text[start:end])]
            done = end
    return "".join([*pieces, text[done:]])


def _iban_end(text: str, start: int) -> int | None:
    """Where the IBAN ends that begins at `start`; None where there is none."""
    length = _lengths().get(text[start : start + 2].upper())
    if length is None:
        return None
    compact, at = "", start
    while len(compact) < length and at < len(text):
        if _is_alphanumeric(text[at]):
            compact += text[at]
        elif text[at] not in SEPARATORS or not _is_alphanumeric(text[at + 1 : at + 2]):
            return None
        at += 1
    if len(compact) < length:
        return None
    # ISO 7064, mod 97-10: country and key go last, letters count from 10 on.
    number = "".join(str(int(each, 36)) for each in compact[SHOWN:] + compact[:SHOWN])
    return at if int(number) % 97 == 1 else None


def _is_alphanumeric(character: str) -> bool:
    return character.isascii() and character.isalnum()


def _shortened(iban: str) -> str:
    compact = "".join(filter(_is_alphanumeric, iban))
    return f"{compact[:SHOWN]}…{compact[-SHOWN:]}"


@cache
def _lengths() -> dict[str, int]:
    """How long an IBAN is, by country."""
    countries = registry.get_countries()
    return {country: registry.get_iban_spec(country).iban_length for country in countries}


def mask_ibans(_logger: Any, _method: str, line: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """The step of the logging chain that masks."""
    return {name: masked(each) for name, each in line.items()}


def log_as_json() -> None:
    """Log as where no person looks on, whatever `configure_logs` found."""
    steps = structlog.get_config()["processors"][:-1]
    structlog.configure(processors=[*steps, structlog.processors.JSONRenderer()])


def log_failures_only() -> None:
    """Log nothing but failures from now on: what is tried is not done."""
    failures = structlog.make_filtering_bound_logger(logging.ERROR)
    structlog.configure(wrapper_class=failures)


def configure_logs(level: LogLevel | None) -> None:
    """Log to standard error; unless told from which level on, people see warnings only."""
    people_look_on = sys.stderr.isatty()
    if level is None:
        level = LogLevel.WARNING if people_look_on else LogLevel.INFO
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
    logging.basicConfig(handlers=[LibraryLines()], level=logging.WARNING, force=True)

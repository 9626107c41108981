"""Budget lines and moves between their stages, as journal records spell them."""

from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Final

from services.verifier.records import Json

Line = tuple[str, str, str | None, str | None]
"""Chapter, article, function, operation."""

MoveKey = tuple[Line, str | None, str | None, str | None, str | None]
"""Line, convention, instalment, the stage that money leaves, and the one that it enters."""

CODES: Final = ("chapter", "article", "function", "operation")

STAGES: Final = ("available", "reserved", "committed", "ordered", "paid", "carried_over")
"""The stages of a line, in the order of the contract."""

OUTSIDE: Final = "outside"
"""The origin of voted money: below zero by what was appropriated."""

COLUMNS: Final = ("remaining", "ordered", "paid", "released", "carried_over")
"""The stages that granted money is in."""

COLUMN_OF: Final = {
    "available": "released",
    "committed": "remaining",
    "ordered": "ordered",
    "paid": "paid",
    "carried_over": "carried_over",
}
"""The column of a convention for the stage that money leaves or enters."""

KIND_OF: Final = {
    ("available", "reserved"): "accounting_commitment",
    ("reserved", "committed"): "legal_commitment",
    ("available", "committed"): "supplementary_commitment",
    ("committed", "available"): "decommitment",
    ("reserved", "available"): "decommitment",
    ("committed", "carried_over"): "carry_over",
}
"""The kind of entry of each move that writes one (rules, 34)."""

OF_CREDIT: Final = frozenset(
    (
        *((None, "available"), ("available", None)),
        *(("available", "reserved"), ("reserved", "available")),
    )
)
"""Moves of money that is no convention's yet."""

MOVES_ALLOWED: Final = frozenset(
    (
        *KIND_OF,
        *OF_CREDIT,
        *(("committed", "ordered"), ("ordered", "committed")),
        *(("ordered", "paid"), ("paid", "available")),
        (None, "committed"),
    )
)
"""Every allowed move."""


def line_of(row: Json) -> Line:
    """The line that a row names; codes left out are null.

    Raises:
        KeyError, TypeError: it names none.
    """
    return _line(row["chapter"], row["article"], row.get("function"), row.get("operation"))


@lru_cache(maxsize=65_536)
def _line(chapter: Any, article: Any, function: Any, operation: Any) -> Line:
    # Cached for memory: thousands of conventions share one copy of a line.
    line = (chapter, article, function, operation)
    for code in line:
        if code is not None and type(code) is not str:
            raise TypeError(f"line {line}")
    return line


def amounts_of(rows: Iterable[Json]) -> dict[Line, int]:
    """The cents that rows name, each on its line."""
    return {line_of(each["line"]): each["amount_cents"] for each in rows}


@lru_cache(maxsize=65_536)
def line_row(line: Line) -> Json:
    """The line as the contract prints it; one copy for all, which nobody changes."""
    return dict(zip(CODES, line, strict=True))


def sort_key(line: Line) -> list[str]:
    """A key that sorts by chapter, article, function, operation; no code comes first."""
    return [code or "" for code in line]


def show_line(line: Line) -> str:
    """The line for people: `65/65748/61/489`."""
    return "/".join(code or "-" for code in line)


def with_full_lines(value: Any) -> Any:
    """`value` with each line spelled in full, codes left out as null."""
    if isinstance(value, dict):
        if "chapter" in value and "article" in value:
            return line_row(line_of(value))
        return {name: with_full_lines(each) for name, each in value.items()}
    if isinstance(value, list):
        return [with_full_lines(each) for each in value]
    return value


def shares(total_cents: int, weights: list[int]) -> list[int]:
    """Cumulative shares, exact to the cent (rules, 23)."""
    whole = sum(weights)
    parts, before, at = [], 0, 0
    for weight in weights:
        at += weight
        until = total_cents * at // whole
        parts.append(until - before)
        before = until
    return parts


def fill(total_cents: int, parts: list[int]) -> list[int]:
    """Distribute a sum over parts in their order (rules, 20)."""
    had = []
    for part in parts:
        had.append(min(total_cents, part))
        total_cents -= had[-1]
    return had

"""A statement before it is written: columns with their kinds, rows, a row of totals."""

from collections.abc import Sequence
from datetime import date
from enum import Enum, auto
from typing import NamedTuple

from events.texts import Translatable

Cell = str | int | date | Translatable | None
"""Texts in both languages; any other cell is a name."""


class Kind(Enum):
    """Kinds of the cells of a column."""

    TEXT = auto()
    CENTS = auto()
    """Integer cents, shown as euros."""
    DAY = auto()
    NUMBER = auto()
    """An integer shown as it is: a count, a rate in thousandths."""


class Column(NamedTuple):
    """A column: what it is called, and what its cells are."""

    label: Translatable
    kind: Kind = Kind.TEXT


class Sheet(NamedTuple):
    """A statement: a title, columns, rows; the last row is that of the totals, where there is one.

    Rows that are sums of others are `strong`, by their number from 0.
    """

    title: Translatable
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    strong: frozenset[int] = frozenset()


def euros(amount_cents: int, decimal: str) -> str:
    """`1355600,00`: by digits, no float takes part; no grouping, two decimals, the sign first."""
    whole, cents = divmod(abs(amount_cents), 100)
    return f"{'-' if amount_cents < 0 else ''}{whole}{decimal}{cents:02d}"

"""A statement before it is written: columns with their kinds, rows, a row of totals.

A module of its own below all others here: who makes a sheet imports no writer of files.
"""

from collections.abc import Sequence
from datetime import date, datetime
from enum import Enum, auto
from typing import NamedTuple

from events.texts import Translatable
from services.texts.translation import Sentence

Cell = str | int | date | datetime | Translatable | Sentence | None
"""Texts in both languages; a string is a name."""


class Kind(Enum):
    """Kinds of the cells of a column."""

    TEXT = auto()
    CENTS = auto()
    """Integer cents, shown as euros."""
    DAY = auto()
    INSTANT = auto()
    """An instant, shown as day and time on French clocks."""
    NUMBER = auto()
    """An integer shown as it is: a count, the number of a record."""
    RATE = auto()
    """An integer of thousandths, shown as a percentage with one decimal."""


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
    heading: Sequence[tuple[Translatable, Cell]] = ()
    """Lines above the columns, each a name with what it says: whose figures, of which day."""


def euros(amount_cents: int, decimal: str) -> str:
    """`1355600,00`: by digits, no float takes part; no grouping, two decimals, the sign first."""
    whole, cents = divmod(abs(amount_cents), 100)
    return f"{'-' if amount_cents < 0 else ''}{whole}{decimal}{cents:02d}"


def percent(per_mille: int, decimal: str) -> str:
    """`85,3` for 853 thousandths."""
    whole, tenth = divmod(per_mille, 10)
    return f"{whole}{decimal}{tenth}"

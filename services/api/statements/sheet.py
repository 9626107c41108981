"""A statement before it is written: columns with their kinds, rows, a row of totals."""

from collections.abc import Sequence
from datetime import date
from enum import Enum, auto
from typing import NamedTuple

from events.texts import Translatable, verbatim

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
    kind: Kind


class Sheet(NamedTuple):
    """A statement: a title, columns, rows; the last row is that of the totals, where there is one.

    Rows that are sums of others are `strong`, by their number from 0.
    """

    title: Translatable
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    strong: frozenset[int] = frozenset()


def text(label: Translatable) -> Column:
    """A column of words."""
    return Column(label, Kind.TEXT)


def cents(label: Translatable) -> Column:
    """A column of sums of money."""
    return Column(label, Kind.CENTS)


def day(label: Translatable) -> Column:
    """A column of days."""
    return Column(label, Kind.DAY)


def number(label: Translatable) -> Column:
    """A column of integers."""
    return Column(label, Kind.NUMBER)


def named(name: str, kind: Kind = Kind.TEXT) -> Column:
    """A column that both languages call by the name that a published format gave it."""
    return Column(verbatim(name), kind)

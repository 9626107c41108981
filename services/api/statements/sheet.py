"""A statement before it is written: columns with their kinds, rows, a row of totals."""

from collections.abc import Sequence
from datetime import date
from enum import Enum, auto
from typing import NamedTuple

from events.sentences import Sentence

Cell = str | int | date | Sentence | None
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

    label: Sentence
    kind: Kind


class Sheet(NamedTuple):
    """A statement: a title, columns, rows; the last row is that of the totals, where there is one.

    Rows that are sums of others are `strong`, by their number from 0.
    """

    title: Sentence
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    strong: frozenset[int] = frozenset()


def text(fr: str, en: str) -> Column:
    """A column of words."""
    return Column(Sentence(fr, en), Kind.TEXT)


def cents(fr: str, en: str) -> Column:
    """A column of sums of money."""
    return Column(Sentence(fr, en), Kind.CENTS)


def day(fr: str, en: str) -> Column:
    """A column of days."""
    return Column(Sentence(fr, en), Kind.DAY)


def number(fr: str, en: str) -> Column:
    """A column of integers."""
    return Column(Sentence(fr, en), Kind.NUMBER)


def named(name: str, kind: Kind = Kind.TEXT) -> Column:
    """A column that both languages call by the name that a published format gave it."""
    return Column(Sentence(name, name), kind)

"""Budget lines, the stages that their money passes, and the one copy of what is equal.

A city's conventions name the same few lines thousands of times: equal values that are one object
halve the memory of a convention line (docs/decisions/0005-the-cost-of-an-event.md).
"""

from collections.abc import Hashable, Mapping
from enum import StrEnum
from functools import cache, lru_cache
from sys import intern
from typing import Any, Final, NamedTuple, TypeVar

import msgspec

from events import parts

Value = TypeVar("Value", bound=Hashable)
Key = TypeVar("Key")
Known = TypeVar("Known")


@lru_cache(maxsize=1024, typed=True)
def _first_of_equals(value: Any) -> Any:
    return value


def share(value: Value) -> Value:
    """The first of equal values, of those asked for last: days, acts, documents."""
    copy: Value = _first_of_equals(value)
    return copy


EMPTY: Final[Mapping[Any, Any]] = {}
"""The one empty mapping: most conventions have no recovery, and each empty one takes 64 bytes.

What is a Mapping in the state is therefore never changed, but made anew.
"""


def empty() -> Mapping[Any, Any]:
    """The one empty mapping, as a default of a struct's member."""
    return EMPTY


def drop_key(known: Mapping[Key, Known], key: Key) -> Mapping[Key, Known]:
    """A copy of a mapping without one key."""
    return {each: value for each, value in known.items() if each != key} or EMPTY


class Stage(StrEnum):
    """The stages of money in the expenditure chain."""

    AVAILABLE = "available"
    RESERVED = "reserved"
    COMMITTED = "committed"
    ORDERED = "ordered"
    PAID = "paid"
    CARRIED_OVER = "carried_over"


class Line(NamedTuple):
    """The identity of a budget line (imputation)."""

    chapter: str
    article: str
    function: str | None
    operation: str | None

    def sort_key(self) -> tuple[str, str, str, str]:
        """Return a key that sorts lines, absent codes first."""
        return (self.chapter, self.article, self.function or "", self.operation or "")

    def row(self) -> dict[str, Any]:
        """The line as the contract prints it."""
        return {
            "chapter": self.chapter,
            "article": self.article,
            "function": self.function,
            "operation": self.operation,
        }


@cache
def share_line(line: Line) -> Line:
    """The one copy of equal lines, of all budgets. All stay: a city's are few."""
    return Line._make(code and intern(code) for code in line)


def line_of(line: parts.BudgetLine) -> Line:
    """The line that an event names."""
    return Line(line.chapter, line.article, line.function, line.operation)


def line_from_row(row: dict[str, Any]) -> Line:
    """The line that a journal record names."""
    return Line(row["chapter"], row["article"], row["function"], row["operation"])


class LineMoney(msgspec.Struct, array_like=True, gc=False):
    """The money of one budget line, by stage, in cents."""

    appropriated: int = 0
    available: int = 0
    reserved: int = 0
    committed: int = 0
    ordered: int = 0
    paid: int = 0
    carried_over: int = 0

    def balances(self) -> bool:
        """Appropriated = the sum of the stages, and no stage but available below zero."""
        reserved, committed, ordered = self.reserved, self.committed, self.ordered
        paid, carried_over = self.paid, self.carried_over
        held = reserved + committed + ordered + paid + carried_over
        none_below_zero = (
            reserved >= 0 and committed >= 0 and ordered >= 0 and paid >= 0 and carried_over >= 0
        )
        return none_below_zero and self.appropriated == self.available + held


class AwardedLine(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The amount that a grant was awarded on one line."""

    line: Line
    amount_cents: int


class ServiceShare(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The part of a line that one department of the city finances."""

    code: str
    amount_cents: int


class PlannedLine(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The amount that an instalment pays on one line."""

    line: Line
    amount_cents: int
    services: tuple[ServiceShare, ...] | None

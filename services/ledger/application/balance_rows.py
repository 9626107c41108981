"""Balances of lines and conventions as the contract prints them (events/outbound.py).

Slotted values: most of what the ledger publishes beside the journal is made of them.
"""

from functools import lru_cache

import msgspec

from services.ledger.domain.model.conventions import ConventionMoney
from services.ledger.domain.model.lines import Line, LineMoney


class BudgetLine(msgspec.Struct, frozen=True):
    """A budget line as the contract prints it."""

    chapter: str
    article: str
    function: str | None
    operation: str | None


class LineBalance(msgspec.Struct):
    """The money of a line as the contract prints it."""

    budget: str
    line: BudgetLine
    appropriated_cents: int
    available_cents: int
    reserved_cents: int
    committed_cents: int
    ordered_cents: int
    paid_cents: int
    carried_over_cents: int


class ConventionBalance(msgspec.Struct):
    """The money of a convention on a line as the contract prints it."""

    budget: str
    convention: str
    line: BudgetLine
    granted_cents: int
    remaining_cents: int
    ordered_cents: int
    paid_cents: int
    released_cents: int
    carried_over_cents: int


@lru_cache
def _printed(line: Line) -> BudgetLine:
    return BudgetLine(*line)


def line_balance(budget: str, line: Line, money: LineMoney) -> LineBalance:
    """The balance of a line."""
    return LineBalance(
        budget,
        _printed(line),
        money.appropriated,
        money.available,
        money.reserved,
        money.committed,
        money.ordered,
        money.paid,
        money.carried_over,
    )


def convention_balance(
    budget: str, convention: str, line: Line, money: ConventionMoney
) -> ConventionBalance:
    """The balance of a convention on a line."""
    return ConventionBalance(
        budget,
        convention,
        _printed(line),
        money.granted,
        money.remaining,
        money.ordered,
        money.paid,
        money.released,
        money.carried_over,
    )

"""Balances of lines and conventions as the contract prints them (events/outbound.py).

Slotted values: most of what the ledger publishes beside the journal is made of them.
"""

import msgspec

from services.ledger.domain.model.conventions import ConventionMoney
from services.ledger.domain.model.lines import Line, LineMoney


class PrintedLine(msgspec.Struct):
    """A budget line as the contract prints it."""

    chapter: str
    article: str
    function: str | None
    operation: str | None


class PrintedLineBalance(msgspec.Struct):
    """The money of a line as the contract prints it."""

    budget: str
    line: PrintedLine
    appropriated_cents: int
    available_cents: int
    reserved_cents: int
    committed_cents: int
    ordered_cents: int
    paid_cents: int
    carried_over_cents: int


class PrintedConventionBalance(msgspec.Struct):
    """The money of a convention on a line as the contract prints it."""

    budget: str
    convention: str
    line: PrintedLine
    granted_cents: int
    remaining_cents: int
    ordered_cents: int
    paid_cents: int
    released_cents: int
    carried_over_cents: int


def line_balance(budget: str, line: Line, money: LineMoney) -> PrintedLineBalance:
    """The balance of a line."""
    return PrintedLineBalance(
        budget,
        PrintedLine(*line),
        money.appropriated,
        money.available,
        money.reserved,
        money.committed,
        money.ordered,
        money.paid,
        money.carried_over,
    )


def convention_balance(
    budget: str, convention: str, money: ConventionMoney
) -> PrintedConventionBalance:
    """The balance of a convention on a line."""
    return PrintedConventionBalance(
        budget,
        convention,
        PrintedLine(*money.line),
        money.granted,
        money.remaining,
        money.ordered,
        money.paid,
        money.released,
        money.carried_over,
    )

"""Recoveries (reversements): sums asked back under a number, and what came back of them."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from services.ledger.domain.lines import Line


class RecoveredLine(NamedTuple):
    """The sums that a recovery has asked back of one named line, and that came back on it."""

    ordered_cents: int = 0
    collected_cents: int = 0
    revenue_cents: int = 0

    @property
    def outstanding_cents(self) -> int:
        """The named sum that has not come; money asked for in one sum may come on any line."""
        return max(0, self.ordered_cents - self.collected_cents)


class Recovery(NamedTuple):
    """The sums asked back under one number, and collected (rules, 27)."""

    ordered_cents: int = 0
    collected_cents: int = 0
    revenue_cents: int = 0
    """The part of it that came in a later year: it moved nothing."""
    lines: dict[Line, RecoveredLine] = {}  # noqa: RUF012 # a tuple's default, never changed

    @property
    def outstanding_cents(self) -> int:
        """The sum that is still awaited."""
        return self.ordered_cents - self.collected_cents

    def on(self, line: Line) -> RecoveredLine:
        """Its figures on one line."""
        return self.lines.get(line, RecoveredLine())


def sums_by_line(
    recoveries: Iterable[Recovery], cents: Callable[[RecoveredLine], int]
) -> dict[Line, int]:
    """One figure of several recoveries, added up by line."""
    sums: dict[Line, int] = {}
    for recovery in recoveries:
        for line, each in recovery.lines.items():
            sums[line] = sums.get(line, 0) + cents(each)
    return sums

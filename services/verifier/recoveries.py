"""Recoveries of a convention: ordered and collected, by number and line (rules, 27)."""

from dataclasses import dataclass, field

from services.verifier.lines import Line


@dataclass(slots=True)
class Back:
    """One recovery on one line (rules, 27 and 31)."""

    named: int = 0
    """Cents recovered by the name of the line."""
    came: int = 0
    revenue: int = 0
    """Of what came, what came after the budget's year."""


@dataclass(slots=True)
class Recovery:
    """One recovery: cents ordered and collected (rules, 27)."""

    ordered: int = 0
    collected: int = 0
    back: dict[Line, Back] = field(default_factory=dict)

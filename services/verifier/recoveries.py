"""What was asked back of a convention, and came: under each number, on each line (rules, 27)."""

from dataclasses import dataclass, field

from services.verifier.lines import Line


@dataclass(slots=True)
class Back:
    """What one recovery did on one line (rules, 27 and 31)."""

    named: int = 0
    """What was asked back by the name of the line."""
    came: int = 0
    revenue: int = 0
    """Of what came, what came after the budget's year."""


@dataclass(slots=True)
class Recovery:
    """What was asked back under one number, and came (rules, 27)."""

    ordered: int = 0
    collected: int = 0
    back: dict[Line, Back] = field(default_factory=dict)

"""Cents as euros, and rates: by digits and whole numbers."""

from decimal import Decimal
from typing import Final

DIGITS_MAX: Final = 15
"""Digits that a spreadsheet's number keeps."""


def euros(amount_cents: int, decimal: str) -> str:
    """`1355600,00`: no grouping, two decimals, the sign in front."""
    whole, cents = divmod(abs(amount_cents), 100)
    return f"{'-' if amount_cents < 0 else ''}{whole}{decimal}{cents:02d}"


def exact_euros(amount_cents: int) -> Decimal:
    """The amount in euros, to the cent."""
    return Decimal(amount_cents).scaleb(-2)


def fits_a_spreadsheet(amount_cents: int) -> bool:
    """True if a spreadsheet's number holds the amount to the cent."""
    return abs(amount_cents) < 10**DIGITS_MAX


def per_mille(part_cents: int, whole_cents: int) -> int | None:
    """Share of a part in a whole in thousandths, rounded down: 1000 only where all is.

    None where there is no whole.
    """
    return part_cents * 1000 // whole_cents if whole_cents > 0 else None

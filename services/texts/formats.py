"""Money, days and numbers as French and English readers write them.

Without Babel, which a command would wait for; `locale_format` has the long forms.
"""

from typing import Final

from services.texts.language import Language

ZONE: Final = "Europe/Paris"
"""The time zone of people: a day, and so a due date, ends there."""


MINUS: Final = "\N{MINUS SIGN}"
"""The sign of an amount below zero: as wide as a digit, where a hyphen is easily missed."""


def number(value: int, language: Language) -> str:
    """`1 355 600`, `1,355,600`."""
    grouped = f"{value:,}"
    return grouped.replace(",", "\u202f") if language is Language.FR else grouped


def euros(amount_cents: int, language: Language) -> str:
    """`1 355 600,00 €`, its spaces such that no line breaks inside it; `€1,355,600.00`."""
    whole, cents = divmod(abs(amount_cents), 100)
    sign, whole_euros = MINUS if amount_cents < 0 else "", number(whole, language)
    if language is Language.FR:
        return f"{sign}{whole_euros},{cents:02d}\u00a0€"
    return f"{sign}€{whole_euros}.{cents:02d}"


def day(iso: str, language: Language) -> str:
    """`14/07/2023`, `2023-07-14`."""
    return "/".join(reversed(iso.split("-"))) if language is Language.FR else iso

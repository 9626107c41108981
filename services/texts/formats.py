"""Money, days and numbers as French and English readers write them, and amounts as they type them.

Without Babel, which a command would wait for; `locale_format` has the long forms. What could mean
two amounts is refused.
"""

import re
from typing import Final

from events.texts import Translatable, _
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


CHARACTERS_MAX: Final = 40

SPACES: Final = re.compile(r"[ \u00a0\u2009\u202f]+")
"""Spaces between thousands: the plain one, and those that spreadsheets and pages write."""

SPELLED: Final = re.compile(r"(?P<sign>[-−]?) ?(?P<number>[0-9]+(?:[ .,][0-9]+)*)")
GROUPED: Final = {
    sign: re.compile(rf"[1-9][0-9]{{0,2}}(?:{re.escape(sign)}[0-9]{{3}})+") for sign in " .,"
}
"""By the sign between thousands, a number in groups of three."""

DECIMALS_MAX: Final = 2

NO_AMOUNT = _("“{text}” is no amount: write it like 1234.56")
TOO_EXACT = _("“{text}” has more than two decimals: an amount ends with cents")
TWO_MEANINGS = _("“{text}” could be {one} or {other}: write it without a sign between thousands")
NOT_IN_THREES = _("“{text}” is not in groups of three digits: write it without groups")


class NotAnAmount(ValueError):
    """A text that is not one amount; `why` is for whoever typed it."""

    def __init__(self, why: Translatable) -> None:
        super().__init__(why.msgid)
        self.why = why


def read_euros(typed: str, language: Language) -> int:
    """The cents of an amount in euros: `1 234,56`, `1234.56`, `1,234.56`, with or without `€`.

    Where both signs stand, the last one parts euros from cents. One that stands alone before three
    digits parts thousands in English, if it is a comma; else nobody can know what was meant.

    Raises:
        NotAnAmount: it is none, or could be two.
    """
    spelled = SPELLED.fullmatch(SPACES.sub(" ", typed.replace("€", " ")).strip())
    if len(typed) > CHARACTERS_MAX or spelled is None:
        raise NotAnAmount(NO_AMOUNT.render({"text": typed[:CHARACTERS_MAX]}))
    number = spelled["number"]
    whole, decimals = _part(number, language)
    euros = _ungroup(whole, number)
    if len(decimals) > DECIMALS_MAX:
        raise NotAnAmount(TOO_EXACT.render({"text": number}))
    cents = int(euros) * 100 + int(decimals.ljust(DECIMALS_MAX, "0"))
    return -cents if spelled["sign"] else cents


def _part(number: str, language: Language) -> tuple[str, str]:
    """Euros as they are spelled, and the digits of the cents."""
    signs = [each for each in number if each in ".,"]
    if not signs:
        return number, ""
    last = signs[-1]
    if signs.count(last) > 1:
        return number, ""  # It parts thousands: there are no cents.
    whole, _sign, decimals = number.rpartition(last)
    if len(signs) > 1 or " " in whole or len(decimals) <= DECIMALS_MAX:
        return whole, decimals
    if GROUPED[last].fullmatch(number) is None:
        return whole, decimals
    if language is Language.EN and last == ",":
        return number, ""
    facts = {"text": number, "one": number.replace(last, ""), "other": number[:-1]}
    raise NotAnAmount(TWO_MEANINGS.render(facts))


def _ungroup(whole: str, number: str) -> str:
    """The digits of euros that may be in groups of three, all parted by the same sign."""
    if whole.isdigit():
        return whole
    if not any(each.fullmatch(whole) for each in GROUPED.values()):
        raise NotAnAmount(NOT_IN_THREES.render({"text": number}))
    return re.sub(r"[^0-9]", "", whole)

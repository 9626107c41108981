"""Values of the schema's fields as real files spell them: taken, repaired or refused.

A value is repaired where exactly one reading of it is possible. One that the schema allows is left
as it is, to the character.
"""

import re
from calendar import monthrange
from collections.abc import Callable, Mapping
from datetime import date
from types import MappingProxyType
from typing import Final, NamedTuple

from stdnum.fr import siret as siret_number

from events.folding import parts_of
from events.texts import Translatable, _
from services.open_data.fields import (
    AT_ONCE,
    IN_CASH,
    IN_KIND,
    IN_PARTS,
    NO,
    RAE_MAX,
    RNA,
    TEXT_MAX,
    YES,
    amount_text,
)
from services.texts.amounts import NotAnAmount, read_euros
from services.texts.language import Language

BLANKS: Final = re.compile(r"[\s\u200b\ufeff]+")
"""Spaces of every kind, no-break ones too, and what spreadsheets leave that nobody sees."""

MISSING: Final = _("it is empty, and the schema requires it")
TOO_LONG: Final = _("it has more than {max} characters: which of them are to go, nobody knows")
NO_VALUE: Final = _("“{found}” says that there is none, and the schema requires it")
WITHOUT_VALUE: Final = _("“{found}” says that there is none: left empty")

IN_DIGITS: Final = _("written in 14 digits alone")
ZERO_BACK: Final = _("a spreadsheet took its first zero away: put back, its keys are right")
ROUNDED: Final = _("a spreadsheet rounded this number: its last digits are lost")
SIREN_ALONE: Final = _("a SIREN names a body; which of its establishments is meant, nobody knows")
NO_SIRET: Final = _("a SIRET has 14 digits")
WRONG_KEY: Final = _("its key is wrong: a digit is not as it should be")

NO_RNA: Final = _("the schema takes a W and nine digits")
AS_RNA: Final = _("written as a W and nine digits")

AS_DAY: Final = _("written as year, month and day: YYYY-MM-DD")
YEAR_ALONE: Final = _("a year is not a day")
TWO_DAYS: Final = _("it could be {one} or {other}: write year, month and day")
NO_DAY: Final = _("“{found}” is no day of the calendar: write it like 2023-05-15")
AS_PERIOD: Final = _("written as a day, or a first and a last day with / between")
WHOLE_YEARS: Final = _("the year written as its first and last day")
BACKWARDS: Final = _("the period ends before it begins")

AS_AMOUNT: Final = _("written with a point before the cents, and nothing between thousands")
BELOW_ZERO: Final = _("a grant is not below zero")

NO_NATURE: Final = _("the schema takes “aide en numéraire”, “aide en nature”, or both")
AS_NATURE: Final = _("written in the schema's words, with ; between two")
AS_CONDITIONS: Final = _("written in the schema's word")
NO_ANSWER: Final = _("the schema takes “oui” or “non”")
AS_ANSWER: Final = _("written in the schema's word")
NO_SHARE: Final = _("a share is from 0.01 to 1")
TWO_SHARES: Final = _("it could be a percentage or a share above the whole: write 0.01 to 1")
AS_SHARE: Final = _("written as a share from 0.01 to 1")


class Value(NamedTuple):
    """A value as read: `text` is None where it is refused, `why` None where it is as found."""

    text: str | None
    why: Translatable | None = None


def written(found: str, text: str, why: Translatable) -> Value:
    """A value that is to be written so; as found, if that is how it was."""
    return Value(text, None if text == found else why)


def refused(why: Translatable) -> Value:
    """A value of which no reading, or more than one, is possible."""
    return Value(None, why)


def siret(found: str) -> Value:
    """A SIRET: 14 digits with the keys of SIREN and SIRET (INSEE)."""
    text = BLANKS.sub("", found).strip("'’`")
    if re.fullmatch(r"[0-9]+(?:[.,][0-9]+)?[Ee]\+?[0-9]+", text):
        return refused(ROUNDED)
    digits = re.sub(r"[.,]0+$", "", text)
    if re.fullmatch(r"[0-9]+", digits) is None:
        return refused(NO_SIRET)
    match len(digits):
        case 14:
            right = siret_number.is_valid(digits)
            return written(found, digits, IN_DIGITS) if right else refused(WRONG_KEY)
        case 12 | 13 if siret_number.is_valid(digits.zfill(14)):
            return Value(digits.zfill(14), ZERO_BACK)
        case 9:
            return refused(SIREN_ALONE)
        case _:
            return refused(NO_SIRET)


def rna(found: str) -> Value:
    """A number of the register of associations."""
    text = BLANKS.sub("", found).upper()
    return written(found, text, AS_RNA) if re.fullmatch(RNA, text) else refused(NO_RNA)


def amount(found: str) -> Value:
    """Euros, at most two decimals behind a point."""
    if re.fullmatch(r"[0-9]{1,15}(?:\.[0-9]{1,2})?", found):
        return Value(found)
    # Databases write more decimals than cents have, all of them zero.
    exact = re.sub(r"^([0-9]+[.,][0-9]{2})00+$", r"\1", found.strip())
    try:
        amount_cents = read_euros(exact, Language.FR)
    except NotAnAmount as error:
        return refused(error.why)
    if amount_cents < 0:
        return refused(BELOW_ZERO)
    return Value(amount_text(amount_cents), AS_AMOUNT)


SHARE: Final = re.compile(r"([0-9]{1,3})(?:[.,]([0-9]{1,9}))? ?(%?)")


def share(found: str) -> Value:
    """The beneficiary's share, from 0.01 to 1; what is from 2 on, or has a %, is in percent."""
    spelled = SHARE.fullmatch(BLANKS.sub(" ", found).strip())
    if spelled is None:
        return refused(NO_SHARE)
    whole, decimals, percent = spelled[1], spelled[2] or "", spelled[3]
    units, scale = int(whole + decimals), len(decimals)
    if not percent and 10**scale < units < 2 * 10**scale:
        return refused(TWO_SHARES)
    if percent or units > 10**scale:
        scale += 2
    if not 10**scale <= 100 * units <= 100 * 10**scale:
        return refused(NO_SHARE)
    if scale == len(decimals) and re.fullmatch(r"[01](?:\.[0-9]+)?", found):
        return Value(found)
    ones, parts = divmod(units, 10**scale)
    fraction = f"{parts:0{scale}d}" if scale else ""
    return Value(f"{ones}.{fraction.rstrip('0').ljust(2, '0')}", AS_SHARE)


CLOCK: Final = r"(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?)?"
"""A time of the day without offset, which some programs write behind every day."""

ISO_DAY: Final = re.compile(rf"([0-9]{{4}})[-/.]?([0-9]{{2}})[-/.]?([0-9]{{2}}){CLOCK}")
FRENCH_DAY: Final = re.compile(rf"([0-9]{{1,2}})[-/.]([0-9]{{1,2}})[-/.]([0-9]{{4}}){CLOCK}")
YEARS: Final = range(1900, 2200)


def day(found: str) -> Value:
    """A day of the calendar. One like 05/12/2016 may be of either month, and is refused."""
    text = BLANKS.sub(" ", found).strip()
    if re.fullmatch(r"[0-9]{4}", text):
        return refused(YEAR_ALONE)
    if spelled := ISO_DAY.fullmatch(text):
        readings = {_day(*spelled.groups())}
    elif spelled := FRENCH_DAY.fullmatch(text):
        first, second, year = spelled.groups()
        readings = {_day(year, second, first), _day(year, first, second)}
    else:
        readings = set()
    days = sorted(each for each in readings if each is not None)
    match days:
        case [only]:
            return written(found, only, AS_DAY)
        case [one, other]:
            return refused(TWO_DAYS.render({"one": one, "other": other}))
        case _:
            return refused(NO_DAY.render({"found": text[:TEXT_MAX]}))


def _day(year: str, month: str, day_of_month: str) -> str | None:
    """`YYYY-MM-DD` of a day that is in the calendar."""
    numbers = int(year), int(month), int(day_of_month)
    known = numbers[0] in YEARS and 1 <= numbers[1] <= 12  # noqa: PLR2004 # months
    if not known or not 1 <= numbers[2] <= monthrange(*numbers[:2])[1]:
        return None
    return date(*numbers).isoformat()


def period(found: str) -> Value:
    """A day, or a first and a last day; a year that stands for its period is one."""
    text = BLANKS.sub(" ", found).strip()
    pieces = re.split(r" ?_ ?", text)
    if len(pieces) == 1 and text.count("/") == 1:
        pieces = re.split(r" ?/ ?", text)
    if len(pieces) > 2:  # noqa: PLR2004 # a first and a last
        return refused(NO_DAY.render({"found": text[:TEXT_MAX]}))
    years = [each for each in pieces if re.fullmatch(r"[0-9]{4}", each) and int(each) in YEARS]
    if len(years) == len(pieces):
        pieces, why = [f"{years[0]}-01-01", f"{years[-1]}-12-31"], WHOLE_YEARS
    else:
        why = AS_PERIOD
    days = [day(each) for each in pieces]
    spelled = [each.text for each in days if each.text is not None]
    if len(spelled) < len(days):
        return refused(next(each.why for each in days if each.text is None and each.why))
    if spelled[0] > spelled[-1]:
        return refused(BACKWARDS)
    return written(found, "/".join(spelled), why)


NATURES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "aideennumeraire": IN_CASH,
        "aideennumraire": IN_CASH,  # the é was lost
        "ennumeraire": IN_CASH,
        "numeraire": IN_CASH,
        "aideennature": IN_KIND,
        "ennature": IN_KIND,
        "nature": IN_KIND,
    }
)
"""The schema's words by how files spell them, without case, accents and spaces."""


def nature(found: str) -> Value:
    """In cash, in kind, or both in either order."""
    natures = [NATURES.get(_plain(each)) for each in re.split(r"[;,_/+]| et ", found)]
    known = list(dict.fromkeys(each for each in natures if each is not None))
    if None in natures or not known:
        return refused(NO_NATURE)
    return written(found, ";".join(known), AS_NATURE)


CONDITIONS: Final[Mapping[str, str]] = MappingProxyType(
    {"unique": AT_ONCE}
    | dict.fromkeys(("echelonne", "echelonnee", "echelonnes", "chelonn"), IN_PARTS)
)


def conditions(found: str) -> Value:
    """At once, in parts, or other words."""
    own = CONDITIONS.get(_plain(found))
    return short(found) if own is None else written(found, own, AS_CONDITIONS)


ANSWERS: Final[Mapping[str, str]] = MappingProxyType(
    dict.fromkeys(("oui", "o", "true", "vrai", "1", "yes"), YES)
    | dict.fromkeys(("non", "n", "false", "faux", "0", "no"), NO)
)


def answer(found: str) -> Value:
    """Yes or no."""
    own = ANSWERS.get(_plain(found))
    return refused(NO_ANSWER) if own is None else written(found, own, AS_ANSWER)


def short(found: str) -> Value:
    """A text of at most 256 characters."""
    return _at_most(found, TEXT_MAX)


def rae(found: str) -> Value:
    """A number of the register of aids to companies: at most five characters."""
    return _at_most(found, RAE_MAX)


def _at_most(found: str, length_max: int) -> Value:
    too_long = len(found) > length_max
    return refused(TOO_LONG.render({"max": length_max})) if too_long else Value(found)


READERS: Final[Mapping[str, Callable[[str], Value]]] = MappingProxyType(
    {
        "nomAttribuant": Value,
        "idAttribuant": siret,
        "dateConvention": day,
        "referenceDecision": Value,
        "nomBeneficiaire": Value,
        "idBeneficiaire": siret,
        "rnaBeneficiaire": rna,
        "objet": short,
        "montant": amount,
        "nature": nature,
        "conditionsVersement": conditions,
        "datesPeriodeVersement": period,
        "idRAE": rae,
        "notificationUE": answer,
        "pourcentageSubvention": share,
        "dispositifAide": Value,
    }
)
"""The reading of each field's values that are not empty."""

NOTHING: Final = frozenset({"sansobjet", "neant", "nonconcerne", "nonconcernee"})
"""Words that say of a field that it has no value."""


def value_of(name: str, found: str, *, required: bool) -> Value:
    """The value of a field."""
    if not BLANKS.sub("", found):
        return refused(MISSING) if required else Value("")
    if _plain(found) in NOTHING:
        why = (NO_VALUE if required else WITHOUT_VALUE).render({"found": found.strip()})
        return Value(None if required else "", why)
    return READERS[name](found)


def _plain(text: str) -> str:
    return "".join(parts_of(text))

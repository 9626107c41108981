"""Readings of a search text: an amount of euros, or a document of some year. Pure.

A module of its own: unit tests try every spelling without a database.
"""

import re
from collections.abc import Iterator
from functools import cache
from typing import Final, NamedTuple

from events.texts import parts_of
from events.values import AMOUNT_MAX_CENTS
from services.ledger.explain.sentences import DOCUMENTS
from services.texts.formats import NotAnAmount, read_euros
from services.texts.language import Language
from services.texts.translation import translate

_CURRENCY: Final = re.compile(r"\b(?:eur|euros?)\b", re.IGNORECASE)
_SPACE: Final = re.compile(r"\s")
YEAR: Final = re.compile(r"(?:19|20|21)[0-9]{2}")


class AskedDocument(NamedTuple):
    """A kind of document that a text names, the year if any, and what else it says."""

    kind: str
    year: int | None
    others: tuple[str, ...]


def cents_of(text: str) -> int | None:
    """An amount of euros in any usual spelling of either language, in cents; None if it is none.

    `2263600`, `2 263 600,00`, `2,263,600.00`, `2.263.600 €`.
    """
    typed = _CURRENCY.sub(" ", text).strip()
    for language in Language:
        try:
            cents = read_euros(typed, language)
        except NotAnAmount:
            continue
        return cents if 0 < cents <= AMOUNT_MAX_CENTS else None
    return None


def is_grouped(text: str) -> bool:
    """True if an amount is spelled in groups, so that its parts are no names."""
    return len(parts_of(text)) > 1 or not _SPACE.sub("", text).isalnum()


def document_of(text: str) -> AskedDocument | None:
    """The kind of document that a text names in either language, or by its code."""
    parts = parts_of(text)
    for kind, name in _names():
        if name and name <= set(parts):
            others = [part for part in parts if part not in name and len(part) > 1]
            years = [part for part in others if YEAR.fullmatch(part)]
            rest = tuple(part for part in others if part not in years)
            return AskedDocument(kind, int(years[0]) if years else None, rest)
    return None


@cache
def _names() -> tuple[tuple[str, frozenset[str]], ...]:
    return tuple(_spell_names())


def _spell_names() -> Iterator[tuple[str, frozenset[str]]]:
    """Each kind by each of its names: its parts of more than one character."""
    for kind, text in DOCUMENTS.items():
        for name in (kind, *(translate(text, language) for language in Language)):
            yield kind, frozenset(part for part in parts_of(name) if len(part) > 1)

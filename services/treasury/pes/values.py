"""Values of PES elements, which stand in the attribute `V`: amounts, days, numbers, texts."""

import re
from collections.abc import Mapping
from datetime import date
from typing import Final

from lxml import etree

from events.values import UNPRINTED

AMOUNT: Final = re.compile(r"([+-]?)([0-9]*)(?:\.([0-9]*))?")
NUMBER: Final = re.compile(r"\+?[0-9]{1,18}")
DAY: Final = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:Z|[+-][0-9]{2}:[0-9]{2})?")

UNPRINTED_CHARACTER: Final = re.compile(f"[{UNPRINTED}]")

DIGITS_MAX: Final = 14
DECIMALS: Final = 2
"""Significant digits of an amount, in all and behind the point."""

YEAR_MIN: Final = 1970
YEAR_MAX: Final = 2199
"""Years of a return: those in which an offset of Paris is whole hours, and an event may be."""


class BadValue(Exception):
    """An element that is missing, or whose value cannot be read."""

    def __init__(self, element: str) -> None:
        super().__init__(element)
        self.element = element


Values = Mapping[str, str]
"""The values of a block's elements, by their names; those that are empty are left out."""


def values_of(block: etree._Element | None) -> Values:
    """The values of the elements right below a block."""
    if block is None:
        return {}
    return {str(each.tag): value for each in block if (value := (each.get("V") or "").strip())}


def text(values: Values, element: str) -> str:
    """A text.

    Raises:
        BadValue: it is missing.
    """
    found = values.get(element)
    if found is None:
        raise BadValue(element)
    return found


def clean_text(values: Values, element: str) -> str:
    """The text of an element for people: a control or direction character is a blank."""
    return UNPRINTED_CHARACTER.sub(" ", values.get(element, ""))


def number(values: Values, element: str) -> int:
    """A whole number; zeros may stand before it.

    Raises:
        BadValue: it is none, or missing.
    """
    found = text(values, element)
    if NUMBER.fullmatch(found) is None:
        raise BadValue(element)
    return int(found)


def number_or_none(values: Values, element: str) -> int | None:
    """A whole number that may be left out.

    Raises:
        BadValue: it is none.
    """
    return number(values, element) if element in values else None


def day(values: Values, element: str) -> date:
    """A day; an offset behind it says nothing more (xs:date).

    Raises:
        BadValue: it is none, or missing.
    """
    spelled = DAY.fullmatch(text(values, element))
    try:
        found = date.fromisoformat(spelled[1]) if spelled else None
    except ValueError:
        found = None
    if found is None or not YEAR_MIN <= found.year <= YEAR_MAX:
        raise BadValue(element)
    return found


def day_or_none(values: Values, element: str) -> date | None:
    """A day that may be left out.

    Raises:
        BadValue: it is none.
    """
    return day(values, element) if element in values else None


def cents(values: Values, element: str) -> int:
    """An amount in cents, however xs:decimal spells it: `.5`, `5.`, `+1.00`, `01.00`, `1.500`.

    Raises:
        BadValue: it is none, is missing, or has a part of a cent.
    """
    spelled = AMOUNT.fullmatch(text(values, element))
    if spelled is None:
        raise BadValue(element)
    sign, whole, fraction = spelled[1], spelled[2], spelled[3] or ""
    digits = whole.lstrip("0") + fraction.rstrip("0").ljust(DECIMALS, "0")
    if not (whole or fraction) or len(fraction.rstrip("0")) > DECIMALS or len(digits) > DIGITS_MAX:
        raise BadValue(element)
    found = int(digits)
    return -found if sign == "-" else found


def cents_or_none(values: Values, element: str) -> int | None:
    """An amount in cents that may be left out.

    Raises:
        BadValue: it is none.
    """
    return cents(values, element) if element in values else None

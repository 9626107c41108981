"""Bank accounts are personal data: whatever people or logs are shown has them shortened."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache, lru_cache
from itertools import accumulate
from operator import itemgetter
from typing import Any

from schwifty import registry

IBAN = re.compile(
    r"(?:(?<![A-Z0-9])|(?<=IBAN)|(?<=RIB))[A-Z]{2}[0-9]{2}"
    r"(?:[A-Z0-9]{11,30}|(?:[ -][A-Z0-9]{4}){2,7}(?:[ -][A-Z0-9]{1,3})?)"
)
"""Text in the form of an IBAN, printed in groups of four too: masked even where it is none."""

NOT_AN_IBAN = re.compile(
    r"(?<![A-Za-z0-9])(?:[0-9a-f]{64}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?![A-Za-z0-9])"
)
"""A hash or a UUID: one in some hundreds would pass for an account."""

UUID_LENGTH = 36

DIGITS = re.compile(r"[0-9][^A-Za-z0-9]{0,24}[0-9]")
"""Every form of an account has two digits, with at most signs between them."""

START = re.compile(r"(?=[A-Za-z]{2}[^A-Za-z0-9]{0,24}[0-9][^A-Za-z0-9]{0,24}[0-9])")
"""The beginning of a possible IBAN, inside other letters too; many write FR 76."""

RIB = re.compile(
    r"(?:(?<![A-Za-z0-9])|(?<=RIB)|(?<=rib))(?=[0-9]{5})"
    r"(?![0-9]{14}([-_])[0-9A-Z]{2}\1[0-9]{4}(?![A-Za-z0-9]))"
)
"""The beginning of a possible RIB (relevé d'identité bancaire): an account without its country.

A budget is none: of a hundred ids that begin with one, of slips and of entries, one would pass.
"""

RIB_LENGTH = 23
"""Bank and branch of 5 digits, account of 11 characters, key of 2 digits."""

SHORTEST = 14
"""The fewest characters of an account: text in the form of an IBAN, in three groups."""

IBAN_SEPARATORS_MAX = 24
"""The most signs and spaces between two characters of an IBAN."""

RIB_SEPARATORS_MAX = 3
"""The same of a RIB: without a country, lists of figures would pass for one too often."""

NARROW = str.maketrans({chr(0xFEE0 + each): chr(each) for each in range(0x21, 0x7F)})
"""Full-width letters and digits, as ASCII."""

SHOWN = 4
"""The characters that stay at either end."""

NAMES_KEPT = 4096
"""An answer spells the same few names over and over."""

HIDDEN = "•"
"""The stand-in for a hidden byte where offsets must not move."""


def _mask_text(text: str) -> str:
    return _shorten_at(text, account_spans(text)) if _may_hold_one(text) else text


def _may_hold_one(text: str) -> bool:
    """False of most texts: too short for an account, or without two digits one after the other."""
    if len(text) < SHORTEST:
        return False
    return not text.isascii() or DIGITS.search(text) is not None


def mask(fact: Any, text: Callable[[str], str] = _mask_text) -> Any:
    """`fact` with every IBAN in it, however deep, reduced to its country, key and last four.

    Args:
        fact: what people or logs are shown.
        text: shortens those in one text; `mask_name` where all that it says are names.
    """
    if isinstance(fact, str):
        return text(fact)
    if isinstance(fact, Mapping):
        return {name: mask(each, text) for name, each in fact.items()}
    if isinstance(fact, list | tuple):
        return [mask(each, text) for each in fact]
    return fact


@lru_cache(NAMES_KEPT)
def mask_name(name: str) -> str:
    """A name with every IBAN in it shortened; text of that form with wrong check digits stays."""
    return _shorten_at(name, _certain_spans(name)) if _may_hold_one(name) else name


def find_hidden_places(raw: bytes) -> frozenset[int]:
    """The offsets of bytes that must not be shown: the middle of IBANs."""
    text = raw.decode(errors="surrogateescape")
    # A character may take several bytes, full-width ones of an account too.
    places = [0, *accumulate(len(each.encode(errors="surrogateescape")) for each in text)]
    return frozenset(
        place
        for start, end in account_spans(text)
        for at in range(start + SHOWN, end - SHOWN)
        if text[at].isalnum()
        for place in range(places[at], places[at + 1])
    )


def account_spans(text: str) -> list[tuple[int, int]]:
    """The spans of IBANs, and of text in that form, in order; they do not overlap."""
    certain, rest = list(_certain_spans(text)), text
    for start, end in certain:
        rest = rest[:start] + HIDDEN * (end - start) + rest[end:]
    return sorted([*certain, *(found.span() for found in IBAN.finditer(rest))])


def _shorten_at(text: str, spans: Iterable[tuple[int, int]]) -> str:
    pieces, done = [], 0
    for start, end in spans:
        pieces += [text[done:start], _shorten(text[start:end])]
        done = end
    return "".join([*pieces, text[done:]])


def _certain_spans(text: str) -> Iterator[tuple[int, int]]:
    """The spans of accounts, by their length and their check digits."""
    if not text.isascii():
        text = text.translate(NARROW)
    if len(text) >= UUID_LENGTH:
        text = NOT_AN_IBAN.sub(lambda match: HIDDEN * len(match[0]), text)
    done = 0
    starts = [(found.start(), _iban_end) for found in START.finditer(text)]
    starts += [(found.start(), _rib_end) for found in RIB.finditer(text)]
    for start, end_of in sorted(starts, key=itemgetter(0)):
        end = end_of(text, start) if start >= done else None
        if end is not None:
            yield start, end
            done = end


def _iban_end(text: str, start: int) -> int | None:
    """The end of the IBAN that begins at `start`; None where there is none."""
    spec = _specs().get(text[start : start + 2].upper())
    if spec is None:
        return None
    compact, end = _compact(text, start, spec.iban_length, IBAN_SEPARATORS_MAX)
    if len(compact) < spec.iban_length or not spec.regex.match(compact[SHOWN:].upper()):
        return None
    # ISO 7064, mod 97-10: country and key go last, A to Z count from 10 on.
    number = "".join(str(int(each, 36)) for each in compact[SHOWN:] + compact[:SHOWN])
    return end if int(number) % 97 == 1 else None


def _rib_end(text: str, start: int) -> int | None:
    """The end of the RIB that begins at `start`; None where there is none."""
    compact, end = _compact(text, start, RIB_LENGTH, RIB_SEPARATORS_MAX)
    bank, branch, account, key = compact[:5], compact[5:10], compact[10:21], compact[21:]
    if len(compact) < RIB_LENGTH or not (bank + branch + key).isdigit():
        return None
    # A to Z count as the digit of their column: A J, B K S, C L T, … (Banque de France).
    digits = "".join(map(_digit, account.upper()))
    rest = 97 - (89 * int(bank) + 15 * int(branch) + 3 * int(digits)) % 97
    return end if int(key) == rest else None


def _digit(character: str) -> str:
    if character.isdigit():
        return character
    place = ord(character) - ord("A")
    return str((place + (place >= ord("S") - ord("A"))) % 9 + 1)


def _compact(text: str, start: int, length: int, separators_max: int) -> tuple[str, int]:
    """The next letters and digits, `length` of them at most, and where they end."""
    compact, at, separators = "", start, 0
    while len(compact) < length and at < len(text) and separators <= separators_max:
        if _is_alphanumeric(text[at]):
            compact, separators = compact + text[at], 0
        elif text[at].isalnum():
            break  # An accent: no account goes on there.
        else:
            separators += 1
        at += 1
    return compact, at


def _is_alphanumeric(character: str) -> bool:
    return character.isascii() and character.isalnum()


def _shorten(iban: str) -> str:
    compact = "".join(filter(_is_alphanumeric, iban.translate(NARROW)))
    return f"{compact[:SHOWN]}…{compact[-SHOWN:]}"


@cache
def _specs() -> dict[str, Any]:
    """The form of an IBAN, by country."""
    countries = registry.get_countries()
    return {country: registry.get_iban_spec(country) for country in countries}

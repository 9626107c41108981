"""IBANs are personal data: whatever people or logs are shown has them shortened."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from itertools import accumulate
from typing import Any

from schwifty import registry

IBAN = re.compile(
    r"(?:(?<![A-Z0-9])|(?<=IBAN)|(?<=RIB))[A-Z]{2}[0-9]{2}"
    r"(?:[A-Z0-9]{11,30}|(?:[ -][A-Z0-9]{4}){2,7}(?:[ -][A-Z0-9]{1,3})?)"
)
"""Text in the form of an IBAN, printed in groups of four too: masked even where it is none."""

NOT_AN_IBAN = re.compile(
    r"[0-9a-f]{64}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
)
"""A hash or a UUID: one in some hundreds would pass for an account."""

START = re.compile(r"(?=[A-Za-z]{2}[0-9]{2})")
"""The beginning of a possible IBAN, inside other letters too."""

SEPARATORS = frozenset(" .-_\u00a0\u202f")
"""The separators between the groups of an IBAN, one at a time."""

SHOWN = 4
"""The characters that stay at either end."""

HIDDEN = "•"
"""The stand-in for a hidden byte where offsets must not move."""


def _masked_text(text: str) -> str:
    if NOT_AN_IBAN.fullmatch(text):
        return text
    return _shortened_at(text, account_spans(text))


def masked(fact: Any, text: Callable[[str], str] = _masked_text) -> Any:
    """`fact` with every IBAN in it, however deep, reduced to its country, key and last four.

    Args:
        fact: what people or logs are shown.
        text: shortens those in one text; `masked_name` where all that it says are names.
    """
    if isinstance(fact, str):
        return text(fact)
    if isinstance(fact, Mapping):
        return {name: masked(each, text) for name, each in fact.items()}
    if isinstance(fact, list | tuple):
        return [masked(each, text) for each in fact]
    return fact


def masked_name(name: str) -> str:
    """A name with every IBAN in it shortened; text of that form with wrong check digits stays."""
    if NOT_AN_IBAN.fullmatch(name):
        return name
    return _shortened_at(name, _certain_spans(name))


def hidden_places(raw: bytes) -> frozenset[int]:
    """The offsets of bytes that must not be shown: the middle of IBANs."""
    text = raw.decode(errors="surrogateescape")
    # A character before it may take several bytes; those of an account take one each.
    places = [0, *accumulate(len(each.encode(errors="surrogateescape")) for each in text)]
    return frozenset(
        places[at]
        for start, end in account_spans(text)
        for at in range(start + SHOWN, end - SHOWN)
        if _is_alphanumeric(text[at])
    )


def account_spans(text: str) -> list[tuple[int, int]]:
    """The spans of IBANs, and of text in that form, in order; they do not overlap."""
    certain = list(_certain_spans(text))
    rest = text
    for start, end in certain:
        rest = rest[:start] + HIDDEN * (end - start) + rest[end:]
    return sorted([*certain, *(found.span() for found in IBAN.finditer(rest))])


def _shortened_at(text: str, spans: Iterable[tuple[int, int]]) -> str:
    pieces, done = [], 0
    for start, end in spans:
        pieces += [text[done:start], _shortened(text[start:end])]
        done = end
    return "".join([*pieces, text[done:]])


def _certain_spans(text: str) -> Iterator[tuple[int, int]]:
    """The spans of IBANs, by their country's length and their check digits."""
    done = 0
    for found in START.finditer(text):
        start = found.start()
        end = _iban_end(text, start) if start >= done else None
        if end is not None:
            yield start, end
            done = end


def _iban_end(text: str, start: int) -> int | None:
    """The end of the IBAN that begins at `start`; None where there is none."""
    length = _lengths().get(text[start : start + 2].upper())
    if length is None:
        return None
    compact, at = "", start
    while len(compact) < length and at < len(text):
        if _is_alphanumeric(text[at]):
            compact += text[at]
        elif text[at] not in SEPARATORS or not _is_alphanumeric(text[at + 1 : at + 2]):
            return None
        at += 1
    if len(compact) < length:
        return None
    # ISO 7064, mod 97-10: country and key go last, A to Z count from 10 on.
    number = "".join(str(int(each, 36)) for each in compact[SHOWN:] + compact[:SHOWN])
    return at if int(number) % 97 == 1 else None


def _is_alphanumeric(character: str) -> bool:
    return character.isascii() and character.isalnum()


def _shortened(iban: str) -> str:
    compact = "".join(filter(_is_alphanumeric, iban))
    return f"{compact[:SHOWN]}…{compact[-SHOWN:]}"


@cache
def _lengths() -> dict[str, int]:
    """The length of an IBAN, by country."""
    countries = registry.get_countries()
    return {country: registry.get_iban_spec(country).iban_length for country in countries}

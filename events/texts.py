"""Texts for people: an English message and its facts, which `services/texts` translates.

`_`, `ngettext` and `pgettext` mark messages, from which `make texts` makes the catalogue. Names are
folded here too, since people look for them without case, accents and punctuation.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final


@dataclass(frozen=True, slots=True)
class Translatable:
    """A message in English; `{name}` stands for a fact.

    A fact may be a text too, a figure of this module, or a tuple of facts: a list with commas.
    """

    msgid: str
    facts: Mapping[str, object] = field(default_factory=dict, hash=False)
    context: str | None = None
    """Tells two messages apart whose English is the same and whose French is not."""
    plural: str | None = None
    count: int = 1

    def render(self, facts: Mapping[str, object]) -> "Translatable":
        """The text with these facts, beside those that it has."""
        return replace(self, facts={**self.facts, **facts})


@dataclass(frozen=True, slots=True)
class CountedText:
    """A message for one thing and for several; `{count}` says how many."""

    one: str
    many: str

    def render(self, count: int, **facts: object) -> Translatable:
        """The text for `count` things: none is one in French, and many in English."""
        return Translatable(
            self.one, {**facts, "count": Number(count)}, plural=self.many, count=count
        )


@dataclass(frozen=True, slots=True)
class Number:
    """A whole number, its thousands apart."""

    value: int


@dataclass(frozen=True, slots=True)
class Euros:
    """An amount of money."""

    amount_cents: int


@dataclass(frozen=True, slots=True)
class Day:
    """A day, as `2023-07-14`."""

    iso: str


def _(msgid: str) -> Translatable:
    """A message that has one form."""
    return Translatable(msgid)


def ngettext(one: str, many: str) -> CountedText:
    """A message for one thing and for several."""
    return CountedText(one, many)


def pgettext(context: str, msgid: str) -> Translatable:
    """A message whose English has another French elsewhere."""
    return Translatable(msgid, context=context)


def verbatim(text: object) -> Translatable:
    """Mark a text that is the same in every language: a name, or the words of a library."""
    return Translatable("{text}", {"text": text})


_PART: Final = re.compile(r"[^\W_]+")
_LIGATURES: Final = str.maketrans(
    {"œ": "oe", "Œ": "oe", "æ": "ae", "Æ": "ae", "ø": "o", "Ø": "o", "ł": "l", "Ł": "l"}
)


def parts_of(text: str) -> list[str]:
    """The alphanumeric parts of a text, folded: `Chœur d’Été` has `choeur`, `d`, `ete`."""
    if not text.isascii():
        spread = unicodedata.normalize("NFKD", text)
        text = "".join(each for each in spread if not unicodedata.combining(each))
        text = text.translate(_LIGATURES)
    return _PART.findall(text.casefold())


def fold_text(text: str) -> str:
    """All parts of a text, each behind a space: ` choeur d ete`, in which ` cho` begins a part."""
    return "".join(f" {part}" for part in parts_of(text))

"""Names as people spell them: the parts asked for, and the conditions by which rows have them.

Columns hold names folded (`events.folding`); each part that is asked for begins one of theirs.
"""

import re
from collections.abc import Iterable
from typing import Any, Final

from sqlalchemy import ColumnElement

from events.folding import parts_of

SIREN_DIGITS: Final = 9
"""The least digits of a SIRET by which an establishment is found: those of its company."""

SIRET_DIGITS: Final = 14

BEHIND_ALL: Final = "\U0010ffff"
"""The last character: behind a beginning, it is the end of all that begin so."""

_SPACES: Final = re.compile(r"\s+")


def siret_part(text: str) -> str | None:
    """The digits of a SIRET, or of its beginning from the SIREN on, whatever spaces are in it."""
    digits = _SPACES.sub("", text)
    is_one = digits.isascii() and digits.isdecimal()
    return digits if is_one and SIREN_DIGITS <= len(digits) <= SIRET_DIGITS else None


def asked_parts(text: str) -> list[str]:
    """The parts of a text that is looked for, each once; a SIRET is one, however it is grouped."""
    siret = siret_part(text)
    return [siret] if siret is not None else list(dict.fromkeys(parts_of(text)))


def patterns_of(text: str) -> list[str]:
    """Patterns of LIKE for the parts of a text: each begins a part of a folded name."""
    # Parts hold letters and digits alone: no sign that LIKE knows.
    return [f"% {part}%" for part in asked_parts(text)]


def matches_all(column: ColumnElement[Any], patterns: Iterable[Any]) -> list[ColumnElement[bool]]:
    """Conditions that a folded name meets each of these patterns."""
    return [column.like(each) for each in patterns]


def in_range(column: ColumnElement[Any], first: Any, behind: Any) -> list[ColumnElement[bool]]:
    """Conditions that a text is in a range of an index: from `first` on, before `behind`."""
    return [column >= first, column < behind]

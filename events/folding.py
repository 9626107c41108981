"""Folded texts: without case, accents, ligatures and punctuation, as people look for names."""

import re
import unicodedata
from typing import Final

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


def folded(text: str) -> str:
    """All parts of a text, each behind a space: ` choeur d ete`, in which ` cho` begins a part."""
    return "".join(f" {part}" for part in parts_of(text))

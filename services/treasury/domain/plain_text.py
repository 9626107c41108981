"""The plain form of texts: what ISO-8859-1 can write, cut at words, and never an empty value.

Files of the DGFiP (schema 5.17) are in ISO-8859-1, and their texts are short.
"""

import unicodedata
from collections.abc import Iterator
from typing import Final

LOST: Final = "?"
"""Stands for a character that has no plain form."""

ISO_8859_1_MAX: Final = 0xFF

PLAIN: Final = {
    **dict.fromkeys("‘’‚‛′ʼ", "'"),
    **dict.fromkeys("“”„‟″", '"'),
    **dict.fromkeys("‐‑‒–—―−•", "-"),
    "€": "EUR",
    "œ": "oe",
    "Œ": "OE",
    "‹": "<",
    "›": ">",
    "⁄": "/",
    "Ł": "L",
    "ł": "l",
    "Đ": "D",
    "đ": "d",
    "Ħ": "H",
    "ħ": "h",
    "ı": "i",
    "ŧ": "t",
    "Ŧ": "T",
    "Ŋ": "N",
    "ŋ": "n",
}
"""Characters whose plain form no decomposition of Unicode gives."""


def plain(text: str) -> str:
    """A text in ISO-8859-1 on one line, its blanks single; `?` for what has no plain form."""
    if not (text.isascii() and text.isprintable()):
        text = "".join(_forms(text))
    return " ".join(text.split())


def list_unwritable(text: str) -> str:
    """The characters of a text that have no plain form, each once, in their order."""
    characters = unicodedata.normalize("NFC", text)
    if max(characters, default="") <= chr(ISO_8859_1_MAX):
        return ""  # Most: to look at each character takes longer than all else of an order.
    return "".join(dict.fromkeys(each for each in characters if _form(each) is None))


def is_text(text: str) -> bool:
    """True where the schema takes a value for a text, whatever its length.

    Refused are an empty one, one of zeros only, a blank or a point alone, and exactly `nc`.
    """
    return text.strip("0") != "" and text not in {" ", ".", "nc"}


def cut(text: str, length_max: int) -> tuple[str, str]:
    """A plain text cut between two words where it is too long: its beginning and its rest."""
    if len(text) <= length_max:
        return text, ""
    # The blank may stand just behind the longest beginning.
    head = text[: length_max + 1].rpartition(" ")[0]
    if not is_text(head):
        # One long word, or a beginning that is no text alone.
        head = text[:length_max].rstrip()
    return head, text[len(head) :].lstrip()


def _forms(text: str) -> Iterator[str]:
    # Composed first: an accent that stands behind its character would be lost.
    for each in unicodedata.normalize("NFC", text):
        form = _form(each)
        yield LOST if form is None else form


def _form(character: str) -> str | None:
    """The plain form of a character; None where there is none."""
    kind = unicodedata.category(character)
    if kind.startswith("Z") or character in "\t\n\r\v\f\x85":
        return " "
    if kind in {"Cc", "Cf", "Mn"}:
        return ""  # Control characters, invisible ones, accents without a character.
    if ord(character) <= ISO_8859_1_MAX:
        return character
    form = PLAIN.get(character) or _decompose(character)
    return form if form and all(ord(each) <= ISO_8859_1_MAX for each in form) else None


def _decompose(character: str) -> str:
    parts = unicodedata.normalize("NFKD", character)
    return "".join(PLAIN.get(each, each) for each in parts if not unicodedata.combining(each))

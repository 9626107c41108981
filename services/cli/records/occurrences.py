"""Occurrences of a name or a number in what Écluse keeps: in text, in JSON, in raw bytes."""

import json
import re
import zlib
from collections.abc import Iterator, Mapping
from gzip import decompress
from typing import Any, Final, NamedTuple

from events.folding import parts_of

NUMBER_MIN: Final = 5
"""The least characters of a number that is looked for inside others, such as an account's last."""

GZIP: Final = b"\x1f\x8b"
"""The beginning of what is compressed by gzip."""

_ESCAPED: Final = re.compile(r"\\u([0-9a-fA-F]{4})")
_ESCAPES: Final = str.maketrans({"~": "~0", "/": "~1"})


class Occurrence(NamedTuple):
    """A text that holds what is looked for."""

    pointer: str
    """The JSON pointer of the text (RFC 6901); empty where the value is the text itself. A text
    that holds JSON is pointed into like any other member."""
    text: str


class Wanted:
    """A name, in any order of its parts and without accents or case; or a number, in any groups."""

    def __init__(self, name: str) -> None:
        """Look for `name`; ValueError where it has nothing to look for."""
        self._parts = _parts(name)
        if not self._parts:
            raise ValueError(f"nothing to look for in {name!r}")
        joined = "".join(self._parts)
        is_number = len(joined) >= NUMBER_MIN and any(map(str.isdigit, joined))
        self._number = joined if is_number else None

    def is_in(self, text: str) -> bool:
        """True where the text holds all parts of the name, or the number."""
        parts = _parts(text)
        if self._number is not None and self._number in "".join(parts):
            return True
        return set(self._parts) <= set(parts)

    def occurrences(self, value: Any, pointer: str = "") -> Iterator[Occurrence]:
        """Every text of a value that holds it: names of members too, and JSON inside of text."""
        if isinstance(value, bytes):
            found = (list(self.occurrences(each, pointer)) for each in _decoded(_unzipped(value)))
            yield from next(filter(None, found), [])
        elif isinstance(value, str):
            inner = _json(value)
            if inner is not None:
                yield from self.occurrences(inner, pointer)
            elif self.is_in(value):
                yield Occurrence(pointer, value)
        elif isinstance(value, int | float):
            yield from self.occurrences(str(value), pointer)
        elif isinstance(value, Mapping | _Members):
            for name, each in value.items() if isinstance(value, Mapping) else value:
                inside = f"{pointer}/{name.translate(_ESCAPES)}"
                if self.is_in(name):
                    yield Occurrence(inside, name)
                yield from self.occurrences(each, inside)
        elif isinstance(value, list | tuple):
            for at, each in enumerate(value):
                yield from self.occurrences(each, f"{pointer}/{at}")


def _parts(text: str) -> list[str]:
    if "\\u" in text:  # JSON that cannot be read keeps its escapes.
        text = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)
    return parts_of(text)


def _unzipped(raw: bytes) -> bytes:
    """What is compressed within it: the PES file in a slip's row."""
    if not raw.startswith(GZIP):
        return raw
    try:
        return decompress(raw)
    except (OSError, EOFError, zlib.error):
        return raw


def _decoded(raw: bytes) -> Iterator[str]:
    """Bytes as text: in UTF-8, and if they are not, as programs of Windows may have meant them."""
    yield raw.decode(errors="replace")
    try:
        raw.decode()
    except UnicodeDecodeError:
        yield raw.decode("cp1252", errors="replace")
        yield raw.decode("utf-16", errors="replace")


class _Members(list[tuple[str, Any]]):
    """The members of an object, those that are named twice too."""


def _json(text: str) -> Any:
    """The object or list that a text holds; None where it holds none."""
    if not text.lstrip().startswith(("{", "[")):
        return None
    try:
        found = json.loads(text, object_pairs_hook=_Members)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, list) else None

"""Bytes as people may see them: text and hexadecimal, the middle of IBANs hidden in place. Pure.

A module of its own: the command that shows a dead letter waits for no database and no page.
"""

import json
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from events.masking import HIDDEN, find_hidden_places, mask

ROW_BYTES: Final = 16
SHOWN_MAX: Final = 16 * 1024
"""Bytes of a record that are shown: a page must stay readable, and a record may have 16 MiB."""

GLANCE: Final = 64
"""Bytes behind the cut that are examined, so that an IBAN across it is hidden too."""

PRINTABLE: Final = range(0x20, 0x7F)


class Dump(NamedTuple):
    """Bytes on a page."""

    text: str
    hexadecimal: str
    shown: int
    length: int

    @property
    def cut(self) -> bool:
        """True if there are more than are shown."""
        return self.shown < self.length


def dump(raw: bytes) -> Dump:
    """The beginning of some bytes as text and as rows of hexadecimal."""
    shown = raw[:SHOWN_MAX]
    hidden = find_hidden_places(raw[: SHOWN_MAX + GLANCE])
    return Dump(_text(shown, hidden), "\n".join(_rows(shown, hidden)), len(shown), len(raw))


def event_text(raw: bytes) -> str:
    """The event of a record, in lines, its IBANs masked; empty where it has none."""
    event: Any = json.loads(raw).get("event")
    return "" if event is None else json.dumps(mask(event), ensure_ascii=False, indent=2)


def _text(shown: bytes, hidden: frozenset[int]) -> str:
    """As UTF-8; what is hidden is one sign a byte, what is no UTF-8 or no printable sign too."""
    pieces, done = [], 0
    for place in sorted(each for each in hidden if each < len(shown)):
        pieces += [shown[done:place].decode(errors="replace"), HIDDEN]
        done = place + 1
    pieces.append(shown[done:].decode(errors="replace"))
    return "".join(
        each if each.isprintable() or each in "\n\t" else "�" for each in "".join(pieces)
    )


def _rows(shown: bytes, hidden: frozenset[int]) -> Iterator[str]:
    for start in range(0, len(shown), ROW_BYTES):
        row = shown[start : start + ROW_BYTES]
        codes = [
            HIDDEN * 2 if start + at in hidden else f"{each:02x}" for at, each in enumerate(row)
        ]
        signs = [
            HIDDEN if start + at in hidden else chr(each) if each in PRINTABLE else "."
            for at, each in enumerate(row)
        ]
        yield f"{start:06x}  {' '.join(codes):<{ROW_BYTES * 3 - 1}}  {''.join(signs)}"

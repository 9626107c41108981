"""The French catalogue: `make texts` writes it again from the messages in the code.

New messages come without French: write it into `fr.po`, and run `make texts` once more.
"""

import io
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT: Final = Path(__file__).parents[2]
FRENCH: Final = Path(__file__).with_name("fr.po")
COMPILED: Final = FRENCH.with_suffix(".mo")
KEYWORDS: Final = {"_": None, "ngettext": (1, 2), "pgettext": ((1, "c"), 2)}
SOURCES: Final = (
    ("events", "*.py", "python"),
    ("services", "*.py", "python"),
    ("services", "*.html", "jinja2"),
)
LOUD: Final = {"silent": "false"}
"""A template that cannot be read is an error, not a file without messages."""

WIDTH: Final = 99


def found_messages(root: Path = ROOT) -> Iterator[tuple[str, Any, str | None]]:
    """Each message of the code: the file where it stands, its msgid or msgids, its context."""
    for folder, pattern, method in SOURCES:
        for path in sorted((root / folder).rglob(pattern)):
            for _, msgid, _, context in extract_from_file(method, path, KEYWORDS, options=LOUD):
                yield path.relative_to(root).as_posix(), msgid, context


def updated(catalogue: Catalog, messages: Iterable[tuple[str, Any, str | None]]) -> Catalog:
    """The catalogue with the messages of the code: new ones empty, those that left taken out."""
    template = Catalog(creation_date=catalogue.creation_date)
    for file, msgid, context in messages:
        template.add(msgid, context=context, locations=[(file, 0)])
    catalogue.update(template, no_fuzzy_matching=True)
    return catalogue


def read(path: Path = FRENCH) -> Catalog:
    """The catalogue as it stands in its file."""
    with path.open("rb") as file:
        return read_po(file, locale="fr")


def as_text(catalogue: Catalog) -> bytes:
    """The catalogue as a file that people edit, in the order of the code."""
    written = io.BytesIO()
    write_po(
        written, catalogue, WIDTH, sort_by_file=True, ignore_obsolete=True, include_lineno=False
    )
    return written.getvalue()


def compiled(catalogue: Catalog) -> bytes:
    """The catalogue as `gettext` reads it."""
    written = io.BytesIO()
    write_mo(written, catalogue)
    return written.getvalue()


def main() -> None:
    """Write `fr.po` and `fr.mo` again, and name the messages that have no French yet."""
    catalogue = updated(read(), found_messages())
    FRENCH.write_bytes(as_text(catalogue))
    COMPILED.write_bytes(compiled(catalogue))
    for message in catalogue:
        french = message.string
        if not all([french] if isinstance(french, str) else french or [""]):
            sys.stdout.write(f"no French in {FRENCH.name}: {message.id!r}\n")


if __name__ == "__main__":
    main()

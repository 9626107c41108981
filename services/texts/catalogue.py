"""The French catalogue: `make texts` writes it again from the messages in the code.

New messages come without French: write it into `fr.po`, and run `make texts` once more.
"""

import ast
import io
import re
import sys
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from services.texts.translation import paragraphs

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

COMMAND: Final = Path("services", "cli")
"""The package whose docstrings and `help=` are texts for people."""

LAZY_COMMAND: Final = re.compile(r'LazyCommand\("[\w-]+", "([\w.]+):(\w+)"')
"""A command in services/cli/app.py: the module and the function whose docstring is its help."""


def find_messages(root: Path = ROOT) -> Iterator[tuple[str, Any, str | None]]:
    """Each message of the code: the file where it stands, its msgid or msgids, its context."""
    for folder, pattern, method in SOURCES:
        for path in sorted((root / folder).rglob(pattern)):
            for _, msgid, _, context in extract_from_file(method, path, KEYWORDS, options=LOUD):
                yield path.relative_to(root).as_posix(), msgid, context
    yield from _help_texts(root)


def _help_texts(root: Path) -> Iterator[tuple[str, str, None]]:
    """Texts of the command's help: they stand where Typer reads them, by paragraphs."""
    package = root / COMMAND
    commands = set(LAZY_COMMAND.findall((package / "app.py").read_text(encoding="utf-8")))
    for path in sorted(package.rglob("*.py")):
        module = ".".join(path.relative_to(package).with_suffix("").parts)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            for each in paragraphs(_help_of(node, {name for at, name in commands if at == module})):
                yield path.relative_to(root).as_posix(), each, None


def _help_of(node: ast.AST, commands: Collection[str]) -> str:
    """The help that stands at a node: of an option, a flag or a command; else none."""
    match node:
        case ast.keyword(arg="help" | "help_text", value=ast.Constant(value=str() as text)):
            return text
        case ast.Call(func=ast.Name(id="flag"), args=[_, ast.Constant(value=str() as text)]):
            return text
        case ast.FunctionDef(name=name, decorator_list=[]) if name in commands:
            return ast.get_docstring(node) or ""
        case ast.FunctionDef(
            decorator_list=[ast.Call(func=ast.Attribute(value=ast.Name(id=group)))]
        ) if group.endswith("_app"):
            return ast.get_docstring(node) or ""
        case _:
            return ""


def update(catalogue: Catalog, messages: Iterable[tuple[str, Any, str | None]]) -> Catalog:
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
    write_po(written, catalogue, WIDTH, sort_by_file=True, ignore_obsolete=True, no_location=True)
    return written.getvalue()


def compile_catalogue(catalogue: Catalog) -> bytes:
    """The catalogue as `gettext` reads it."""
    written = io.BytesIO()
    write_mo(written, catalogue)
    return written.getvalue()


def main() -> None:
    """Write `fr.po` and `fr.mo` again, and name the messages that have no French yet."""
    catalogue = update(read(), find_messages())
    FRENCH.write_bytes(as_text(catalogue))
    COMPILED.write_bytes(compile_catalogue(catalogue))
    for message in catalogue:
        french = message.string
        if not all([french] if isinstance(french, str) else french or [""]):
            sys.stdout.write(f"no French in {FRENCH.name}: {message.id!r}\n")


if __name__ == "__main__":
    main()

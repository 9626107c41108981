"""Runbooks as pages: the files of docs/runbooks, rendered from Markdown.

They are written in English, as the rules of the alarms are; what each is about stands in both
languages in `services.api.console.texts.runbooks`.
"""

from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

from markdown_it import MarkdownIt
from markdown_it.token import Token

import events
from services.api.console.elements import Verbatim, address

FOLDER: Final = Path(events.__file__).parent.parent / "docs" / "runbooks"
"""Beside `events`, in the repository and where the package is installed."""

LIST: Final = "README"
"""The list of all; the console has its own."""


class Runbook(NamedTuple):
    """A runbook: its title, and the rest of it as HTML."""

    title: str
    html: Verbatim


@cache
def names() -> frozenset[str]:
    """The runbooks by the names of their alarms, and of what is done now and then."""
    return frozenset(path.stem for path in FOLDER.glob("*.md")) - {LIST}


@cache
def runbook(name: str) -> Runbook:
    """One of the runbooks, by its name."""
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = parser.parse((FOLDER / f"{name}.md").read_text(encoding="utf-8"))
    # The first three are its heading.
    title = tokens[1].content
    for token in tokens:
        if token.children is not None:
            token.children = _led(token.children)
    return Runbook(title, Verbatim(parser.renderer.render(tokens[3:], parser.options, {})))


def _led(tokens: list[Token]) -> list[Token]:
    """These tokens with links that lead somewhere from here; others keep their words alone."""
    kept, follows = [], True
    for token in tokens:
        if token.type == "link_open":
            href = _address(str(token.attrGet("href")))
            follows = href is not None
            token.attrSet("href", href or "")
        if follows or not token.type.startswith("link_"):
            kept.append(token)
    return kept


def _address(href: str) -> str | None:
    """The address of a link of a runbook; None where it leads into the repository."""
    if href.startswith(("https://", "http://")):
        return href
    name = href.partition("#")[0].removesuffix(".md")
    if name == LIST:
        return address("help")
    return address("help", name) if name in names() else None

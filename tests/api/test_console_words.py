"""Words of senders turn nothing around them: each stands in an element with a direction of its own.

The style gives one to every element, so that words which stand there alone need no more.
"""

import asyncio
import re
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any, Final

import httpx
import pytest

from events.texts import Euros, Translatable
from services.api.console.pages import STATIC
from services.texts.language import Language
from services.texts.translation import translate
from tests.api.console_pages import PAGES_MIN, walk
from tests.api.reads.test_ibans import GROUPED, called_by_ibans, planted
from tests.builders import IBAN, encoded
from tests.read_model.filling import fill, journal_of_events

WORD: Final = "עמותת"
"""Written from right to left."""

ISOLATED: Final = re.compile("\u2068[^\u2069]*\u2069")
OURS: Final = re.compile(r"[A-Za-z€].* | .*[A-Za-z€]", re.DOTALL)
"""Words of ours, which are not a part of a reference alone."""

VALUES: Final = frozenset({"title", "textarea", "option", "pre"})
"""Elements that hold one value each, or a whole event."""

POINTER: Final = "unknown_field: /data/act/"


class Mixed(HTMLParser):
    """The pieces of text of a page that hold words of senders beside ours."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.links: list[str] = []
        self._inside: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._inside.append(tag)
        if tag == "a":
            self.links.append(dict(attrs).get("href") or "")

    def handle_endtag(self, tag: str) -> None:
        while self._inside and self._inside.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        left = ISOLATED.sub("", data)
        if WORD in left and OURS.search(left.strip()) and not VALUES & {*self._inside}:
            self.found.append(f"{self._inside[-1]}: {data.strip()}")


def spoken(events: Callable[[], list[Any]]) -> list[bytes]:
    """The same year, in which everything is called by such words alone."""
    texts = [(each if isinstance(each, bytes) else encoded(each)).decode() for each in events()]
    named = re.compile(rf'(?<="iban":")[^"]*|[^"/]*({IBAN}|{GROUPED})[^"/]*')
    numbers = {each: n for n, each in enumerate({m[0] for t in texts for m in named.finditer(t)})}
    return [
        named.sub(lambda m: f"{WORD}{numbers[m[0]]}" if m[1] else m[0], each).encode()
        for each in texts
    ]


@pytest.mark.timeout(300)
@pytest.mark.parametrize("events", [planted, called_by_ibans])
def test_words_of_senders_stand_alone_or_isolated(
    events: Callable[[], list[Any]], sqlite_url: str
) -> None:
    fill(sqlite_url, journal_of_events(spoken(events)))
    found = dict[str, set[str]]()

    async def look(_client: httpx.AsyncClient, path: str, text: str) -> list[str]:
        page = Mixed(text)
        for each in page.found:
            found.setdefault(each, set()).add(path)
        return [each for each in page.links if ".csv" not in each]

    assert asyncio.run(walk(sqlite_url, look)) > PAGES_MIN
    assert {} == {each: paths for each, paths in found.items() if POINTER not in each}


def test_every_element_has_a_direction_of_its_own() -> None:
    style = (STATIC / "console.css").read_text(encoding="utf-8")
    assert ["isolate"] == re.findall(r"(?m)^\* \{ unicode-bidi: ([a-z]+); \}", style)


def test_a_sentence_isolates_what_is_written_from_right_to_left_and_nothing_else() -> None:
    text = Translatable("{name}: {amount}", {"name": WORD, "amount": Euros(100)})
    assert f"\u2068{WORD}\u2069: €1.00" == translate(text, Language.EN)
    assert "Théâtre: €1.00" == translate(text.render({"name": "Théâtre"}), Language.EN)

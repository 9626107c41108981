"""Every link of the console leads somewhere, and every figure to moves that add up to it."""

import asyncio
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Final

import pytest

from tests import silence
from tests.api.environment import a_reader, an_app, asking
from tests.builders import IBAN, OTHER_IBAN
from tests.read_model.filling import EXAMPLES, GOLDEN, fill, journal_of

no_logs = silence.no_logs
FIGURES: Final = "/console/figures/"
PAGES_MAX: Final = 2_000
AMOUNT: Final = re.compile(r"-?€[\d,]+\.\d\d")

Links = list[tuple[str, str]]


class Reading(HTMLParser):
    """The links of a page with their words, and its first heading."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.links: Links = []
        self.heading = ""
        self._open = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        href = dict(attrs).get("href")
        if tag == "a" and href is not None:
            self.links.append((href, ""))
        self._open = tag if tag in {"a", "h1"} or not self._open else self._open

    def handle_endtag(self, tag: str) -> None:
        self._open = "" if tag == self._open else self._open

    def handle_data(self, data: str) -> None:
        if self._open == "a" and self.links:
            href, phrase = self.links[-1]
            self.links[-1] = (href, phrase + data)
        elif self._open == "h1" or (self._open == "span" and "€" in data):
            self.heading += data


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "files",
    [
        [EXAMPLES / f"lille-avenirs-{name}.jsonl" for name in ("2023", "single-payments")],
        [EXAMPLES / f"lille-avenirs-carry-over{year}.jsonl" for year in ("", "-2024")],
        [GOLDEN / "hard-year-2023.events.jsonl"],
        [GOLDEN / "year-end-2023.events.jsonl"],
    ],
    ids=lambda files: files[0].name.partition(".")[0],
)
def test_every_link_leads_somewhere_and_every_figure_to_its_moves(
    files: list[Path], sqlite_url: str
) -> None:
    fill(sqlite_url, journal_of(*files))
    seen, compared = asyncio.run(_walk(sqlite_url))
    assert seen > 20, "a whole console was walked through"
    assert compared > 5, "figures were held against their moves"


@pytest.mark.timeout(300)
def test_the_same_over_postgresql(postgresql_url: str) -> None:
    fill(postgresql_url, journal_of(GOLDEN / "hard-year-2023.events.jsonl"))
    seen, compared = asyncio.run(_walk(postgresql_url))
    assert seen > 20
    assert compared > 5


async def _walk(url: str) -> tuple[int, int]:
    """Open every page that a link leads to, once; how many, and how many figures were compared."""
    waiting, seen, compared = ["/console/today"], {"/console/today"}, 0
    expected: dict[str, str] = {}
    async with asking(an_app(a_reader(url))) as client:
        client.headers["accept"] = "text/html"
        client.follow_redirects = True
        while waiting:
            path = waiting.pop()
            answer = await client.get(path)
            assert 200 == answer.status_code, path
            assert IBAN not in answer.text
            assert OTHER_IBAN not in answer.text
            reading = Reading(answer.text)
            if path in expected:
                assert expected[path] == "".join(AMOUNT.findall(reading.heading)), path
                compared += 1
            for href, phrase in reading.links:
                if href.startswith(FIGURES) and AMOUNT.fullmatch(phrase.strip()):
                    assert phrase.strip() == expected.setdefault(href, phrase.strip()), href
                if href.startswith("/console/") and "lang=" not in href and href not in seen:
                    seen.add(href)
                    waiting.append(href)
            assert len(seen) < PAGES_MAX
    return len(seen), compared

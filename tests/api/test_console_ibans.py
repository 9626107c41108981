"""No page says an IBAN whole, whatever is called by one; and every link still leads on."""

import asyncio
import re
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any, Final

import pytest

from services.api.access.session import HOST_ONLY, SESSION_COOKIE
from tests import silence
from tests.api.console_pages import is_followed
from tests.api.environment import ALL_KEY, a_reader, an_app, asking
from tests.api.reads.test_ibans import CALLED, WHOLE, called_by_ibans, planted
from tests.builders import BUDGET, IBAN, encoded
from tests.read_model.filling import fill, journal_of_events

no_logs = silence.no_logs
PAGES_MIN: Final = 30
ADDRESSES: Final = frozenset({"href", "action"})


class Shown(HTMLParser):
    """All that a page says or keeps, its addresses aside; and where its links lead."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.links: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name not in ADDRESSES:
                self.texts.append(value or "")
            elif tag == "a":
                self.links.append(value or "")

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


async def walk(url: str, language: str) -> int:
    """Open all pages, however they are linked; how many."""
    waiting, seen = ["/console/today", "/console/grants?search=" + IBAN], {"/console/today"}
    async with asking(an_app(a_reader(url)), language=language) as client:
        client.headers["accept"] = "text/html"
        client.follow_redirects = True
        while waiting:
            path = waiting.pop()
            answer = await client.get(path)
            assert 200 == answer.status_code, path
            phrase = Shown(answer.text)
            assert WHOLE.search(" ".join(phrase.texts)) is None, path
            for href in (each.partition("#")[0] for each in phrase.links):
                if is_followed(href) and href not in seen:
                    seen.add(href)
                    waiting.append(href)
    return len(seen)


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("events", "language"),
    [
        pytest.param(called_by_ibans, "fr", id="names-fr"),
        pytest.param(called_by_ibans, "en", id="names-en", marks=pytest.mark.rest),
        pytest.param(planted, "fr", id="words-fr", marks=pytest.mark.rest),
        pytest.param(planted, "en", id="words-en", marks=pytest.mark.rest),
    ],
)
def test_no_page_says_an_iban_and_every_link_leads_on(
    events: Callable[[], list[Any]], language: str, sqlite_url: str
) -> None:
    fill(sqlite_url, journal_of_events(map(encoded, events())))
    assert asyncio.run(walk(sqlite_url, language)) > PAGES_MIN


def test_the_account_that_an_operator_asks_for_is_whole(sqlite_url: str) -> None:
    fill(sqlite_url, journal_of_events(map(encoded, called_by_ibans())))

    async def go() -> str:
        async with asking(an_app(a_reader(sqlite_url)), key=None) as client:
            client.headers["accept"] = "text/html"
            client.cookies.set(HOST_ONLY + SESSION_COOKIE, ALL_KEY)
            path = f"/console/orders/{BUDGET}/{CALLED}/{CALLED}"
            page = (await client.get(path)).text
            token = re.findall(r'name="csrf" value="([^"]+)"', page)[0]
            answer = await client.post(path, data={"csrf": token})
            assert 200 == answer.status_code
            return answer.text

    grouped = " ".join(IBAN[at : at + 4] for at in range(0, len(IBAN), 4))
    assert grouped in asyncio.run(go())

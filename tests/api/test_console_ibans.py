"""No page says an IBAN whole, whatever is called by one; and every link still leads on."""

import asyncio
import re
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any, Final

import httpx
import pytest

from services.api.access.session import HOST_ONLY, SESSION_COOKIE
from tests.api.console_pages import PAGES_MIN, walk
from tests.api.environment import ALL_KEY, a_reader, an_app, asking
from tests.api.reads.test_ibans import CALLED, WHOLE, called_by_ibans, planted
from tests.builders import BUDGET, IBAN, encoded
from tests.read_model.filling import fill, journal_of_events

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


async def look(_client: httpx.AsyncClient, path: str, text: str) -> list[str]:
    phrase = Shown(text)
    assert WHOLE.search(" ".join(phrase.texts)) is None, path
    return phrase.links


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
    first = ("/console/today", "/console/grants?search=" + IBAN)
    pages = asyncio.run(walk(sqlite_url, look, language=language, first=first))
    assert pages > PAGES_MIN


async def test_the_account_that_an_operator_asks_for_is_whole(sqlite_url: str) -> None:
    fill(sqlite_url, journal_of_events(map(encoded, called_by_ibans())))

    grouped = " ".join(IBAN[at : at + 4] for at in range(0, len(IBAN), 4))
    async with asking(an_app(a_reader(sqlite_url)), key=None) as client:
        client.headers["accept"] = "text/html"
        client.cookies.set(HOST_ONLY + SESSION_COOKIE, ALL_KEY)
        path = f"/console/orders/{BUDGET}/{CALLED}/{CALLED}"
        page = (await client.get(path)).text
        token = re.findall(r'name="csrf" value="([^"]+)"', page)[0]
        answer = await client.post(path, data={"csrf": token})
        assert 200 == answer.status_code
        assert grouped in answer.text

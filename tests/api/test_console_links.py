"""Every link of the console leads somewhere, and every figure to moves that add up to it."""

import asyncio
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Final

import httpx
import pytest

from tests.api.console_pages import walk
from tests.builders import (
    IBAN,
    OTHER_IBAN,
    a_convention,
    a_line,
    a_payment,
    a_vote,
    an_acknowledgement,
    an_act,
    an_amount,
    an_award,
    an_instalment,
    encoded,
)
from tests.read_model.filling import EXAMPLES, GOLDEN, fill, journal_of, journal_of_events

FIGURES: Final = "/console/figures/"
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
        pytest.param(
            [EXAMPLES / f"lille-avenirs-carry-over{year}.jsonl" for year in ("", "-2024")],
            marks=pytest.mark.rest,
        ),
        pytest.param([GOLDEN / "hard-year-2023.events.jsonl"], marks=pytest.mark.rest),
        pytest.param([GOLDEN / "year-end-2023.events.jsonl"], marks=pytest.mark.rest),
    ],
    ids=lambda files: files[0].name.partition(".")[0],
)
def test_every_link_leads_somewhere_and_every_figure_to_its_moves(
    files: list[Path], sqlite_url: str
) -> None:
    fill(sqlite_url, journal_of(*files))
    seen, compared = _walk(sqlite_url)
    assert seen > 20, "a whole console was walked through"
    assert compared > 5, "figures were held against their moves"


@pytest.mark.timeout(300)
def test_the_same_over_postgresql(postgresql_url: str) -> None:
    fill(postgresql_url, journal_of(GOLDEN / "hard-year-2023.events.jsonl"))
    seen, compared = _walk(postgresql_url)
    assert seen > 20
    assert compared > 5


SIGNS: Final = """?a=1#b %41%2F%25&amp;+;=:@$,!'"()*<b>[]{}|^`~\\é…"""
"""All that has a meaning in an address, or in a page."""
LONG: Final = SIGNS + "%" * (100 - len(SIGNS))
LINE: Final = a_line(chapter=LONG, article=LONG[::-1], function=SIGNS, operation=SIGNS[::-1])


def hostile_year() -> list[bytes]:
    """A year in which everything is called by signs that mean something in an address."""
    lines = [an_amount(100_000, line=LINE)]
    grant = f"G/../{SIGNS}"
    order = f"{LONG}/{LONG}"
    events = [
        a_vote(appropriations=lines),
        an_award(lines=lines, grant=grant, title=SIGNS, act=an_act(number=SIGNS)),
        a_convention(
            grant=grant,
            convention=LONG,
            acts=[an_act(number=SIGNS)],
            instalments=[an_instalment(100_000, LONG, lines=lines)],
        ),
        an_acknowledgement(order=order),
        a_payment(10_000, order=order, bank_reference=SIGNS),
        a_payment(900_000, order=order, _id=f"{SIGNS}/too-much"),
        a_convention(grant=f"{SIGNS}/waits", convention=SIGNS, _id=SIGNS, _source=SIGNS),
        a_vote(_id=f"{SIGNS}/again", stage="supplementary", appropriations=[]),
    ]
    return [encoded(event) for event in events]


@pytest.mark.rest
def test_links_lead_somewhere_whatever_things_are_called(sqlite_url: str) -> None:
    journal = journal_of_events(hostile_year())
    outcomes = [json.loads(record)["outcome"] for record in journal]
    assert [*["accepted"] * 5, "refused", "parked", "dead_letter"] == outcomes
    fill(sqlite_url, journal)
    seen, compared = _walk(sqlite_url, in_both_languages=True)
    assert seen > 20
    assert compared > 5


async def _check_languages(client: httpx.AsyncClient, reading: Reading) -> None:
    """That the links to the same page in each language lead there."""
    for href in [href for href, _ in reading.links if "lang=" in href]:
        answer = await client.get(href)
        assert 200 == answer.status_code, href
        assert len(reading.links) == len(Reading(answer.text).links), href
    client.cookies.clear()


def _walk(url: str, *, in_both_languages: bool = False) -> tuple[int, int]:
    """Open every page that a link leads to, once; how many, and how many figures were compared."""
    expected: dict[str, str] = {}
    compared: list[str] = []

    async def look(client: httpx.AsyncClient, path: str, text: str) -> list[str]:
        assert IBAN not in text
        assert OTHER_IBAN not in text
        reading = Reading(text)
        if path in expected:
            assert expected[path] == "".join(AMOUNT.findall(reading.heading)), path
            compared.append(path)
        if in_both_languages:
            await _check_languages(client, reading)
        for linked, phrase in reading.links:
            href = linked.partition("#")[0]
            if href.startswith(FIGURES) and AMOUNT.fullmatch(phrase.strip()):
                assert phrase.strip() == expected.setdefault(href, phrase.strip()), href
        return [linked for linked, _ in reading.links]

    return asyncio.run(walk(url, look)), len(compared)

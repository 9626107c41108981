"""Somebody who opens pages of the console, follows links and fills forms; each is a click."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode, urljoin

import httpx
from fastapi import FastAPI
from lxml import html

from tests.api.environment import LILLE_KEY, asking

FIRST_PAGE: Final = "/console/today"
CLICKS_MAX: Final = 4
"""Clicks after which an answer must stand there."""


def words_of(element: html.HtmlElement) -> str:
    """The words of a part of a page, as they are read."""
    return " ".join(element.text_content().split())


def rows_of(
    page: html.HtmlElement, caption: str, *, second_lines: bool = False
) -> list[Mapping[str, str]]:
    """The rows of the table with this caption, by the names of its columns.

    With `second_lines` it is those of the cells, which say more of their values.
    """
    table = _find_table(page, caption)
    heads = [words_of(each).rstrip(" ▲▼") for each in table.xpath("./thead/tr/*")]
    found: list[Mapping[str, str]] = []
    for row in table.xpath("./tbody/tr"):
        cells = [_split_lines(each)[second_lines] for each in row.xpath("./*")]
        found.append(dict(zip(heads, cells, strict=True)))
    return found


def _find_table(page: html.HtmlElement, caption: str) -> html.HtmlElement:
    tables: list[html.HtmlElement] = page.xpath(
        "//table[normalize-space(caption)=$name]", name=caption
    )
    (table,) = tables
    return table


@dataclass
class Visitor:
    """A person signed in, who begins on Today."""

    app: FastAPI
    language: str = "fr"
    address: str = ""
    clicks: int = 0

    def __post_init__(self) -> None:
        self._open(FIRST_PAGE)

    def follow(self, words: str) -> None:
        """Click the link with these words."""
        self._click(self._href_of(words))

    def fill(self, label: str, **typed: str) -> None:
        """Fill the form of this label, and send it."""
        (form,) = self.page.xpath("//form[@aria-label=$label]", label=label)
        fields = dict(form.form_values())
        assert typed.keys() <= {*form.fields.keys()}
        self._click(f"{form.get('action')}?{urlencode(fields | typed)}")

    def rows(self, caption: str, *, second_lines: bool = False) -> list[Mapping[str, str]]:
        """The rows of the table with this caption (`rows_of`)."""
        return rows_of(self.page, caption, second_lines=second_lines)

    def total(self, caption: str, column: str) -> str:
        """The total of a column."""
        cells = _find_table(self.page, caption).xpath("./tfoot/tr/*[@data-name=$name]", name=column)
        return words_of(cells[0])

    def download(self, words: str) -> bytes:
        """The file behind a link."""
        self._count_click()
        return self._ask(self._href_of(words)).content

    def _href_of(self, words: str) -> str:
        links = self.page.iterlinks()
        (href,) = {
            href for each, _, href, _ in links if each.tag == "a" and words == words_of(each)
        }
        return href

    def _click(self, href: str) -> None:
        self._count_click()
        self._open(href)

    def _count_click(self) -> None:
        self.clicks += 1
        assert self.clicks <= CLICKS_MAX

    def _open(self, href: str) -> None:
        answer = self._ask(href)
        self.address = str(answer.url)
        self.page = html.document_fromstring(answer.text)

    def _ask(self, href: str) -> httpx.Response:
        async def go() -> httpx.Response:
            async with asking(self.app, LILLE_KEY, self.language) as client:
                client.headers["accept"] = "text/html"
                client.follow_redirects = True
                return await client.get(urljoin(self.address, href))

        answer = asyncio.run(go())
        assert 200 == answer.status_code, href
        return answer


def _split_lines(cell: html.HtmlElement) -> tuple[str, str]:
    """The first line of a cell, and the second."""
    first = html.fromstring(html.tostring(cell))
    second = first.find_class("under")
    said = " ".join(map(words_of, second))
    for each in second:
        each.drop_tree()
    return words_of(first), said

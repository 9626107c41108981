"""A city of three years beside another town, and their treasury: what the lists are asked of."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache, lru_cache
from itertools import chain
from typing import Final

import httpx
import pytest
from fastapi import FastAPI

from tests.api.environment import ALL_KEY, HandClock, a_reader, an_app, asking
from tests.api.lists.rows import TODAY, ListRow
from tests.api.made import Made
from tests.api.reads.answers import ACCESS
from tests.api.reads.two_entities import LILLE_BUDGET, ROUBAIX_BUDGET, of_roubaix
from tests.api.test_treasury import paid, post
from tests.api.treasury_scene import Scene, a_scene
from tests.builders import a_review, a_vote, an_amount, encoded
from tests.city.three_years import a_city
from tests.read_model.filling import journal_of_events

Reader = Callable[..., list[httpx.Response]]
"""Gives the answers to questions about a list: its row of the table, then addresses."""

NOON: Final = datetime(TODAY.year, TODAY.month, TODAY.day, 12, tzinfo=UTC)


ELSEWHERE: Final = {"chapter": "204", "article": "20422", "function": "61", "operation": "489"}


@cache
def city_journal() -> list[bytes]:
    """The journal of the city's three years and their deadlines, and of another town's year."""
    city = a_city()
    more = [
        *city.deadlines(),
        *of_roubaix(),
        a_vote(
            budget=ROUBAIX_BUDGET,
            stage="supplementary",
            appropriations=[an_amount(1, line=ELSEWHERE)],
        ),
        a_review(1, chain="_dead.0", budget=ROUBAIX_BUDGET),
    ]
    return journal_of_events([*chain(*city.files()), *map(encoded, more)])


@pytest.fixture(scope="session")
def filled_treasury(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    """Two towns with orders that wait, slips in two states, and findings of both."""
    scene = a_scene(tmp_path_factory.mktemp("treasury"))

    async def fill(client: httpx.AsyncClient) -> None:
        acts = ((LILLE_BUDGET, "cancel"), (LILLE_BUDGET, "cancel"), (ROUBAIX_BUDGET, "issue"))
        for budget, act in acts:
            slip = (await client.post("/treasury/slips", json={"budget": budget})).json()
            done = await client.post(f"/treasury/slips/{slip['slip_id']}/{act}")
            assert 200 == done.status_code
        for code, section in (("350", "07"), ("350", "08"), ("512", "07")):
            content = paid(100, CodColl=code, CodBud=section)
            answer = await post(client, content, f"{code}-{section}.xml")
            assert 1 == answer.json()["findings"], answer.text

    scene.asked(ALL_KEY, fill)
    return scene


@lru_cache(maxsize=2)
def an_app_of(url: str) -> FastAPI:
    """One for all questions: to put it together takes longer than to answer."""
    return an_app(a_reader(url), ACCESS, clock=HandClock(NOON))


@pytest.fixture
def reader(made: Made, filled_treasury: Scene) -> Reader:
    """Whoever asks the lists, in both databases."""
    app = an_app_of(made(city_journal()))

    def read(
        row: ListRow,
        *paths: str,
        key: str = ALL_KEY,
        language: str = "en",
        headers: Mapping[str, str] | None = None,
    ) -> list[httpx.Response]:
        async def ask(client: httpx.AsyncClient) -> list[httpx.Response]:
            return [await client.get(path, headers=headers) for path in paths]

        async def go() -> list[httpx.Response]:
            async with asking(app, key, language) as client:
                return await ask(client)

        if not row.of_treasury:
            return asyncio.run(go())
        answers: list[httpx.Response] = filled_treasury.asked(key, ask, language)
        return answers

    return read

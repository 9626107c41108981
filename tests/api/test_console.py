"""The console's addresses, asked without a browser: what they refuse, escape, keep and forget."""

import asyncio
import re
from collections.abc import AsyncGenerator
from contextlib import ExitStack, asynccontextmanager
from html import unescape
from pathlib import Path
from typing import Final
from urllib.parse import unquote

import httpx
import pytest

from services.api.access.session import HOST_ONLY, SESSION_COOKIE
from services.api.console.page_context import Text, place_after
from services.api.console.session import HOME, own_path
from services.api.http.components import LIVE_PAGES_MAX, LIVE_PAGES_OF_CALLER_MAX
from tests.api.environment import (
    ALL_KEY,
    READ_KEY,
    a_form_token,
    an_app,
    an_empty_read_model,
    asking,
)


@asynccontextmanager
async def a_visitor(folder: Path, key: str | None = ALL_KEY) -> AsyncGenerator[httpx.AsyncClient]:
    """Somebody at a console whose read model is empty."""
    async with asking(an_app(an_empty_read_model(folder)), key) as client:
        client.headers["accept"] = "text/html"
        yield client


@pytest.mark.parametrize(
    ("asked", "leads_to"),
    [
        ("/console/grants", "/console/grants"),
        ("/console/grants?search=a%20b", "/console/grants?search=a%20b"),
        ("/console/login", HOME),
        ("/console/login?next=/console/login", HOME),
        ("//evil.example/console/grants", HOME),
        ("https://evil.example/console/grants", HOME),
        ("/\\evil.example", HOME),
        ("/console/\\evil.example", HOME),
        ("/docs", HOME),
        ("javascript:alert(1)", HOME),
        ("http://[", HOME),
        ("//[/console/grants", HOME),
        ("", HOME),
    ],
)
def test_logging_in_leads_to_a_page_of_the_console_only(asked: str, leads_to: str) -> None:
    assert leads_to == own_path(asked)


ASKED: Final[dict[str, int]] = {
    "/console/today": 200,
    "/console/grants": 200,
    "/console/orders?state=paid": 200,
    "/console/troubles/parked": 200,
    "/console/grants?after=one": 200,  # half a place: the first page
    "/console/orders?after=no-day&after=b&after=c": 200,
    "/console/troubles/refused?after=2023-01-01T00:00:00&after=b&after=1": 200,
    "/console/troubles/refused?after=0001-01-01T00:00:00%2B14:00&after=b&after=1": 200,
    "/console/troubles/refused?after=2023-01-01T00:00:00Z&after=b&after=1": 200,
    "/console/troubles/unreadable?after=b&after=99999999999999999999": 200,
    "/console/troubles/flagged?after=b&after=99999999999999999999&after=1": 200,
    "/console/figures/21590350100017-00-2023/paid?after=99999999999999999999&after=1": 200,
    "/console/figures/21590350100017-00-2023/paid?after=1": 200,
    "/console/grants?after=b&after=CONV%C2%A02023": 200,
    "/console/grants?after=b&after=%0A": 200,
    "/console/grants?search=%00": 422,  # the page again, and what could not be read
    "/console/orders?state=gone": 422,
    "/console/search?q=%00": 200,
    "/console/login?next=http://[": 303,  # who is logged in goes on
    "/console/grants?budget=%00": 422,
    "/console/grants/x%00/y": 422,
    "/console/troubles/rumours": 422,
    "/console/records/x/0": 422,
    "/console/records/x/9223372036854775808": 422,
    "/console/records/x/9223372036854775807": 404,
    "/console/figures/x/gossip": 404,
    "/console/grants/x/y": 404,
    "/console/orders/x/y/z/2": 404,
    "/console/nowhere": 404,
    "/console/static/../pages.py": 404,
    "/console/static/none.css": 404,
}
"""By an address, odd or not: the status of its answer."""


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, httpx.Response]:
    """What each of those is answered with, one asked after the other."""

    async def ask_each() -> dict[str, httpx.Response]:
        async with a_visitor(tmp_path_factory.mktemp("empty")) as client:
            return {path: await client.get(path) for path in ASKED}

    return asyncio.run(ask_each())


@pytest.mark.parametrize("path", ASKED)
def test_whatever_is_asked_is_answered_with_a_page(
    path: str, answers: dict[str, httpx.Response]
) -> None:
    answer = answers[path]
    assert ASKED[path] == answer.status_code
    if answer.status_code == 303:
        assert HOME == answer.headers["location"]
        return
    assert answer.headers["content-type"].startswith("text/html")
    assert "<h1" in answer.text
    assert "no-store" == answer.headers["cache-control"]


async def test_a_program_is_shown_a_problem_in_its_own_form(tmp_path: Path) -> None:
    async with a_visitor(tmp_path) as client:
        answer = await client.get("/console/grants/x/y", headers={"accept": "application/json"})
        assert "application/problem+json" == answer.headers["content-type"]
        assert "not_found" == answer.json()["code"]


async def test_what_was_searched_for_is_no_part_of_the_page(tmp_path: Path) -> None:
    async with a_visitor(tmp_path) as client:
        answer = await client.get("/console/grants", params={"search": '"><script>x()</script>'})
        assert "<script>x()" not in answer.text
        assert "&lt;script&gt;x()" in answer.text


async def test_files_of_the_pages_are_kept_under_their_version(tmp_path: Path) -> None:
    async with a_visitor(tmp_path, key=None) as client:
        page = (await client.get("/console/login", follow_redirects=False)).text
        href = page.split('rel="stylesheet" href="')[1].split('"')[0]
        assert "?v=" in href
        answer = await client.get(href)
        assert "text/css; charset=utf-8" == answer.headers["content-type"]
        assert "immutable" in answer.headers["cache-control"]


async def test_logging_in_gives_a_session_and_logging_out_takes_it(tmp_path: Path) -> None:
    async with a_visitor(tmp_path, key=None) as client:
        wrong = await client.post("/console/login", data={"key": "nobody's"})
        assert 401 == wrong.status_code
        assert "nobody's" not in wrong.text
        right = {"key": f" {ALL_KEY} ", "next": "/console/orders"}
        answer = await client.post("/console/login", data=right)
        assert (303, "/console/orders") == (answer.status_code, answer.headers["location"])
        assert "HttpOnly" in answer.headers["set-cookie"]
        client.cookies.set(HOST_ONLY + SESSION_COOKIE, ALL_KEY)
        assert 303 == (await client.get("/console/login")).status_code
        forged = await client.post("/console/logout")
        assert 403 == forged.status_code
        token = {"csrf": a_form_token(ALL_KEY)}
        answer = await client.post("/console/logout", data=token)
        assert (303, "/console/login") == (answer.status_code, answer.headers["location"])
        assert "Max-Age=0" in answer.headers["set-cookie"]


async def test_the_language_of_an_address_is_remembered(tmp_path: Path) -> None:
    async with a_visitor(tmp_path) as client:
        answer = await client.get("/console/grants?lang=fr")
        assert "ecluse_lang=fr" in answer.headers["set-cookie"]
        assert "fr" == answer.headers["content-language"]
        assert "set-cookie" not in (await client.get("/console/grants")).headers


@pytest.mark.parametrize("path", ["/console/live", "/console/today/live", "/console/lag/live"])
async def test_one_access_cannot_take_the_streams_of_others(tmp_path: Path, path: str) -> None:
    app = an_app(an_empty_read_model(tmp_path))
    parts = app.state.components
    parts.leaving.set()  # A stream ends with its first words.
    async with asking(app) as client:
        with ExitStack() as open_pages:
            for _ in range(LIVE_PAGES_OF_CALLER_MAX):
                open_pages.enter_context(parts.live_slots.take("key:all"))
            answer = await client.get(path)
            assert (429, "30") == (answer.status_code, answer.headers["retry-after"])
            assert "This access has 20" in answer.json()["detail"]
            other = {"Authorization": f"Bearer {READ_KEY}"}
            assert 200 == (await client.get(path, headers=other)).status_code
        for _ in range(2 * LIVE_PAGES_OF_CALLER_MAX):
            assert 200 == (await client.get(path)).status_code


async def test_there_is_a_limit_of_streams_for_all(tmp_path: Path) -> None:
    app = an_app(an_empty_read_model(tmp_path))
    async with asking(app) as client:
        with ExitStack() as open_pages:
            for number in range(LIVE_PAGES_MAX):
                slot = app.state.components.live_slots.take(f"key:{number}")
                open_pages.enter_context(slot)
            answer = await client.get("/console/live")
            assert (429, "too_many_at_once") == (answer.status_code, answer.json()["code"])


async def test_a_forged_next_page_is_no_error_to_who_is_not_logged_in(tmp_path: Path) -> None:
    async with a_visitor(tmp_path, key=None) as client:
        answer = await client.get("/console/login", params={"next": "http://["})
        assert 200 == answer.status_code
        assert f'value="{HOME}"' in answer.text


def test_a_list_goes_on_behind_any_name_that_a_row_may_have() -> None:
    for name in ("CONV 2023", "CONV\u00a02023/40", "n\u202f\u2019 3", "\u200b"):
        assert (name,) == place_after([name], Text)
    assert place_after(["a\x00b"], Text) is None
    assert place_after(["a\n"], Text) is None


async def test_who_comes_in_clear_is_shown_that_no_session_will_be_kept(tmp_path: Path) -> None:
    async with a_visitor(tmp_path, key=None) as client:
        phrase = "the session will not be kept"
        assert phrase in (await client.get("http://erp.lan:8000/console/login")).text
        for place in ("https://erp.lan", "http://localhost:8000", "http://127.0.0.1"):
            assert phrase not in (await client.get(f"{place}/console/login")).text


@pytest.mark.parametrize(
    "path",
    [
        "/console/grants/x/a%3Fb%23c%2541%2Fd",
        "/console/grants?budget=21590350100017-00-2023&search=a%26b",
        "/console/grants/x/%C3%A9%20%25",
    ],
)
async def test_after_logging_in_the_same_page_is_shown_whatever_it_is_called(
    tmp_path: Path, path: str
) -> None:
    async with a_visitor(tmp_path, key=None) as client:
        answer = await client.get(path)
        assert 303 == answer.status_code
        form = await client.get(answer.headers["location"])
        (following,) = re.findall(r'name="next" value="([^"]*)"', form.text)
        client.headers["authorization"] = f"Bearer {ALL_KEY}"
        logged_in = await client.get("/console/login", params={"next": unescape(following)})
        led_to = httpx.URL(f"http://ecluse.test{logged_in.headers['location']}")
        assert unquote(path.partition("?")[0]) == led_to.path
        assert httpx.URL(path).params == led_to.params

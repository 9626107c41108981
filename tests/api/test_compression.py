"""Answers are compressed for who takes that: pages, JSON and CSV; no stream, and no secret that
stays the same."""

import re

import pytest

from services.api.access.session import HOST_ONLY, SESSION_COOKIE
from services.api.today import live
from tests.api.environment import ALL_KEY, a_reader, an_app, asking
from tests.api.reads.answers import BUDGET, YEAR, get
from tests.read_model.filling import fill, journal_of

PAGE = {"accept": "text/html"}
PLAIN = {"accept-encoding": "identity"}


@pytest.fixture
def url(sqlite_url: str) -> str:
    """A read model of the README's year."""
    fill(sqlite_url, journal_of(YEAR))
    return sqlite_url


@pytest.mark.parametrize(
    "path",
    ["/console/today", "/payment-orders?limit=10", "/openapi.json"],
)
def test_an_answer_is_a_fraction_of_its_size_where_it_may_be(url: str, path: str) -> None:
    (packed,) = get(url, path, headers=PAGE)
    (plain,) = get(url, path, headers=PAGE | PLAIN)
    assert (200, "gzip") == (packed.status_code, packed.headers["content-encoding"])
    assert packed.num_bytes_downloaded * 2 < len(packed.content)
    assert packed.num_bytes_downloaded == int(packed.headers["content-length"])
    assert "content-encoding" not in plain.headers
    for answer in (packed, plain):
        assert "Accept-Encoding" in answer.headers["vary"]


def test_a_short_answer_and_a_file_that_is_compressed_already_stay_as_they_are(url: str) -> None:
    short, file = get(url, "/healthz", f"/budgets/{BUDGET}/execution.xlsx")
    for answer in (short, file):
        assert (200, False) == (answer.status_code, "content-encoding" in answer.headers)


def test_an_answer_is_known_again_however_it_was_sent(url: str) -> None:
    path = "/payment-orders?limit=10"
    (packed,) = get(url, path)
    (plain,) = get(url, path, headers=PLAIN)
    tag = plain.headers["etag"]
    assert ("gzip", tag) == (packed.headers["content-encoding"], packed.headers["etag"])
    for encoding in ("gzip", "identity"):
        (again,) = get(url, path, headers={"if-none-match": tag, "accept-encoding": encoding})
        assert (304, b"", tag) == (again.status_code, again.content, again.headers["etag"])


def test_a_compressed_file_is_not_called_equal_byte_by_byte(url: str) -> None:
    path = "/docs/assets/swagger-ui.css"
    packed, plain = (get(url, path, headers=each)[0] for each in ({}, PLAIN))
    assert f"W/{plain.headers['etag']}" == packed.headers["etag"]
    assert packed.content == plain.content


@pytest.mark.parametrize("path", ["/console/grants", "/console/static/console.css", "/docs"])
@pytest.mark.parametrize("encoding", ["gzip", "identity"])
async def test_head_says_what_get_would_send(url: str, path: str, encoding: str) -> None:
    async with asking(an_app(a_reader(url))) as client:
        client.headers.update(PAGE | {"accept-encoding": encoding})
        answers = [await client.request(each, path) for each in ("GET", "HEAD")]
    got, headed = [(each.status_code, {**each.headers, "x-request-id": ""}) for each in answers]
    assert 200 == got[0]
    assert got == headed


def test_a_stream_of_events_is_sent_as_it_comes(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "POLLS_MAX", 1)
    monkeypatch.setattr(live, "POLL_EVERY_S", 0.0)
    (answer,) = get(url, "/console/live")
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert "content-encoding" not in answer.headers


async def test_no_two_pages_have_the_same_token_and_each_is_taken(url: str) -> None:
    """A text that stays could be found out by the lengths of compressed answers (BREACH)."""
    async with asking(an_app(a_reader(url)), None) as client:
        client.cookies.set(HOST_ONLY + SESSION_COOKIE, ALL_KEY)
        pages = [await client.get("/console/grants", headers=PAGE) for _ in range(2)]
        tokens = [re.findall(r'name="csrf" value="([^"]+)"', each.text)[0] for each in pages]
        forged = [tokens[0][:-1], tokens[1][:16] + tokens[0][16:], f"csrf-of-{ALL_KEY}"]
        codes = [
            (await client.post("/console/logout", data={"csrf": each})).status_code
            for each in (*tokens, *forged)
        ]
    (one, other) = tokens
    assert not {one[n : n + 12] for n in range(len(one) - 12)} & {
        other[n : n + 12] for n in range(len(other) - 12)
    }
    assert [303, 303, 403, 403, 403] == codes

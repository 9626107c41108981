"""Outcomes as server-sent events: in order, to whom they belong, resumable at every one."""

import asyncio
import json
from collections.abc import AsyncGenerator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest

from services.api.http.components import Slots
from services.api.outcomes import feed
from services.api.outcomes.feed import Feed, Position
from services.api.outcomes.routes import PATH
from services.due.deadline_events import WATCH
from tests.api.environment import (
    ALL_KEY,
    LILLE_KEY,
    HandClock,
    a_reader,
    an_app,
    an_empty_read_model,
    asking,
)
from tests.api.made import Made
from tests.api.processes import embedded
from tests.api.reads.answers import ACCESS, ROUBAIX_KEY
from tests.api.reads.two_entities import FOREIGN, LILLE_BUDGET, ROUBAIX_BUDGET, both
from tests.api.test_embedded import post, readable
from tests.builders import a_vote, encoded
from tests.integration.command import EXAMPLE
from tests.read_model.filling import fill, journal_of_events

ALL_THERE_IS = f"{PATH}?after=start&for_s=0"


class Said(NamedTuple):
    """A message of the stream."""

    place: str
    record: dict[str, Any]


def messages(text: str) -> list[Said]:
    """The messages that a listener is shown; comments and heartbeats are not."""
    found = []
    for block in text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line)
        if "data" in fields:
            found.append(Said(fields["id"], json.loads(fields["data"])))
    return found


def listened(url: str, path: str = ALL_THERE_IS, key: str = ALL_KEY, **headers: str) -> str:
    async def go() -> str:
        async with asking(an_app(a_reader(url), ACCESS), key) as client:
            answer = await client.get(path, headers=headers)
            assert 200 == answer.status_code, answer.text
            assert "text/event-stream" in answer.headers["content-type"]
            return answer.text

    return asyncio.run(go())


def places(found: list[Said]) -> list[tuple[str, int]]:
    return [(each.record["budget"], each.record["sequence"]) for each in found]


def test_each_record_is_sent_once_in_the_order_of_the_journal(made: Made) -> None:
    journal = both()
    found = messages(listened(made(journal)))
    records = [json.loads(each) for each in journal]
    assert [(each["budget"], each["sequence"]) for each in records] == places(found)
    assert [each["outcome"] for each in records] == [each.record["outcome"] for each in found]


def test_an_entity_gets_its_own_alone(made: Made) -> None:
    url = made(both())
    text = listened(url, key=LILLE_KEY)
    assert {LILLE_BUDGET} == {budget for budget, _ in places(messages(text))}
    assert not [each for each in FOREIGN if each in text]
    assert {ROUBAIX_BUDGET} == {
        budget for budget, _ in places(messages(listened(url, key=ROUBAIX_KEY)))
    }
    of_one = listened(url, f"{ALL_THERE_IS}&budget={ROUBAIX_BUDGET}")
    assert {ROUBAIX_BUDGET} == {budget for budget, _ in places(messages(of_one))}


def test_who_comes_back_gets_what_follows_wherever_he_was_cut_off(made: Made) -> None:
    url = made(both())
    whole = messages(listened(url))
    for at, each in enumerate(whole[:-1:5]):
        rest = messages(listened(url, **{"Last-Event-ID": each.place}))
        assert whole[at * 5 + 1 :] == rest
        assert rest == messages(listened(url, f"{PATH}?after={each.place}&for_s=0"))
    assert [] == messages(listened(url, **{"Last-Event-ID": whole[-1].place}))


def test_what_is_passed_for_others_moves_the_position_on(made: Made) -> None:
    """Else a listener of a quiet budget would have all the others passed again."""
    url = made(both())
    text = listened(url, f"{PATH}?for_s=0&budget={LILLE_BUDGET}")
    last = [line for line in text.splitlines() if line.startswith("id: ")][-1]
    assert f"id: 0-{len(both())}" == last


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        (f"{PATH}?after=nonsense", {}, 422),
        (f"{PATH}?budget=nonsense", {}, 422),
        (f"{PATH}?for_s=601", {}, 422),
        (PATH, {"Last-Event-ID": "0-99999999999999999999"}, 400),
        (f"{PATH}?budget={ROUBAIX_BUDGET}", {}, 404),
    ],
)
async def test_what_cannot_be_listened_to(
    tmp_path: Path, path: str, headers: dict[str, str], status: int
) -> None:
    app = an_app(an_empty_read_model(tmp_path), ACCESS)
    async with asking(app, LILLE_KEY) as client:
        assert status == (await client.get(path, headers=headers)).status_code


async def test_one_listener_too_many_is_asked_to_come_later(tmp_path: Path) -> None:
    app = an_app(an_empty_read_model(tmp_path), ACCESS)
    app.state.components = replace(app.state.components, listener_slots=Slots(1, 0))
    async with asking(app, LILLE_KEY) as client:
        answer = await client.get(ALL_THERE_IS)
    assert (429, "too_many_at_once") == (answer.status_code, answer.json()["code"])
    assert "retry-after" in answer.headers


def test_pages_of_every_size_hold_every_record_once(
    made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, journal = made(both()), both()
    for records_max, span in ((1, 5_000), (3, 2), (200, 1), (200, 4)):
        monkeypatch.setattr(feed, "RECORDS_MAX", records_max)
        monkeypatch.setattr(feed, "SPAN", span)
        found = messages(listened(url))
        assert [json.loads(each)["sequence"] for each in journal] == [
            sequence for _, sequence in places(found)
        ]


def test_partitions_are_kept_apart(sqlite_url: str) -> None:
    """The order is that of each partition; the position names them all."""
    first = journal_of_events([encoded(a_vote())])
    other = journal_of_events([encoded(a_vote(budget=ROUBAIX_BUDGET))] * 2)
    fill(sqlite_url, first, partition=0)
    fill(sqlite_url, other, partition=5)
    found = messages(listened(sqlite_url))
    assert ["0-1", "0-1.5-1", "0-1.5-2"] == [each.place for each in found]
    rest = messages(listened(sqlite_url, **{"Last-Event-ID": "0-1.5-1"}))
    assert found[2:] == rest


def test_those_who_may_see_the_same_share_what_is_read(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(sqlite_url, both())
    asked = []
    read = feed.read_page

    async def counted(*arguments: Any) -> Any:
        asked.append(arguments[1:3])
        return await read(*arguments)

    monkeypatch.setattr(feed, "read_page", counted)

    async def go() -> None:
        engine = a_reader(sqlite_url)
        feed = Feed(engine, HandClock())
        end = await feed.end()
        lille = frozenset({"21590350100017"})
        for entities in (None, None, lille, lille):
            await feed.page(entities, None, Position(), end)
        await engine.dispose()

    asyncio.run(go())
    assert 2 == len(asked)


async def stream_of(client: httpx.AsyncClient, place: str) -> AsyncGenerator[Said]:
    headers = {"Last-Event-ID": place} if place else {}
    path = PATH if place else f"{PATH}?after=start"
    async with client.stream("GET", path, headers=headers, timeout=60) as answer:
        block = ""
        async for line in answer.aiter_lines():
            if line:
                block += line + "\n"
                continue
            for each in messages(block):
                yield each
            block = ""


@pytest.mark.rest
@pytest.mark.fault
@pytest.mark.timeout(180)
def test_a_listener_misses_nothing_when_the_server_is_killed(tmp_path: Path) -> None:
    """It comes back with its Last-Event-ID: every record comes once, over two servers."""
    data, log = tmp_path / "data", tmp_path / "log"
    lines = readable(EXAMPLE.read_bytes().splitlines())
    received: list[Said] = []

    async def listen(address: str, last: bytes) -> None:
        event_id = json.loads(last)["id"]
        async with httpx.AsyncClient(base_url=address) as client:
            async for each in stream_of(client, received[-1].place if received else ""):
                received.append(each)
                if each.record["event_id"] == event_id:
                    return

    with embedded(data, log=log) as running:
        assert 202 == post(running, lines[:6]).status_code
        asyncio.run(listen(running.address, lines[3]))
        running.kill()
    with embedded(data, log=log) as running:
        assert 202 == post(running, lines[6:]).status_code
        asyncio.run(listen(running.address, lines[-1]))
        running.stop()
    # Among them is the deadline event that the second server wrote at its start.
    assert list(range(1, len(received) + 1)) == [each.record["sequence"] for each in received]
    sent = [each.record for each in received if each.record["event_source"] != WATCH]
    assert [json.loads(line)["id"] for line in lines] == [each["event_id"] for each in sent]

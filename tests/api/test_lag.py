"""Who is behind, as a page and as JSON: for who reads all, whatever the watch answers or not."""

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from fastapi import FastAPI

from events.lag import State
from services.api.adapters.ports import LagSource, NoWatch, WatchLag
from services.api.adapters.read_model import open_read_model
from services.api.today import live
from services.lag import watches
from tests.api.a_watch import AWatch, a_watch
from tests.api.environment import ALL_KEY, LILLE_KEY, READ_KEY, HandClock, an_app, asking
from tests.api.lag_boards import NIGHT, a_board, a_history, timestamp
from tests.api.lag_scenes import Scene, a_held_partition, at_night
from tests.builders import IBAN

PAGE: Final = {"accept": "text/html"}
GOLDEN: Final = Path(__file__).resolve().parents[1] / "golden" / "lag.json"
"""What tests/unit/watch/test_document.py holds the watch to."""

NOWHERE: Final = "sqlite:////nowhere/at/all/read.db"
"""No read model: the page Processing is for when everything else is away."""


@cache
def the_app() -> FastAPI:
    """One for all tests here: to put it together takes a second."""
    return an_app(open_read_model(NOWHERE))


def over(source: LagSource | None, clock: HandClock) -> FastAPI:
    """The same, asking this one who is behind."""
    app = the_app()
    app.state.components = replace(
        app.state.components, clock=clock, lag=NoWatch("nobody") if source is None else source
    )
    return app


def get(
    *paths: str,
    source: Callable[[HandClock], LagSource] | None = None,
    key: str = READ_KEY,
    language: str = "en",
    headers: dict[str, str] | None = None,
    later_s: float = 0,
) -> list[httpx.Response]:
    """The answers to these questions, asked one after the other."""

    async def go() -> list[httpx.Response]:
        clock = HandClock(NIGHT)
        app = over(None if source is None else source(clock), clock)
        async with asking(app, key, language) as client:
            if later_s:
                await client.get(paths[0], headers=headers)
                clock.advance(timedelta(seconds=later_s))
            return [await client.get(path, headers=headers) for path in paths]

    return asyncio.run(go())


def watching(*addresses: str) -> Callable[[HandClock], LagSource]:
    return lambda clock: WatchLag(addresses, clock)


def page(watch: AWatch, language: str = "en", *, later_s: float = 0) -> str:
    (answer,) = get(
        "/console/lag",
        source=watching(watch.url),
        language=language,
        headers=PAGE,
        later_s=later_s,
    )
    assert 200 == answer.status_code
    return answer.text


def phrase(watch: AWatch, *, later_s: float = 0) -> dict[str, Any]:
    (answer,) = get("/lag", source=watching(watch.url), later_s=later_s)
    assert 200 == answer.status_code
    found: dict[str, Any] = answer.json()
    return found


# ------------------------------------------------------------------ who may ask
@pytest.mark.parametrize("path", ["/console/lag", "/console/lag/live", "/lag"])
def test_lag_is_of_all_entities_and_for_who_reads_all(path: str) -> None:
    (answer,) = get(path, key=LILLE_KEY)
    assert (403, "all_entities_needed") == (answer.status_code, answer.json()["code"])
    for language, texts in (("fr", "Droit trop étroit"), ("en", "Right too narrow")):
        (shown,) = get(path, key=LILLE_KEY, language=language, headers=PAGE)
        if path != "/lag":
            assert 403 == shown.status_code
            assert texts in shown.text
            assert "<h1" in shown.text


def test_nobody_else_is_shown_the_transition_there() -> None:
    (denied,) = get("/console/lag", key=LILLE_KEY, headers=PAGE)
    (shown,) = get("/console/lag", key=READ_KEY, headers=PAGE)
    assert 'href="/console/lag"' not in denied.text
    assert '<a href="/console/lag" aria-current="page">' in shown.text


# ------------------------------------------------------------------ the page
@pytest.mark.parametrize(
    ("language", "texts"),
    [
        ("fr", ("Tout ce qui a été reçu est dans les comptes.", "Étape par étape", "Recharger")),
        ("en", ("All that was received is in the accounts.", "Stage by stage", "Reload")),
    ],
)
def test_a_quiet_night_without_a_read_model(language: str, texts: Sequence[str]) -> None:
    with a_watch(at_night().answers) as watch:
        shown = page(watch, language)
    assert [] == [each for each in texts if each not in shown]
    assert 'data-live-href="/console/lag/live"' in shown
    assert 9 == shown.count('<svg class="chart"')
    assert 9 == shown.count("<desc id=")


def test_the_answer_that_the_watch_is_held_to_is_a_page() -> None:
    board = json.loads(GOLDEN.read_bytes())
    now = datetime.fromisoformat(board["at"])
    with a_watch(Scene(board, a_history(now)).answers) as watch:
        shown = page(watch, later_s=(now - NIGHT).total_seconds())
    assert "The ledger cannot go on, on one partition at least." in shown


@pytest.mark.parametrize("error", ["frozen", "away"])
def test_a_watch_that_is_away_is_shown_to_be_with_what_to_do(
    error: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watches, "ANSWER_S", 0.3)
    with a_watch({}) as watch:
        if error == "frozen":
            watch.frozen.set()
        source = watching(watch.url if error == "frozen" else "http://127.0.0.1:1")
        for language, texts in (
            ("fr", "La surveillance ne répond pas."),
            ("en", "The watch does not answer."),
        ):
            (shown,) = get("/console/lag", source=source, language=language, headers=PAGE)
            assert 200 == shown.status_code
            assert texts in shown.text
            assert "ecluse lag" in shown.text


def test_what_it_shown_before_is_shown_as_old() -> None:
    with a_watch(at_night().answers) as watch:
        shown = page(watch, later_s=90)
        assert "Nobody knows at this moment who is behind." in shown
        assert "The watch stands at 03:40:11, 90 seconds ago." in shown
        assert (
            '<span class="badge good">' not in shown.partition("<main")[2].partition('id="hour"')[0]
        )


@pytest.mark.parametrize(
    ("asks", "texts"),
    [
        ("one_process", "One process: nothing can queue."),
        ("nobody", "ECLUSE_WATCH_URL"),
    ],
)
def test_where_there_is_no_watch_the_page_says_why(asks: Any, texts: str) -> None:
    answer, shown_so = get("/console/lag", "/lag", source=lambda _: NoWatch(asks), headers=PAGE)
    assert (200, True) == (answer.status_code, texts in answer.text)
    leads_on = '<a href="/console/today">How far the accounts are: Today</a>' in answer.text
    assert leads_on is (asks == "one_process"), "what is known stands there"
    assert {"asks": asks, "well": None, "old_since": None, "board": None, "watches": []} == (
        shown_so.json()
    )


# ------------------------------------------------------------------ for programs
def test_a_program_is_shown_the_board_and_whether_all_is_well() -> None:
    with a_watch(at_night().answers) as watch:
        found = phrase(watch)
        assert (True, None) == (found["well"], found["old_since"])
        assert [watch.url] == [each["address"] for each in found["watches"]]
        assert (139_108, 0) == (
            found["board"]["outcomes"]["received"],
            found["board"]["outcomes"]["gap"],
        )
        watch.answers |= a_held_partition().answers
        found = phrase(watch)
        assert (False, "BROKEN") == (found["well"], found["board"]["state"])


def test_a_program_is_shown_null_and_never_0_of_what_nobody_knows() -> None:
    board = a_board(outcomes=None, orders=None, sampled_at=None)
    with a_watch(Scene(board, {}).answers) as watch:
        found = phrase(watch)
    assert (False, None, None) == (
        found["well"],
        found["board"]["outcomes"],
        found["board"]["orders"],
    )


def test_a_program_is_shown_since_when_it_is_old() -> None:
    with a_watch(at_night().answers) as watch:
        found = phrase(watch, later_s=60)
    assert (False, timestamp(NIGHT)) == (found["well"], shown_again(found["old_since"]))


def shown_again(instant: str) -> str:
    return instant.replace("123000", "123")


def test_no_answer_has_an_iban_whole() -> None:
    scene = a_held_partition()
    named = f"virement-{IBAN}"
    scene.board["stages"][0]["partitions"][1]["held"]["event_id"] = named
    scene.board["orders"]["items"][0]["payment_order"] = f"{named}/advance"
    scene.board["parked"]["items"][0] |= {"event_id": named}
    scene.board["parked"]["items"][0]["waits_for"]["id"] = named
    with a_watch(scene.answers) as watch:
        assert IBAN not in json.dumps(phrase(watch))
        # Where the order stands it is an address, as everywhere in the console.
        shown = page(watch).replace(f"{named}/advance", "")
    assert IBAN not in shown
    assert 3 <= shown.count("FR76…0110")


# ------------------------------------------------------------------ the stream
async def test_the_stream_says_when_a_state_is_another_and_each_time_that_time_has_passed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(live, "POLL_EVERY_S", 0.0)
    monkeypatch.setattr(live, "POLLS_MAX", 11)
    clock = HandClock(NIGHT)

    class Turning:
        """A night on which a partition is held at the seventh look."""

        def __init__(self, inner: WatchLag) -> None:
            self.inner, self.points = inner, 0

        async def __call__(self) -> Any:
            self.points += 1
            if self.points == 7:
                watch.answers |= a_held_partition(NIGHT + timedelta(seconds=7)).answers
            clock.advance(timedelta(seconds=1))
            return await self.inner()

        async def hour(self) -> None:
            return None

    with a_watch(at_night().answers) as watch:
        app = over(Turning(WatchLag([watch.url], clock)), clock)
        async with asking(app, ALL_KEY) as client:
            answer = await client.get("/console/lag/live")
        lines = answer.text.splitlines()
        assert ["position", "tick", "position", "tick"] == [
            each.partition(": ")[2] for each in lines if each.startswith("event:")
        ]


def test_every_state_is_documented() -> None:
    document = the_app().openapi()
    shown_states = document["components"]["schemas"]["State"]["enum"]
    assert [each.value for each in State] == shown_states
    answer = document["paths"]["/lag"]["get"]["responses"]["200"]["content"]
    assert "LagNow" in str(answer)


def test_the_pace_of_the_page_is_five_seconds() -> None:
    assert 5.0 == live.POLL_EVERY_S * live.LAG_TICK_EVERY

"""Asking the watches: one look serves many, who does not answer is old, and nobody waits long."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TypeVar

import pytest
from pydantic import ValidationError

from events.lag import POINTS
from services.api.lag_source import AWAY_S, HOUR_KEPT_S, KEPT_S, WatchLag
from services.api.lag_source import lag_source as a_source
from services.api.settings import ApiSettings
from services.lag.client import watches
from services.lag.client.merge import Lag
from tests import silence
from tests.api.a_watch import AWatch, a_watch
from tests.api.environment import HandClock
from tests.api.lag_boards import NIGHT
from tests.api.lag_scenes import a_held_partition, at_night

no_logs = silence.no_logs
Found = TypeVar("Found")

NOBODY = "http://127.0.0.1:1"
"""No port of anybody's."""


def asked(what: Callable[[WatchLag, HandClock], Awaitable[Found]], *addresses: str) -> Found:
    async def go() -> Found:
        clock = HandClock(NIGHT)
        return await what(WatchLag(addresses, clock), clock)

    return asyncio.run(go())


async def once(source: WatchLag, _clock: HandClock) -> Lag:
    return await source()


def test_what_the_watch_says_is_shown() -> None:
    with a_watch(at_night().answers) as watch:
        lag = asked(once, watch.url)
    assert ("watch", None) == (lag.asks, lag.old_since)
    assert lag.board is not None
    assert "OK" == lag.board.state


def test_the_hour_is_shown_too() -> None:
    async def hour(source: WatchLag, _clock: HandClock) -> int | None:
        found = await source.hour()
        return None if found is None else len(found.orders)

    with a_watch(at_night().answers) as watch:
        assert POINTS == asked(hour, watch.url)
        watch.answers["/lag/history"] = b"{}"
        assert asked(hour, watch.url) is None
    assert asked(hour, NOBODY) is None


def test_however_many_ask_a_watch_is_asked_once_a_moment() -> None:
    async def many(source: WatchLag, clock: HandClock) -> None:
        await asyncio.gather(*(source() for _ in range(8)), *(source.hour() for _ in range(8)))
        clock.advance(timedelta(seconds=KEPT_S))
        await asyncio.gather(*(source() for _ in range(8)), *(source.hour() for _ in range(8)))
        clock.advance(timedelta(seconds=HOUR_KEPT_S))
        await source.hour()

    with a_watch(at_night().answers) as watch:
        asked(many, watch.url)
        assert ["/lag"] * 2 == [each for each in watch.asked if each == "/lag"]
        assert 2 == watch.asked.count("/lag/history")


def test_what_a_watch_sees_next_is_shown_a_moment_later() -> None:
    async def twice(source: WatchLag, clock: HandClock) -> list[str]:
        states = []
        for scene in (at_night(), a_held_partition()):
            watch.answers |= scene.answers
            lag = await source()
            assert lag.board is not None
            states.append(lag.board.state.value)
            clock.advance(timedelta(seconds=KEPT_S))
        return states

    with a_watch({}) as watch:
        assert ["OK", "BROKEN"] == asked(twice, watch.url)


WRONG: dict[str, tuple[Callable[[AWatch], object], str]] = {
    "it fails": (lambda watch: setattr(watch, "status", 500), "unreadable"),
    "it leads elsewhere": (lambda watch: setattr(watch, "status", 302), "unreadable"),
    "it has no such page": (lambda watch: watch.answers.clear(), "unreadable"),
    "it says what nobody understands": (
        lambda watch: watch.answers.update({"/lag": b"<html>"}),
        "unreadable",
    ),
    "it says too much": (
        lambda watch: watch.answers.update({"/lag": b" " * 100_001}),
        "unreadable",
    ),
    "it is frozen": (lambda watch: watch.frozen.set(), "no_answer"),
}


@pytest.mark.parametrize(("wrong", "error"), WRONG.values(), ids=WRONG)
def test_what_a_watch_last_shown_is_old_once_it_does_not_answer(
    wrong: Callable[[AWatch], object], error: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watches, "ANSWER_S", 0.5)
    monkeypatch.setattr(watches, "BYTES_MAX", 100_000)

    async def then(source: WatchLag, clock: HandClock) -> Lag:
        await source()
        wrong(watch)
        clock.advance(timedelta(seconds=KEPT_S))
        return await source()

    with a_watch(at_night().answers) as watch:
        lag = asked(then, watch.url)
    assert NIGHT == lag.old_since
    assert lag.board is not None
    assert [error] == [each.error for each in lag.answers]


def test_nobody_waits_again_for_a_watch_that_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watches, "ANSWER_S", 0.2)

    async def often(source: WatchLag, clock: HandClock) -> None:
        for _ in range(3):
            await source()
            clock.advance(timedelta(seconds=AWAY_S / 2))

    with a_watch(at_night().answers) as watch:
        watch.frozen.set()
        asked(often, watch.url)
        assert 2 == len(watch.asked)


def test_of_two_watches_one_that_is_away_leaves_the_consumers_known() -> None:
    with a_watch(at_night().answers) as watch:
        lag = asked(once, NOBODY, watch.url)
    assert lag.board is not None
    assert lag.old_since is None
    assert lag.board.outcomes is None
    assert 4 == len(lag.board.stages)
    assert ["no_answer", None] == [each.error for each in lag.answers]


def test_where_no_address_is_set_nobody_is_asked() -> None:
    async def ask() -> tuple[Lag, object]:
        source = a_source((), HandClock())
        return await source(), await source.hour()

    lag, hour = asyncio.run(ask())
    assert ("nobody", None, None) == (lag.asks, lag.board, hour)


def test_a_board_is_judged_each_time_it_is_shown() -> None:
    """A kept answer grows old like any other."""
    old = json.dumps(at_night().board | {"old_after_s": 0, "sample_s": 0.5}).encode()

    async def twice(source: WatchLag, clock: HandClock) -> list[bool]:
        found = [(await source()).old_since is None]
        clock.advance(timedelta(seconds=0.9))
        return [*found, (await source()).old_since is None]

    with a_watch({"/lag": old}) as watch:
        assert [True, False] == asked(twice, watch.url)
        assert 1 == watch.asked.count("/lag")


@pytest.mark.parametrize(
    ("phrase", "asked"),
    [
        ("", []),
        ("http://watch:6066", ["http://watch:6066"]),
        (" http://a:1/ ,https://b/watch,http://a:1", ["http://a:1", "https://b/watch"]),
    ],
)
def test_the_addresses_of_watches_are_shown_by_the_environment(
    phrase: str, asked: list[str]
) -> None:
    assert asked == ApiSettings(watch_url=phrase).watches


@pytest.mark.parametrize(
    "phrase",
    [
        "watch:6066",
        "ftp://watch",
        "http://",
        "http://a:b@watch",
        "http://watch?x=1",
        "http://watch#x",
        "http://watch:65536",
        "http://watch:0",
        "http://watch:port",
        "http://[",
    ],
)
def test_what_is_no_address_is_refused_at_the_start(phrase: str) -> None:
    with pytest.raises(ValidationError, match="watch_url") as refused:
        ApiSettings(watch_url=phrase)
    assert "a:b@" not in str(refused.value), "it may hold a password"

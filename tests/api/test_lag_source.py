"""Asking the watches: one look serves many, who does not answer is old, and nobody waits long."""

import asyncio
import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from pydantic import ValidationError

from events.lag import POINTS
from services.api.adapters.ports import AWAY_S, HOUR_KEPT_S, KEPT_S, WatchLag, lag_source
from services.api.settings import ApiSettings
from services.lag import watches
from tests.api.a_watch import AWatch, a_watch
from tests.api.environment import HandClock
from tests.api.lag_boards import NIGHT
from tests.api.lag_scenes import a_held_partition, at_night

NOBODY = "http://127.0.0.1:1"
"""No port of anybody's."""


def a_source(*addresses: str) -> tuple[WatchLag, HandClock]:
    """The source of these watches, and its clock."""
    clock = HandClock(NIGHT)
    return WatchLag(addresses, clock), clock


async def test_what_the_watch_says_is_shown() -> None:
    with a_watch(at_night().answers) as watch:
        source, _ = a_source(watch.url)
        lag = await source()
    assert ("watch", None) == (lag.asks, lag.old_since)
    assert lag.board is not None
    assert "OK" == lag.board.state


async def test_the_hour_is_shown_too() -> None:
    with a_watch(at_night().answers) as watch:
        hour = await a_source(watch.url)[0].hour()
        assert hour is not None
        assert POINTS == len(hour.orders)
        watch.answers["/lag/history"] = b"{}"
        assert await a_source(watch.url)[0].hour() is None
    assert await a_source(NOBODY)[0].hour() is None


async def test_however_many_ask_a_watch_is_asked_once_a_moment() -> None:
    with a_watch(at_night().answers) as watch:
        source, clock = a_source(watch.url)
        await asyncio.gather(*(source() for _ in range(8)), *(source.hour() for _ in range(8)))
        clock.advance(timedelta(seconds=KEPT_S))
        await asyncio.gather(*(source() for _ in range(8)), *(source.hour() for _ in range(8)))
        clock.advance(timedelta(seconds=HOUR_KEPT_S))
        await source.hour()
        assert (2, 2) == (watch.asked.count("/lag"), watch.asked.count("/lag/history"))


async def test_what_a_watch_sees_next_is_shown_a_moment_later() -> None:
    with a_watch({}) as watch:
        source, clock = a_source(watch.url)
        for scene, state in ((at_night(), "OK"), (a_held_partition(), "BROKEN")):
            watch.answers |= scene.answers
            lag = await source()
            assert lag.board is not None
            assert state == lag.board.state.value
            clock.advance(timedelta(seconds=KEPT_S))


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
async def test_what_a_watch_last_shown_is_old_once_it_does_not_answer(
    wrong: Callable[[AWatch], object], error: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watches, "ANSWER_S", 0.5)
    monkeypatch.setattr(watches, "BYTES_MAX", 100_000)
    with a_watch(at_night().answers) as watch:
        source, clock = a_source(watch.url)
        await source()
        wrong(watch)
        clock.advance(timedelta(seconds=KEPT_S))
        lag = await source()
    assert NIGHT == lag.old_since
    assert lag.board is not None
    assert [error] == [each.error for each in lag.answers]


async def test_nobody_waits_again_for_a_watch_that_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watches, "ANSWER_S", 0.2)
    with a_watch(at_night().answers) as watch:
        watch.frozen.set()
        source, clock = a_source(watch.url)
        for _ in range(3):
            await source()
            clock.advance(timedelta(seconds=AWAY_S / 2))
        assert 2 == len(watch.asked)


async def test_of_two_watches_one_that_is_away_leaves_the_consumers_known() -> None:
    with a_watch(at_night().answers) as watch:
        source, _ = a_source(NOBODY, watch.url)
        lag = await source()
    assert lag.board is not None
    assert lag.old_since is None
    assert lag.board.outcomes is None
    assert 4 == len(lag.board.stages)
    assert ["no_answer", None] == [each.error for each in lag.answers]


async def test_where_no_address_is_set_nobody_is_asked() -> None:
    source = lag_source((), HandClock())
    lag, hour = await source(), await source.hour()
    assert ("nobody", None, None) == (lag.asks, lag.board, hour)


async def test_a_board_is_judged_each_time_it_is_shown() -> None:
    """A kept answer grows old like any other."""
    old = json.dumps(at_night().board | {"old_after_s": 0, "sample_s": 0.5}).encode()
    with a_watch({"/lag": old}) as watch:
        source, clock = a_source(watch.url)
        assert (await source()).old_since is None
        clock.advance(timedelta(seconds=0.9))
        assert (await source()).old_since is not None
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

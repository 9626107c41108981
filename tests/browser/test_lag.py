"""The page Processing in a real browser: live and paused, without script, and once it is old."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Browser, expect

from services.api.today import live
from tests.api.a_watch import AWatch, a_watch
from tests.api.lag_boards import NIGHT, a_board
from tests.api.lag_scenes import (
    Scene,
    a_dead_ledger,
    a_held_partition,
    at_night,
    broker_down,
    treasury_gone,
)
from tests.browser.console import Console, a_console
from tests.browser.test_pages import TWICE, WIDTHS, keep_picture
from tests.browser.visitor import DESK, PHONE, Visitor, a_visitor

LATER: Final = timedelta(seconds=6)
"""So long no answer is kept."""

POLLS_MAX: Final = 3

PATH: Final = "/console/lag"
PAUSE, RESUME = "Pause the updates", "Resume the updates"


@dataclass
class WatchedConsole:
    """A console, and the watch that it asks."""

    console: Console
    watch: AWatch

    def shows(self, scene: Callable[[datetime], Scene]) -> None:
        """From now on the watch answers this."""
        # The answers first: what is asked in between would else be kept as of the later time.
        self.watch.answers |= scene(self.console.clock.now + LATER).answers
        self.console.clock.advance(LATER)

    def says(self, visitor: Visitor, wanted: str) -> None:
        """The page says it, paused and with all opened.

        A look of an open page that began before `shows` may end behind it, and is kept as well.
        """
        for _ in range(POLLS_MAX):
            assert 200 == visitor.go(PATH)
            # Paused: nothing moves while it is measured.
            visitor.page.get_by_role("button").last.click()
            visitor.page.evaluate(
                "document.querySelectorAll('details').forEach((e) => { e.open = true; })"
            )
            text = str(visitor.page.locator("main").inner_text()).replace("\u202f", " ")
            if wanted in text:
                return
            self.console.clock.advance(LATER)
        raise AssertionError(f"no {wanted!r} in {text!r}")


@pytest.fixture(scope="module")
def watched(read_model_file: Path) -> Iterator[WatchedConsole]:
    """One for all tests here; each says first what the watch answers."""
    with a_watch({}) as watch, a_console(read_model_file, watch.url) as console:
        console.clock.now = NIGHT
        yield WatchedConsole(console, watch)


SCENES: Final[dict[str, tuple[Callable[[datetime], Scene], str, str]]] = {
    "lag": (at_night, "Tout ce qui a été reçu est dans", "All that was received is in"),
    "lag-held": (a_held_partition, "retenue devant la position", "held before offset 70,871"),
    "lag-dead": (a_dead_ledger, "secondes au moins", "at least, "),
    "lag-unknown": (broker_down, "Kafka ne répond plus", "The watch gets no answer of Kafka"),
}
"""By its picture's name: what the watch answers, and words in French and in English."""


@pytest.mark.parametrize("language", ["fr", "en"])
def test_all_of_it_is_readable_by_all(
    browser: Browser, watched: WatchedConsole, language: str
) -> None:
    with a_visitor(browser, watched.console, language) as visitor:
        page = visitor.page
        colours = "light" if language == "fr" else "dark"
        page.emulate_media(color_scheme=colours)  # type: ignore[arg-type] # two of three
        for name, (scene, french, english) in SCENES.items():
            watched.shows(scene)
            page.set_viewport_size(DESK)  # type: ignore[arg-type] # it wants its own dict
            watched.says(visitor, french if language == "fr" else english)
            assert 1 == page.locator("h1").count()
            keep_picture(page, f"{name}-{language}")
            assert [] == visitor.barriers(), name
            assert [] == [width for width in WIDTHS if visitor.reads_tables_sideways(width)], name
            assert not visitor.scrolls_sideways(TWICE), name
            assert not visitor.scrolls_sideways(PHONE), name
        assert [] == visitor.elsewhere
        assert [] == visitor.messages


def test_the_headline_moves_as_soon_as_a_state_is_another(
    browser: Browser, watched: WatchedConsole
) -> None:
    watched.shows(at_night)
    with a_visitor(browser, watched.console, "en") as visitor:
        page = visitor.page
        visitor.go(PATH)
        page.evaluate("window.stillThere = true")
        expect(page.locator("h1")).to_contain_text("All that was received is in the accounts.")
        watched.shows(treasury_gone)
        expect(page.locator("h1")).to_contain_text("The treasury has stopped")
        expect(page.get_by_role("status")).to_have_text("The page was updated.")
        page.get_by_role("link", name="what to do").first.click()
        expect(page.locator("#do-treasury")).to_be_in_viewport()
        assert page.evaluate("window.stillThere"), "the page was not loaded again"
        assert [] == visitor.messages


def test_both_pages_say_since_when_the_ledger_stands_and_what_waits(
    browser: Browser, watched: WatchedConsole
) -> None:
    with a_visitor(browser, watched.console) as visitor:
        watched.shows(a_dead_ledger)
        watched.says(visitor, "secondes au moins")
        for path in ("/console/today", PATH):
            visitor.go(path)
            said = visitor.page.locator(".verdict").inner_text()
            assert re.search(r"Dans cet état depuis \d\d:\d\d:\d\d", said), said
            assert re.search(r"En attente depuis \d\d:\d\d:\d\d au moins\.", said), said


def test_one_label_counts_one_thing_and_one_event_is_no_plural(
    browser: Browser, watched: WatchedConsole
) -> None:
    outcomes = a_board()["outcomes"] | {"resumed": 1}
    watched.shows(lambda now: at_night(now, outcomes=outcomes))
    with a_visitor(browser, watched.console) as visitor:
        watched.says(visitor, "1 était en attente et a été traité depuis.")
        labels = [set(visitor.page.locator("main dt").all_inner_texts())]
        visitor.go("/console/today")
        labels.append(set(visitor.page.locator("[data-live=waiting] dt").all_inner_texts()))
        long_ago, so_far = "Sans réponse depuis trop longtemps", "Sans réponse à ce jour"
        assert [{long_ago}, {so_far}] == [each & {long_ago, so_far} for each in labels]


def test_figures_move_within_five_seconds_though_the_accounts_stand_still(
    browser: Browser, watched: WatchedConsole, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "POLL_EVERY_S", 1.0)  # As for people.
    watched.shows(at_night)
    with a_visitor(browser, watched.console, "en") as visitor:
        page = visitor.page
        visitor.go(PATH)
        waiting = page.locator("[data-live=orders]")
        expect(waiting).to_contain_text("41 orders")
        expect(page.get_by_role("button", name=PAUSE)).to_be_visible()
        orders = a_board(watched.console.clock.now)["orders"] | {"count": 42}
        watched.shows(lambda now: at_night(now, orders=orders))
        expect(waiting).to_contain_text("42 orders")
        expect(
            page.get_by_role("status")
        ).to_be_empty()  # No screen reader speaks each five seconds.


def test_it_can_be_paused_and_shows_what_was_missed(
    browser: Browser, watched: WatchedConsole
) -> None:
    watched.shows(at_night)
    with a_visitor(browser, watched.console, "en") as visitor:
        page = visitor.page
        visitor.go(PATH)
        page.get_by_role("button", name=PAUSE).click()
        asked = len(watched.watch.asked)
        watched.shows(a_held_partition)
        while len(watched.watch.asked) == asked:  # The stream has looked again.
            page.wait_for_timeout(50)
        page.wait_for_timeout(300)
        expect(page.locator("h1")).to_contain_text("All that was received is in the accounts.")
        page.get_by_role("button", name=RESUME).click()
        expect(page.locator("h1")).to_contain_text("The ledger cannot go on")


def test_nobody_loses_what_they_have_opened_or_closed(
    browser: Browser, watched: WatchedConsole
) -> None:
    watched.shows(a_held_partition)
    with a_visitor(browser, watched.console, "en") as visitor:
        page = visitor.page
        visitor.go(PATH)
        ledger, watch = (page.locator(f"[data-live=partitions-{each}] details")
                         for each in ("ledger", "watch"))  # fmt: skip
        expect(ledger).to_have_attribute("open", "")
        ledger.locator("summary").click()
        watch.locator("summary").click()
        watched.shows(treasury_gone)
        expect(page.locator("h1")).to_contain_text("The treasury has stopped")
        expect(watch).to_have_attribute("open", "")
        expect(ledger).not_to_have_attribute("open", "")
        expect(watch.locator("summary")).to_be_focused()


@pytest.mark.parametrize(
    ("language", "reload", "well", "held"),
    [
        ("fr", "Recharger", "Tout ce qui a été reçu", "Le grand livre ne peut plus avancer"),
        ("en", "Reload", "All that was received", "The ledger cannot go on"),
    ],
)
def test_without_script_a_link_tells_anew(
    browser: Browser, watched: WatchedConsole, language: str, reload: str, well: str, held: str
) -> None:
    watched.shows(at_night)
    with a_visitor(browser, watched.console, language, script=False) as visitor:
        page = visitor.page
        visitor.go(PATH)
        expect(page.locator("h1")).to_contain_text(well)
        assert not page.locator(".live-control").count()
        watched.shows(a_held_partition)
        page.get_by_role("link", name=reload).click()
        expect(page.locator("h1")).to_contain_text(held)
        seen = watched.console.clock.now - timedelta(seconds=1)
        clock = seen.astimezone().strftime(":%M:%S")
        expect(page.locator(".verdict")).to_contain_text(clock)
        assert 4 == page.locator("details summary").count() - 2


def test_a_watch_that_freezes_is_shown_as_old(browser: Browser, watched: WatchedConsole) -> None:
    watched.shows(at_night)
    with a_visitor(browser, watched.console, "en") as visitor:
        page = visitor.page
        visitor.go(PATH)
        expect(page.locator("h1")).to_contain_text("All that was received is in the accounts.")
        seen = watched.console.clock.now
        watched.console.clock.advance(timedelta(seconds=90))
        expect(page.locator("h1")).to_contain_text("Nobody knows at this moment who is behind.")
        expect(page.locator(".verdict")).to_contain_text("90 seconds ago")
        assert json.loads(watched.watch.answers["/lag"])["at"].startswith(
            seen.strftime("%Y-%m-%dT")
        )
        states = page.locator("[data-live=stages] .badge").all_inner_texts()
        assert ["unknown"] * 4 == states
        assert [] == visitor.barriers()
        watched.shows(at_night)
        expect(page.locator("h1")).to_contain_text("All that was received is in the accounts.")

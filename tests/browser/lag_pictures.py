"""A picture of the page Processing as it shows what a watch answered: its bytes, and no watch."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser

from events.lag import read_board
from tests.api.a_watch import a_watch
from tests.browser.console import a_console
from tests.browser.visitor import a_visitor

WIDTH: Final = 1280
HEIGHT: Final = 1240
"""The first sentence, what to do, and the stages: what the README shows of the page."""

AGE: Final = timedelta(milliseconds=400)
"""How old an answer is when somebody looks at it."""


def a_lag_picture(
    browser: Browser,
    read_model: Path,
    answers: Mapping[str, bytes],
    path: Path,
    *,
    language: str = "en",
    later: timedelta = AGE,
) -> None:
    """Keep the page as a PNG: `answers` are those of `/lag` and `/lag/history`, by address.

    The page is looked at so much `later` than the board was made. `read_model` is a file of one,
    of which the page asks nothing.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with a_watch(answers) as watch, a_console(read_model, watch.url) as console:
        console.clock.now = read_board(answers["/lag"]).at + later
        with a_visitor(browser, console, language) as visitor:
            visitor.page.set_viewport_size({"width": WIDTH, "height": HEIGHT})
            assert 200 == visitor.go("/console/lag")
            visitor.page.screenshot(path=path)

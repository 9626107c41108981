"""A real Chromium before a real console."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests import silence
from tests.browser.world import World, a_console

no_logs = silence.no_logs

CHROMIUMS: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MISSING: Final = (
    "no Chromium on the PATH; on Debian: sudo apt-get install -y --no-install-recommends chromium"
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The system's own Chromium; where there is none, the test says so (and fails in CI)."""
    found = next(filter(None, map(shutil.which, CHROMIUMS)), None)
    if found is None:
        pytest.skip(MISSING)
    with sync_playwright() as playwright:
        # Without a sandbox of its own: tests run as root in containers, over our own pages.
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The town's console; tests of one file share it, and leave it as it was."""
    with a_console(tmp_path_factory.mktemp("console")) as world:
        yield world


@pytest.fixture
def own_console(tmp_path: Path) -> Iterator[World]:
    """A console of this test alone, whose journal may go on."""
    with a_console(tmp_path) as world:
        yield world

"""A real Chromium before a real console."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests import silence
from tests.browser.visitor import a_browser
from tests.browser.world import World, a_console, a_town

no_logs = silence.no_logs


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One for all tests of a file."""
    with a_browser() as browser:
        yield browser


@pytest.fixture(scope="session")
def town_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The read model of the town, made once; nobody writes into this one."""
    return a_town(tmp_path_factory.mktemp("town"))


@pytest.fixture(scope="module")
def console(town_file: Path) -> Iterator[World]:
    """The town's console; tests of one file share it, and leave it as it was."""
    with a_console(town_file) as world:
        yield world


@pytest.fixture
def own_console(town_file: Path, tmp_path: Path) -> Iterator[World]:
    """A console of this test alone, whose journal may go on."""
    with a_console(Path(shutil.copy(town_file, tmp_path))) as world:
        yield world

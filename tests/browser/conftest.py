"""A real Chromium before a real console."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests import silence
from tests.browser.console import Console, a_console, a_read_model
from tests.browser.visitor import a_browser

no_logs = silence.no_logs


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One for all tests of a file."""
    with a_browser() as browser:
        yield browser


@pytest.fixture(scope="session")
def read_model_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The read model of the scenario, made once; nobody writes into this one."""
    return a_read_model(tmp_path_factory.mktemp("scenario"))


@pytest.fixture(scope="module")
def console(read_model_file: Path) -> Iterator[Console]:
    """The scenario's console; tests of one file share it, and leave it as it was."""
    with a_console(read_model_file) as console:
        yield console


@pytest.fixture
def own_console(read_model_file: Path, tmp_path: Path) -> Iterator[Console]:
    """A console of this test alone, whose journal may go on."""
    shutil.copytree(read_model_file.parent, tmp_path, dirs_exist_ok=True)
    with a_console(tmp_path / read_model_file.name) as console:
        yield console

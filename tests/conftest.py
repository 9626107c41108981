"""What every test shares: Hypothesis profiles, and an honest account of what could not be run."""

import gc
import os
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Final

import pytest
from hypothesis import settings

IN_CI = os.environ.get("CI") == "true"

# No deadline: a shared machine is slow now and then, and the whole run has its own limit.
# Few examples of each property, so that all of them take minutes; `make simulate` is the search.
settings.register_profile("dev", max_examples=30, deadline=None, print_blob=True)
# The same examples every time: a change fails for what it does, not by chance.
settings.register_profile("ci", settings.get_profile("dev"), derandomize=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if IN_CI else "dev"))


WATCHED: Final = Path(__file__).parent / "unit"
LONG: Final = tuple(Path(__file__).parent / each for each in ("kafka", "browser", "read_model"))
"""Where one file takes a minute: what waits for a broker, a browser or a database."""


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Nothing that is made while tests are collected is garbage.

    To search ten thousand tests for cycles again and again takes a third of that time.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long files come first: at the end none keeps a core alone."""
    items.sort(key=lambda item: [not item.path.is_relative_to(each) for each in LONG])


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Coverage is what the unit tests reach: to watch the others doubles their time.

    pytest-cov's own marker would leave their fixtures watched.
    """
    plugin = item.config.pluginmanager.getplugin("_cov")
    watching = None if plugin is None else plugin.cov_controller
    if watching is None or item.path.is_relative_to(WATCHED):
        return (yield)
    watching.pause()
    try:
        return (yield)
    finally:
        watching.resume()


def _not_run(config: pytest.Config) -> Iterator[tuple[str, str]]:
    """Each skipped test or module with its reason."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    assert reporter is not None, "the terminal reporter counts what was skipped"
    for report in reporter.stats.get("skipped", []):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        yield report.nodeid, reason.removeprefix("Skipped: ")


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Where CI=true nothing may be left out: a skipped test fails the run."""
    if hasattr(session.config, "workerinput"):
        return  # What runs the workers hears of all.
    passed = session.exitstatus in {pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED}
    if IN_CI and passed and any(_not_run(session.config)):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Say what could not be run and why, in every run."""
    not_run = sorted(_not_run(config))
    if not_run:
        terminalreporter.section("could not run")
    for test, reason in not_run:
        terminalreporter.line(f"could not run: {test}: {reason}")
    if not_run and IN_CI:
        terminalreporter.line("CI=true: what could not run counts as failed", red=True)

"""What every test shares: Hypothesis profiles, and an honest account of what could not be run."""

import gc
import os
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import settings

IN_CI = os.environ.get("CI") == "true"

# No deadline: a shared machine is slow now and then, and the whole run has its own limit.
# Few examples of each property, so that all of them take minutes; `make simulate` is the search.
settings.register_profile("dev", max_examples=20, deadline=None, print_blob=True)
# The same examples every time: a change fails for what it does, not by chance.
settings.register_profile("ci", settings.get_profile("dev"), derandomize=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if IN_CI else "dev"))
LOCAL: Final = "is_local_module_file"
if settings.default is not None and settings.default.derandomize:
    # Hypothesis also draws constants that it finds in our modules, of those that were imported by
    # then: which examples a test has would depend on the tests before it. And to read them all
    # takes each process that tests five to nine seconds in a new checkout.
    vars(import_module("hypothesis.internal.conjecture.providers"))[LOCAL] = lambda _path: False


FIRST: Final = "gw0"
"""The first of several processes that test."""

WATCHED: Final = Path(__file__).parent / "unit"
WALKERS: Final = frozenset(
    WATCHED / each
    for each in (
        "bench/test_stream.py",
        "ledger/test_messages.py",
        "tables/test_every_answer.py",
        "tables/test_kept_state.py",
    )
)
"""They take the rows of other tests once more: to watch them too shows no line more."""

LONG: Final = tuple(Path(__file__).parent / each for each in ("kafka", "browser", "read_model"))
"""Where one file takes a minute: what waits for a broker, a browser or a database."""


def _watching(config: pytest.Config) -> Any:
    """What notes which lines are reached; None where nothing does."""
    plugin = config.pluginmanager.getplugin("_cov")
    return None if plugin is None else plugin.cov_controller


@pytest.hookimpl(wrapper=True)
def pytest_collection(session: pytest.Session) -> Generator[None, object, object]:
    """Nothing that is made while tests are collected is garbage.

    To search ten thousand tests for cycles again and again takes a third of that time. Of several
    processes all read the same modules, and one is watched while it does: that doubles its time.
    """
    watching = _watching(session.config)
    of_process = getattr(session.config, "workerinput", {"workerid": FIRST})
    if watching is not None and of_process["workerid"] != FIRST:
        watching.pause()
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()
        if watching is not None:
            watching.pause()


@cache
def _comes_late(path: Path) -> list[bool]:
    """Asked once a file, not once a test: thousands of tests make of that a second a process."""
    return [not path.is_relative_to(each) for each in LONG]


@cache
def _is_watched(path: Path) -> bool:
    return path.is_relative_to(WATCHED) and path not in WALKERS


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long files come first: at the end none keeps a core alone."""
    items.sort(key=lambda item: _comes_late(item.path))


@contextmanager
def _watched(item: pytest.Item | pytest.Collector) -> Iterator[None]:
    """Coverage is what the unit tests reach: to watch the others, or pytest, doubles their time."""
    watching = _watching(item.config)
    if watching is None or not _is_watched(item.path):
        yield
        return
    watching.resume()
    try:
        yield
    finally:
        watching.pause()


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(request: pytest.FixtureRequest) -> Generator[None, object, object]:
    """What a fixture reaches counts too."""
    with _watched(request.node):
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, object, object]:
    """The test itself."""
    with _watched(pyfuncitem):
        return (yield)


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

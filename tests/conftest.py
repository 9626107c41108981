"""Settings of every test run: Hypothesis profiles, order, and the list of what was left out."""

import asyncio
import gc
import os
import signal
from collections import Counter
from collections.abc import Generator, Iterator
from functools import cache
from importlib import import_module
from inspect import iscoroutinefunction
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import settings

from tests.second_run import write_failed

IN_CI = os.environ.get("CI") == "true"

# Whoever starts the tests in the background has Ctrl-C ignored, and so would all that they start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

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


LEFT_OUT: Final = 10
"""The exit code of a run that left out what CI must not; pytest's own end at 5."""

LONG: Final = tuple(
    Path(__file__).parent / each
    for each in (
        "kafka/test_refused_later.py",
        "kafka/test_secure_stack.py",
        "kafka/test_treasury_kills.py",
        "kafka/test_rotation.py",
        "kafka/test_refused_rights.py",
        "kafka/test_projector.py",
        "kafka/test_watch.py",
        "kafka/test_dev.py",
        "kafka/test_one_broker_away.py",
        "kafka/test_compose.py",
        "kafka/test_broker_outage.py",
        "kafka/test_stalled_stop.py",
        "kafka/test_tokens.py",
        "kafka/faults/test_hanging.py",
        "kafka/test_internal_events.py",
        "kafka/test_broker.py",
        "kafka/test_deadline_publisher.py",
        "kafka/test_rebalance.py",
        "kafka/test_projector_rebuild.py",
        "kafka",
        "simulation",
        "integration/test_large_closing.py",
        "property",
        "read_model",
        "browser",
    )
)
"""Files that take half a minute and more: those on a broker, longest first, then the others.
Of these, browsers come last: at first they give way to all that has a broker."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Name the file of `tests.second_run`."""
    parser.addoption(
        "--failed", type=Path, help="write there which tests failed, with their errors"
    )


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


def pytest_itemcollected(item: pytest.Item) -> None:
    """Leave to `make test-rest` what needs PostgreSQL: `make test` has the same on SQLite."""
    if "postgresql_server" in getattr(item, "fixturenames", ()):
        item.add_marker(pytest.mark.rest)


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run a test that is a coroutine function in an event loop of its own."""
    if not iscoroutinefunction(pyfuncitem.obj):
        return None
    names = pyfuncitem._fixtureinfo.argnames
    asyncio.run(pyfuncitem.obj(**{name: pyfuncitem.funcargs[name] for name in names}))
    return True


@cache
def _comes_late(path: Path) -> list[bool]:
    """Asked once a file, not once a test: thousands of tests make of that a second a process."""
    return [not path.is_relative_to(each) for each in LONG]


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long files come first: at the end none keeps a core alone."""
    items.sort(key=lambda item: _comes_late(item.path))


def _reports(config: pytest.Config, *outcomes: str) -> Iterator[Any]:
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    assert reporter is not None, "the terminal reporter counts what failed, and what was skipped"
    for outcome in outcomes:
        yield from reporter.stats.get(outcome, [])


def _left_out(config: pytest.Config) -> Iterator[str]:
    """The reason of each skipped test or module."""
    for report in _reports(config, "skipped"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        yield reason.removeprefix("Skipped: ")


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Where CI=true nothing may be left out: a skipped test fails the run, whatever else failed."""
    if hasattr(session.config, "workerinput"):
        return  # The process that starts the workers sees all reports.
    if path := session.config.getoption("failed"):
        write_failed(path, _reports(session.config, "failed", "error"))
    if IN_CI and any(_left_out(session.config)):
        session.exitstatus = LEFT_OUT


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Print a line for each reason why something could not be run, with how many tests it kept."""
    for reason, count in Counter(_left_out(config)).items():
        terminalreporter.line(f"left out, {count} test{'s' * (count > 1)}: {reason}", red=IN_CI)

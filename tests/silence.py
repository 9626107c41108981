"""No log lines where tens of thousands of events pass: they would only slow a test down."""

import logging
from collections.abc import Iterator
from io import StringIO

import pytest
import structlog

from services.cli.terminal.logs import mask_ibans
from tests.leaks import leaks


@pytest.fixture(autouse=True, scope="module")
def no_logs() -> Iterator[None]:
    """For all tests of the module, or below the conftest.py, that has this name."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="module")
def all_logs() -> None:
    """For a module whose tests read them: there this is `no_logs`, in place of the other."""


@pytest.fixture(autouse=True, scope="module")
def searched_logs() -> Iterator[None]:
    """The same; what a command's log would say meanwhile is searched for whole IBANs.

    Tests that run commands leave it to them: each configures its own log, which is searched there.
    """
    lines = StringIO()
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.format_exc_info,
            mask_ibans,
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(lines),
    )
    yield
    structlog.reset_defaults()
    assert [] == leaks(lines.getvalue())

"""No log lines where tens of thousands of events pass: they would only slow a test down."""

import logging
from collections.abc import Iterator

import pytest
import structlog


@pytest.fixture(autouse=True, scope="module")
def no_logs() -> Iterator[None]:
    """For all tests of the module, or below the conftest.py, that has this name."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    yield
    structlog.reset_defaults()

"""What asyncio says of errors that nobody awaited, in the process of a worker."""

import asyncio
import gc
from collections.abc import Iterator

import pytest
from aiokafka.errors import ProducerFenced
from asyncpg import AdminShutdownError
from structlog.testing import capture_logs

from services.cli.garbage_collection import COLLECT_AFTER
from services.cli.workers import run_worker


@pytest.fixture(autouse=True)
def _collects_as_before() -> Iterator[None]:
    before = gc.get_threshold()
    gc.set_threshold(700, 10, 10)  # Python's own: a command of an earlier test may have set ours.
    yield
    gc.set_threshold(*before)


async def forgets(error: Exception) -> None:
    """Leave behind a future that failed, as aiokafka does."""
    future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    future.set_exception(error)
    del future
    gc.collect()


def test_a_kafka_error_that_was_reported_elsewhere_is_a_note() -> None:
    with capture_logs() as lines:
        run_worker(forgets(ProducerFenced()))
    (line,) = lines
    assert ("kafka_error_unretrieved", "info") == (line["event"], line["log_level"])
    assert "ProducerFenced" in line["error"]


def test_a_database_error_that_was_reported_elsewhere_is_a_note() -> None:
    with capture_logs() as lines:
        run_worker(forgets(AdminShutdownError("terminating connection")))
    (line,) = lines
    assert ("database_error_unretrieved", "info") == (line["event"], line["log_level"])


def test_any_other_error_is_asyncios_to_tell(caplog: pytest.LogCaptureFixture) -> None:
    run_worker(forgets(ZeroDivisionError()))
    (record,) = caplog.records
    assert "never retrieved" in record.getMessage()
    assert "asyncio" == record.name


def test_python_searches_less_often_for_cycles() -> None:
    run_worker(asyncio.sleep(0))
    assert COLLECT_AFTER == gc.get_threshold()

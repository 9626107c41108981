"""A stop while the broker answers nobody: within 15 s, with the right code, and nothing is lost."""

import threading
import time
from collections.abc import Callable
from typing import Final

import httpx
import pytest

from events import topics
from tests.builders import a_vote, a_vote_and_awards, encoded
from tests.kafka.brokers import Broker
from tests.kafka.cluster import budget_on, source_offsets
from tests.kafka.ledger_transactions import PARTITIONS, a_long_journal
from tests.kafka.processes import STOP_S, rows
from tests.kafka.stack import Stack
from tests.kafka.undisturbed_clock import undisturbed_s
from tests.waiting import eventually

MANY: Final = 2_500
RECORDS: Final = 6_000
ASLEEP_S: Final = 1.0
"""How long the broker stands still before the process is asked to end: it is in the midst then."""

pytestmark = [pytest.mark.fault, pytest.mark.timeout(360)]


def stopped(
    broker: Broker, stop: Callable[[], int], meanwhile: Callable[[], object] | None = None
) -> None:
    """Freeze the broker, have a process end, and let the broker go on."""
    broker.freeze()
    try:
        if meanwhile is not None:
            meanwhile()
        time.sleep(ASLEEP_S)
        began_s = undisturbed_s()
        assert 0 == stop()
        took_s = undisturbed_s() - began_s
    finally:
        broker.thaw()
    assert took_s < STOP_S


def test_a_ledger_at_work_stops_in_time(broker: Broker, stack: Stack) -> None:
    """Partition 0 is at work, the others have nothing to do."""
    with stack.ledger(fault="slow_commit:0.4") as worker:
        worker.wait_for_states(running=PARTITIONS)
        stack.publish(a_vote_and_awards(budget_on(0, PARTITIONS), MANY))
        eventually(lambda: stack.count(topics.JOURNAL) > 3, "nothing in the journal")
        stopped(broker, worker.stop)
        assert [] == worker.logged("task_failed")
    with stack.ledger("b") as after:
        assert list(range(MANY)) == source_offsets(stack.wait_for_records(MANY)[0])
        assert 0 == after.stop()
    assert stack.is_settled([topics.JOURNAL, topics.LEDGER_STATE])


def test_a_ledger_that_starts_stops_in_time(broker: Broker, stack: Stack) -> None:
    """It has joined its group, and opens its partitions."""
    with stack.ledger() as worker:
        worker.wait_for("worker_started")
        stopped(broker, worker.stop)


def test_a_projector_at_work_stops_in_time(broker: Broker, stack: Stack, sqlite_url: str) -> None:
    stack.write_outs(a_long_journal(RECORDS))
    with stack.projector(sqlite_url) as projector:
        projector.until(lambda: rows(sqlite_url) > 0, "the first records")
        stopped(broker, projector.stop)
        projector.start_again()
        projector.until_ready()
        projector.until_rows(RECORDS, "each record, once")
        assert 0 == projector.stop()


def test_a_watch_stops_in_time(broker: Broker, stack: Stack) -> None:
    with stack.watch() as watch:
        watch.until_ready()
        stopped(broker, watch.stop)


def test_an_api_that_sends_an_event_stops_in_time(
    broker: Broker, stack: Stack, sqlite_url: str
) -> None:
    with stack.api(sqlite_url) as process:
        assert 202 == posted(process.address)
        sending = threading.Thread(target=posted, args=(process.address,))
        stopped(broker, process.stop, sending.start)
        sending.join()


def posted(address: str) -> int:
    """The status of an event that is sent; 0 where the connection is cut."""
    headers = {"Content-Type": "application/cloudevents+json"}
    try:
        return httpx.post(
            f"{address}/events", content=encoded(a_vote()), headers=headers, timeout=60
        ).status_code
    except httpx.TransportError:
        return 0

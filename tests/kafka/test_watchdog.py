"""Waits that never end: a limit where it can be cancelled, else the watchdog."""

import pytest

from events.topics import EVENTS
from tests.builders import a_vote_and_awards
from tests.kafka.cluster import budget_on, outcomes, source_offsets
from tests.kafka.stack import Stack

STALLED = 70
# A limit of 5 s on every wait, and the watchdog above it.
QUICK = {"ECLUSE_TRANSACTION_TIMEOUT_S": "10", "ECLUSE_STALL_S": "15"}


@pytest.fixture(autouse=True)
def _events(stack: Stack) -> None:
    stack.publish(a_vote_and_awards(budget_on(0, 1), 5))


def test_a_producer_that_waits_for_ever_is_ended_and_nothing_is_lost(stack: Stack) -> None:
    with stack.ledger(fault="stubborn_commit:", **QUICK) as worker:
        worker.wait_for("task_hangs", partition=0, doing=f"{stack.name(EVENTS)}/0/0")
        assert STALLED == worker.ended()
        assert {0: []} == stack.journal()
    with stack.ledger() as again:
        journal = stack.wait_for_records(5)[0]
        assert ["accepted"] * 5 == outcomes(journal)
        assert list(range(5)) == source_offsets(journal)
        assert 0 == again.stop()


def test_a_commit_that_never_ends_is_cancelled_and_done_again(stack: Stack) -> None:
    with stack.ledger(fault="hung_commit:2", **QUICK) as worker:
        retried = worker.wait_for("partition_retried")
        assert "commit: no answer in 5 s" in retried["error"]
        assert list(range(5)) == source_offsets(stack.wait_for_records(5)[0])
        assert 2 == len(worker.logged("partition_retried"))
        assert 0 == worker.stop()

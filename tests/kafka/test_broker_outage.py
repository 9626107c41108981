"""A broker that goes away while a worker works, and one that never was there."""

import time

import pytest

from events import topics
from tests.builders import a_vote_and_awards
from tests.kafka.brokers import Broker
from tests.kafka.cluster import budget_on, source_offsets
from tests.kafka.processes import STOP_S
from tests.kafka.stack import Stack
from tests.kafka.undisturbed_clock import undisturbed_s
from tests.waiting import eventually

PARTITIONS = 3
MANY = 2_500
GONE_S = 10


@pytest.mark.timeout(360)
def test_a_broker_that_is_gone_for_ten_seconds_is_waited_for(broker: Broker, stack: Stack) -> None:
    """Partition 0 is at work, 1 has nothing to do, 2 is held."""
    busy, quiet, sick = (budget_on(number, PARTITIONS) for number in range(3))
    stack.publish(a_vote_and_awards(sick, 3, name="sick-"))
    quick = {"ECLUSE_TRANSACTION_TIMEOUT_S": "6"}
    with stack.ledger(fault="decide:sick-1 + slow_commit:0.4", **quick) as worker:
        worker.wait_for_states(running=2, broken=1)
        stack.publish(a_vote_and_awards(busy, MANY))
        eventually(lambda: stack.count(topics.JOURNAL) > 3, "nothing in the journal")
        broker.kill()
        killed_s = time.monotonic()
        worker.wait_for("partition_retried", partition=0)
        time.sleep(max(0.0, GONE_S - (time.monotonic() - killed_s)))
        broker.restart()
        assert list(range(MANY)) == source_offsets(stack.wait_for_records(MANY + 1)[0])
        worker.wait_for_states(running=2, broken=1)
        stack.publish(a_vote_and_awards(quiet, 2))
        stack.quarantine(2, 1)
        stack.wait_for_records(MANY + 2 + 3)
        worker.wait_for_states(running=3)
        assert 0 == worker.stop()
    assert stack.is_settled([topics.JOURNAL, topics.LEDGER_STATE])


def test_sigterm_ends_it_while_the_broker_is_away(broker: Broker, stack: Stack) -> None:
    quick = {"ECLUSE_TRANSACTION_TIMEOUT_S": "4", "ECLUSE_SESSION_TIMEOUT_S": "2"}
    with stack.ledger(**quick) as worker:
        worker.wait_for_states(running=PARTITIONS)
        broker.kill()
        began_s = undisturbed_s()
        assert 0 == worker.stop()
        assert undisturbed_s() - began_s < STOP_S

"""An empty abort marker in the state topic, as a real broker's log cleaner leaves it."""

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.consumer.fetcher import PartitionRecords
from aiokafka.errors import KafkaError

from events import topics
from services.runtime.kafka.clients import guard_abort_markers
from tests.builders import a_vote, an_award
from tests.kafka.cluster import Cluster, budget_on
from tests.kafka.stack import Stack
from tests.waiting import WAIT_S, eventually_async, run

UNGUARDED = PartitionRecords._contains_abort_marker
BUDGET = budget_on(0, 1)
STATE = topics.LEDGER_STATE
# The cleaner takes every closed segment at once, and forgets markers and tombstones at once.
RESTLESS = {
    "segment_ms": "100",
    "min_cleanable_dirty_ratio": "1.0E-4",  # as a broker spells it when it is asked
    "max_compaction_lag_ms": "100",
    "delete_retention_ms": "0",
}
CLEANER = {"log.cleaner.backoff.ms": "200"}
EMPTY = "Control batch did not contain any records"


async def abandon(cluster: Cluster) -> None:
    """A stranger's transaction that nobody ends but his successor.

    Its end carries the successor's epoch: so it stays behind, emptied, as all that the broker
    still knows of this producer.
    """
    name, producers = f"{cluster.prefix}stranger", []
    for _ in range(2):
        producer = AIOKafkaProducer(bootstrap_servers=cluster.bootstrap, transactional_id=name)
        await producer.start()
        producers.append(producer)
        if len(producers) == 1:
            await producer.begin_transaction()
            await producer.send_and_wait(cluster.name(STATE), b"never", key=b"k", partition=0)
    for producer in reversed(producers):
        await producer.stop()


async def is_readable(cluster: Cluster) -> bool:
    """Whether aiokafka as it is can read the topic from its beginning."""
    try:
        await cluster._read([STATE])
    except KafkaError as error:
        if EMPTY in str(error):
            return False
        raise
    return True


async def until_unreadable(cluster: Cluster) -> None:
    """Write on and on, so that segments close, until the cleaner has emptied the marker."""
    async with cluster.producer("writer") as producer:

        async def is_emptied() -> bool:
            async with producer.transaction():
                await producer.send_and_wait(cluster.name(STATE), None, key=b"k", partition=0)
            return not await is_readable(cluster)

        await eventually_async(is_emptied, "the cleaner left no empty marker")


def test_a_worker_reads_over_an_empty_abort_marker(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack.publish([a_vote(budget=BUDGET), an_award(1, budget=BUDGET)])
    stack.decided(2)

    monkeypatch.setattr(PartitionRecords, "_contains_abort_marker", UNGUARDED)
    stack.alter_broker(CLEANER)
    stack.alter(STATE, **RESTLESS)
    try:
        run(abandon(stack))
        run(until_unreadable(stack), 2 * WAIT_S)
    finally:
        stack.alter(STATE)
        stack.alter_broker({})
    guard_abort_markers()

    with stack.ledger(fault="unguarded:") as unguarded:
        # A cleaner that went on meanwhile may leave nothing behind the marker: then the worker ends
        # where it looks for an import, before it opens the partition.
        events = ("partition_retried", "worker_cannot_go_on")
        failed = unguarded.until(
            lambda: [line for each in events for line in unguarded.logged(each)], "failed"
        )
        assert EMPTY in failed[0]["error"]
        unguarded.kill()
    stack.publish([an_award(2, budget=BUDGET, grant="G2")])
    with stack.ledger() as again:
        journal = stack.wait_for_records(3)[0]
        assert [1, 2, 3] == [record["sequence"] for record in journal]
        assert [] == again.logged("state_rebuilt")
        assert 0 == again.stop()

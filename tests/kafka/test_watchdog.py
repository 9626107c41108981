"""Waits that never end: a limit where it can be cancelled, else the watchdog."""

from pathlib import Path

import pytest

from tests.builders import a_vote_and_awards
from tests.kafka.brokers import Broker
from tests.kafka.cluster import Cluster, budget_on
from tests.kafka.workers import Worker, outcomes, wait_for_records

STALLED = 70
BUDGET = budget_on(0, 1)
# A limit of 1 s on every wait, and the watchdog above it.
QUICK = {"ECLUSE_TRANSACTION_TIMEOUT_S": "2", "ECLUSE_STALL_S": "3"}


@pytest.fixture
def cluster(broker: Broker, prefix: str) -> Cluster:
    cluster = Cluster(broker.bootstrap, prefix, 1)
    cluster.create()
    cluster.publish(a_vote_and_awards(BUDGET, 5))
    return cluster


def test_a_producer_that_waits_for_ever_is_ended_and_nothing_is_lost(
    cluster: Cluster, tmp_path: Path
) -> None:
    with Worker(cluster, tmp_path, fault="stubborn_commit:", **QUICK) as worker:
        hangs = worker.wait_for("task_hangs")
        assert (0, f"{cluster.prefix}ecluse.events.v1/0/0") == (hangs["partition"], hangs["doing"])
        assert STALLED == worker.ended()
        assert {0: []} == cluster.journal()
    with Worker(cluster, tmp_path, **QUICK) as again:
        journal = wait_for_records(cluster, 5)[0]
        assert ["accepted"] * 5 == outcomes(journal)
        assert list(range(5)) == [record["source"]["offset"] for record in journal]
        assert 0 == again.stop()


def test_a_commit_that_never_ends_is_cancelled_and_done_again(
    cluster: Cluster, tmp_path: Path
) -> None:
    with Worker(cluster, tmp_path, fault="hung_commit:2", **QUICK) as worker:
        retried = worker.wait_for("partition_retried")
        assert "commit: no answer in 1 s" in retried["error"]
        journal = wait_for_records(cluster, 5)[0]
        assert list(range(5)) == [record["source"]["offset"] for record in journal]
        assert [2] == [len(worker.logged("partition_retried"))]
        assert 0 == worker.stop()

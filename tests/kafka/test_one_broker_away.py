"""One of three brokers is away, or answers nobody, while a worker starts: it asks another."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from events.topics import JOURNAL
from services.ledger.kafka.partition import TOPICS
from services.runtime.kafka.topic_catalogue import read_catalogue
from services.runtime.kafka.topics import check
from services.verifier.cluster.verify import verify
from tests.builders import a_vote_and_awards
from tests.kafka.cluster import Cluster, budget_on
from tests.kafka.commands import WRONG, object_of
from tests.kafka.processes import Worker
from tests.kafka.three_brokers import BROKERS, ThreeBrokers
from tests.waiting import run

PARTITIONS: Final = 4
EVENTS: Final = 5
"""Of each partition."""

ALL: Final = list(read_catalogue().topics)

STARTED_S: Final = 90.0
"""A broker that is frozen costs ten seconds each time that it is asked, until the others know."""

SAMPLES: Final = 6
"""Before it asked another, a look at the topics failed in one case of two."""


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ThreeBrokers]:
    """Three brokers."""
    with ThreeBrokers(tmp_path_factory.mktemp("three")) as started:
        yield started


@pytest.mark.timeout(300)
def test_topics_on_three_brokers_are_kept_three_times_and_one_with_fewer_is_named(
    three: ThreeBrokers, prefix: str
) -> None:
    cluster = Cluster(three.bootstrap, prefix, PARTITIONS)
    done = object_of(cluster, "topics", "apply", "--partitions", PARTITIONS)
    assert [] == done["differences"]
    assert {"2"} == {cluster.config_of(topic)["min.insync.replicas"] for topic in ALL}
    assert [] == object_of(cluster, "topics", "diff")["differences"]

    cluster.alter(JOURNAL, min_insync_replicas="1")
    (lax,) = object_of(cluster, "topics", "diff", code=WRONG)["differences"]
    assert ("min.insync.replicas", "1", "2") == (lax["setting"], lax["found"], lax["wanted"])
    assert PARTITIONS == run(check(cluster.settings, TOPICS)), "it stops no worker"
    (mended,) = object_of(cluster, "topics", "apply")["mended"]
    assert cluster.name(JOURNAL) == mended["topic"]
    assert "2" == cluster.config_of(JOURNAL)["min.insync.replicas"]

    once = Cluster(three.bootstrap, f"{prefix}once.", PARTITIONS)
    once.create(replicas=1)
    fewer = object_of(once, "topics", "apply", code=WRONG)
    assert ([], []) == (fewer["created"], fewer["mended"])
    assert [("replication factor", "1", "3")] * len(ALL) == [
        (each["setting"], each["found"], each["wanted"]) for each in fewer["differences"]
    ]
    assert PARTITIONS == run(check(once.settings, TOPICS))


@pytest.mark.fault
@pytest.mark.timeout(300)
def test_a_worker_starts_and_decides_while_one_broker_answers_nobody(
    three: ThreeBrokers, prefix: str, tmp_path: Path
) -> None:
    cluster = Cluster(three.bootstrap, prefix, PARTITIONS)
    cluster.create(replicas=BROKERS)
    with Worker(cluster, tmp_path, "before") as before:
        # The first group and the first transaction of a cluster make topics of its own.
        before.wait_for_states(running=PARTITIONS)
        assert 0 == before.stop()
    for number in range(PARTITIONS):
        cluster.publish(a_vote_and_awards(budget_on(number, PARTITIONS), EVENTS))

    async def polls() -> list[int]:
        return await asyncio.gather(*(check(cluster.settings, TOPICS) for _ in range(SAMPLES)))

    three.freeze()
    try:
        with Worker(cluster, tmp_path) as worker:
            assert [PARTITIONS] * SAMPLES == run(polls(), STARTED_S)

            def is_decided() -> bool:
                return [EVENTS] * PARTITIONS == [
                    row["next_offsets"][cluster.name("ecluse.events.v1")]
                    for row in worker.partitions().values()
                    if row["state"] == "running"
                ]

            worker.until(is_decided, "all is decided", STARTED_S)
            began_s = time.monotonic()
            assert 0 == worker.stop()
            assert time.monotonic() - began_s < 15
    finally:
        three.revive()
    cluster.wait_for_records(PARTITIONS * EVENTS)
    report = run(verify(three.bootstrap, prefix))
    assert report.proved, [each.row() for each in report.findings]

"""A bug of ours at one record holds its partition, alone, until it is mended or quarantined."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from events import topics
from services.ledger.kafka.state_topic import current_hold
from services.runtime.kafka.reader import Reader
from services.runtime.ops.errors import ClusterError
from services.runtime.processing.processor import Hold
from tests.builders import Json, a_vote_and_awards
from tests.kafka.brokers import Broker
from tests.kafka.cluster import Cluster, budget_on, run
from tests.kafka.workers import Worker, outcomes, wait_for_records

SICK, SOUND = 0, 1
SICK_BUDGET, SOUND_BUDGET = budget_on(SICK, 2), budget_on(SOUND, 2)
BAD = 4
"""The offset of the bad record on the sick partition."""


@pytest.fixture
def cluster(broker: Broker, prefix: str) -> Cluster:
    cluster = Cluster(broker.bootstrap, prefix, 2)
    cluster.create()
    return cluster


def hold_on(cluster: Cluster, partition: int) -> Hold | None:
    """The hold that stands last in the state topic."""

    async def poll() -> Hold | None:
        place = cluster.place(topics.LEDGER_STATE, partition)
        reader = Reader(cluster.settings, [place])
        await reader.start()
        try:
            return await current_hold(reader, place)
        finally:
            await reader.stop()

    return run(poll())


def sequences(records: list[Json]) -> list[int]:
    return [record["source"]["offset"] for record in records]


@pytest.fixture
def held(cluster: Cluster, tmp_path: Path) -> Iterator[Worker]:
    """A worker that holds the sick partition before record 4, in a batch of 7."""
    cluster.publish(
        a_vote_and_awards(SICK_BUDGET, 7) + a_vote_and_awards(SOUND_BUDGET, 2, name="s")
    )
    with Worker(cluster, tmp_path, fault=f"decide:e{BAD}") as worker:
        worker.wait_for("partition_held")
        yield worker


def test_a_bug_at_one_record_holds_its_partition_alone(held: Worker, cluster: Cluster) -> None:
    result = held.wait_for("partition_held")
    name = cluster.name(topics.EVENTS)
    where = {"topic": name, "partition": SICK, "offset": BAD, "event_id": f"e{BAD}"}
    assert where.items() <= result.items()
    assert "planted in decide" in result["error"]
    assert f"ecluse quarantine {SICK} {BAD} --reason" in result["do"]
    assert [2] == [len(held.logged("record_failed", offset=BAD))]

    page = held.wait_for_states(broken=1, running=1)
    assert "broken" == page[SICK]["state"]
    assert where.items() <= page[SICK]["held"].items()
    assert BAD == page[SICK]["next_offsets"][name]
    assert None is page[SOUND]["held"]
    assert 200 == held.ready(), "a held partition is no reason to send the worker away"

    hold = hold_on(cluster, SICK)
    assert hold is not None
    assert (name, SICK, BAD, f"e{BAD}") == hold[:4]
    assert None is hold_on(cluster, SOUND)

    cluster.publish(a_vote_and_awards(SOUND_BUDGET, 3, 2, "s"))
    journal = wait_for_records(cluster, BAD + 5)
    assert list(range(BAD)) == sequences(journal[SICK]), "what stands before it is committed"
    assert list(range(5)) == sequences(journal[SOUND]), "the other partition goes on"
    assert 0 == held.stop()


def test_what_is_quarantined_is_a_dead_letter_and_the_next_is_decided(
    held: Worker, cluster: Cluster
) -> None:
    hold = cluster.quarantine(SICK, BAD, by="Ada", why="decide fails on it")
    assert (SICK, BAD) == (hold.partition, hold.offset)
    journal = wait_for_records(cluster, 7 + 2)
    assert list(range(7)) == sequences(journal[SICK])
    assert ["accepted"] * 4 + ["dead_letter"] + ["accepted"] * 2 == outcomes(journal[SICK])
    quarantined = journal[SICK][BAD]["dead_letter"]
    assert {"by": "Ada", "why": "decide fails on it"}.items() <= quarantined.items()
    assert quarantined["reason"].startswith("quarantined")

    [dead_letter] = cluster.read(topics.DEAD_LETTERS)[SICK]
    assert a_vote_and_awards(SICK_BUDGET, 7)[BAD] == json.loads(dead_letter.value)
    assert SICK_BUDGET.encode() == dead_letter.key
    headers = dict(dead_letter.headers)
    assert b"Ada" == headers["ecluse_dlq_by"]
    assert b"decide fails on it" == headers["ecluse_dlq_why"]
    assert headers["ecluse_dlq_reason"].startswith(b"quarantined")
    assert str(BAD).encode() == headers["ecluse_dlq_offset"]

    page = held.wait_for_states(running=2)
    assert None is page[SICK]["held"]
    assert b'"hold"' not in cluster.state()[SICK]
    assert None is hold_on(cluster, SICK)
    assert 1 == len(held.logged("partition_held")), "the same process goes on by itself"
    assert None is held.code


def test_the_last_record_quarantined_leaves_nothing_held(cluster: Cluster, tmp_path: Path) -> None:
    cluster.publish(a_vote_and_awards(SICK_BUDGET, 2))
    with Worker(cluster, tmp_path, fault="decide:e1") as worker:
        worker.wait_for("partition_held", offset=1)
        cluster.quarantine(SICK, 1)
        page = worker.wait_for_states(running=2)
        assert None is page[SICK]["held"]


@pytest.mark.parametrize(
    ("partition", "offset", "why"),
    [(SOUND, 1, "not held"), (SICK, BAD + 1, f"offset {BAD}"), (SICK, BAD - 1, f"offset {BAD}")],
    ids=["a partition that is not held", "a later record", "an earlier record"],
)
def test_nothing_else_is_quarantined(
    held: Worker, cluster: Cluster, partition: int, offset: int, why: str
) -> None:
    with pytest.raises(ClusterError, match=why):
        cluster.quarantine(partition, offset)
    # Whoever were fenced by that would stop at its next record.
    cluster.publish(a_vote_and_awards(SOUND_BUDGET, 1, 2, "s"))
    journal = wait_for_records(cluster, BAD + 3)
    assert list(range(3)) == sequences(journal[SOUND])
    held.wait_for_states(broken=1, running=1)
    assert [] == held.logged("worker_fenced")
    assert None is held.code


def test_a_mended_worker_goes_past_the_hold_by_itself(
    held: Worker, cluster: Cluster, tmp_path: Path
) -> None:
    assert 0 == held.stop()
    assert hold_on(cluster, SICK) is not None, "the hold outlives the worker"
    with Worker(cluster, tmp_path) as mended:
        journal = wait_for_records(cluster, 7 + 2)
        assert ["accepted"] * 7 == outcomes(journal[SICK])
        mended.wait_for_states(running=2)
        assert b'"hold"' not in cluster.state()[SICK]
        assert None is hold_on(cluster, SICK)
        assert [] == mended.logged("record_failed")
        with pytest.raises(ClusterError, match="not held"):
            cluster.quarantine(SICK, BAD)

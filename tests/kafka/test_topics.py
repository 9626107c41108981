"""Topics as code on a real broker: created, compared, mended, and what must stop a worker.

What differs, and how that is said: tests/unit/runtime/test_topic_diff.py.
"""

import asyncio
from collections.abc import Sequence

import pytest

from events.topics import EVENTS, INTERNAL_EVENTS, JOURNAL, LEDGER_STATE
from services.runtime.kafka import topics
from services.runtime.kafka.topic_catalogue import TopicOptions, read_catalogue
from services.runtime.ops.errors import ClusterError
from tests.builders import Json
from tests.kafka.cluster import Cluster
from tests.kafka.commands import UNREACHABLE, WRONG, asked, object_of
from tests.kafka.stack import Stack
from tests.waiting import eventually

ALL = list(read_catalogue().topics)
PARTITIONS = 3


def until_differing(cluster: Cluster, *wanted: tuple[str, str | None]) -> None:
    """Until just this differs: the broker shows changes a little later."""
    expected = [(cluster.name(topic), setting) for topic, setting in wanted]

    def poll() -> bool:
        found = asyncio.run(topics.differences(read_catalogue(), cluster.settings))
        return expected == [(each.topic, each.setting) for each in found]

    eventually(poll, f"not {expected}")


def checked(cluster: Cluster, names: Sequence[str] = ALL) -> int:
    """The number of partitions, as a worker that stands on these topics finds it."""
    return asyncio.run(topics.check(cluster.settings, names))


def test_apply_creates_every_topic_and_nothing_differs_afterwards(nowhere: Stack) -> None:
    before = object_of(nowhere, "topics", "diff", code=WRONG)
    assert len(ALL) == len(before["differences"])
    with pytest.raises(ClusterError, match=f"{len(ALL) - 1} more differences"):
        checked(nowhere)

    options = ("--partitions", PARTITIONS, "--replication-factor", 1)
    done = object_of(nowhere, "topics", "apply", *options)
    assert [nowhere.name(name) for name in ALL] == done["created"]
    until_differing(nowhere)
    assert {"differences": []} == object_of(nowhere, "topics", "diff")
    assert PARTITIONS == checked(nowhere)
    assert PARTITIONS == asyncio.run(topics.partition_count(nowhere.settings, EVENTS))

    again = object_of(nowhere, "topics", "apply")
    nothing: Json = {"created": [], "mended": [], "differences": []}
    assert nothing == again
    assert PARTITIONS == checked(nowhere), "it keeps the number of partitions"


def test_several_who_apply_at_once_all_come_to_the_end(nowhere: Stack) -> None:
    async def apply() -> None:
        asked = TopicOptions(partitions=PARTITIONS)
        catalogue, settings = read_catalogue(), nowhere.settings
        await asyncio.gather(*(topics.apply(catalogue, settings, asked) for _ in range(4)))

    asyncio.run(apply())
    until_differing(nowhere)


@pytest.mark.parametrize(
    ("name", "setting", "value"),
    [
        (LEDGER_STATE, "cleanup_policy", "delete"),
        (EVENTS, "message_timestamp_type", "CreateTime"),
    ],
)
def test_a_changed_limit_stops_a_worker_is_seen_by_diff_and_mended_by_apply(
    stack: Stack, name: str, setting: str, value: str
) -> None:
    topic, kafka_name = stack.name(name), setting.replace("_", ".")
    stack.alter(name, flush_ms="123456", **{setting: value})
    with pytest.raises(ClusterError, match=f"^{topic}: {kafka_name} is {value}"):
        checked(stack)
    (difference,) = object_of(stack, "topics", "diff", code=WRONG)["differences"]
    assert (topic, kafka_name) == (difference["topic"], difference["setting"])
    mended = object_of(stack, "topics", "apply")["mended"]
    assert [topic] == [each["topic"] for each in mended]
    until_differing(stack)
    assert PARTITIONS == checked(stack)
    assert "123456" == stack.config_of(name)["flush.ms"], "what else was set there is kept"


def test_a_worker_does_not_stop_for_a_compression_that_differs(stack: Stack) -> None:
    stack.alter(JOURNAL, compression_type="lz4")
    assert PARTITIONS == checked(stack)
    until_differing(stack, (JOURNAL, "compression.type"))


def test_another_number_of_partitions_is_reported_and_not_touched(stack: Stack) -> None:
    stack.widen(PARTITIONS + 2, JOURNAL)
    until_differing(stack, (JOURNAL, "partitions"))
    done = object_of(stack, "topics", "apply", code=WRONG)
    assert ([], []) == (done["created"], done["mended"])
    until_differing(stack, (JOURNAL, "partitions"))
    with pytest.raises(ClusterError, match=f"^{stack.name(JOURNAL)}: 5 partitions"):
        checked(stack)
    # Whoever does not stand on the journal may start.
    assert PARTITIONS == checked(stack, [EVENTS, INTERNAL_EVENTS])


def test_a_missing_topic_stops_a_worker_and_is_made_again_like_the_others(stack: Stack) -> None:
    stack.delete(LEDGER_STATE)
    until_differing(stack, (LEDGER_STATE, None))
    with pytest.raises(ClusterError, match=f"^{stack.name(LEDGER_STATE)}: .*missing"):
        checked(stack)
    with pytest.raises(ClusterError, match=f"^{stack.name(LEDGER_STATE)}: .*missing"):
        asyncio.run(topics.partition_count(stack.settings, LEDGER_STATE))
    assert [stack.name(LEDGER_STATE)] == object_of(stack, "topics", "apply")["created"]
    assert PARTITIONS == checked(stack)


def test_a_refusal_of_the_cluster_creates_nothing(nowhere: Stack) -> None:
    result = asked(nowhere, "topics", "apply", "--replication-factor", 3)
    assert (UNREACHABLE, b"") == (result.code, result.out)
    assert "replication" in result.err
    until_differing(nowhere, *((name, None) for name in ALL))

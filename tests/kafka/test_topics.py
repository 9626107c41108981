"""Topics as code on a real broker: created, compared, mended, and what must stop a worker."""

import asyncio
import json
import time

import pytest

from events.topics import BALANCES, EVENTS, INTERNAL_EVENTS, JOURNAL, LEDGER_STATE
from services.runtime.kafka import topics
from services.runtime.kafka.topic_catalogue import read_catalogue
from services.runtime.kafka.topic_diff import TopicOptions
from services.runtime.ops.errors import ClusterError
from services.runtime.ops.settings import Settings
from tests.builders import Json
from tests.integration.command import CommandResult, ecluse
from tests.kafka.brokers import Broker
from tests.kafka.changes import PAUSE_S, add_partitions, change, config_of, delete

ALL = list(read_catalogue().topics)
PARTITIONS = 3


@pytest.fixture
def settings(broker: Broker, prefix: str) -> Settings:
    return Settings(bootstrap_servers=broker.bootstrap, topic_prefix=prefix)


@pytest.fixture
def applied(settings: Settings) -> Settings:
    """A cluster on which everything is right."""
    asyncio.run(topics.apply(read_catalogue(), settings, TopicOptions(partitions=PARTITIONS)))
    return settings


def run(settings: Settings, *args: object) -> CommandResult:
    return ecluse(
        "topics",
        *args,
        ECLUSE_BOOTSTRAP_SERVERS=settings.bootstrap_servers,
        ECLUSE_TOPIC_PREFIX=settings.topic_prefix,
    )


def differing(settings: Settings, count: int) -> list[tuple[str, str | None]]:
    """What differs, once so much does: the broker shows changes a little later."""
    while True:
        found = asyncio.run(topics.differences(read_catalogue(), settings))
        if len(found) == count:
            return [(each.topic, each.setting) for each in found]
        time.sleep(PAUSE_S)


def test_apply_creates_every_topic_and_nothing_differs_afterwards(settings: Settings) -> None:
    before = run(settings, "diff", "--json")
    assert (1, len(ALL)) == (before.code, len(json.loads(before.out)["differences"]))

    done = run(settings, "apply", "--partitions", PARTITIONS, "--replication-factor", 1, "--json")
    expected = {
        "created": [settings.topic(name) for name in ALL],
        "mended": [],
        "differences": [],
    }
    assert (0, expected) == (done.code, json.loads(done.out))

    after = run(settings, "diff", "--json")
    assert (0, {"differences": []}) == (after.code, json.loads(after.out))
    assert "All 9 topics are as they should be." in run(settings, "diff").text
    assert PARTITIONS == asyncio.run(topics.check(settings, ALL))
    assert PARTITIONS == asyncio.run(topics.partition_count(settings, EVENTS))


def test_apply_twice_changes_nothing_and_keeps_the_number_of_partitions(
    applied: Settings,
) -> None:
    again = run(applied, "apply", "--json")
    nothing: Json = {"created": [], "mended": [], "differences": []}
    assert (0, nothing) == (again.code, json.loads(again.out))
    assert PARTITIONS == asyncio.run(topics.check(applied, ALL))


def test_two_who_apply_at_once_both_come_to_the_end(settings: Settings) -> None:
    async def both() -> None:
        asked = TopicOptions(partitions=PARTITIONS)
        await asyncio.gather(*(topics.apply(read_catalogue(), settings, asked) for _ in range(4)))

    asyncio.run(both())
    assert [] == differing(settings, 0)


@pytest.mark.parametrize(
    ("name", "setting", "value"),
    [
        (EVENTS, "max_message_bytes", "1048588"),
        (LEDGER_STATE, "cleanup_policy", "delete"),
        (BALANCES, "segment_ms", "604800000"),
    ],
)
def test_a_changed_limit_stops_a_worker_is_seen_by_diff_and_mended_by_apply(
    applied: Settings, name: str, setting: str, value: str
) -> None:
    topic, kafka_name = applied.topic(name), setting.replace("_", ".")
    change(applied, name, **{setting: value})
    with pytest.raises(ClusterError, match=f"^{topic}: {kafka_name} is {value} .*topics apply"):
        asyncio.run(topics.check(applied, ALL))

    result = run(applied, "diff")
    assert (1, True) == (result.code, f"{topic}: {kafka_name} is {value} instead" in result.text)
    mended = run(applied, "apply")
    assert (0, True) == (mended.code, f"{topic}: {kafka_name} is now" in mended.text)
    assert [] == differing(applied, 0)
    assert PARTITIONS == asyncio.run(topics.check(applied, ALL))


def test_mending_one_setting_keeps_what_else_was_set_on_the_topic(applied: Settings) -> None:
    change(applied, JOURNAL, flush_ms="123456", retention_ms="1000")
    assert 0 == run(applied, "apply").code
    config = config_of(applied, JOURNAL)
    assert ("123456", "-1") == (config["flush.ms"], config["retention.ms"])


def test_a_worker_does_not_stop_for_a_compression_that_differs(applied: Settings) -> None:
    change(applied, JOURNAL, compression_type="lz4")
    assert PARTITIONS == asyncio.run(topics.check(applied, ALL))
    assert [(applied.topic(JOURNAL), "compression.type")] == differing(applied, 1)


def test_another_number_of_partitions_is_reported_and_not_touched(applied: Settings) -> None:
    add_partitions(applied, JOURNAL, PARTITIONS + 2)
    topic = applied.topic(JOURNAL)
    assert [(topic, "partitions")] == differing(applied, 1)

    done = run(applied, "apply")
    assert 1 == done.code
    assert f"{topic}: 5 partitions instead of 3" in done.text
    assert "created" not in done.text
    assert [(topic, "partitions")] == differing(applied, 1)
    with pytest.raises(ClusterError, match=f"^{topic}: 5 partitions instead of 3"):
        asyncio.run(topics.check(applied, ALL))
    # Whoever does not stand on the journal may start.
    assert PARTITIONS == asyncio.run(topics.check(applied, [EVENTS, INTERNAL_EVENTS]))


def test_another_number_of_partitions_than_asked_is_not_given(applied: Settings) -> None:
    done = run(applied, "apply", "--partitions", PARTITIONS + 1, "--json")
    left = json.loads(done.out)["differences"]
    assert 1 == done.code
    assert [(applied.topic(name), "partitions", False) for name in ALL] == [
        (each["topic"], each["setting"], each["mendable"]) for each in left
    ]
    assert PARTITIONS == asyncio.run(topics.check(applied, ALL))


def test_a_missing_topic_stops_a_worker_and_is_made_again_like_the_others(
    applied: Settings,
) -> None:
    delete(applied, LEDGER_STATE)
    assert [(applied.topic(LEDGER_STATE), None)] == differing(applied, 1)
    with pytest.raises(ClusterError, match=f"^{applied.topic(LEDGER_STATE)}: .*missing.*apply"):
        asyncio.run(topics.check(applied, ALL))
    with pytest.raises(ClusterError, match=f"^{applied.topic(LEDGER_STATE)}: .*missing"):
        asyncio.run(topics.partition_count(applied, LEDGER_STATE))
    done = run(applied, "apply")
    assert (0, 1) == (done.code, done.text.count("created, 3 partitions"))
    assert PARTITIONS == asyncio.run(topics.check(applied, ALL))


def test_of_many_differences_a_worker_names_the_first_and_counts_the_others(
    settings: Settings,
) -> None:
    with pytest.raises(ClusterError, match="8 more differences") as stopped:
        asyncio.run(topics.check(settings, ALL))
    assert f"{settings.topic(EVENTS)}\u00a0: ce topic manque" in stopped.value.text.fr


def test_a_refusal_of_the_cluster_is_quoted(settings: Settings) -> None:
    result = run(settings, "apply", "--replication-factor", 3)
    assert (3, b"") == (result.code, result.out)
    assert "the cluster refuses: " in result.err
    assert "replication" in result.err
    assert len(ALL) == len(differing(settings, len(ALL))), "nothing was created"

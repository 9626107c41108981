"""What differs between the catalogue and a cluster, and what is reported of it."""

from dataclasses import replace

import pytest
from pydantic import ValidationError

from services.runtime.kafka.topic_catalogue import (
    MIN_INSYNC,
    NO_OPTIONS,
    Catalogue,
    ClusterTopic,
    Difference,
    TopicOptions,
    choose_count,
    choose_replicas,
    compare,
    min_insync,
    read_catalogue,
)
from services.runtime.ops.settings import Settings
from services.texts.translation import both

EVENTS, INTERNAL_EVENTS, JOURNAL = (
    "ecluse.events.v1",
    "ecluse.internal-events.v1",
    "ecluse.journal.v1",
)
SETTINGS = Settings(topic_prefix="t.")


def wanted() -> Catalogue:
    """Three topics are enough to disagree."""
    catalogue = read_catalogue()
    topics = {name: catalogue.topics[name] for name in (EVENTS, INTERNAL_EVENTS, JOURNAL)}
    return catalogue.model_copy(update={"topics": topics})


def as_wanted(**partitions: int) -> dict[str, ClusterTopic]:
    """A cluster on which everything is right, but for the number of partitions of some topics."""
    counts = {
        EVENTS: partitions.get("events", 12),
        INTERNAL_EVENTS: partitions.get("internal_events", 12),
    }
    counts |= {JOURNAL: partitions.get("journal", 12)}
    return {
        name: ClusterTopic(count, 1, wanted().topics[name].config.as_kafka() | {"flush.ms": "7"})
        for name, count in counts.items()
        if count
    }


def changed(name: str, setting: str, value: str | None) -> dict[str, ClusterTopic]:
    found = as_wanted()
    config = dict(found[name].config)
    config.pop(setting)
    if value is not None:
        config[setting] = value
    return found | {name: replace(found[name], config=config)}


def rows(
    found: dict[str, ClusterTopic], asked: TopicOptions = NO_OPTIONS
) -> list[tuple[object, ...]]:
    return [
        (each.topic, each.setting, each.actual, each.expected, each.mendable)
        for each in compare(wanted(), found, SETTINGS, asked)
    ]


def test_nothing_differs_where_everything_is_right_whatever_else_is_set() -> None:
    assert [] == rows(as_wanted())


def test_on_an_empty_cluster_everything_is_missing_and_will_be_created_as_written() -> None:
    assert [
        (f"t.{name}", None, None, "12", True) for name in (EVENTS, INTERNAL_EVENTS, JOURNAL)
    ] == rows({})


def test_a_new_cluster_gets_as_many_partitions_as_asked() -> None:
    assert ["4", "4", "4"] == [row[3] for row in rows({}, TopicOptions(partitions=4))]


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("max.message.bytes", "1048588"),
        ("retention.ms", "604800000"),
        ("retention.bytes", "1"),
        ("cleanup.policy", "compact"),
        ("compression.type", "producer"),
        ("retention.ms", None),
    ],
)
def test_a_setting_that_differs_is_named_and_can_be_mended(setting: str, value: str | None) -> None:
    should_be = wanted().topics[JOURNAL].config.as_kafka()[setting]
    found = changed(JOURNAL, setting, value)
    assert [(f"t.{JOURNAL}", setting, value, should_be, True)] == rows(found)


def test_a_missing_topic_gets_as_many_partitions_as_the_others_have() -> None:
    found = as_wanted(events=4, journal=4, internal_events=0)
    assert [(f"t.{INTERNAL_EVENTS}", None, None, "4", True)] == rows(found)


def test_the_number_of_partitions_that_most_topics_have_is_the_right_one() -> None:
    assert [(f"t.{JOURNAL}", "partitions", "16", "12", False)] == rows(as_wanted(journal=16))
    assert [(f"t.{EVENTS}", "partitions", "12", "16", False)] == rows(
        as_wanted(journal=16, internal_events=16)
    )


def test_among_two_that_disagree_the_first_of_the_catalogue_is_right() -> None:
    found = as_wanted(events=4, internal_events=0, journal=8)
    assert 4 == choose_count(wanted(), found, NO_OPTIONS)


def test_nothing_is_created_while_the_others_disagree() -> None:
    found = as_wanted(events=4, internal_events=0, journal=8)
    assert [
        (f"t.{INTERNAL_EVENTS}", None, None, "4", False),
        (f"t.{JOURNAL}", "partitions", "8", "4", False),
    ] == rows(found)


def test_another_number_of_partitions_than_asked_is_never_mended() -> None:
    found = as_wanted(events=4, internal_events=0, journal=4)
    assert [
        (f"t.{EVENTS}", "partitions", "4", "6", False),
        (f"t.{INTERNAL_EVENTS}", None, None, "6", False),
        (f"t.{JOURNAL}", "partitions", "4", "6", False),
    ] == rows(found, TopicOptions(partitions=6))


def test_replicas_are_compared_only_where_a_number_was_asked() -> None:
    assert [] == rows(as_wanted(), TopicOptions(replication_factor=1))
    found = rows(as_wanted(), TopicOptions(replication_factor=3))
    assert [("replication factor", "1", "3", False)] * 3 == [row[1:] for row in found]


def replicated(replicas: int, required: int | None) -> dict[str, ClusterTopic]:
    own = {} if required is None else {MIN_INSYNC: str(required)}
    return {
        name: replace(each, replication_factor=replicas, config={**each.config, **own})
        for name, each in as_wanted().items()
    }


@pytest.mark.parametrize(
    ("brokers", "replicas", "required"), [(1, 1, 1), (2, 2, 1), (3, 3, 2), (5, 3, 2)]
)
def test_a_new_cluster_keeps_each_record_as_often_as_its_size_allows(
    brokers: int, replicas: int, required: int
) -> None:
    chosen = choose_replicas(wanted(), {}, NO_OPTIONS, brokers)
    assert (replicas, required) == (chosen, min_insync(wanted(), chosen))


def test_a_number_that_was_asked_decides_and_one_broker_may_always_be_away() -> None:
    chosen = [
        choose_replicas(wanted(), {}, TopicOptions(replication_factor=each), 3)
        for each in (1, 2, 5)
    ]
    assert [1, 2, 5] == chosen
    assert [1, 1, 2] == [min_insync(wanted(), each) for each in chosen]


@pytest.mark.parametrize(
    ("found", "brokers", "differing"),
    [
        (replicated(3, 2), 3, []),
        (replicated(3, 2), 2, []),  # one is away
        (replicated(3, 3), 3, []),  # stricter than asked for
        (replicated(1, 1), 1, []),
        (replicated(1, None), 3, [("replication factor", "1", "3", False)]),
        (replicated(2, 1), 3, [("replication factor", "2", "3", False)]),
        (replicated(3, None), 3, [("min.insync.replicas", "1", "2", True)]),
        (replicated(3, 1), 2, [("min.insync.replicas", "1", "2", True)]),
    ],
)
def test_a_topic_with_fewer_replicas_than_the_cluster_allows_is_named(
    found: dict[str, ClusterTopic], brokers: int, differing: list[tuple[object, ...]]
) -> None:
    differences = compare(wanted(), found, SETTINGS, NO_OPTIONS, brokers)
    by_topic = {
        topic: [
            (each.setting, each.actual, each.expected, each.mendable)
            for each in differences
            if each.topic == f"t.{topic}"
        ]
        for topic in (EVENTS, INTERNAL_EVENTS, JOURNAL)
    }
    assert dict.fromkeys(by_topic, differing) == by_topic


def test_a_topic_with_fewer_replicas_than_the_others_is_named_while_a_broker_is_away() -> None:
    found = replicated(3, 2) | {JOURNAL: replicated(2, 1)[JOURNAL]}
    (difference,) = compare(wanted(), found, SETTINGS, NO_OPTIONS, 2)
    assert (f"t.{JOURNAL}", "replication factor", "3") == (
        difference.topic,
        difference.setting,
        difference.expected,
    )


def test_a_catalogue_whose_topics_nobody_could_write_without_one_broker_is_refused() -> None:
    whole = read_catalogue().model_dump(by_alias=True, exclude_none=True)
    with pytest.raises(ValidationError, match="min_insync_replicas"):
        Catalogue.model_validate(whole | {"min_insync_replicas": 3})


@pytest.mark.parametrize(
    ("found", "asked", "reported"),
    [
        (
            as_wanted(internal_events=0),
            NO_OPTIONS,
            ["t.ecluse.internal-events.v1", "12", "topics apply"],
        ),
        (as_wanted(journal=3), NO_OPTIONS, ["t.ecluse.journal.v1", "3", "12", "partitions"]),
        (
            as_wanted(internal_events=0, journal=3),
            NO_OPTIONS,
            ["t.ecluse.internal-events.v1", "12"],
        ),
        (as_wanted(), TopicOptions(replication_factor=3), ["3", "kafka-reassign-partitions"]),
        (
            changed(EVENTS, "max.message.bytes", "5"),
            NO_OPTIONS,
            ["t.ecluse.events.v1", "max.message.bytes", "5", "16777216", "topics apply"],
        ),
    ],
)
def test_each_difference_says_which_what_and_what_to_do_in_both_languages(
    found: dict[str, ClusterTopic], asked: TopicOptions, reported: list[str]
) -> None:
    first: Difference = compare(wanted(), found, SETTINGS, asked)[0]
    texts = both(first.text)
    assert texts.fr != texts.en
    for text in (texts.fr, texts.en):
        assert [] == [each for each in reported if each not in text], text
        assert "{" not in text

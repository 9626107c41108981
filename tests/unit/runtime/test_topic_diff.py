"""What differs between the catalogue and a cluster, and what is reported of it."""

from dataclasses import replace

import pytest

from services.runtime.kafka.topic_catalogue import Catalogue, read_catalogue
from services.runtime.kafka.topic_diff import (
    NO_OPTIONS,
    Difference,
    Found,
    TopicOptions,
    compare,
    shared_count,
)
from services.runtime.ops.settings import Settings

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


def as_wanted(**partitions: int) -> dict[str, Found]:
    """A cluster on which everything is right, but for the number of partitions of some topics."""
    counts = {
        EVENTS: partitions.get("events", 12),
        INTERNAL_EVENTS: partitions.get("internal_events", 12),
    }
    counts |= {JOURNAL: partitions.get("journal", 12)}
    return {
        name: Found(count, 1, wanted().topics[name].config.as_kafka() | {"flush.ms": "7"})
        for name, count in counts.items()
        if count
    }


def changed(name: str, setting: str, value: str | None) -> dict[str, Found]:
    found = as_wanted()
    config = dict(found[name].config)
    config.pop(setting)
    if value is not None:
        config[setting] = value
    return found | {name: replace(found[name], config=config)}


def rows(found: dict[str, Found], asked: TopicOptions = NO_OPTIONS) -> list[tuple[object, ...]]:
    return [
        (each.topic, each.setting, each.found, each.wanted, each.mendable)
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
    assert 4 == shared_count(wanted(), found, NO_OPTIONS)


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
    found: dict[str, Found], asked: TopicOptions, reported: list[str]
) -> None:
    first: Difference = compare(wanted(), found, SETTINGS, asked)[0]
    assert first.text.fr != first.text.en
    for statuses in (first.text.fr, first.text.en):
        assert [] == [each for each in reported if each not in statuses], statuses
        assert "{" not in statuses

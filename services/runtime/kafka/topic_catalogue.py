"""The topics as code: schemas/topics.yaml, read strictly, and how a cluster differs from it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Annotated, Final, Literal, NamedTuple, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

import events
from events.texts import Translatable, _
from services.runtime.ops.errors import ClusterError
from services.runtime.ops.settings import Settings

FILE: Final = Path(events.__file__).parent.parent / "schemas" / "topics.yaml"
"""The catalogue, beside the published language."""

Unlimited = Literal[-1]
Positive = Annotated[int, Field(gt=0)]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class TopicConfig(_Strict):
    """The settings of a topic that Écluse relies on, by Kafka's names; milliseconds and bytes."""

    cleanup_policy: Annotated[Literal["compact", "delete"], Field(alias="cleanup.policy")]
    compression_type: Annotated[Literal["lz4", "zstd"], Field(alias="compression.type")]
    max_message_bytes: Annotated[Positive, Field(alias="max.message.bytes")]
    message_timestamp_type: Annotated[
        Literal["LogAppendTime"] | None, Field(alias="message.timestamp.type")
    ] = None
    retention_ms: Annotated[Positive | Unlimited | None, Field(alias="retention.ms")] = None
    retention_bytes: Annotated[Positive | Unlimited | None, Field(alias="retention.bytes")] = None
    segment_bytes: Annotated[Positive | None, Field(alias="segment.bytes")] = None
    segment_ms: Annotated[Positive | None, Field(alias="segment.ms")] = None
    min_cleanable_dirty_ratio: Annotated[
        float | None, Field(alias="min.cleanable.dirty.ratio", gt=0, le=1)
    ] = None
    max_compaction_lag_ms: Annotated[Positive | None, Field(alias="max.compaction.lag.ms")] = None

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        """Require all settings of a policy: a cluster's defaults are nobody's choice."""
        kept = (self.retention_ms, self.retention_bytes)
        compacted = (
            self.segment_bytes,
            self.segment_ms,
            self.min_cleanable_dirty_ratio,
            self.max_compaction_lag_ms,
        )
        if None in (kept if self.cleanup_policy == "delete" else compacted):
            raise ValueError(f"a topic with cleanup.policy {self.cleanup_policy} says more")
        return self

    def as_kafka(self) -> dict[str, str]:
        """The settings as Kafka takes and reports them: text."""
        config = self.model_dump(by_alias=True, exclude_none=True)
        return {name: str(value) for name, value in config.items()}


class Topic(_Strict):
    """One topic: what it carries, for whom, and how it is kept."""

    title: str
    description: str
    key: str
    """The key of its records."""

    readers: Annotated[list[str], Field(min_length=1)]
    alert_after_days: Positive | None = None
    """The age of an unread record before which an alert must have fired.

    Nothing is configured with it, as the alert on lateness fires within minutes
    (schemas/topics.yaml names it): tests check the alert against this promise of the contract.
    """

    config: TopicConfig


class Catalogue(_Strict):
    """All topics of the contract by name, and what is the same for each of them."""

    partitions: Positive
    replication_factor: Positive
    """The replicas of each topic, on a cluster of as many brokers or more."""

    min_insync_replicas: Positive
    """How many of them must have a record before it is acknowledged."""

    topics: dict[str, Topic]

    @model_validator(mode="after")
    def _survives_a_broker(self) -> Self:
        if self.min_insync_replicas >= self.replication_factor > 1:
            raise ValueError("min_insync_replicas: one broker away, and nothing could be written")
        return self


@cache
def read_catalogue(file: Path = FILE) -> Catalogue:
    """The catalogue, read once; a ValidationError says where it is wrong."""
    return Catalogue.model_validate(yaml.safe_load(file.read_text(encoding="utf-8")))


PARTITIONS: Final = "partitions"
REPLICATION: Final = "replication factor"
MIN_INSYNC: Final = "min.insync.replicas"

MISSING = _(
    "this topic is missing, or this principal may not see it: "
    "`ecluse topics apply` creates it with {wanted} partitions"
)
MISSING_STILL = _(
    "this topic is missing, and is not created while the others do not all have the same number "
    "of partitions, {wanted}"
)
OTHER_SETTING = _("{setting} is {found} instead of {wanted}: `ecluse topics apply` mends it")
OTHER_PARTITIONS = _(
    "{found} partitions instead of {wanted}. It is left alone, since keys would move to other "
    "partitions. If it is empty, delete it and run `ecluse topics apply`; else it is the other "
    "topics that must be made again, with {found} partitions"
)
OTHER_REPLICATION = _(
    "{found} replicas instead of {wanted}. `ecluse topics apply` moves no data: use "
    "kafka-reassign-partitions"
)


class TopicOptions(NamedTuple):
    """Options of the command line; None leaves it to the catalogue and the cluster's size."""

    partitions: int | None = None
    replication_factor: int | None = None


NO_OPTIONS: Final = TopicOptions()


@dataclass(frozen=True, slots=True)
class ClusterTopic:
    """A topic as the cluster shows it."""

    partitions: int
    replication_factor: int
    config: Mapping[str, str]
    """Every setting in force, by Kafka's names."""

    own: Mapping[str, str] = field(default_factory=dict)
    """Those among them that were set on the topic itself."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing about one topic that is not as the catalogue says."""

    topic: str
    """As it is called on the cluster."""

    setting: str | None
    """Kafka's name of it, `partitions` or `replication factor`; None where the topic is missing."""

    actual: str | None
    expected: str
    mendable: bool
    """True where `apply` mends it."""

    what: Translatable
    """The message: as it is, as it should be, and what to do; without the topic's name."""

    @property
    def text(self) -> Translatable:
        """The message with the topic's name."""
        return ClusterError(self.topic, self.what).text


def choose_count(
    catalogue: Catalogue, topics: Mapping[str, ClusterTopic], options: TopicOptions
) -> int:
    """The number of partitions of every topic: by option, by majority, else by the catalogue."""
    if options.partitions is not None:
        return options.partitions
    counts = [each.partitions for each in topics.values()]
    # Among equals the first one: `max` keeps the order of the catalogue.
    return max(counts, key=counts.count, default=catalogue.partitions)


def choose_replicas(
    catalogue: Catalogue, topics: Mapping[str, ClusterTopic], options: TopicOptions, brokers: int
) -> int:
    """The replicas of every topic: by option, else the catalogue's, as far as there are brokers.

    No fewer than a topic has already: a broker may be away.
    """
    if options.replication_factor is not None:
        return options.replication_factor
    most = max((each.replication_factor for each in topics.values()), default=1)
    return min(catalogue.replication_factor, max(brokers, most))


def min_insync(catalogue: Catalogue, replicas: int) -> int:
    """The number of replicas that must have a record: one may be away, where there are two."""
    return max(1, min(catalogue.min_insync_replicas, replicas - 1))


def compare(
    catalogue: Catalogue,
    topics: Mapping[str, ClusterTopic],
    settings: Settings,
    options: TopicOptions,
    brokers: int = 1,
) -> list[Difference]:
    """The differences by topic in the catalogue's order; `topics` is by the contract's names.

    Of replicas, and of those that must have a record, only fewer count, unless a number was asked:
    more are somebody's choice.
    """
    count = choose_count(catalogue, topics, options)
    replicas = choose_replicas(catalogue, topics, options, brokers)
    agreed = all(each.partitions == count for each in topics.values())
    differences: list[Difference] = []
    for name, topic in catalogue.topics.items():
        there = topics.get(name)
        if there is None:
            what = MISSING if agreed else MISSING_STILL
            facts = {"wanted": count}
            differences.append(
                Difference(settings.topic(name), None, None, str(count), agreed, what.render(facts))
            )
        else:
            where = settings.topic(name)
            differences += _compare_topic(where, topic, there, count)
            differences += _compare_replication(where, catalogue, there, replicas, options)
    return differences


def _compare_topic(
    name: str, topic: Topic, there: ClusterTopic, count: int
) -> Iterable[Difference]:
    if there.partitions != count:
        yield _difference(name, PARTITIONS, str(there.partitions), str(count), OTHER_PARTITIONS)
    for setting, value in topic.config.as_kafka().items():
        if there.config.get(setting) != value:
            yield _difference(name, setting, there.config.get(setting), value, OTHER_SETTING)


def _compare_replication(
    name: str, catalogue: Catalogue, there: ClusterTopic, replicas: int, options: TopicOptions
) -> Iterable[Difference]:
    has = there.replication_factor
    if has < replicas or (options.replication_factor is not None and has != replicas):
        yield _difference(name, REPLICATION, str(has), str(replicas), OTHER_REPLICATION)
    # By the replicas that are there: where more were required, nothing could be written.
    required, found = min_insync(catalogue, has), there.config.get(MIN_INSYNC, "1")
    if int(found) < required:
        yield _difference(name, MIN_INSYNC, found, str(required), OTHER_SETTING)


def _difference(
    name: str, setting: str, actual: str | None, expected: str, what: Translatable
) -> Difference:
    facts = {"setting": setting, "found": actual, "wanted": expected}
    return Difference(name, setting, actual, expected, what is OTHER_SETTING, what.render(facts))

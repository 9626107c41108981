"""The differences between the catalogue of topics and a cluster, without I/O."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from events.texts import Translatable, _
from services.runtime.kafka.topic_catalogue import Catalogue, Topic
from services.runtime.ops.errors import ClusterError
from services.runtime.ops.settings import Settings

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
class Found:
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

    found: str | None
    wanted: str
    mendable: bool
    """True where `apply` mends it."""

    what: Translatable
    """The message: as it is, as it should be, and what to do; without the topic's name."""

    @property
    def text(self) -> Translatable:
        """The message with the topic's name."""
        return ClusterError(self.topic, self.what).text


def shared_count(wanted: Catalogue, found: Mapping[str, Found], asked: TopicOptions) -> int:
    """The number of partitions of every topic: by option, by majority, else by the catalogue."""
    if asked.partitions is not None:
        return asked.partitions
    counts = [each.partitions for each in found.values()]
    # Among equals the first one: `max` keeps the order of the catalogue.
    return max(counts, key=counts.count, default=wanted.partitions)


def shared_replicas(
    wanted: Catalogue, found: Mapping[str, Found], asked: TopicOptions, brokers: int
) -> int:
    """The replicas of every topic: by option, else the catalogue's, as far as there are brokers.

    No fewer than a topic has already: a broker may be away.
    """
    if asked.replication_factor is not None:
        return asked.replication_factor
    most = max((each.replication_factor for each in found.values()), default=1)
    return min(wanted.replication_factor, max(brokers, most))


def min_insync(wanted: Catalogue, replicas: int) -> int:
    """How many of so many replicas must have a record: one may be away, where there are two."""
    return max(1, min(wanted.min_insync_replicas, replicas - 1))


def compare(
    wanted: Catalogue,
    found: Mapping[str, Found],
    settings: Settings,
    asked: TopicOptions,
    brokers: int = 1,
) -> list[Difference]:
    """The differences by topic in the catalogue's order; `found` is by the contract's names.

    Of replicas, and of those that must have a record, only fewer count, unless a number was asked:
    more are somebody's choice.
    """
    count = shared_count(wanted, found, asked)
    replicas = shared_replicas(wanted, found, asked, brokers)
    agreed = all(each.partitions == count for each in found.values())
    differences: list[Difference] = []
    for name, topic in wanted.topics.items():
        there = found.get(name)
        if there is None:
            what = MISSING if agreed else MISSING_STILL
            facts = {"wanted": count}
            differences.append(
                Difference(settings.topic(name), None, None, str(count), agreed, what.render(facts))
            )
        else:
            where = settings.topic(name)
            differences += _in_topic(where, topic, there, count)
            differences += _replicated(where, wanted, there, replicas, asked)
    return differences


def _in_topic(name: str, topic: Topic, there: Found, count: int) -> Iterable[Difference]:
    if there.partitions != count:
        yield _difference(name, PARTITIONS, str(there.partitions), str(count), OTHER_PARTITIONS)
    for setting, value in topic.config.as_kafka().items():
        if there.config.get(setting) != value:
            yield _difference(name, setting, there.config.get(setting), value, OTHER_SETTING)


def _replicated(
    name: str, wanted: Catalogue, there: Found, replicas: int, asked: TopicOptions
) -> Iterable[Difference]:
    has = there.replication_factor
    if has < replicas or (asked.replication_factor is not None and has != replicas):
        yield _difference(name, REPLICATION, str(has), str(replicas), OTHER_REPLICATION)
    # By the replicas that are there: where more were required, nothing could be written.
    required, found = min_insync(wanted, has), there.config.get(MIN_INSYNC, "1")
    if int(found) < required:
        yield _difference(name, MIN_INSYNC, found, str(required), OTHER_SETTING)


def _difference(
    name: str, setting: str, found: str | None, wanted: str, what: Translatable
) -> Difference:
    facts = {"setting": setting, "found": found, "wanted": wanted}
    return Difference(name, setting, found, wanted, what is OTHER_SETTING, what.render(facts))

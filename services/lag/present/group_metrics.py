"""Prometheus metrics of the consumer groups. An unknown figure has no sample, and is never 0.

The `kafka_…` names and labels are those of kafka_exporter, and topics and groups go by their names
on the cluster, so that dashboards made for it find them; the `ecluse_…` ones go by the contract's.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from events.lag import State
from services.lag.judge.history import NOT_KNOWN_NOW
from services.lag.judge.model import Consumer, Judged, Place
from services.runtime.ops.settings import Settings

OF_A_GROUP: Final = ("consumergroup", "topic", "partition")
OF_A_STAGE: Final = ("stage", "group", "topic", "partition")


class GroupMetrics(Collector):
    """The metrics of the consumer groups, made anew at each scrape."""

    def __init__(
        self,
        settings: Settings,
        judged: Callable[[], Sequence[Judged]],
        members: Callable[[], Mapping[Consumer, int]],
        sampled_s: Callable[[], float | None],
    ) -> None:
        """Metrics of these sources.

        Args:
            settings: the names of topics and groups on this cluster.
            judged: the judgement of each consumer in each partition.
            members: the number of members of each group; unknown groups are missing.
            sampled_s: when the groups were last sampled, in seconds since 1970.
        """
        self._settings = settings
        self._judged = judged
        self._members = members
        self._sampled_s = sampled_s

    def collect(self) -> Iterable[Metric]:
        """The metrics of now."""
        judged = self._judged()
        yield from self._as_kafka_exporter(judged)
        yield _states(judged)
        yield _of_stages(
            "ecluse_lag_oldest_event_timestamp_seconds",
            "Event time of the oldest record that is not yet done.",
            ((each, each.oldest_event_s) for each in judged),
        )
        yield _of_stages(
            "ecluse_lag_waits_since_timestamp_seconds",
            "Since when at least that record waits, where nobody knows its event time.",
            ((each, each.waits_since_s) for each in judged if each.oldest_event_s is None),
        )
        yield _of_stages(
            "ecluse_lag_drain_seconds",
            "How long what is left will take, at the recent pace.",
            ((each, each.drain_s) for each in judged),
        )
        sampled = GaugeMetricFamily(
            "ecluse_lag_sampled_timestamp_seconds", "When the groups were last sampled."
        )
        sampled_s = self._sampled_s()
        if sampled_s is not None:
            sampled.add_metric([], sampled_s)
        yield sampled

    def _as_kafka_exporter(self, judged: Sequence[Judged]) -> Iterable[Metric]:
        lag = GaugeMetricFamily(
            "kafka_consumergroup_lag", "Offsets that a group has left to read.", labels=OF_A_GROUP
        )
        offset = GaugeMetricFamily(
            "kafka_consumergroup_current_offset",
            "Offset that a group has committed.",
            labels=OF_A_GROUP,
        )
        ends: dict[Place, int] = {}
        for each in judged:
            topic, number = each.place
            labels = [
                self._settings.group(each.consumer.group),
                self._settings.topic(topic),
                str(number),
            ]
            if each.behind is not None:
                lag.add_metric(labels, each.behind)
            if each.committed is not None:
                offset.add_metric(labels, each.committed)
            if each.end is not None:
                ends[each.place] = max(each.end, ends.get(each.place, 0))
        members = GaugeMetricFamily(
            "kafka_consumergroup_members", "Members of a group.", labels=["consumergroup"]
        )
        for consumer, count in self._members().items():
            members.add_metric([self._settings.group(consumer.group)], count)
        end = GaugeMetricFamily(
            "kafka_topic_partition_current_offset",
            "Where what is committed in a partition ends.",
            labels=["topic", "partition"],
        )
        for place, last in ends.items():
            end.add_metric([self._settings.topic(place.topic), str(place.partition)], last)
        yield from (lag, self._sums(judged), offset, members, end, self._partitions(judged))

    def _sums(self, judged: Sequence[Judged]) -> Metric:
        """Offsets that a group has left of a topic, where they are known of each partition."""
        sums = GaugeMetricFamily(
            "kafka_consumergroup_lag_sum",
            "Offsets that a group has left to read of a topic.",
            labels=["consumergroup", "topic"],
        )
        behind: dict[tuple[str, str], list[int | None]] = {}
        for each in judged:
            behind.setdefault((each.consumer.group, each.place.topic), []).append(each.behind)
        for (group, topic), found in behind.items():
            known = [each for each in found if each is not None]
            if len(known) == len(found):
                labels = [self._settings.group(group), self._settings.topic(topic)]
                sums.add_metric(labels, sum(known))
        return sums

    def _partitions(self, judged: Sequence[Judged]) -> Metric:
        """The number of partitions of each topic that is sampled now."""
        partitions = GaugeMetricFamily(
            "kafka_topic_partitions", "Partitions of a topic.", labels=["topic"]
        )
        places = {each.place for each in judged if each.rule not in NOT_KNOWN_NOW}
        for topic, count in Counter(place.topic for place in places).items():
            partitions.add_metric([self._settings.topic(topic)], count)
        return partitions


def _states(judged: Sequence[Judged]) -> Metric:
    states = GaugeMetricFamily(
        "ecluse_consumer_state",
        "1 for the state that a consumer is in, 0 for all others.",
        labels=(*OF_A_STAGE, "state"),
    )
    for each in judged:
        for state in State:
            states.add_metric([*_labels(each), state.value], float(state is each.state))
    return states


def _of_stages(
    name: str, about: str, figures: Iterable[tuple[Judged, float | None]]
) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, about, labels=OF_A_STAGE)
    for judged, figure in figures:
        if figure is not None:
            family.add_metric(_labels(judged), figure)
    return family


def _labels(judged: Judged) -> list[str]:
    consumer, place = judged.consumer, judged.place
    return [consumer.stage, consumer.group, place.topic, str(place.partition)]

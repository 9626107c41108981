"""Samples of consumer groups: committed offsets, ends of their partitions, and owners.

They need no right but DESCRIBE, on the groups and on the topics: no record is read. On a cluster
of one broker a sample is three requests: two to each coordinator, and then one to each leader, so
that no offset can lie behind the end reported with it. Groups of the newer protocol take one more.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Final, NamedTuple, TypeVar

import structlog
from aiokafka.client import AIOKafkaClient, CoordinationType
from aiokafka.errors import KafkaError, for_code
from aiokafka.protocol.offset import OffsetRequest, OffsetResetStrategy
from aiokafka.structs import TopicPartition

from events.topics import Place
from services.lag.group_requests import (
    DEAD,
    CommittedOffset,
    ConsumerGroupDescribeRequest,
    DescribeGroupsRequest,
    Group,
    OffsetFetchRequest,
    members_in,
    newer_members_in,
    read_committed,
)
from services.lag.judge.model import Consumer, Sample
from services.runtime.kafka.clients import connection_arguments, tolerate_broker_restarts
from services.runtime.kafka.waits import finish_start, wait_within
from services.runtime.ops.errors import ClusterError
from services.runtime.ops.settings import Settings
from services.runtime.processing.status import decode_status

SAMPLE_S: Final = 5.0
"""Time limit of one sample, with connecting; a slower cluster did not answer."""

REQUEST_S: Final = 4.0
"""Time limit of one of its requests."""

STOP_S: Final = 1.0
"""Time limit of closing connections; the rest is abandoned."""

METADATA_S: Final = 30.0
"""Maximum age of the metadata of topics and brokers; after an error it is asked for anew."""

READ_COMMITTED: Final = 1
NO_REPLICA: Final = -1

log = structlog.get_logger()

Result = TypeVar("Result")


class _GroupReport(NamedTuple):
    """The report of a coordinator on one group."""

    group: Group
    committed: Mapping[TopicPartition, CommittedOffset]


class Groups:
    """The groups of some consumers, over one connection to each broker.

    It connects for the first sample, and anew after a failed one.
    """

    def __init__(self, settings: Settings, consumers: Iterable[Consumer]) -> None:
        self.members: dict[Consumer, int] = {}
        """The members of each group at the last sample, without groups that were not reported."""
        self._settings = settings
        self._consumers = tuple(consumers)
        self._client: AIOKafkaClient | None = None
        self._coordinators: dict[str, int] = {}
        self._not_reported: dict[str, str] = {}

    async def sample(self, now_s: float) -> dict[Consumer, dict[Place, Sample]]:
        """One sample of all of them; a consumer whose group is not reported is missing.

        Args:
            now_s: the present, in seconds since 1970.

        Raises:
            ClusterError: the cluster does not answer, or reports no group at all.
        """
        try:
            return await self._wait_for(SAMPLE_S, self._sample(now_s))
        except ClusterError:
            self.members = {}
            await self.stop()
            raise

    async def stop(self) -> None:
        """Close the connections; the next sample connects again."""
        client, self._client = self._client, None
        self._coordinators.clear()
        if client is not None:
            with suppress(ClusterError):  # Without a broker there is nothing to close.
                await self._wait_for(STOP_S, client.close())

    async def _wait_for(self, limit_s: float, wait: Awaitable[Result]) -> Result:
        return await wait_within(limit_s, wait, "Kafka", self._settings.bootstrap_servers)

    async def _sample(self, now_s: float) -> dict[Consumer, dict[Place, Sample]]:
        client = await self._connect()
        reports = await self._ask_coordinators(client)
        consumers = [each for each in self._consumers if self._group(each) in reports]
        by_consumer = {each: self._places(client, each) for each in consumers}
        if any(
            {own.topic for own in by_consumer[each].values()} != {*each.topics}
            for each in consumers
        ):
            # A topic was just made, or not yet: the next sample must not wait for metadata.
            client.force_metadata_update()
        places = {place for of_one in by_consumer.values() for place in of_one}
        ends = await self._ends(client, places)
        self.members = {each: reports[self._group(each)].group.members for each in consumers}
        return {
            consumer: {
                own: _sample_of(
                    place, by_consumer[consumer], reports[self._group(consumer)], ends, now_s
                )
                for place, own in by_consumer[consumer].items()
            }
            for consumer in consumers
        }

    def _group(self, consumer: Consumer) -> str:
        return self._settings.group(consumer.group)

    def _places(self, client: AIOKafkaClient, consumer: Consumer) -> dict[TopicPartition, Place]:
        """The partitions of its topics, in order, by their names here; of a missing one, none."""
        return {
            TopicPartition(self._settings.topic(topic), number): Place(topic, number)
            for topic in consumer.topics
            for number in sorted(
                client.cluster.partitions_for_topic(self._settings.topic(topic)) or ()
            )
        }

    async def _connect(self) -> AIOKafkaClient:
        if self._client is None:
            tolerate_broker_restarts()
            self._client = AIOKafkaClient(
                **connection_arguments(self._settings),
                request_timeout_ms=int(REQUEST_S * 1000),
                metadata_max_age_ms=int(METADATA_S * 1000),
            )
            await finish_start(self._client, self._client.bootstrap())
            # Of all topics: asking for one would create it where a cluster does so on demand.
            await self._client.force_metadata_update()
        return self._client

    # ------------------------------------------------------------ coordinators

    async def _ask_coordinators(self, client: AIOKafkaClient) -> dict[str, _GroupReport]:
        """The reports on the groups; raises an error of a group where all failed."""
        failures: dict[str, KafkaError] = {}
        groups = sorted({self._group(each) for each in self._consumers})
        by_coordinator: dict[int, list[str]] = defaultdict(list)
        for group in groups:
            try:
                by_coordinator[await self._coordinator(client, group)].append(group)
            except KafkaError as error:
                failures[group] = error
        asked = list(by_coordinator.items())
        answers = await asyncio.gather(
            *(_ask(client, node, theirs) for node, theirs in asked), return_exceptions=True
        )
        reports: dict[str, _GroupReport] = {}
        for (_, theirs), answer in zip(asked, answers, strict=True):
            if isinstance(answer, KafkaError):
                failures |= dict.fromkeys(theirs, answer)
            elif isinstance(answer, BaseException):
                raise answer
            else:
                reports |= answer[0]
                failures |= answer[1]
        self._note(failures)
        if failures and not reports:
            raise next(iter(failures.values()))
        return reports

    async def _coordinator(self, client: AIOKafkaClient, group: str) -> int:
        if group not in self._coordinators:
            node = await client.coordinator_lookup(CoordinationType.GROUP, group)
            self._coordinators[group] = node
        return self._coordinators[group]

    def _note(self, failures: Mapping[str, KafkaError]) -> None:
        """Log once why a group is not reported; its coordinator is asked for anew next time."""
        for group, error in failures.items():
            self._coordinators.pop(group, None)
            if self._not_reported.get(group) != repr(error):
                log.warning("group_not_reported", group=group, error=repr(error))
        self._not_reported = {group: repr(error) for group, error in failures.items()}

    # ------------------------------------------------------------ leaders

    async def _ends(
        self, client: AIOKafkaClient, places: Collection[TopicPartition]
    ) -> dict[TopicPartition, int]:
        """The end of the committed records of each partition.

        A partition without leader, or whose leader does not report it, is missing.
        """
        by_leader: dict[int, dict[str, list[tuple[int, int]]]] = defaultdict(
            lambda: defaultdict(list)
        )
        for place in places:
            leader = client.cluster.leader_for_partition(place)
            if leader is not None and leader >= 0:
                by_leader[leader][place.topic].append((place.partition, OffsetResetStrategy.LATEST))
        answers = await asyncio.gather(
            *(
                client.send(leader, OffsetRequest(NO_REPLICA, READ_COMMITTED, list(theirs.items())))
                for leader, theirs in by_leader.items()
            ),
            return_exceptions=True,
        )
        offsets: dict[TopicPartition, int] = {}
        for answer in answers:
            if isinstance(answer, KafkaError):
                continue
            if isinstance(answer, BaseException):
                raise answer
            offsets |= {
                TopicPartition(topic, number): offset
                for topic, partitions in answer.topics
                for number, error_code, _, offset in partitions
                if error_code == 0
            }
        if len(offsets) < len(places):
            client.force_metadata_update()
        return offsets


async def _ask(
    client: AIOKafkaClient, node: int, groups: Sequence[str]
) -> tuple[dict[str, _GroupReport], dict[str, KafkaError]]:
    """The reports of one coordinator on its groups, and the errors of others."""
    described, fetched = await asyncio.gather(
        client.send(node, DescribeGroupsRequest(groups)),
        client.send(node, OffsetFetchRequest(groups)),
    )
    codes: dict[str, int] = {}
    members: dict[str, Group] = {}
    offsets: dict[str, Mapping[TopicPartition, CommittedOffset]] = {}
    for group, error_code, found in members_in(described):
        members[group], codes[group] = found, error_code
    for group, error_code, committed in read_committed(fetched):
        offsets[group], codes[group] = committed, codes[group] or error_code
    newer = [
        group
        for group, found in members.items()
        if found.state == DEAD and offsets[group] and not codes[group]
    ]
    if newer:
        answer = await client.send(node, ConsumerGroupDescribeRequest(newer))
        for group, error_code, found in newer_members_in(answer):
            members[group], codes[group] = found, error_code
    reports = {
        group: _GroupReport(members[group], offsets[group]) for group in groups if not codes[group]
    }
    return reports, {group: for_code(code)() for group, code in codes.items() if code}


def _sample_of(
    place: TopicPartition,
    places: Mapping[TopicPartition, Place],
    report: _GroupReport,
    ends: Mapping[TopicPartition, int],
    now_s: float,
) -> Sample:
    group, committed = report.group, report.committed.get(place)
    return Sample(
        now_s,
        None if committed is None else committed.offset,
        ends.get(place),
        owner_of(place, places, group.owners),
        group.rebalancing,
        None if committed is None else decode_status(committed.metadata),
    )


def owner_of(
    place: TopicPartition,
    places: Mapping[TopicPartition, Place],
    owners: Mapping[TopicPartition, str],
) -> str | None:
    """The owner of a partition: its assignee, or that of the same number of another topic.

    Our workers join with one topic, and read the same numbers of the others.
    """
    if any(each.topic == place.topic for each in owners):
        return owners.get(place)
    same = (owners.get(each) for each in places if each.partition == place.partition)
    return next((owner for owner in same if owner is not None), None)

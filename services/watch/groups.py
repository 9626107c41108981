"""Looks at consumer groups: what they have committed, where their partitions end, who owns them.

It needs no right but DESCRIBE, on the groups and on the topics: no record is read. On a cluster of
one broker a look is three requests: two to each coordinator, and then one to each leader, so that
no offset can lie behind the end that is told beside it. Groups of the newer protocol take one more.
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

from services.runtime.kafka.clients import tolerate_broker_restarts
from services.runtime.kafka.timeouts import started, within
from services.runtime.ops.errors import ClusterError
from services.runtime.ops.settings import Settings
from services.runtime.processing.offset_metadata import decode_status
from services.watch.group_requests import (
    NOT_SUCH_A_GROUP,
    Committed,
    ConsumerGroupDescribeRequest,
    DescribeGroupsRequest,
    Group,
    OffsetFetchRequest,
    committed_in,
    members_in,
    newer_members_in,
)
from services.watch.lag.model import Consumer, Look, Place

LOOK_S: Final = 5.0
"""How long one look may take, with connecting; a cluster that is slower did not answer."""

REQUEST_S: Final = 4.0
"""How long one of its requests may take."""

STOP_S: Final = 1.0
"""How long letting go of connections may take; what is left then is left."""

METADATA_S: Final = 30.0
"""How old it may be what is known of topics and brokers; after an error it is asked for anew."""

READ_COMMITTED: Final = 1
NO_REPLICA: Final = -1

log = structlog.get_logger()

Result = TypeVar("Result")


class _Told(NamedTuple):
    """What a coordinator tells of one group."""

    group: Group
    committed: Mapping[TopicPartition, Committed]


class Groups:
    """The groups of some consumers, over one connection to each broker.

    It connects when it first looks, and anew after a look that failed.
    """

    def __init__(self, settings: Settings, consumers: Iterable[Consumer]) -> None:
        self.members: dict[Consumer, int] = {}
        """How many members each group had at the last look; who was not told is missing."""
        self._settings = settings
        self._consumers = tuple(consumers)
        self._client: AIOKafkaClient | None = None
        self._coordinators: dict[str, int] = {}
        self._not_told: dict[str, str] = {}

    async def look(self, now_s: float) -> dict[Consumer, dict[Place, Look]]:
        """One look at all of them; a consumer whose group is not told is missing.

        Args:
            now_s: the present, in seconds since 1970.

        Raises:
            ClusterError: the cluster does not answer, or tells of no group at all.
        """
        try:
            return await self._within(LOOK_S, self._look(now_s))
        except ClusterError:
            self.members = {}
            await self.stop()
            raise

    async def stop(self) -> None:
        """Let go of the connections; whoever looks again connects again."""
        client, self._client = self._client, None
        self._coordinators.clear()
        if client is not None:
            with suppress(ClusterError):  # Where the broker is away, nothing is left to let go of.
                await self._within(STOP_S, client.close())

    async def _within(self, limit_s: float, wait: Awaitable[Result]) -> Result:
        return await within(limit_s, wait, "Kafka", self._settings.bootstrap_servers)

    async def _look(self, now_s: float) -> dict[Consumer, dict[Place, Look]]:
        client = await self._connected()
        told = await self._ask_coordinators(client)
        consumers = [each for each in self._consumers if self._group(each) in told]
        named = {each: self._places(client, each) for each in consumers}
        if any({own.topic for own in named[each].values()} != {*each.topics} for each in consumers):
            # Made a moment ago, or not yet: who asks next is not to wait until all of it is old.
            client.force_metadata_update()
        places = {place for found in named.values() for place in found}
        ends = await self._ends(client, places)
        self.members = {each: told[self._group(each)].group.members for each in consumers}
        return {
            consumer: {
                own: _look_at(place, named[consumer], told[self._group(consumer)], now_s)._replace(
                    end=ends.get(place)
                )
                for place, own in named[consumer].items()
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

    async def _connected(self) -> AIOKafkaClient:
        if self._client is None:
            tolerate_broker_restarts()
            self._client = AIOKafkaClient(
                bootstrap_servers=self._settings.bootstrap_servers,
                client_id=f"ecluse-{self._settings.instance}",
                request_timeout_ms=int(REQUEST_S * 1000),
                metadata_max_age_ms=int(METADATA_S * 1000),
            )
            await started(self._client, self._client.bootstrap())
            # Of all topics: a question about one would create it where a cluster does so on demand.
            await self._client.force_metadata_update()
        return self._client

    # ------------------------------------------------------------ coordinators

    async def _ask_coordinators(self, client: AIOKafkaClient) -> dict[str, _Told]:
        """What is told of each group; raises what kept the last one from being told, if all."""
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
        told: dict[str, _Told] = {}
        for (_, theirs), answer in zip(asked, answers, strict=True):
            if isinstance(answer, KafkaError):
                failures |= dict.fromkeys(theirs, answer)
            elif isinstance(answer, BaseException):
                raise answer
            else:
                told |= answer[0]
                failures |= answer[1]
        self._note(failures)
        if failures and not told:
            raise next(iter(failures.values()))
        return told

    async def _coordinator(self, client: AIOKafkaClient, group: str) -> int:
        if group not in self._coordinators:
            node = await client.coordinator_lookup(CoordinationType.GROUP, group)
            self._coordinators[group] = node
        return self._coordinators[group]

    def _note(self, failures: Mapping[str, KafkaError]) -> None:
        """Say once why a group is not told; next time its coordinator is looked for anew."""
        for group, error in failures.items():
            self._coordinators.pop(group, None)
            if self._not_told.get(group) != repr(error):
                log.warning("group_not_told", group=group, error=repr(error))
        self._not_told = {group: repr(error) for group, error in failures.items()}

    # ------------------------------------------------------------ leaders

    async def _ends(
        self, client: AIOKafkaClient, places: Collection[TopicPartition]
    ) -> dict[TopicPartition, int]:
        """Where what is committed in each of them ends.

        A partition that nobody leads, or whose leader does not tell, is missing.
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
) -> tuple[dict[str, _Told], dict[str, KafkaError]]:
    """What one coordinator tells of its groups, and why it does not of others."""
    described, fetched = await asyncio.gather(
        client.send(node, DescribeGroupsRequest(groups)),
        client.send(node, OffsetFetchRequest(groups)),
    )
    codes: dict[str, int] = {}
    members: dict[str, Group] = {}
    offsets: dict[str, Mapping[TopicPartition, Committed]] = {}
    for group, error_code, found in members_in(described):
        members[group], codes[group] = found, error_code
    for group, error_code, committed in committed_in(fetched):
        offsets[group], codes[group] = committed, codes[group] or error_code
    newer = [
        group
        for group, found in members.items()
        if found.state == NOT_SUCH_A_GROUP and offsets[group] and not codes[group]
    ]
    if newer:
        answer = await client.send(node, ConsumerGroupDescribeRequest(newer))
        for group, error_code, found in newer_members_in(answer):
            members[group], codes[group] = found, error_code
    told = {group: _Told(members[group], offsets[group]) for group in groups if not codes[group]}
    return told, {group: for_code(code)() for group, code in codes.items() if code}


def _look_at(
    place: TopicPartition, named: Mapping[TopicPartition, Place], told: _Told, now_s: float
) -> Look:
    """What is told of one place; where it ends is not among it."""
    group, committed = told.group, told.committed.get(place)
    return Look(
        now_s,
        None if committed is None else committed.offset,
        None,
        owner_of(place, named, group.owners),
        group.rebalancing,
        None if committed is None else decode_status(committed.metadata),
    )


def owner_of(
    place: TopicPartition,
    named: Mapping[TopicPartition, Place],
    owners: Mapping[TopicPartition, str],
) -> str | None:
    """Who owns a place: who was given it, or else that partition number of another topic.

    Our workers join with one topic, and read the same numbers of the others.
    """
    if any(each.topic == place.topic for each in owners):
        return owners.get(place)
    same = (owners.get(each) for each in named if each.partition == place.partition)
    return next((owner for owner in same if owner is not None), None)

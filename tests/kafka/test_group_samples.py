"""A look at consumer groups on a real broker: whom it finds, and what it does without a cluster."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.abc import ConsumerRebalanceListener
from aiokafka.client import AIOKafkaClient, CoordinationType
from aiokafka.structs import OffsetAndMetadata, TopicPartition

from events.topics import Place
from services.lag.groups import SAMPLE_S, STOP_S, Groups
from services.lag.judge.model import Consumer, Sample
from services.runtime.ops.clock import wall_clock
from services.runtime.ops.errors import ClusterError
from services.runtime.processing.status import HeldRecord, encode_status
from tests.kafka.brokers import Broker
from tests.kafka.cluster import Cluster
from tests.kafka.group_members import JoinRequest, consumer_of
from tests.kafka.undisturbed_clock import undisturbed_s
from tests.unit.lag.notation import a_status
from tests.waiting import WAIT_S, eventually_async

PARTITIONS: Final = 2


class _Holding(ConsumerRebalanceListener):  # type: ignore[misc] # aiokafka carries no types
    """A member that lets go of what it owns when it may."""

    def __init__(self) -> None:
        self.may_let_go = asyncio.Event()

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        if revoked:
            await self.may_let_go.wait()

    def on_partitions_assigned(self, _assigned: object) -> None:
        pass


LEDGER: Final = Consumer("ledger", "ledger", ("events", "deadline_events"))
PLACES: Final = tuple(Place(topic, number) for topic in LEDGER.topics for number in (0, 1))


def test_a_sample_finds_owners_statuses_and_a_rebalance(nowhere: Cluster) -> None:
    """Members join with one topic alone, and own the same numbers of the other too."""
    settings, holding = nowhere.settings, _Holding()

    def a_member(instance: str) -> AIOKafkaConsumer:
        member = AIOKafkaConsumer(
            bootstrap_servers=settings.bootstrap_servers,
            client_id="worker",
            group_id=settings.group("ledger"),
            group_instance_id=instance,
            enable_auto_commit=False,
            heartbeat_interval_ms=200,
            rebalance_timeout_ms=int(WAIT_S * 1000),
        )
        member.subscribe([settings.topic("events")], listener=holding)
        return member

    async def go() -> None:
        await nowhere.make(*LEDGER.topics)
        groups = Groups(settings, [LEDGER])
        first, second = a_member("ledger-1"), a_member("ledger-2")

        async def sample() -> dict[Place, Sample]:
            return (await groups.sample(wall_clock()))[LEDGER]

        try:
            nothing = {(None, 0, None)}
            # Nobody leads a partition in its first moments, and nobody knows where it ends.
            found = await until_so(
                sample, lambda found: nothing == {each[1:4] for each in found.values()}
            )
            assert (PLACES, {LEDGER: 0}) == (tuple(found), groups.members)
            await first.start()
            status = a_status(oldest_event_s=5.0, held=HeldRecord(3, "é"))
            events = TopicPartition(settings.topic("events"), 1)
            await first.commit({events: OffsetAndMetadata(0, encode_status(status))})
            found = await until_so(sample, lambda found: found[PLACES[1]].committed == 0)
            assert ["ledger-1"] * 4 == [found[place].owner for place in PLACES]
            assert status == found[PLACES[1]].status
            joining = asyncio.create_task(second.start())
            await until_so(sample, lambda found: found[PLACES[0]].rebalancing)
            holding.may_let_go.set()
            await joining
            found = await until_so(sample, lambda found: not found[PLACES[0]].rebalancing)
            owners = [found[place].owner for place in PLACES]
            assert owners[:2] == owners[2:]
            assert {"ledger-1", "ledger-2"} == set(owners)
            assert {LEDGER: 2} == groups.members
        finally:
            await asyncio.gather(first.stop(), second.stop(), groups.stop())

    asyncio.run(go())


async def until_so(
    sample: Callable[[], Awaitable[dict[Place, Sample]]],
    is_so: Callable[[dict[Place, Sample]], bool],
) -> dict[Place, Sample]:
    """Sample again: a broker that has just started has no coordinators yet."""

    async def poll() -> list[dict[Place, Sample]]:
        with suppress(ClusterError):
            return [found] if is_so(found := await sample()) else []
        return []

    (found,) = await eventually_async(poll, "not sampled so")
    return found


def test_topics_that_are_made_later_are_found_by_the_next_samples(nowhere: Cluster) -> None:
    """A watch may be there first; what it knows of topics is else half a minute old."""
    consumer = consumer_of("orders", "deadline_events")

    async def go() -> None:
        groups = Groups(nowhere.settings, [consumer])

        async def sample() -> dict[Place, Sample]:
            return (await groups.sample(wall_clock()))[consumer]

        def finds(*topics: str) -> Callable[[dict[Place, Sample]], bool]:
            wanted = {Place(topic, each): 0 for topic in topics for each in range(PARTITIONS)}
            return lambda found: wanted == {place: each.end for place, each in found.items()}

        try:
            await until_so(sample, finds())
            await nowhere.make("orders")
            await until_so(sample, finds("orders"))
            await nowhere.make("deadline_events")
            await until_so(sample, finds("orders", "deadline_events"))
        finally:
            await groups.stop()

    asyncio.run(go())


def test_a_group_of_the_newer_protocol_has_owners_too(nowhere: Cluster) -> None:
    """Java's clients may ask for it; of such a group the older question finds nothing."""
    settings, consumer = nowhere.settings, consumer_of("orders")
    group, place = settings.group(consumer.group), TopicPartition(settings.topic("orders"), 0)

    async def go() -> None:
        await nowhere.make("orders")
        client = AIOKafkaClient(bootstrap_servers=settings.bootstrap_servers, client_id="java")
        groups = Groups(settings, [consumer])
        try:
            await client.bootstrap()
            async with AIOKafkaConsumer(
                bootstrap_servers=settings.bootstrap_servers, group_id=group
            ) as alone:
                alone.assign([place])
                await alone.commit({place: 0})

            async def sample() -> dict[Place, Sample]:
                return (await groups.sample(wall_clock()))[consumer]

            only = Place("orders", 0)
            await until_so(
                sample, lambda found: (0, None) == (found[only].committed, found[only].owner)
            )
            node = await client.coordinator_lookup(CoordinationType.GROUP, group)
            joined = await client.send(node, JoinRequest(group, place.topic))
            assert 0 == joined.error_code, joined.error_message
            await until_so(sample, lambda found: found[only].owner == "java-1")
            assert {consumer: 1} == groups.members
        finally:
            await asyncio.gather(client.close(), groups.stop())

    asyncio.run(go())


def test_a_sample_ends_while_the_cluster_is_away_and_works_when_it_is_back(
    broker: Broker, nowhere: Cluster
) -> None:
    consumer = consumer_of("orders")

    async def go() -> None:
        await nowhere.make("orders")
        groups = Groups(nowhere.settings, [consumer])

        async def sample() -> dict[Place, Sample]:
            """Whatever the cluster does, the answer comes in time."""
            began_s = undisturbed_s()
            try:
                return (await groups.sample(wall_clock()))[consumer]
            finally:
                assert undisturbed_s() - began_s < SAMPLE_S + STOP_S + 1

        async def answers() -> None:
            """In the end: a coordinator first reads what was committed, a leader takes over."""
            await until_so(sample, lambda found: {0} == {each.end for each in found.values()})

        async def no_answer() -> None:
            with pytest.raises(ClusterError):
                await sample()
            assert {} == groups.members

        try:
            await answers()
            broker.freeze()
            await no_answer()
            broker.thaw()
            await answers()
            broker.kill()
            await no_answer()
            await no_answer()
            broker.restart()  # From this thread: it dies with the one that started it.
            await answers()
        finally:
            await groups.stop()

    asyncio.run(go())

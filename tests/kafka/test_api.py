"""Events in on a real broker: bytes, order and place kept; away is 503; one record read back."""

import asyncio
import time
from functools import partial
from pathlib import Path

import pytest
from aiokafka.structs import TopicPartition

from events.topics import EVENTS, JOURNAL
from services.api.adapters import kafka_publisher as kafka
from services.api.adapters.kafka_publisher import KafkaPublisher
from services.api.adapters.source_records import original_bytes
from services.runtime.kafka import topics
from services.runtime.kafka.partitioning import partition_of
from services.runtime.kafka.publishing import Message
from services.runtime.kafka.reader import Reader
from services.runtime.kafka.topic_catalogue import read_catalogue
from services.runtime.kafka.topic_diff import TopicOptions
from services.runtime.ops.errors import Unreachable
from services.runtime.ops.settings import Settings
from tests.api.environment import an_app, an_empty_read_model, asking
from tests.builders import a_vote, encoded
from tests.kafka.brokers import Broker

PARTITIONS = 3
BUDGETS = [f"21590350100017-{number:02}-2023" for number in range(10)]
LINES = {"Content-Type": "application/x-ndjson"}


@pytest.fixture
def cluster(broker: Broker, prefix: str) -> Settings:
    settings = Settings(bootstrap_servers=broker.bootstrap, topic_prefix=prefix)
    asyncio.run(topics.apply(read_catalogue(), settings, TopicOptions(partitions=PARTITIONS)))
    return settings


async def _read(settings: Settings) -> list[list[tuple[bytes, bytes, object]]]:
    """Everything on the topic of events, by partition: key, value, headers."""
    places = [TopicPartition(settings.topic(EVENTS), each) for each in range(PARTITIONS)]
    found = []
    async with Reader(settings, places) as reader:
        for place in places:
            chunks = [records async for records in reader.to_the_end(place)]
            found.append([(r.key, r.value, r.headers) for records in chunks for r in records])
    return found


def test_events_keep_their_bytes_their_order_and_their_partition(
    cluster: Settings, tmp_path: Path
) -> None:
    lines = [
        (budget, encoded(a_vote(_id=f"{budget}/{cycle}", budget=budget)))
        for cycle in range(20)
        for budget in BUDGETS
    ]

    async def post() -> None:
        publisher = KafkaPublisher(cluster)
        try:
            app = an_app(an_empty_read_model(tmp_path), publisher=publisher)
            async with asking(app) as client:
                halves = [lines[:100], lines[100:]]
                for half in halves:
                    body = b"\n".join(raw for _, raw in half)
                    answer = await client.post("/events", content=body, headers=LINES)
                    assert (202, 100) == (answer.status_code, answer.json()["published"])
        finally:
            await publisher.stop()

    asyncio.run(post())
    structured = (("content-type", b"application/cloudevents+json; charset=UTF-8"),)
    for partition, found in enumerate(asyncio.run(_read(cluster))):
        expected = [
            (budget.encode(), raw, structured)
            for budget, raw in lines
            if partition_of(budget.encode(), PARTITIONS) == partition
        ]
        assert expected == found


def test_requests_at_once_share_the_producer_and_keep_each_their_order(cluster: Settings) -> None:
    streams = [[Message(budget.encode(), b"%d" % n) for n in range(200)] for budget in BUDGETS]

    async def publish() -> None:
        publisher = KafkaPublisher(cluster)
        try:
            await asyncio.gather(*(publisher.publish(stream) for stream in streams))
        finally:
            await publisher.stop()

    asyncio.run(publish())
    for found in asyncio.run(_read(cluster)):
        for budget in BUDGETS:
            mine = [value for key, value, _ in found if key == budget.encode()]
            assert mine in ([], [b"%d" % n for n in range(200)])


@pytest.mark.timeout(180)
def test_a_broker_that_is_away_is_503_in_time_and_served_again_when_it_is_back(
    cluster: Settings, broker: Broker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kafka, "PUBLISH_LIMIT_S", 4.0)
    event = encoded(a_vote())

    async def post() -> None:
        publisher = KafkaPublisher(cluster)
        try:
            app = an_app(an_empty_read_model(tmp_path), publisher=publisher)
            async with asking(app) as client:

                async def status() -> int:
                    return (await client.post("/events", content=event, headers=LINES)).status_code

                assert 202 == await status()
                broker.kill()
                began_s = time.monotonic()
                assert 503 == await status()
                assert time.monotonic() - began_s < 20
                # A bootstrap that is given up halfway leaves its socket: now there is time for one.
                monkeypatch.setattr(kafka, "PUBLISH_LIMIT_S", 25.0)
                broker.restart()
                until_s = time.monotonic() + 90
                while await status() != 202:
                    assert time.monotonic() < until_s, "it is back, and not found"
        finally:
            await publisher.stop()

    asyncio.run(post())


def test_the_bytes_of_a_record_are_read_where_it_stands(cluster: Settings) -> None:
    budget = BUDGETS[0].encode()
    partition, topic = partition_of(budget, PARTITIONS), cluster.topic(EVENTS)

    async def go() -> None:
        publisher = KafkaPublisher(cluster)
        await publisher.publish([Message(budget, b"first"), Message(budget, b'{"bad"')])
        await publisher.stop()
        read = partial(original_bytes, cluster)
        assert [b"first", b'{"bad"', None] == [
            await read(topic, partition, offset) for offset in range(3)
        ]
        assert await read(cluster.topic(JOURNAL), partition, 0) is None, (
            "no input topic of the ledger"
        )
        assert await read(EVENTS, partition, 0) is None, "another cluster's prefix"

    asyncio.run(go())


def test_without_a_broker_it_is_unreachable_and_says_so() -> None:
    async def go() -> None:
        publisher = KafkaPublisher(Settings(bootstrap_servers="localhost:1"))
        with pytest.raises(Unreachable):
            await publisher.publish([Message(b"k", b"v")])

    asyncio.run(go())

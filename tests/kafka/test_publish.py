"""Publishing on a real broker, by `ecluse publish` and by the API: bytes, order, partitions, once.

`ecluse publish` from a file on: test_smoke; what it says: tests/unit/cli/test_publish.py.
"""

import asyncio
import json
import os
from collections.abc import Iterator
from functools import partial

import httpx
import pytest
from aiokafka.structs import ConsumerRecord

from events.topics import EVENTS, JOURNAL
from services.api.adapters import kafka
from services.api.adapters.kafka import KafkaPublisher, original_bytes
from services.runtime.kafka import publishing, waits
from services.runtime.kafka.publishing import Message, Receipts
from services.runtime.ops.errors import Unreachable
from tests.api.environment import an_app, an_empty_read_model, asking
from tests.builders import a_vote, encoded
from tests.integration.command import written
from tests.kafka.brokers import Broker
from tests.kafka.cluster import STRUCTURED, Cluster, partition_for
from tests.kafka.commands import DONE, UNREACHABLE, asked
from tests.kafka.stack import Stack
from tests.waiting import eventually_async

PARTITIONS = 3
BUDGETS = [f"21590350100017-{number:02}-2023" for number in range(10)]
LINES = {"Content-Type": "application/x-ndjson"}


def votes(count: int) -> list[bytes]:
    return [
        encoded(a_vote(budget=BUDGETS[n % len(BUDGETS)], _id=f"vote/{n}")) for n in range(count)
    ]


def assert_published(cluster: Cluster, lines: list[bytes]) -> dict[int, list[ConsumerRecord]]:
    """Byte for byte, each under its budget on its partition, in order."""
    expected: dict[int, list[bytes]] = {number: [] for number in range(PARTITIONS)}
    for line in lines:
        expected[partition_for(json.loads(line)["partitionkey"], PARTITIONS)].append(line)
    read = cluster.read(EVENTS)
    assert expected == {number: [each.value for each in some] for number, some in read.items()}
    for each in (each for some in read.values() for each in some):
        assert each.key == json.loads(each.value)["partitionkey"].encode()
        assert STRUCTURED == each.headers
    return read


async def posted(client: httpx.AsyncClient, body: bytes) -> httpx.Response:
    return await client.post("/events", content=body, headers=LINES)


# ------------------------------------------------------------------ the command
def test_many_budgets_spread_and_stay_in_order_through_files_and_standard_input(
    stack: Stack,
) -> None:
    sent = votes(3000)
    first = written(stack.folder / "first.jsonl", *sent[:1500])
    spaced = b"\n".join(b" " + event + b" \r" for event in sent[1500:])
    result = asked(stack, "publish", first, "-", "--json", given=b"\n" + spaced)
    printed = json.loads(result.out)
    assert (DONE, 3000) == (result.code, printed["published"])
    read = assert_published(stack, [*sent[:1500], *spaced.split(b"\n")])
    assert printed["partitions"] == [
        {
            "partition": partition,
            "first_offset": 0,
            "last_offset": len(records) - 1,
            "count": len(records),
        }
        for partition, records in read.items()
    ]


def test_a_missing_topic_is_named_and_is_not_created(nowhere: Stack) -> None:
    file = written(nowhere.folder / "events.jsonl", a_vote())
    for _ in range(2):
        result = asked(nowhere, "publish", file)
        assert (UNREACHABLE, b"") == (result.code, result.out)
        assert f"{nowhere.name(EVENTS)}: this topic is missing" in result.err


def test_what_is_refused_midway_is_reported_with_how_far_it_came(stack: Stack) -> None:
    home = partition_for(BUDGETS[0], PARTITIONS)
    elsewhere = next(each for each in BUDGETS if partition_for(each, PARTITIONS) != home)
    large = a_vote(budget=elsewhere, _padding=os.urandom(20_000).hex())
    stack.alter(EVENTS, max_message_bytes="5000")
    file = written(stack.folder / "events.jsonl", a_vote(budget=BUDGETS[0]), large)
    result = asked(stack, "publish", file)
    assert (UNREACHABLE, b"") == (result.code, result.out)
    assert "1 of 2 events were acknowledged" in result.err


# ------------------------------------------------------------------ a broker that dies
@pytest.mark.timeout(120)
def test_a_broker_that_dies_midway_and_comes_back_has_each_record_once_in_order(
    broker: Broker, stack: Stack
) -> None:
    count = 20_000

    def messages() -> Iterator[Message]:
        for number in range(count):
            if number == count // 2:
                broker.kill()
                broker.restart()
            # Long enough for batches to be under way when it dies.
            value = b"%d" % number + b"." * 400
            yield Message(BUDGETS[number % len(BUDGETS)].encode(), value)

    receipts = Receipts()
    asyncio.run(publishing.publish(stack.settings, EVENTS, messages(), receipts))
    assert count == receipts.count
    numbers = [
        [int(each.value.rstrip(b".")) for each in some] for some in stack.read(EVENTS).values()
    ]
    assert [sorted(each) for each in numbers] == numbers
    assert list(range(count)) == sorted(number for each in numbers for number in each)


@pytest.mark.timeout(120)
def test_a_broker_that_does_not_come_back_is_not_waited_for(
    broker: Broker, stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publishing, "SILENCE_TIMEOUT_S", 2.0)
    monkeypatch.setattr(waits, "STOP_S", 1.0)

    def messages() -> Iterator[Message]:
        yield Message(b"key", b"value")
        broker.kill()

    receipts = Receipts()
    with pytest.raises(Unreachable):
        asyncio.run(publishing.publish(stack.settings, EVENTS, messages(), receipts))
    assert 0 == receipts.count


# ------------------------------------------------------------------ the API
def test_events_that_are_posted_keep_their_bytes_their_order_and_their_partition(
    stack: Stack,
) -> None:
    lines = votes(200)

    async def post() -> None:
        publisher = KafkaPublisher(stack.settings)
        app = an_app(an_empty_read_model(stack.folder), publisher=publisher)
        try:
            async with asking(app) as client:
                for half in (lines[:100], lines[100:]):
                    answer = await posted(client, b"\n".join(half))
                    assert (202, 100) == (answer.status_code, answer.json()["published"])
        finally:
            await publisher.stop()

    asyncio.run(post())
    assert_published(stack, lines)


def test_requests_at_once_share_the_producer_and_keep_each_their_order(stack: Stack) -> None:
    values = [b"%d" % n for n in range(200)]

    async def publish() -> None:
        publisher = KafkaPublisher(stack.settings)
        streams = [[Message(budget.encode(), value) for value in values] for budget in BUDGETS]
        try:
            await asyncio.gather(*(publisher.publish(stream) for stream in streams))
        finally:
            await publisher.stop()

    asyncio.run(publish())
    every = [each for some in stack.read(EVENTS).values() for each in some]
    for budget in BUDGETS:
        assert values == [each.value for each in every if each.key == budget.encode()]


@pytest.mark.timeout(180)
def test_a_broker_that_is_away_is_503_in_time_and_served_again_when_it_is_back(
    stack: Stack, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kafka, "PUBLISH_LIMIT_S", 4.0)

    async def post() -> None:
        publisher = KafkaPublisher(stack.settings)
        app = an_app(an_empty_read_model(stack.folder), publisher=publisher)
        try:
            async with asking(app) as client:

                async def is_accepted() -> bool:
                    return 202 == (await posted(client, encoded(a_vote()))).status_code

                assert await is_accepted()
                broker.kill()
                async with asyncio.timeout(20):
                    assert 503 == (await posted(client, encoded(a_vote()))).status_code
                # A bootstrap that is given up halfway leaves its socket: now there is time for one.
                monkeypatch.setattr(kafka, "PUBLISH_LIMIT_S", 25.0)
                broker.restart()
                await eventually_async(is_accepted, "it is back, and not found", 90)
        finally:
            await publisher.stop()

    asyncio.run(post())


def test_the_bytes_of_a_record_are_read_where_it_stands(stack: Stack) -> None:
    budget = BUDGETS[0].encode()
    partition, topic = partition_for(BUDGETS[0], PARTITIONS), stack.name(EVENTS)

    async def go() -> None:
        publisher = KafkaPublisher(stack.settings)
        await publisher.publish([Message(budget, b"first"), Message(budget, b'{"bad"')])
        await publisher.stop()
        read = partial(original_bytes, stack.settings)
        found = [await read(topic, partition, offset) for offset in range(3)]
        assert [b"first", b'{"bad"', None] == found
        assert None is await read(stack.name(JOURNAL), partition, 0), "no input topic"
        assert None is await read(EVENTS, partition, 0), "another cluster's prefix"

    asyncio.run(go())

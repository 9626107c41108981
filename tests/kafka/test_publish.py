"""`ecluse publish` on a real broker: bytes unchanged, right partitions, once each."""

import asyncio
import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.structs import ConsumerRecord, TopicPartition

from events.topics import EVENTS
from services.runtime.kafka import publishing, topics, waits
from services.runtime.kafka.partitioning import partition_of
from services.runtime.kafka.publishing import STRUCTURED, Message, Receipts
from services.runtime.kafka.topic_catalogue import read_catalogue
from services.runtime.kafka.topic_diff import TopicOptions
from services.runtime.ops.errors import Unreachable
from services.runtime.ops.settings import Settings
from tests.builders import BUDGET, Json, a_vote, an_award, encoded
from tests.integration.command import EXAMPLE, CommandResult, ecluse, written
from tests.kafka.brokers import Broker
from tests.kafka.changes import change

PARTITIONS = 3
BUDGETS = [f"21590350100017-{number:02}-2023" for number in range(10)]
READ_TIMEOUT_S = 30


@pytest.fixture
def settings(broker: Broker, prefix: str) -> Settings:
    """A cluster with the topics of the contract."""
    settings = Settings(bootstrap_servers=broker.bootstrap, topic_prefix=prefix)
    asyncio.run(topics.apply(read_catalogue(), settings, TopicOptions(partitions=PARTITIONS)))
    return settings


def publish(settings: Settings, *args: object, given: bytes = b"") -> CommandResult:
    return ecluse(
        "publish",
        *args,
        given=given,
        ECLUSE_BOOTSTRAP_SERVERS=settings.bootstrap_servers,
        ECLUSE_TOPIC_PREFIX=settings.topic_prefix,
    )


async def _read(settings: Settings) -> list[list[ConsumerRecord]]:
    """Everything on the topic of events, by partition."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=settings.bootstrap_servers, auto_offset_reset="earliest"
    )
    await consumer.start()
    try:
        partitions = [TopicPartition(settings.topic(EVENTS), each) for each in range(PARTITIONS)]
        consumer.assign(partitions)
        ends = await consumer.end_offsets(partitions)
        read: list[list[ConsumerRecord]] = [[] for _ in partitions]
        async with asyncio.timeout(READ_TIMEOUT_S):
            while sum(ends.values()) > sum(map(len, read)):
                for partition, records in (await consumer.getmany(timeout_ms=200)).items():
                    read[partition.partition] += records
        return read
    finally:
        await consumer.stop()


def place(budget: str) -> int:
    return partition_of(budget.encode(), PARTITIONS)


def on_topic(settings: Settings) -> list[list[ConsumerRecord]]:
    return asyncio.run(_read(settings))


def expected(lines: list[bytes]) -> list[list[bytes]]:
    """Which lines belong in which partition, in their order."""
    by_partition: list[list[bytes]] = [[] for _ in range(PARTITIONS)]
    for line in lines:
        by_partition[place(json.loads(line)["partitionkey"])].append(line)
    return by_partition


def votes(count: int) -> list[Json]:
    return [a_vote(budget=BUDGETS[n % len(BUDGETS)], _id=f"vote/{n}") for n in range(count)]


def test_the_example_arrives_byte_for_byte_under_its_budget_in_its_partition(
    settings: Settings,
) -> None:
    result = publish(settings, EXAMPLE, "--json")
    lines = EXAMPLE.read_bytes().splitlines()
    assert 0 == result.code, result.err
    partition = place(BUDGET)
    row = {"partition": partition, "first_offset": 0, "last_offset": len(lines) - 1}
    assert {"published": len(lines), "partitions": [row | {"count": len(lines)}]} == json.loads(
        result.out
    )
    read = on_topic(settings)
    assert expected(lines) == [[record.value for record in records] for records in read]
    assert {BUDGET.encode()} == {record.key for records in read for record in records}
    assert [tuple(STRUCTURED)] * len(lines) == [record.headers for record in read[partition]]


def test_many_budgets_spread_and_stay_in_order_through_files_and_standard_input(
    settings: Settings, tmp_path: Path
) -> None:
    sent = votes(3000)
    first = written(tmp_path / "first.jsonl", *sent[:1500])
    spaced = b"\n".join(b" " + encoded(event) + b" \r" for event in sent[1500:])
    result = publish(settings, first, "-", "--json", given=b"\n" + spaced)
    assert (0, 3000) == (result.code, json.loads(result.out)["published"])

    lines = [*first.read_bytes().splitlines(), *spaced.split(b"\n")]
    read = on_topic(settings)
    assert expected(lines) == [[record.value for record in records] for records in read]
    assert [
        {
            "partition": partition,
            "first_offset": 0,
            "last_offset": len(records) - 1,
            "count": len(records),
        }
        for partition, records in enumerate(read)
    ] == json.loads(result.out)["partitions"]


def test_offsets_go_on_where_the_topic_ended_and_people_read_them(
    settings: Settings, tmp_path: Path
) -> None:
    file = written(tmp_path / "events.jsonl", a_vote(), an_award())
    assert 0 == publish(settings, file).code
    result = publish(settings, file, "--lang", "fr")
    assert 0 == result.code
    partition = place(BUDGET)
    assert f"partition {partition}\u00a0: 2 événements, positions 2 à 3" in result.text
    assert f"2 événements publiés dans {settings.topic(EVENTS)}" in result.text


def test_a_missing_topic_is_named_with_what_to_do_and_is_not_created(
    broker: Broker, prefix: str
) -> None:
    nowhere = Settings(bootstrap_servers=broker.bootstrap, topic_prefix=prefix)
    result = publish(nowhere, EXAMPLE)
    assert (3, b"") == (result.code, result.out)
    assert f"{prefix}{EVENTS}: this topic is missing: `ecluse topics apply`" in result.err
    assert 3 == publish(nowhere, EXAMPLE).code


def test_what_is_refused_midway_is_reported_with_how_far_it_came(
    settings: Settings, tmp_path: Path
) -> None:
    small = a_vote(budget=BUDGETS[0])
    elsewhere = next(each for each in BUDGETS if place(each) != place(BUDGETS[0]))
    large = a_vote(budget=elsewhere, _padding=os.urandom(20_000).hex())
    change(settings, EVENTS, max_message_bytes="5000")
    result = publish(settings, written(tmp_path / "events.jsonl", small, large))
    assert (3, b"") == (result.code, result.out)
    assert "`ecluse topics diff` says whether the topic is right" in result.err
    assert "1 of 2 events were acknowledged" in result.err
    assert "Publishing all of it again is safe" in result.err


@pytest.mark.timeout(120)
def test_a_broker_that_dies_midway_and_comes_back_has_each_record_once_in_order(
    broker: Broker, settings: Settings
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
    asyncio.run(publishing.publish(settings, EVENTS, messages(), receipts))
    assert count == receipts.count
    read = on_topic(settings)
    numbers = [[int(record.value.rstrip(b".")) for record in records] for records in read]
    assert [sorted(each) for each in numbers] == numbers
    assert list(range(count)) == sorted(number for each in numbers for number in each)


@pytest.mark.timeout(120)
def test_a_broker_that_does_not_come_back_is_not_waited_for(
    broker: Broker, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publishing, "SILENCE_TIMEOUT_S", 2.0)
    monkeypatch.setattr(waits, "STOP_S", 1.0)

    def messages() -> Iterator[Message]:
        yield Message(b"key", b"value")
        broker.kill()

    receipts = Receipts()
    with pytest.raises(Unreachable, match="has acknowledged nothing for 2 s"):
        asyncio.run(publishing.publish(settings, EVENTS, messages(), receipts))
    assert 0 == receipts.count

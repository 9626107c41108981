"""The brokers that other tests stand on: both kinds keep what they promise."""

import asyncio
from collections.abc import Coroutine, Iterator

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError

from services.dev.local_broker import is_answering
from tests.kafka.brokers import PROVIDERS, Broker, a_broker

REQUEST_TIMEOUT_MS = 20_000
TIMEOUT_S = 45.0


@pytest.fixture(scope="module", params=PROVIDERS)
def each(
    request: pytest.FixtureRequest, broker: Broker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Broker]:
    """The run's own broker, and one of the other kind where this machine can have it."""
    if request.param == broker.provider:
        yield broker
    else:
        with a_broker(request.param, tmp_path_factory.mktemp("other")) as other:
            yield other


async def _make(bootstrap: str, topic: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=REQUEST_TIMEOUT_MS)
    await admin.start()
    try:
        answer = await admin.create_topics([NewTopic(topic, 1, 1)])
        assert [0] == [code for _, code, *_ in answer.topic_errors]
    finally:
        await admin.close()


async def _produce(bootstrap: str, topic: str, *values: bytes, commit: bool = True) -> None:
    """One transaction, committed or aborted."""
    producer = AIOKafkaProducer(
        bootstrap_servers=bootstrap,
        transactional_id=f"{topic}.writer",
        request_timeout_ms=REQUEST_TIMEOUT_MS,
    )
    await producer.start()
    try:
        await producer.begin_transaction()
        for value in values:
            await producer.send_and_wait(topic, value, partition=0)
        await (producer.commit_transaction() if commit else producer.abort_transaction())
    finally:
        await producer.stop()


async def _committed(bootstrap: str, topic: str, count: int) -> list[bytes]:
    """The first `count` committed records."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap,
        isolation_level="read_committed",
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        request_timeout_ms=REQUEST_TIMEOUT_MS,
    )
    await consumer.start()
    try:
        consumer.assign([TopicPartition(topic, 0)])
        return [(await consumer.getone()).value for _ in range(count)]
    finally:
        await consumer.stop()


def run(doing: Coroutine[object, object, object]) -> object:
    async def bounded() -> object:
        return await asyncio.wait_for(doing, TIMEOUT_S)

    return asyncio.run(bounded())


def reachable(broker: Broker) -> bool:
    host, port = broker.bootstrap.split(":")
    return is_answering(host, int(port), timeout_s=1)


def test_what_is_committed_is_read_and_what_is_aborted_is_not(each: Broker, prefix: str) -> None:
    topic = f"{prefix}written"
    run(_make(each.bootstrap, topic))
    run(_produce(each.bootstrap, topic, b"one", b"two"))
    run(_produce(each.bootstrap, topic, b"never", commit=False))
    run(_produce(each.bootstrap, topic, b"three"))
    assert [b"one", b"two", b"three"] == run(_committed(each.bootstrap, topic, 3))


@pytest.mark.timeout(120)
def test_a_broker_that_was_killed_comes_back_with_its_data(each: Broker, prefix: str) -> None:
    topic, where = f"{prefix}kept", each.bootstrap
    run(_make(where, topic))
    run(_produce(where, topic, b"before"))
    each.kill()
    assert not reachable(each)
    each.restart()
    assert where == each.bootstrap
    run(_produce(where, topic, b"after"))
    assert [b"before", b"after"] == run(_committed(where, topic, 2))


def test_a_frozen_broker_answers_nobody_until_it_is_thawed(each: Broker, prefix: str) -> None:
    topic = f"{prefix}still"
    run(_make(each.bootstrap, topic))
    each.freeze()
    try:
        assert not reachable(each)
    finally:
        each.thaw()
    run(_produce(each.bootstrap, topic, b"awake"))
    assert [b"awake"] == run(_committed(each.bootstrap, topic, 1))


@pytest.mark.timeout(120)
@pytest.mark.parametrize("hurt", ["kill", "freeze"])
def test_a_broker_that_a_failed_test_left_is_revived(each: Broker, hurt: str) -> None:
    getattr(each, hurt)()
    each.revive()
    assert reachable(each)


def test_nobody_makes_a_topic_by_writing_to_it(each: Broker, prefix: str) -> None:
    async def written_and_listed() -> list[str]:
        producer = AIOKafkaProducer(bootstrap_servers=each.bootstrap, request_timeout_ms=3_000)
        await producer.start()
        try:
            with pytest.raises(KafkaError):
                await producer.send_and_wait(f"{prefix}nothing", b"")
        finally:
            await producer.stop()
        admin = AIOKafkaAdminClient(bootstrap_servers=each.bootstrap)
        await admin.start()
        try:
            return [name for name in await admin.list_topics() if name.startswith(prefix)]
        finally:
            await admin.close()

    assert [] == run(written_and_listed())

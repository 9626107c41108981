"""The brokers that other tests stand on: both kinds keep what they promise."""

from collections.abc import Iterator

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from services.dev.local_broker import is_answering
from tests.kafka.brokers import PROVIDERS, Broker, a_broker
from tests.kafka.cluster import Cluster, Sent
from tests.waiting import eventually, run

TOPIC = "written"


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


@pytest.fixture
def topic(each: Broker, prefix: str) -> Cluster:
    """One topic of one partition."""
    cluster = Cluster(each.bootstrap, prefix, 1)
    run(cluster.make(TOPIC))
    return cluster


def write(topic: Cluster, value: bytes) -> None:
    topic.write([Sent(0, None, value)], TOPIC, transaction="writer")


def write_and_abort(topic: Cluster) -> None:
    """What a stranger writes and gives up: nobody reads it."""
    with topic.left_open(TOPIC):
        pass


def values(topic: Cluster) -> list[bytes]:
    return [each.value for each in topic.read(TOPIC)[0]]


def is_reachable(broker: Broker) -> bool:
    host, port = broker.bootstrap.split(":")
    return is_answering(host, int(port), timeout_s=1)


@pytest.mark.timeout(180)
def test_a_broker_comes_back_with_its_data_whatever_was_done_to_it(
    each: Broker, topic: Cluster
) -> None:
    write_and_abort(topic)
    write(topic, b"one")
    each.kill()
    assert not is_reachable(each)
    each.restart()
    assert topic.bootstrap == each.bootstrap
    write(topic, b"two")
    each.freeze()
    assert not is_reachable(each)
    each.thaw()
    write(topic, b"three")
    for hurt in (each.kill, each.freeze):
        hurt()
        each.revive()
        eventually(lambda: is_reachable(each), "it is not back in service")
    # A broker killed before it wrote the marker of a writer's last transaction may never write it:
    # the next transaction of that writer does (decision 8).
    write_and_abort(topic)
    write(topic, b"four")
    committed = [b"one", b"two", b"three", b"four"]
    eventually(lambda: committed == values(topic), lambda: f"{values(topic)} are there")


def test_nobody_makes_a_topic_by_writing_to_it(each: Broker, topic: Cluster) -> None:
    async def write_to_nothing() -> list[str]:
        producer = AIOKafkaProducer(bootstrap_servers=each.bootstrap, request_timeout_ms=10_000)
        await producer.start()
        try:
            with pytest.raises(KafkaError):
                await producer.send_and_wait(topic.name("nothing"), b"")
        finally:
            await producer.stop()
        return [name for name in await topic.listed() if name.startswith(topic.prefix)]

    assert [topic.name(TOPIC)] == run(write_to_nothing())

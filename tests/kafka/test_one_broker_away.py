"""One of three brokers is away, or answers nobody, while a process starts or works."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Final, get_args

import httpx
import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import NotLeaderForPartitionError
from aiokafka.protocol.fetch import FetchRequest, FetchRequestStruct
from aiokafka.structs import TopicPartition

from events.topics import EVENTS as TOPIC
from events.topics import JOURNAL
from services.ledger.kafka.partition import TOPICS
from services.runtime.kafka.clients import FETCH_WAIT_S, make_reader
from services.runtime.kafka.topic_catalogue import read_catalogue
from services.runtime.kafka.topics import check
from services.verifier.verify import verify
from tests.builders import Json, a_vote_and_awards
from tests.kafka.cluster import Cluster, budget_on
from tests.kafka.commands import DONE, WRONG, asked, object_of
from tests.kafka.examined import examined
from tests.kafka.faults.network import Way
from tests.kafka.processes import Process
from tests.kafka.stack import Stack
from tests.kafka.three_brokers import BROKERS, ThreeBrokers
from tests.waiting import WAIT_S, eventually, run

PARTITIONS: Final = 4
EVENTS: Final = 5
"""Of each partition."""

ALL: Final = list(read_catalogue().topics)

STARTED_S: Final = 120.0
"""A broker that answers nobody costs seconds each time that it is asked, until the others know."""


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ThreeBrokers]:
    """Three brokers."""
    with ThreeBrokers(tmp_path_factory.mktemp("three")) as started:
        yield started


@pytest.mark.timeout(300)
def test_topics_on_three_brokers_are_kept_three_times_and_one_with_fewer_is_named(
    three: ThreeBrokers, prefix: str
) -> None:
    cluster = Cluster(three.bootstrap, prefix, PARTITIONS)
    done = object_of(cluster, "topics", "apply", "--partitions", PARTITIONS)
    assert [] == done["differences"]
    assert {"2"} == {cluster.config_of(topic)["min.insync.replicas"] for topic in ALL}

    # Any of the brokers is asked, and each learns of a change in its own time.
    def differences(code: int) -> list[Json] | None:
        result = asked(cluster, "topics", "diff", "--json")
        return json.loads(result.out)["differences"] if code == result.code else None

    eventually(lambda: differences(DONE) == [], "topics differ that were just created")
    cluster.alter(JOURNAL, min_insync_replicas="1")
    (lax,) = eventually(lambda: differences(WRONG), "no difference")
    assert ("min.insync.replicas", "1", "2") == (lax["setting"], lax["found"], lax["wanted"])
    assert PARTITIONS == run(check(cluster.settings, TOPICS)), "it stops no worker"
    (mended,) = eventually(lambda: object_of(cluster, "topics", "apply")["mended"], "none mended")
    assert cluster.name(JOURNAL) == mended["topic"]
    eventually(lambda: differences(DONE) == [], "topics differ that were just mended")
    assert "2" == cluster.config_of(JOURNAL)["min.insync.replicas"]

    once = Cluster(three.bootstrap, f"{prefix}once.", PARTITIONS)
    once.create(replicas=1)
    fewer = object_of(once, "topics", "apply", code=WRONG)
    assert ([], []) == (fewer["created"], fewer["mended"])
    assert [("replication factor", "1", "3")] * len(ALL) == [
        (each["setting"], each["found"], each["wanted"]) for each in fewer["differences"]
    ]
    assert PARTITIONS == run(check(once.settings, TOPICS))


async def answers_of_followers(
    make: Callable[[], AIOKafkaConsumer], place: TopicPartition
) -> set[int]:
    """The error codes with which the followers of a partition answer a fetch of a consumer."""
    async with make() as consumer:
        await consumer.end_offsets([place])
        client = consumer._client
        asked = FetchRequest(500, 1, 1024, 1, [(place.topic, [(place.partition, 0, 1024)])])
        leader, codes = None, set[int]()
        while leader != client.cluster.leader_for_partition(place):  # It may have moved.
            leader, codes = client.cluster.leader_for_partition(place), set()
            for node in {each.nodeId for each in client.cluster.brokers()} - {leader}:
                await client.ready(node)
                [(_topic, [(_partition, code, *_)])] = (await client.send(node, asked)).topics
                codes.add(code)
            await client.force_metadata_update()
        return codes


def test_a_follower_answers_no_fetch_of_ours(
    three: ThreeBrokers, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster = Cluster(three.bootstrap, prefix, PARTITIONS)
    cluster.create(replicas=BROKERS)
    place = TopicPartition(cluster.name(TOPIC), 0)
    monkeypatch.setattr(FetchRequest, "_CLASSES", get_args(FetchRequestStruct))

    def plain() -> AIOKafkaConsumer:
        return AIOKafkaConsumer(bootstrap_servers=three.bootstrap, auto_offset_reset="none")

    def ours() -> AIOKafkaConsumer:
        return make_reader(cluster.settings, FETCH_WAIT_S)

    # A broker that has not made its replica of a new topic yet answers that it is not the leader.
    eventually(
        lambda: run(answers_of_followers(plain, place)) == {0},
        "followers have not answered a fetch of aiokafka's own",
    )
    assert {NotLeaderForPartitionError.errno} == run(answers_of_followers(ours, place))


@contextmanager
def away(three: ThreeBrokers, number: int, how: str) -> Iterator[None]:
    """Meanwhile one broker is not reached: it answers nobody, or its machine is gone."""
    broker = three.brokers[number]
    if how == "frozen":
        broker.freeze()
    else:
        broker.kill()
        three.network.become(Way.UNROUTABLE, number)
    try:
        yield
    finally:
        if how == "frozen":
            broker.thaw()
        else:
            three.network.become(Way.OPEN, number)
            broker.start()


@pytest.mark.timeout(300)
def test_the_doctor_names_a_broker_that_is_away_and_the_replicas_that_it_kept(
    three: ThreeBrokers, prefix: str
) -> None:
    """What the other two know is known."""
    cluster = Cluster(three.bootstrap, prefix, 1)
    cluster.create(replicas=BROKERS)

    def named() -> set[tuple[str, str | None]]:
        return {*examined(cluster, "--before-start", "--role", "watch").troubles}

    eventually(lambda: not named(), lambda: f"troubles of a sound cluster: {named()}")
    gone = three.brokers[0]
    gone.stop()  # In order: the others know it at once.
    away = {("broker", gone.bootstrap), ("replicas", cluster.name(JOURNAL))}
    eventually(lambda: away <= named(), "its replicas are not missed", pause_s=1.0)
    gone.start()


@pytest.mark.fault
@pytest.mark.timeout(400)
@pytest.mark.parametrize("how", ["frozen", "unroutable"])
def test_every_process_starts_and_goes_on_while_one_of_three_brokers_is(
    how: str, three: ThreeBrokers, prefix: str, tmp_path: Path, sqlite_url: str
) -> None:
    direct = Stack(three.bootstrap, prefix, PARTITIONS, tmp_path)
    direct.create(replicas=BROKERS)
    by_proxy = replace(direct, bootstrap=three.network.bootstrap)
    first, then = (
        [
            event
            for number in range(PARTITIONS)
            for event in a_vote_and_awards(budget_on(number, PARTITIONS), 2 * EVENTS)[some]
        ]
        for some in (slice(EVENTS), slice(EVENTS, None))
    )
    direct.publish(first)
    treasury = f"sqlite+aiosqlite:///{tmp_path}/treasury.db"
    with ExitStack() as running:
        with away(three, 0, how):
            ledger = running.enter_context(by_proxy.ledger())
            projector = running.enter_context(by_proxy.projector(sqlite_url))
            watch = running.enter_context(by_proxy.watch())
            treasurer = running.enter_context(by_proxy.treasury(treasury))
            served = running.enter_context(by_proxy.api(sqlite_url))
            processes = (ledger, projector, watch, treasurer)
            for each in processes:
                each.until(partial(is_ready, each), "ready", STARTED_S)
            projector.until_rows(len(first), limit_s=STARTED_S)
        with away(three, 1, how):
            direct.publish(then)
            projector.until_rows(len(first) + len(then), limit_s=STARTED_S)
            assert [None] * len(processes) == [each.code for each in processes]
            assert (
                HTTPStatus.OK == httpx.get(f"{served.address}/readyz", timeout=WAIT_S).status_code
            )
        assert [0] * len(processes) == [each.stop() for each in processes]
        assert 0 == served.stop()
    direct.wait_for_records(len(first) + len(then))
    report = run(verify(three.bootstrap, prefix))
    assert report.proved, [each.row() for each in report.findings]


def is_ready(process: Process) -> bool:
    return 200 == process.get("/readyz")[0]

"""What each principal may do beside its work, on a broker with logins and rights."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
import yaml
from aiokafka import AIOKafkaProducer
from aiokafka.structs import TopicPartition

from events.topics import EVENTS, INTERNAL_EVENTS, JOURNAL, LEDGER_GROUP, REFUSALS, WATCH_GROUP
from services.runtime.kafka.acls import apply, list_wanted, read_rights
from services.runtime.kafka.clients import connection_arguments
from services.runtime.kafka.hanging_transactions import (
    WriteTargets,
    complete_hanging_transactions,
)
from services.runtime.kafka.reader import Reader
from services.runtime.kafka.topic_catalogue import TopicOptions, read_catalogue
from services.runtime.kafka.topics import apply as make_topics
from services.runtime.kafka.topics import connect
from services.runtime.kafka.writer import FencedWriter
from services.runtime.ops.settings import Settings
from services.watch.deadlines import DeadlinePublisher
from tests.kafka.administration import ACTS, REFUSED, codes_of
from tests.kafka.faults.forgetting import UNVERIFIED
from tests.kafka.secure_broker import OPERATOR, SecureBroker
from tests.waiting import eventually, run

PRINCIPALS: Final = tuple(read_rights().principals)
MAY: Final[dict[str, list[str]]] = yaml.safe_load(
    Path(__file__).with_name("administration.yaml").read_text(encoding="utf-8")
)
OPTIONS: Final = TopicOptions(partitions=2)
DELETES_SOON: Final = {
    "log.initial.task.delay.ms": "0",
    "log.retention.check.interval.ms": "500",
}
LONG_AGO_MS: Final = 1_680_300_000_000
"""In April 2023, longer ago than events are kept."""


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecureBroker]:
    folder = tmp_path_factory.mktemp("secured")
    with SecureBroker(folder, PRINCIPALS, **UNVERIFIED, **DELETES_SOON) as broker:
        operator = broker.settings(OPERATOR)
        run(make_topics(read_catalogue(), operator, OPTIONS))
        run(apply(list_wanted(read_rights(), operator), operator))
        yield broker


def test_the_table_names_acts_and_principals() -> None:
    assert ACTS.keys() == MAY.keys()
    assert {each for some in MAY.values() for each in some} <= set(PRINCIPALS)


@pytest.mark.parametrize("principal", PRINCIPALS)
def test_a_principal_may_do_what_the_table_says(principal: str, secured: SecureBroker) -> None:
    """What differs is named by its act."""
    codes = run(codes_of(secured.settings(principal)))
    print(codes)
    # Who may delete topics has deleted one.
    run(make_topics(read_catalogue(), secured.settings(OPERATOR), OPTIONS))
    expected = {act: principal in some for act, some in MAY.items()}
    assert expected == {act: codes[act] not in REFUSED for act in MAY}


async def _left_hanging(settings: Settings, name: str, place: TopicPartition, other: str) -> None:
    """A committed transaction of whose partition the coordinator never hears."""
    writer = FencedWriter(settings, name, [place])
    await writer.start()
    await writer.begin()
    manager = writer._producer._txn_manager
    manager._txn_partitions.add(place)
    manager.maybe_add_partition_to_txn(TopicPartition(other, 1))
    await writer.write({place: [(b"", b"{}", [])]})
    await writer.commit()
    await writer.stop()


def test_the_ledger_ends_what_hangs_with_the_rights_that_it_has(secured: SecureBroker) -> None:
    settings, place = secured.settings("ledger"), TopicPartition(JOURNAL, 0)
    name = f"{LEDGER_GROUP}-x"

    async def go() -> None:
        await _left_hanging(settings, name, place, REFUSALS)
        writer = FencedWriter(settings, name)
        await writer.start()
        try:
            assert [place] == [each.place for each in await writer.hanging([place])]
            targets = WriteTargets(0, place, [place], [])
            await complete_hanging_transactions(settings, writer, targets)
            assert [] == await writer.hanging([place])
        finally:
            await writer.stop()

    run(go())


def test_the_watch_ends_what_hangs_without_a_right_on_the_cluster(secured: SecureBroker) -> None:
    settings, place = secured.settings("watch"), TopicPartition(INTERNAL_EVENTS, 0)

    async def go() -> None:
        await _left_hanging(settings, f"{WATCH_GROUP}-{INTERNAL_EVENTS}-0", place, INTERNAL_EVENTS)
        post = DeadlinePublisher(settings)
        assert [] == await post.begin(0)
        assert [] == await post._writers[0].hanging([place])
        await post.end()

    run(go())


def test_a_backdated_event_is_kept_as_long_as_any_other(secured: SecureBroker) -> None:
    """Beside it one in a topic that keeps senders' times, for as long: that one goes at once."""
    days_400 = read_catalogue().topics[EVENTS].config.as_kafka()
    as_sent = days_400 | {"message.timestamp.type": "CreateTime"}
    operator = secured.settings(OPERATOR)
    places = [TopicPartition(EVENTS, 0), TopicPartition("as-sent", 0)]

    async def send() -> None:
        async with connect(operator) as cluster:
            await cluster.create({"as-sent": as_sent}, 1, 1)
        producer = AIOKafkaProducer(**connection_arguments(operator))
        await producer.start()
        try:
            for topic, number in places:
                await producer.send_and_wait(topic, b"{}", None, number, timestamp_ms=LONG_AGO_MS)
        finally:
            await producer.stop()

    def kept() -> list[int]:
        async def ask() -> list[int]:
            async with Reader(operator, places) as reader:
                bounds = [await reader.bounds(each) for each in places]
            return [end - first for first, end in bounds]

        return run(ask())

    run(send())
    eventually(lambda: kept()[1] == 0, "nothing is deleted here")
    assert 1 == kept()[0]

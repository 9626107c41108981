"""Publishing, over a producer that a test holds in its hand: order, window, failures, silence."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from aiokafka.errors import KafkaTimeoutError, MessageSizeTooLargeError

from services.runtime.kafka import publishing
from services.runtime.kafka.partitioning import partition_of
from services.runtime.kafka.publishing import STRUCTURED, Flow, Message, Receipt, Receipts
from services.runtime.ops.errors import ClusterError, Unreachable
from services.runtime.ops.settings import Settings

KEYS = [b"a", b"b", b"c", b"d", b"e"]
PARTITIONS = 3


@dataclass
class Written:
    """Where a batch begins."""

    offset: int


class FakeBatch:
    """Two records fill it, as an aiokafka batch is filled by bytes."""

    def __init__(self) -> None:
        self.values: list[bytes] = []
        self.headers: list[Any] = []
        self.closed = False

    def append(self, *, timestamp: None, key: bytes, value: bytes, headers: Any) -> object | None:
        assert timestamp is None, "the time is that of publishing"
        assert not self.closed
        assert key in KEYS
        if len(self.values) == 2:
            return None
        self.values.append(value)
        self.headers.append(headers)
        return object()

    def close(self) -> None:
        self.closed = True

    def size(self) -> int:
        return 100 * len(self.values)

    def record_count(self) -> int:
        return len(self.values)


class FakeProducer:
    """Keeps what it is sent, and acknowledges when and how `answer` says."""

    def __init__(self, answer: Callable[[int, FakeBatch], Any] | None = None) -> None:
        self.sent: dict[int, list[bytes]] = defaultdict(list)
        self.headers: list[Any] = []
        self.unacknowledged_bytes_most = 0
        self._unacknowledged_bytes = 0
        self._answer = answer or (lambda _partition, _batch: None)

    def create_batch(self) -> FakeBatch:
        return FakeBatch()

    async def send_batch(
        self, batch: FakeBatch, topic: str, *, partition: int
    ) -> "asyncio.Future[Written]":
        assert batch.closed
        assert topic == "topic"
        answer = self._answer(partition, batch)
        if answer == "stuck":
            await asyncio.sleep(60)
        if answer == "not yet":
            await asyncio.sleep(0.001)
            raise KafkaTimeoutError
        offset = len(self.sent[partition])
        self.sent[partition] += batch.values
        self.headers += batch.headers
        self._unacknowledged_bytes += batch.size()
        self.unacknowledged_bytes_most = max(
            self.unacknowledged_bytes_most, self._unacknowledged_bytes
        )
        sent: asyncio.Future[Written] = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().call_later(0.002, self._acknowledge, sent, batch, offset, answer)
        return sent

    def _acknowledge(
        self, sent: "asyncio.Future[Written]", batch: FakeBatch, offset: int, answer: Any
    ) -> None:
        self._unacknowledged_bytes -= batch.size()
        if isinstance(answer, Exception):
            sent.set_exception(answer)
        elif answer != "silence":
            sent.set_result(Written(offset))


def messages(count: int) -> Iterator[Message]:
    return (Message(KEYS[each % len(KEYS)], b"%d" % each) for each in range(count))


def send(producer: FakeProducer, given: Iterator[Message]) -> Receipts:
    receipts = Receipts()

    async def run() -> None:
        await Flow(producer, "topic", PARTITIONS, receipts).send_all(given)

    try:
        asyncio.run(run())
    except ClusterError as error:
        error.add_note(str(receipts.count))
        raise
    return receipts


def test_each_partition_gets_its_own_in_order_and_everything_is_acknowledged() -> None:
    producer = FakeProducer()
    receipts = send(producer, messages(101))
    expected = defaultdict(list)
    for key, value, _ in messages(101):
        expected[partition_of(key, PARTITIONS)].append(value)
    assert expected == producer.sent
    assert [STRUCTURED] * 101 == producer.headers
    assert 101 == receipts.count
    assert [
        Receipt(partition, 0, len(values) - 1, len(values))
        for partition, values in sorted(expected.items())
    ] == receipts.list_in_order()


def test_nothing_to_send_is_nothing_sent() -> None:
    assert Receipts() == send(FakeProducer(), messages(0))


def test_what_waits_for_its_acknowledgement_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publishing, "IN_FLIGHT_BYTES_MAX", 400)
    producer = FakeProducer()
    assert 101 == send(producer, messages(101)).count
    assert 400 == producer.unacknowledged_bytes_most


def test_a_batch_larger_than_the_whole_window_goes_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publishing, "IN_FLIGHT_BYTES_MAX", 50)
    producer = FakeProducer()
    assert 11 == send(producer, messages(11)).count
    assert 200 == producer.unacknowledged_bytes_most


def test_the_first_refusal_ends_it_and_what_was_acknowledged_stays_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(publishing, "IN_FLIGHT_BYTES_MAX", 400)
    seen: list[int] = []

    def answer(partition: int, batch: FakeBatch) -> Any:
        seen.append(partition)
        return MessageSizeTooLargeError("too large") if len(seen) == 4 else None

    producer = FakeProducer(answer)
    with pytest.raises(ClusterError, match=r"topic: .*too large.*ecluse topics diff") as failed:
        send(producer, messages(1000))
    assert 3 <= int(failed.value.__notes__[0]) // 2 < 8
    assert len(seen) < 10, "nothing more is sent after it"


def test_behind_a_refused_batch_nothing_is_sent_to_its_partition() -> None:
    """A broker that knows nothing yet of a producer takes any batch of it as the first."""
    refused: dict[int, int] = {}

    def answer(partition: int, batch: FakeBatch) -> Any:
        if partition in refused:
            return None
        refused[partition] = len(batch.values)
        return MessageSizeTooLargeError("too large")

    producer = FakeProducer(answer)
    with pytest.raises(ClusterError, match="too large"):
        send(producer, messages(100))
    assert refused == {partition: len(values) for partition, values in producer.sent.items()}


def test_a_cluster_that_falls_silent_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publishing, "SILENCE_TIMEOUT_S", 0.05)
    producer = FakeProducer(lambda _partition, _batch: "silence")
    with pytest.raises(Unreachable, match="acknowledged nothing"):
        send(producer, messages(10))


def test_a_batch_that_cannot_even_be_handed_over_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publishing, "SILENCE_TIMEOUT_S", 0.05)
    with pytest.raises(Unreachable, match="acknowledged nothing"):
        send(FakeProducer(lambda _partition, _batch: "stuck"), messages(10))


def test_a_partition_that_is_slow_to_take_a_batch_is_asked_again() -> None:
    answers = iter(["not yet", "not yet"])
    producer = FakeProducer(lambda _partition, _batch: next(answers, None))
    assert 11 == send(producer, messages(11)).count
    assert 11 == sum(map(len, producer.sent.values())), "and nothing went twice"


def test_a_partition_that_never_takes_a_batch_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publishing, "SILENCE_TIMEOUT_S", 0.05)
    with pytest.raises(Unreachable, match="acknowledged nothing"):
        send(FakeProducer(lambda _partition, _batch: "not yet"), messages(10))


def test_a_repeat_whose_place_the_broker_has_dropped_counts_and_moves_no_offset() -> None:
    receipt = Receipt(7)
    receipt.add(-1, 5)
    assert Receipt(7, None, None, 5) == receipt
    receipt.add(40, 2)
    receipt.add(-1, 1)
    receipt.add(50, 3)
    assert Receipt(7, 40, 52, 11) == receipt


def test_each_record_is_asked_to_be_on_all_replicas_and_there_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """aiokafka's own: `acks=1`, and a batch that is tried again may be there twice."""
    asked: list[dict[str, Any]] = []

    class AskedProducer:
        """Keeps what it is made with."""

        def __init__(self, **options: Any) -> None:
            asked.append(options)

    monkeypatch.setattr(publishing, "AIOKafkaProducer", AskedProducer)
    publishing.make_producer(Settings(instance="sender", bootstrap_servers="here:9092"))
    [options] = asked
    assert ("all", True) == (options["acks"], options["enable_idempotence"])
    assert ("here:9092", "ecluse-sender") == (options["bootstrap_servers"], options["client_id"])
    assert "transactional_id" not in options

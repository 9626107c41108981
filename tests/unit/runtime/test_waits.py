"""Waits with an end: what is reported where none came, and whose cancellation counts."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaError, MessageSizeTooLargeError
from aiokafka.structs import TopicPartition

from services.runtime.kafka.clients import REQUEST_TIMEOUT_S
from services.runtime.kafka.publishing import open_producer
from services.runtime.kafka.reader import Reader
from services.runtime.kafka.topics import START_TIMEOUT_S, connect
from services.runtime.kafka.waits import finish_start, only_our_cancellation, wait_within
from services.runtime.kafka.writer import FencedWriter, WriterFailed
from services.runtime.ops.errors import Unreachable
from services.watch.process import Ends
from tests.unit.runtime.harness import a_setting, quickly

PLACE = TopicPartition("events", 3)


async def never() -> None:
    await asyncio.Event().wait()


async def cancelled_inside() -> None:
    """What aiokafka does where it stops: it cancels a task of its own, and awaits it."""
    task = asyncio.create_task(never())
    await asyncio.sleep(0)
    task.cancel()
    await task


async def failing() -> None:
    raise KafkaError("planted")


@pytest.mark.parametrize(
    ("doing", "why"),
    [
        (never, "no answer in 5 s. Is the Kafka broker running at here"),
        (cancelled_inside, "cancelled inside aiokafka"),
        (failing, "planted"),
    ],
)
def test_a_wait_ends_with_an_answer_or_with_why_there_is_none(
    doing: Callable[[], Awaitable[None]], why: str
) -> None:
    with pytest.raises(Unreachable, match=why):
        quickly(wait_within(5, doing(), "reading", "here"))


def test_whoever_is_cancelled_himself_is_cancelled() -> None:
    async def go() -> None:
        task = asyncio.create_task(wait_within(5, never(), "reading", "here"))
        await asyncio.sleep(1)
        task.cancel()
        await task

    with pytest.raises(asyncio.CancelledError):
        quickly(go())


def test_a_cancellation_of_somebody_else_is_an_error_like_others() -> None:
    async def go() -> None:
        with pytest.raises(KafkaError, match="inside aiokafka"), only_our_cancellation():
            await cancelled_inside()
        await asyncio.sleep(0)

    quickly(go())


@dataclass
class Starting:
    """A client that starts as aiokafka's do; a connection is lost where it is cancelled first."""

    _sync_task: object = None
    lost: bool = False
    fenced: bool = False

    async def start(self, bootstrap_s: float) -> None:
        try:
            await asyncio.sleep(bootstrap_s)
        except asyncio.CancelledError:
            self.lost = True
            raise
        self._sync_task = True
        await asyncio.sleep(1)
        self.fenced = True


@pytest.mark.parametrize(
    ("bootstrap_s", "cancelled_after_s", "left"),
    [
        (0.5, 0.1, Starting(True)),
        (0.5, 0.6, Starting(True)),
        (0.5, 9, Starting(True, fenced=True)),
        (3600, 0.1, Starting(lost=True)),
    ],
)
def test_a_start_that_is_cancelled_goes_on_until_it_has_found_its_cluster_and_no_further(
    bootstrap_s: float, cancelled_after_s: float, left: Starting
) -> None:
    async def go() -> Starting:
        client = Starting()
        task = asyncio.create_task(finish_start(client, client.start(bootstrap_s)))
        await asyncio.sleep(cancelled_after_s)
        task.cancel()
        await asyncio.wait({task})
        assert task.cancelled() is not left.fenced
        return client

    assert left == quickly(go())


NOBODY = a_setting(bootstrap_servers="127.0.0.1:1")


async def start_consumer() -> None:
    await Ends(NOBODY).read([PLACE])


async def start_admin_client() -> None:
    async with connect(NOBODY):
        pass


async def start_producer() -> None:
    await open_producer(NOBODY)


@pytest.mark.parametrize(
    ("start", "limit_s"),
    [
        (start_consumer, REQUEST_TIMEOUT_S),
        (start_admin_client, START_TIMEOUT_S),
        (start_producer, START_TIMEOUT_S),
    ],
)
def test_a_start_that_takes_too_long_is_not_cancelled_before_it_has_found_its_cluster(
    start: Callable[[], Awaitable[None]], limit_s: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    starting = []

    async def bootstrap(client: AIOKafkaClient) -> None:
        starting.append(client)
        await asyncio.sleep(limit_s + 1)
        client._sync_task = asyncio.create_task(never())
        starting.remove(client)

    async def go() -> None:
        with pytest.raises(Unreachable, match=r"no answer|does not answer"):
            await start()

    monkeypatch.setattr(AIOKafkaClient, "bootstrap", bootstrap)
    quickly(go())
    assert [] == starting


class Closing:
    """Whether the connections of a client were closed."""

    def __init__(self, client: Any) -> None:
        self._close, self.done = client.close, False
        client.close = self

    async def __call__(self) -> None:
        self.done = True
        await self._close()


@pytest.mark.parametrize("stop", [never, cancelled_inside, failing])
def test_a_reader_that_cannot_stop_raises_nothing_and_leaves_no_connection(
    stop: Callable[[], Awaitable[None]],
) -> None:
    async def go() -> bool:
        reader = Reader(a_setting(), [PLACE])
        consumer = reader._consumer
        closing, whole, consumer.stop = Closing(consumer._client), consumer.stop, stop
        await reader.stop()
        closed = closing.done
        await whole()
        return closed

    assert quickly(go())


@pytest.mark.parametrize("stop", [never, cancelled_inside, failing])
@pytest.mark.parametrize("sends", [True, False])
def test_a_writer_that_cannot_stop_raises_nothing_and_leaves_no_connection(
    stop: Callable[[], Awaitable[None]], sends: bool
) -> None:
    async def go() -> bool:
        writer = FencedWriter(a_setting(), "id")
        producer = writer._producer
        closing, whole, producer.stop = Closing(producer.client), producer.stop, stop
        sender = asyncio.create_task(never())
        if sends:
            producer._sender._sender_task = sender
        else:
            sender.cancel()
        await writer.stop()
        closed = closing.done and sender.done()
        await whole()
        return closed

    assert quickly(go())


def test_a_writer_whose_transaction_is_cancelled_by_nobody_failed() -> None:
    async def go() -> None:
        writer = FencedWriter(a_setting(), "id")
        try:
            await writer._wait(cancelled_inside(), "commit")
        finally:
            await writer.stop()

    with pytest.raises(WriterFailed, match=r"commit: .*inside aiokafka"):
        quickly(go())


def test_a_record_that_no_broker_takes_is_ours_to_mend_and_no_failure_of_the_world() -> None:
    async def too_large() -> None:
        raise MessageSizeTooLargeError

    async def go() -> None:
        writer = FencedWriter(a_setting(), "id")
        try:
            await writer._wait(too_large(), "write")
        finally:
            await writer.stop()

    with pytest.raises(MessageSizeTooLargeError):
        quickly(go())

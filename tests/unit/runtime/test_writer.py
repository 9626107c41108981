"""A transaction's requests: how soon it begins, and which partitions it names together."""

import asyncio
from types import SimpleNamespace
from typing import Any

from aiokafka.errors import ConcurrentTransactions, NoError
from aiokafka.producer.sender import BACKOFF_OVERRIDE, AddPartitionsToTxnHandler
from aiokafka.structs import RecordMetadata, TopicPartition

from services.runtime.kafka.clients import (
    BEGIN_RETRIES,
    BEGIN_RETRY_S,
    Clients,
    Outgoing,
    make_reader,
    make_writer,
)
from services.runtime.kafka.writer import FencedWriter
from tests.unit.runtime.harness import a_setting

JOURNAL, STATE = TopicPartition("journal", 0), TopicPartition("state", 0)
RECORD: Outgoing = (b"key", b"value", ())


class Producer:
    """The parts of a producer that a write uses; notes when partitions are named and written."""

    def __init__(self) -> None:
        self.noted: list[tuple[str, str]] = []
        self._txn_manager = SimpleNamespace(
            _transaction_waiter=None,
            maybe_add_partition_to_txn=lambda place: self.noted.append(("named", place.topic)),
        )
        self._sender = SimpleNamespace(sender_task=None)

    async def send_batch(
        self, _batch: Any, topic: str, *, partition: int
    ) -> asyncio.Future[RecordMetadata]:
        self._txn_manager.maybe_add_partition_to_txn(TopicPartition(topic, partition))
        return asyncio.ensure_future(self._answered(topic, partition))

    async def _answered(self, topic: str, partition: int) -> RecordMetadata:
        self.noted.append(("written", topic))
        place = TopicPartition(topic, partition)
        return RecordMetadata(topic, partition, place, 7, None, None, None)


def test_a_write_names_the_partitions_of_the_next_one_before_it_waits() -> None:
    async def go() -> tuple[dict[TopicPartition, int], list[tuple[str, str]]]:
        producer = Producer()
        writer = FencedWriter(
            a_setting(), "id", clients=Clients(make_reader, lambda _settings, _id: producer)
        )
        writer._codecs = {"journal": "lz4"}
        return await writer.write({JOURNAL: [RECORD]}, next_places=[STATE]), producer.noted

    ends, noted = asyncio.run(go())
    assert {JOURNAL: 8} == ends
    assert [("named", "journal"), ("named", "state"), ("written", "journal")] == noted


def test_a_transaction_is_begun_again_soon_at_first_while_the_former_one_ends() -> None:
    still_ends, added = (
        SimpleNamespace(errors=[("journal", [(0, error.errno)])])
        for error in (ConcurrentTransactions, NoError)
    )

    async def go() -> list[float | None]:
        producer = make_writer(a_setting(), "id")
        try:
            handler = AddPartitionsToTxnHandler(producer._sender, [JOURNAL])
            answers = [still_ends] * (BEGIN_RETRIES + 1) + [added, still_ends]
            producer._txn_manager._pending_txn_partitions.add(JOURNAL)
            pauses_s = []
            for answer in answers:
                pauses_s.append(handler.handle_response(answer))
                producer._txn_manager._txn_partitions.clear()
            return pauses_s
        finally:
            await producer.stop()

    soon = [BEGIN_RETRY_S] * BEGIN_RETRIES
    assert [*soon, BACKOFF_OVERRIDE, None, BEGIN_RETRY_S] == asyncio.run(go())
    assert BEGIN_RETRY_S < BACKOFF_OVERRIDE

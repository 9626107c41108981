"""Transactions that stay open: our own former one, and those of others in our input topics."""

import asyncio
from collections.abc import Collection

import pytest
from aiokafka.structs import TopicPartition
from structlog.testing import capture_logs

from services.ledger.kafka.partition import LedgerProcessor
from services.runtime.kafka import writer as writers
from services.runtime.kafka.open_transactions import OpenTransaction
from services.runtime.kafka.writer import OVERDUE_S, FencedWriter, WriterFailed
from services.runtime.ops.watchdog import Progress
from tests.unit.runtime.harness import a_setting, quickly

PLACE = TopicPartition("ecluse.internal-events.v1", 0)
THEIRS = OpenTransaction(PLACE, 12, 99, 0, 0)

Open = list[OpenTransaction]


@pytest.fixture
def still_open(monkeypatch: pytest.MonkeyPatch) -> Open:
    """What the leaders say that is open; the test changes it."""
    found: Open = []

    async def answered(_: object, places: Collection[TopicPartition]) -> Open:
        return [each for each in found if each.place in places]

    monkeypatch.setattr(writers, "open_transactions", answered)
    return found


def test_a_transaction_open_for_longer_than_any_lives_is_logged(still_open: Open) -> None:
    async def go() -> None:
        writer = FencedWriter(a_setting(), "id", [PLACE])
        try:
            still_open.append(THEIRS)
            assert [] == await writer.overdue([PLACE])
            await asyncio.sleep(OVERDUE_S - 60)
            still_open.append(THEIRS._replace(first_offset=20))
            assert [] == await writer.overdue([PLACE])
            await asyncio.sleep(120)
            assert [THEIRS] == await writer.overdue([PLACE])
            still_open.clear()
            assert [] == await writer.overdue([PLACE])
        finally:
            await writer.stop()

    quickly(go())


def test_a_partition_names_it_once(still_open: Open) -> None:
    async def go() -> None:
        work = LedgerProcessor(a_setting(), 0, 1, Progress())
        try:
            for _ in range(5):
                await work.settle()
                await asyncio.sleep(OVERDUE_S)
        finally:
            await work.close()

    still_open.append(THEIRS)
    with capture_logs() as lines:
        quickly(go())
    [logged] = [line for line in lines if line["event"] == "transaction_hangs"]
    assert ("critical", PLACE.topic, 0, 12, 99) == (
        logged["log_level"],
        *(logged[name] for name in ("topic", "partition", "offset", "producer_id")),
    )


def test_our_own_former_one_is_waited_for_and_then_it_failed(still_open: Open) -> None:
    other = TopicPartition("ecluse.journal.v1", 0)

    async def go() -> None:
        writer = FencedWriter(a_setting(), "id", [PLACE])
        try:
            writer._written = dict.fromkeys((PLACE, other))
            still_open.append(THEIRS)  # Where it may be: no matter of ours.
            await writer.settle()
            writer._written = dict.fromkeys((other,))
            still_open.append(OpenTransaction(other, 3, writer.producer_id, 0, 0))
            with pytest.raises(WriterFailed, match=r"settle: .* still open in ecluse\.journal"):
                await writer.settle()
        finally:
            await writer.stop()

    quickly(go())

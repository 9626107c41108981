"""The treasury's outbox on a real broker: what is refused waits by itself, and the rest goes on."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import shake_256
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from events.topics import EVENTS, SLIPS
from services.treasury.process import outbox_sender
from services.treasury.process.outbox_sender import OutboxSender
from services.treasury.store.database import TreasuryStore
from services.treasury.store.outbox import Outgoing, has_unsent, put
from tests.kafka.cluster import Cluster, budgets_on
from tests.kafka.stack import Stack
from tests.kafka.treasury_process import NOON
from tests.waiting import eventually_async, run

PARTITIONS = 2
SMALL = 100
LARGE = 40_000
"""Bytes that lz4 makes no fewer; the topic is made to take half of them."""

budgets = budgets_on(0, PARTITIONS)
ONE, OTHER = next(budgets), next(budgets)
"""Two budgets of one partition."""


def a_message(name: str, budget: str, size: int = SMALL, topic: str = SLIPS) -> Outgoing:
    padding = shake_256(name.encode()).digest(size)
    return Outgoing(name, topic, budget, name.encode() + b" " + padding)


@asynccontextmanager
async def an_outbox(folder: Path, *messages: Outgoing) -> AsyncIterator[TreasuryStore]:
    store = TreasuryStore(f"sqlite:///{folder / 'treasury.db'}")
    try:
        await store.prepare()
        async with store.transaction() as connection:
            await put(connection, messages, NOON)
        yield store
    finally:
        await store.dispose()


async def is_empty(store: TreasuryStore) -> bool:
    async with store.reading() as connection:
        return not await has_unsent(connection)


def arrived(cluster: Cluster, topic: str = SLIPS) -> list[str]:
    """The names of the messages on the first partition of a topic, in their order there."""
    values = [each.value for each in cluster.read(topic)[0]]
    return [value.split(b" ", 1)[0].decode() for value in values if value is not None]


def test_a_refused_message_holds_its_budget_on_its_topic_and_nothing_else(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is kept, and leaves with what stands behind it once the topic takes it."""
    monkeypatch.setattr(outbox_sender, "PAUSE_S", outbox_sender.PAUSE_S_MAX)
    stack.alter(SLIPS, max_message_bytes=str(LARGE // 2))
    messages = (
        a_message("one/1", ONE),
        a_message("one/2", ONE, LARGE),
        a_message("one/3", ONE),
        a_message("other/1", OTHER),
        a_message("event/1", ONE, topic=EVENTS),
        a_message("other/2", OTHER),
    )

    async def go() -> None:
        async with an_outbox(stack.folder, *messages) as store:
            sender = OutboxSender(stack.settings, store)
            try:
                await sender.run(NOON, PARTITIONS)
                assert 4 == sender.sent
                assert not await is_empty(store)
                await sender.run(NOON, PARTITIONS)
                assert ["one/2"] == [each.get("message") for each in logged], "it pauses"
                await asyncio.to_thread(stack.alter, SLIPS, max_message_bytes=str(LARGE * 2))

                async def all_left() -> bool:
                    for refused in sender._refused.values():
                        refused.until_s = 0.0  # The pause is over.
                    await sender.run(NOON, PARTITIONS)
                    return await is_empty(store)

                await eventually_async(all_left, "all messages leave")
            finally:
                await sender.stop()

    with capture_logs() as logged:
        run(go())
    line = logged[0]
    assert {"message_not_sent"} == {each["event"] for each in logged}
    assert ("error", SLIPS, ONE) == (line["log_level"], line["topic"], line["budget"])
    assert "the cluster does not take it" in line["error"]
    assert ["event/1"] == arrived(stack, EVENTS)
    first, later = arrived(stack)[:3], arrived(stack)[3:]
    assert {"one/1", "other/1", "other/2"} == set(first)
    assert ["one/2", "one/3"] == later

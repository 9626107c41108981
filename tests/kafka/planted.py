"""The command with a fault planted in it: `PLANTED=<fault>:<argument> python -m tests.kafka.planted`.

What runs is the real command; one function of it, or of aiokafka, behaves as the fault says.
"""

import asyncio
import os
from collections.abc import Callable, Iterable
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.structs import TopicPartition

from services.cli.app import main
from services.ledger import handle, partition
from services.ledger.handle import Decided
from services.runtime.reader import Reader

STEP_S = 0.2


def decide(event_id: str) -> None:
    """Deciding this event fails, each time."""
    real = handle.decide

    def failing(state: Any, received: Any) -> Any:
        assert received.envelope.id != event_id, "planted in decide"
        return real(state, received)

    handle.decide = failing


def messages(event_id: str) -> None:
    """Making the messages of a batch fails where this event is in it."""
    real = partition.messages

    def failing(decided: Iterable[Decided], budgets: Any) -> Any:
        decided = list(decided)
        assert event_id not in {each.record.event_id for each in decided}, "planted in messages"
        return real(decided, budgets)

    partition.messages = failing


def slow_restore(seconds: str) -> None:
    """Restoring a partition takes this long, and gets on all the while."""
    real = Reader.latest

    async def slow(self: Reader, place: TopicPartition) -> dict[bytes, bytes]:
        for _ in range(int(float(seconds) / STEP_S)):
            await asyncio.sleep(STEP_S)
            self._progress.step()
        return await real(self, place)

    Reader.latest = slow  # type: ignore[method-assign]


def hung_commit(times: str) -> None:
    """The first commits never end, until they are cancelled."""
    real, left = AIOKafkaProducer.commit_transaction, int(times)

    async def hanging(self: AIOKafkaProducer) -> None:
        nonlocal left
        left -= 1
        if left >= 0:
            await asyncio.Event().wait()
        await real(self)

    AIOKafkaProducer.commit_transaction = hanging


def stubborn_commit(_: str) -> None:
    """No commit ever ends, not even when it is cancelled."""

    async def waiting(_: AIOKafkaProducer) -> None:
        while True:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                continue

    AIOKafkaProducer.commit_transaction = waiting


FAULTS: dict[str, Callable[[str], None]] = {
    "decide": decide,
    "messages": messages,
    "slow_restore": slow_restore,
    "hung_commit": hung_commit,
    "stubborn_commit": stubborn_commit,
}

if __name__ == "__main__":
    fault, _, argument = os.environ["PLANTED"].partition(":")
    FAULTS[fault](argument)
    main()

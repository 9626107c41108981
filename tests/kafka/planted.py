"""Faults to plant in a worker: one function of it, or of aiokafka, behaves as the fault says."""

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from itertools import count
from typing import Any, Final

from aiokafka import AIOKafkaProducer
from aiokafka.structs import TopicPartition

from services.ledger.application import handle, restore
from services.ledger.application.ports import Versions
from services.ledger.application.restore import VERSIONS
from services.ledger.domain.decide import decide as real_decide
from services.ledger.kafka import partition, partition_restore, topic_records
from services.projector import database, processor
from services.runtime.kafka import clients
from services.runtime.kafka.reader import Reader
from services.runtime.processing import worker

STEP_S = 0.2


def decide(event_id: str) -> None:
    """Deciding this event fails, each time."""

    def failing(state: Any, received: Any) -> Any:
        assert received.envelope.id != event_id, "planted in decide"
        return real_decide(state, received)

    handle.decide = failing  # type: ignore[attr-defined]


def slow_restore(seconds: str) -> None:
    """Restoring a partition takes this long, and gets on all the while."""
    real = Reader.latest

    async def slow(self: Reader, place: TopicPartition) -> dict[bytes, bytes]:
        for _ in range(int(float(seconds) / STEP_S)):
            await asyncio.sleep(STEP_S)
            self._progress.step()
        return await real(self, place)

    Reader.latest = slow  # type: ignore[method-assign]


def _before_a_commit(wait: Callable[[], Awaitable[object]]) -> None:
    """Every commit waits for this first."""
    real = AIOKafkaProducer.commit_transaction

    async def waiting(self: AIOKafkaProducer) -> None:
        await wait()
        await real(self)

    AIOKafkaProducer.commit_transaction = waiting


def hung_commit(times: str) -> None:
    """The first commits never end, until they are cancelled."""
    left = iter(range(int(times)))

    async def hang() -> None:
        if next(left, None) is not None:
            await asyncio.Event().wait()

    _before_a_commit(hang)


def slow_commit(seconds: str) -> None:
    """Every commit takes that much longer."""
    _before_a_commit(lambda: asyncio.sleep(float(seconds)))


def stubborn_commit(_: str) -> None:
    """No commit ever ends, not even when it is cancelled."""

    async def hang() -> None:
        while True:
            with suppress(asyncio.CancelledError):
                await asyncio.Event().wait()

    _before_a_commit(hang)


def unguarded(_: str) -> None:
    """Empty control batches are read as aiokafka reads them."""
    clients.guard_abort_markers = lambda: None


def small_transactions(records: str) -> None:
    """A projector takes so many records at a time: it can be killed between many of them."""
    processor.BATCH_RECORDS = int(records)  # type: ignore[misc] # it is final
    worker.YIELD_RECORDS = int(records)  # type: ignore[attr-defined] # imported there


FROZEN: Final = "planted: it stands still"


def freeze_in_transactions(numbers: str) -> None:
    """A projector stands still, as by SIGSTOP, in these of its transactions, `3,17`.

    Whoever sees that has it at work, however late he looks: in an even one before its rows, in an
    odd one between them and the commit. Other partitions are wherever they were.
    """
    real, begun, places = database._write, count(1), {int(each) for each in numbers.split(",")}

    def freeze() -> None:
        print(FROZEN, file=sys.stderr, flush=True)
        os.kill(os.getpid(), signal.SIGSTOP)

    async def write(*arguments: Any) -> None:
        number = next(begun)
        if number in places and number % 2 == 0:
            freeze()
        await real(*arguments)
        if number in places and number % 2 == 1:
            freeze()

    database._write = write  # type: ignore[assignment]


def state_version(number: str) -> None:
    """It is another version of Écluse: its state rows have that version, and it refuses newer."""
    versions = Versions(int(number), VERSIONS.rules)
    for module in (partition, partition_restore, restore, topic_records):
        module.VERSIONS = versions  # type: ignore[attr-defined] # imported there
    new = topic_records.Checkpoint.__init__
    new.__defaults__ = (*(new.__defaults__ or ())[:-1], versions)


FAULTS: dict[str, Callable[[str], None]] = {
    "decide": decide,
    "slow_commit": slow_commit,
    "slow_restore": slow_restore,
    "hung_commit": hung_commit,
    "stubborn_commit": stubborn_commit,
    "unguarded": unguarded,
    "small_transactions": small_transactions,
    "freeze_in_transactions": freeze_in_transactions,
    "state_version": state_version,
}


def plant(faults: str) -> None:
    """Plant faults in this process, `a:1 + b:2`: names, and behind a colon what each wants."""
    for fault in faults.split(" + "):
        name, _, argument = fault.partition(":")
        FAULTS[name](argument)

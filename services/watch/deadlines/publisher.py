"""Publisher of deadline events to the topic of internal events, each exactly once.

One transactional producer a partition. Opening it fences the former writer, ends the transaction
that it left open, and reads the partition to its end: from then on nobody else writes deadline
events of the watch there, and the missing ones are known. A deadline event counts as written when
its transaction has ended in the partition, so that the ledger can read it (docs/decisions/0015).
"""

import asyncio
from collections.abc import Collection, Iterable, Sequence
from contextlib import aclosing
from typing import Final

import structlog
from aiokafka.structs import TopicPartition

from events.topics import INTERNAL_EVENTS, WATCH_GROUP
from services.due.deadline_events import DeadlineEvent, own_id
from services.runtime.kafka.clients import KAFKA, Clients
from services.runtime.kafka.hanging_transactions import facts_of
from services.runtime.kafka.publishing import STRUCTURED
from services.runtime.kafka.reader import Reader
from services.runtime.kafka.writer import FencedWriter, WriterFailed
from services.runtime.ops.errors import place_name
from services.runtime.ops.settings import Settings

TRANSACTION_INTERNAL_EVENTS: Final = 1000
"""Deadline events of one transaction: the first watch of an old journal may owe thousands."""

TRANSACTION_S: Final = 20.0
"""Time limit of a transaction: behind an open one of a frozen watch, the ledger's own internal
events cannot be read until another watch takes over or the broker ends it."""

SETTLED_S: Final = 5.0
"""Time for which to wait for the end of another open transaction: nothing behind it is readable."""

POLL_S: Final = 0.05

log: Final = structlog.stdlib.get_logger("ecluse.watch")


class DeadlinePublisher:
    """The writers of this watch's partitions of internal events. One call at a time.

    After a failure the writer is closed, and the next call finds out the outcome of its
    transaction.

    Raises:
        ClusterError: from any method but `end`: the cluster does not answer (then a later call may
            succeed), or denies the watch a right.
        WriterFailed: the same: the broker failed, or another transaction is open there.
        Fenced: the same: another process writes there now. A watch to which the partition is still
            assigned may call again: it reads first what the other wrote.
    """

    def __init__(self, settings: Settings, clients: Clients = KAFKA) -> None:
        limit_s = min(settings.transaction_timeout_s, TRANSACTION_S)
        self._settings = settings.model_copy(update={"transaction_timeout_s": limit_s})
        self._clients = clients
        self._topic = settings.topic(INTERNAL_EVENTS)
        self._writers: dict[int, FencedWriter] = {}
        self._in_topic: dict[int, set[str]] = {}
        """The ids of all deadline events of the watch, by the partition of a writer."""

    async def begin(self, number: int) -> list[str]:
        """Take a partition over from its former writer; the ids of its deadline events."""
        await self._close(number)
        place = TopicPartition(self._topic, number)
        name = f"{self._settings.group(WATCH_GROUP)}-{self._topic}-{number}"
        writer = FencedWriter(self._settings, name, [place], self._clients)
        try:
            await writer.start()
            await self._abort_hanging(writer, place)
            in_topic = await self._ids_in(place)
        except BaseException:
            await writer.stop()
            raise
        self._writers[number], self._in_topic[number] = writer, in_topic
        return sorted(in_topic)

    async def deliver(self, number: int, deadline_events: Sequence[DeadlineEvent]) -> list[str]:
        """Write those deadline events that are not in the topic yet; the ids of all of them.

        It begins by itself where `begin` was not called.
        """
        if number not in self._writers:
            await self.begin(number)
        writer, in_topic = self._writers[number], self._in_topic[number]
        missing = {each.id: each for each in deadline_events if each.id not in in_topic}
        try:
            for some in _cut(list(missing.values())):
                await self._write(writer, number, some)
                in_topic.update(each.id for each in some)
        except BaseException:
            await self._close(number)
            raise
        return [each.id for each in deadline_events]

    async def end(self, kept: Collection[int] = ()) -> None:
        """Close the writers of all partitions but those that are `kept`."""
        for number in [each for each in self._writers if each not in kept]:
            await self._close(number)

    async def _close(self, number: int) -> None:
        writer = self._writers.pop(number, None)
        if writer is not None:
            await writer.stop()

    async def _write(
        self, writer: FencedWriter, number: int, deadline_events: Iterable[DeadlineEvent]
    ) -> None:
        """One transaction, to its end in the partition."""
        # Without the headers of the ledger's transactions, which mark its own internal events.
        outgoing = [(each.budget.encode(), each.value, STRUCTURED) for each in deadline_events]
        await writer.begin()
        await writer.write({TopicPartition(self._topic, number): outgoing})
        await writer.commit()
        # A commit is answered before its marker is written; a broker may lose it in between.
        await writer.settle()

    async def _abort_hanging(self, writer: FencedWriter, place: TopicPartition) -> None:
        """Abort hanging transactions: they are in this partition alone, so nobody has read them.

        The next transaction of the same producer would commit them with itself, and their events,
        written anew, would be there twice.
        """
        for each in await writer.hanging([place]):
            await writer.abort_hanging(place)
            log.warning("hanging_transaction_completed", committed=False, **facts_of(each))

    async def _ids_in(self, place: TopicPartition) -> set[str]:
        """The ids of the watch's deadline events that were written to a partition before now."""
        async with Reader(
            self._settings, [place], isolation="read_uncommitted", clients=self._clients
        ) as reader:
            _, end = await reader.bounds(place)
        found: set[str] = set()
        async with Reader(self._settings, [place], clients=self._clients) as reader:
            await _is_readable(reader, place, end)
            async with aclosing(reader.to_the_end(place)) as chunks:
                async for records in chunks:
                    found.update(name for each in records if (name := own_id(each.value)))
        return found


async def _is_readable(reader: Reader, place: TopicPartition, end: int) -> None:
    """Wait until no transaction is open before `end`.

    The ledger writes there too, and so a committed deadline event of ours may lie behind a record
    of an open transaction: taken for missing, it would be written twice.

    Raises:
        WriterFailed: one is open; a later call may find it ended.
    """
    until_s = asyncio.get_running_loop().time() + SETTLED_S
    while (readable := (await reader.bounds(place))[1]) < end:
        if asyncio.get_running_loop().time() > until_s:
            where = f"{place_name(place)}/{readable}"
            raise WriterFailed(f"begin: a transaction is open at {where}")
        await asyncio.sleep(POLL_S)


def _cut(deadline_events: Sequence[DeadlineEvent]) -> Iterable[Sequence[DeadlineEvent]]:
    for start in range(0, len(deadline_events), TRANSACTION_INTERNAL_EVENTS):
        yield deadline_events[start : start + TRANSACTION_INTERNAL_EVENTS]

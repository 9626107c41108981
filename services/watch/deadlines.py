"""Deadline events: each published once, the due ones written and the written ones noted.

A deadline event says that something has not come by a day. So it is written for days that had
passed at the watermark of the input, up to which everything that arrived is known.

One transactional producer a partition. Opening it fences the former writer, ends the transaction
that it left open, and reads the partition to its end: from then on nobody else writes deadline
events of the watch there, and the missing ones are known. A deadline event counts as written when
its transaction has ended in the partition, so that the ledger can read it (docs/decisions/0008).
"""

import asyncio
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Final

import structlog
from aiokafka.structs import TopicPartition

from events.topics import INTERNAL_EVENTS, WATCH_GROUP
from services.due.deadline_events import DeadlineEvent, own_id
from services.due.deadlines import Deadlines
from services.runtime.kafka.clients import KAFKA, Clients
from services.runtime.kafka.hanging_transactions import facts_of
from services.runtime.kafka.publishing import STRUCTURED
from services.runtime.kafka.reader import Reader
from services.runtime.kafka.writer import FencedError, FencedWriter, WriterFailed
from services.runtime.ops.errors import ClusterError, place_name
from services.runtime.ops.settings import Settings
from services.watch.tables.balances import Reconciliation
from services.watch.tables.watermarks import InputWatermarks

BACK_OFF_RUNS: Final = 30
"""Runs for which a partition is left to another writer. At one a second that is longer than two
sessions: a watch that was frozen has learned by then that it owns nothing. If the partition is
still assigned here then, nobody else writes there any more."""

log: Final = structlog.stdlib.get_logger("ecluse.watch")

TRANSACTION_INTERNAL_EVENTS: Final = 1000
"""Deadline events of one transaction: the first watch of an old journal may owe thousands."""

TRANSACTION_S: Final = 20.0
"""Time limit of a transaction: behind an open one of a frozen watch, the ledger's own internal
events cannot be read until another watch takes over or the broker ends it."""

SETTLED_S: Final = 5.0
"""Time for which to wait for the end of another open transaction: nothing behind it is readable."""

POLL_S: Final = 0.05


class DeadlinePublisher:
    """The writers of this watch's partitions of internal events. One call at a time.

    After a failure the writer is closed, and the next call finds out the outcome of its
    transaction.

    Raises:
        ClusterError: from any method but `end`: the cluster does not answer (then a later call may
            succeed), or denies the watch a right.
        WriterFailed: the same: the broker failed, or another transaction is open there.
        FencedError: the same: another process writes there now. A watch to which the partition is
            still assigned may call again: it reads first what the other wrote.
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


class DeadlineDelivery:
    """The deadline events of the partitions that are read here."""

    def __init__(
        self,
        publisher: DeadlinePublisher,
        deadlines: Deadlines,
        reconciliation: Reconciliation,
        watermarks: InputWatermarks,
    ) -> None:
        self.written: Final = Counter[str]()
        """Deadline events that this process wrote, by kind."""
        self._publisher = publisher
        self._deadlines = deadlines
        self._reconciliation = reconciliation
        self._watermarks = watermarks
        self._assigned: dict[int, object] = {}
        """The partitions read here, each with a token of this assignment."""
        self._in_topic: dict[int, set[str]] = {}
        """The ids of the deadline events in the topic, by partition, where the watch may write."""
        self._lost: dict[int, int] = {}
        """The partitions written by another process, and the runs left until the next attempt."""

    @property
    def in_topic(self) -> int | None:
        """Deadline events of the watch in the partitions read here; None until it is known."""
        if not self._assigned or self._assigned.keys() != self._in_topic.keys():
            return None
        return sum(map(len, self._in_topic.values()))

    def keep_only(self, numbers: Iterable[int]) -> None:
        """Leave the partitions that others read from now on; returned ones are opened anew."""
        self._assigned = {each: self._assigned.get(each, object()) for each in numbers}
        self._lost = {each: left for each, left in self._lost.items() if each in self._assigned}
        self._in_topic = {
            number: each for number, each in self._in_topic.items() if number in self._assigned
        }

    async def run(self) -> None:
        """Write the due events, up to the watermark. A failure is retried by the next run."""
        await self._publisher.end(frozenset(self._in_topic))
        self._lost = {number: left - 1 for number, left in self._lost.items() if left > 1}
        for number in sorted(self._assigned.keys() - self._lost.keys()):
            until_s = self._watermarks.find_watermark_s(number)
            if until_s is None or not self._reconciliation.is_current(number):
                continue
            try:
                await self._deliver(number, datetime.fromtimestamp(until_s, UTC))
            except FencedError:
                log.warning("deadline_events_written_elsewhere", partition=number)
                self._lost[number] = BACK_OFF_RUNS
                self._in_topic.pop(number, None)
            except (ClusterError, WriterFailed) as error:
                log.warning("deadline_events_postponed", partition=number, error=str(error))
                self._in_topic.pop(number, None)
                return  # The others would wait for the same broker.

    async def stop(self) -> None:
        """Close all writers."""
        await self._publisher.end()

    async def _deliver(self, number: int, until: datetime) -> None:
        assignment = self._assigned.get(number)
        if number not in self._in_topic:
            found = await self._publisher.begin(number)
            if self._assigned.get(number) is not assignment:
                return  # It was reassigned meanwhile, and its tables are empty.
            self._note(number, found)
        deadline_events = self._deadlines.deadline_events(number, until)
        if not deadline_events:
            return
        known = self._in_topic[number]
        written = await self._publisher.deliver(number, deadline_events)
        for each in deadline_events:
            if each.id not in known:
                self.written[each.kind] += 1
                facts = {"kind": each.kind, "due_on": each.due_on.isoformat()}
                log.info("deadline_event_written", budget=each.budget, **facts)
        if self._assigned.get(number) is assignment:
            self._note(number, written)

    def _note(self, number: int, event_ids: Iterable[str]) -> None:
        known = self._in_topic.setdefault(number, set())
        for each in event_ids:
            known.add(each)
            self._deadlines.wrote(number, each)

"""Publisher of deadline events to the topic of internal events, each exactly once.

One transactional producer a partition. Whoever opens it fences the former writer, ends what that
one left open, and reads the partition to its end: from then on nobody else writes deadline events
of the watch there, and what is missing is known. A deadline event counts as written when its
transaction has ended in the partition, so that the ledger can read it (docs/decisions/0015).
"""

import asyncio
from collections.abc import Collection, Iterable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final

import structlog
from aiokafka.errors import ClusterAuthorizationFailedError
from aiokafka.structs import TopicPartition

from events.topics import INTERNAL_EVENTS, WATCH_GROUP
from services.due.deadline_events import DeadlineEvent, own_id
from services.runtime.kafka.clients import KAFKA, Clients
from services.runtime.kafka.hanging_transactions import FORBIDDEN, facts_of
from services.runtime.kafka.publishing import STRUCTURED
from services.runtime.kafka.reader import Reader
from services.runtime.kafka.writer import FencedWriter, Outgoing, WriterFailed
from services.runtime.ops.errors import ClusterError, place_name
from services.runtime.ops.settings import Settings

TRANSACTION_INTERNAL_EVENTS: Final = 1000
"""How many deadline events one transaction writes.

The first watch of an old journal may owe thousands.
"""

TRANSACTION_S: Final = 20.0
"""How long a transaction may stand open: behind one of a watch that stands still the ledger's own
internal events cannot be read until another takes over or the broker ends it. A few are quick."""

SETTLED_S: Final = 5.0
"""How long somebody's open transaction is waited for, behind which nothing can be read."""

LOOK_S: Final = 0.05

log: Final = structlog.stdlib.get_logger("ecluse.watch")


@dataclass(slots=True)
class _Desk:
    """One partition of deadline events that is written here."""

    writer: FencedWriter
    standing: set[str]
    """The ids of all deadline events of the watch that stand there."""


class Post:
    """The writers of this watch's partitions of internal events. One call at a time.

    Whatever fails, the writer is let go, and the next call finds out what came of its transaction.

    Raises:
        ClusterError: from any method but `end`: the cluster does not answer (then a later call may
            succeed), or does not let the watch do what it must.
        WriterFailed: the same: the broker failed, or somebody's transaction stands open there.
        Fenced: the same: another process writes there now. Who may still call the partition its
            own may call again: what the other wrote is read first.
    """

    def __init__(self, settings: Settings, clients: Clients = KAFKA) -> None:
        limit_s = min(settings.transaction_timeout_s, TRANSACTION_S)
        self._settings = settings.model_copy(update={"transaction_timeout_s": limit_s})
        self._clients = clients
        self._topic = settings.topic(INTERNAL_EVENTS)
        self._desks: dict[int, _Desk] = {}

    async def begin(self, number: int) -> list[str]:
        """Take a partition over from its former writer.

        The ids of the deadline events that stand there.
        """
        await self._let_go(number)
        place = TopicPartition(self._topic, number)
        name = f"{self._settings.group(WATCH_GROUP)}-{self._topic}-{number}"
        writer = FencedWriter(self._settings, name, [place], self._clients)
        try:
            await writer.start()
            await self._end_forgotten(writer, place)
            standing = await self._standing(place)
        except BaseException:
            await writer.stop()
            raise
        self._desks[number] = _Desk(writer, standing)
        return sorted(standing)

    async def deliver(self, number: int, deadline_events: Sequence[DeadlineEvent]) -> list[str]:
        """Write those deadline events that do not stand yet; the ids of all that now do.

        It begins by itself where nobody has.
        """
        if number not in self._desks:
            await self.begin(number)
        desk = self._desks[number]
        missing = {each.id: each for each in deadline_events if each.id not in desk.standing}
        try:
            for some in _cut(list(missing.values())):
                await self._write(desk.writer, number, some)
                desk.standing.update(each.id for each in some)
        except BaseException:
            await self._let_go(number)
            raise
        return [each.id for each in deadline_events]

    async def end(self, kept: Collection[int] = ()) -> None:
        """Let go of all partitions but those that are `kept`."""
        for number in [each for each in self._desks if each not in kept]:
            await self._let_go(number)

    async def _let_go(self, number: int) -> None:
        desk = self._desks.pop(number, None)
        if desk is not None:
            await desk.writer.stop()

    async def _write(
        self, writer: FencedWriter, number: int, deadline_events: Iterable[DeadlineEvent]
    ) -> None:
        """One transaction, to its end in the partition."""
        # No mark of a transaction stands in their headers: those tell the ledger's apart.
        outgoing = [
            Outgoing(each.budget.encode(), each.value, STRUCTURED) for each in deadline_events
        ]
        await writer.begin()
        await writer.write({TopicPartition(self._topic, number): outgoing})
        await writer.commit()
        # A commit is answered before its marker is written, and a broker may forget that.
        await writer.settle()

    async def _end_forgotten(self, writer: FencedWriter, place: TopicPartition) -> None:
        """Abort what a broker forgot to end: it stands in this partition alone, so nobody saw it.

        The next transaction of the same producer would end it as itself, and what is written anew
        would stand there twice.
        """
        for each in await writer.hanging([place]):
            try:
                await writer.end(each, committed=False)
            except WriterFailed as error:
                if not isinstance(error.__cause__, ClusterAuthorizationFailedError):
                    raise
                facts = facts_of(each) | {"outcome": "aborted"}
                raise ClusterError(place_name(place), FORBIDDEN.render(facts)) from error
            log.warning("hanging_transaction_completed", committed=False, **facts_of(each))

    async def _standing(self, place: TopicPartition) -> set[str]:
        """The ids of the watch's deadline events in a partition.

        Of all that were written before now.
        """
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
    """Wait until no transaction stands open before `end`.

    The ledger writes there too, and so a deadline event of ours may be committed, and yet lie
    behind a record whose transaction is open: who took it for missing would write it twice.

    Raises:
        WriterFailed: one stands open; a later look may find it ended.
    """
    until_s = asyncio.get_running_loop().time() + SETTLED_S
    while (readable := (await reader.bounds(place))[1]) < end:
        if asyncio.get_running_loop().time() > until_s:
            where = f"{place_name(place)}/{readable}"
            raise WriterFailed(f"begin: a transaction stands open at {where}")
        await asyncio.sleep(LOOK_S)


def _cut(deadline_events: Sequence[DeadlineEvent]) -> Iterable[Sequence[DeadlineEvent]]:
    for start in range(0, len(deadline_events), TRANSACTION_INTERNAL_EVENTS):
        yield deadline_events[start : start + TRANSACTION_INTERNAL_EVENTS]

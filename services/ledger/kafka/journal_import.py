"""Import of an exported journal into a cluster: each chain into its partition there.

Each partition is written under its own transactional id, as by the ledger's worker: one that still
runs takes its partition back, and the import ends; run again, it goes on. During the import a mark
in every partition's state topic keeps workers from starting. Of the published messages only
balances are written again, in the transaction of their record, and internal events that had not
been read.
"""

from collections.abc import Collection
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self

from aiokafka.structs import ConsumerRecord, TopicPartition

from events.codec import ReceivedEvent
from events.texts import _
from events.topics import BALANCES, INTERNAL_EVENTS, JOURNAL, LEDGER_STATE
from services.ledger.application.handle import RecordedEvent
from services.ledger.application.outbound_messages import STRUCTURED, balances
from services.ledger.application.ports import StoreError
from services.ledger.application.restore import Folding, ReadRecord
from services.ledger.domain.fiscal_year import InternalEvent
from services.ledger.domain.journal import Outcome
from services.ledger.files.exports import MISPLACED, Chains, Progress, home_of
from services.ledger.files.imports import (
    BATCH_RECORDS,
    CheckedExport,
    prove,
    unread_internal_events,
)
from services.ledger.kafka.partition import (
    PARTITIONS_HEADER,
    TOPICS,
    transactional_id,
    write_targets,
)
from services.ledger.kafka.topic_records import (
    IMPORT_KEY,
    IMPORTED_HEADER,
    POSITION_KEY,
    is_being_imported,
)
from services.runtime.kafka.clients import Outgoing
from services.runtime.kafka.hanging_transactions import complete_hanging_transactions, mark
from services.runtime.kafka.partitioning import partition_of
from services.runtime.kafka.reader import Reader
from services.runtime.kafka.topics import check
from services.runtime.kafka.writer import FencedWriter
from services.runtime.ops.errors import ClusterError, place_name
from services.runtime.ops.settings import Settings

BATCH_BYTES: Final = 8 * 1024 * 1024
"""The most bytes of records in one transaction, unless a single one is larger."""

MOVED = _(
    "{chain} stands there, but belongs on partition {home} of {count}: import into empty topics"
)
WRITTEN = _("a ledger wrote there while the export was compared: stop it, and run the import again")


async def import_topic(settings: Settings, path: Path, progress: Progress) -> CheckedExport:
    """Import an export into the topics of a cluster, or continue an import into them.

    Raises:
        ClusterError: the cluster cannot be reached, or its topics are not as they must be.
        StoreError: the export is damaged, or the cluster holds another journal.
        FencedError, WriterFailed: another process writes there, or the broker failed; the records
            written stay, and the import can be run again.
    """
    count = await check(settings, TOPICS)
    there = await _read_there(settings, count)
    proved = prove(path, there.chains.ends, settings.topic(JOURNAL), progress)
    if proved.is_there and not there.marked:
        return proved
    folding = Folding(forgets=False)
    async with AsyncExitStack() as stack:
        homes = [
            await stack.enter_async_context(_Home(settings, number, count, folding))
            for number in range(count)
        ]
        await _begin(settings, homes, there)
        for each in proved.read_again(progress):
            home = homes[home_of(each.record.budget, count)]
            await home.flush_if_full(len(each.raw))
            received = folding.apply(each.record)
            if not proved.has(each.record):
                home.take(each, received)
        for budget, internal_events in unread_internal_events(proved).items():
            homes[home_of(budget, count)].internal_events += internal_events
        for home in homes:
            await home.write()
        # The first partition was marked first, and is the last to be unmarked: no worker starts.
        for home in reversed(homes):
            await home.end()
    return proved


@dataclass(slots=True)
class _ClusterContent:
    """The content of a cluster's topics before an import."""

    chains: Chains = field(default_factory=Chains)
    journal_ends: dict[TopicPartition, int] = field(default_factory=dict)
    """The end offset of the journal in each of its partitions."""
    marked: bool = False
    """True where an import was begun, and not ended."""


async def _read_there(settings: Settings, count: int) -> _ClusterContent:
    """Read the existing journal, and check its chains."""
    there = _ClusterContent()
    journal, state = (
        [TopicPartition(settings.topic(name), number) for number in range(count)]
        for name in (JOURNAL, LEDGER_STATE)
    )
    async with Reader(settings, [*journal, *state]) as reader:
        for place in state:
            there.marked = there.marked or await is_being_imported(reader, place)
        for place in journal:
            _unused, there.journal_ends[place] = await reader.bounds(place)
            async with aclosing(reader.to_the_end(place)) as chunks:
                async for chunk in chunks:
                    for each in chunk:
                        _follow(there.chains, each, count)
    return there


def _follow(chains: Chains, record: ConsumerRecord, count: int) -> None:
    """Check the next record of the existing journal, and its partition."""
    where = f"{record.topic}/{record.partition}/{record.offset}"
    chain = chains.follow(record.value or b"", where).budget
    if chain.encode() != record.key:
        raise StoreError(where, MISPLACED.render({"budget": chain}))
    home = home_of(chain, count)
    if home != record.partition:
        raise StoreError(where, MOVED.render({"chain": chain, "home": home, "count": count}))


async def _begin(settings: Settings, homes: Collection["_Home"], there: _ClusterContent) -> None:
    """Mark all partitions, after a check that nothing was written since they were read."""
    async with Reader(settings, there.journal_ends) as reader:
        for home in homes:
            place = home.journal
            # A transaction open at that time, and aborted since, has moved the end.
            if await reader.record_at(place, there.journal_ends[place]) is not None:
                raise ClusterError(place_name(place), WRITTEN)
            _unused, end = await reader.bounds(place)
            await home.begin(end)


class _Home:
    """The journal of one partition, while it is imported."""

    def __init__(self, settings: Settings, number: int, count: int, folding: Folding) -> None:
        self.number = number
        self.internal_events: list[InternalEvent] = []
        self._settings = settings
        self._count = count
        self.journal = TopicPartition(settings.topic(JOURNAL), number)
        self._state = TopicPartition(settings.topic(LEDGER_STATE), number)
        self._published = TopicPartition(settings.topic(BALANCES), number)
        self._folding = folding
        self._accepted: list[RecordedEvent] = []
        self._where = write_targets(settings, number, count)
        name = transactional_id(settings, number)
        self._writer = FencedWriter(settings, name, self._where.shared)
        self._headers = ((PARTITIONS_HEADER, b"%d" % count), (IMPORTED_HEADER, b"1"))
        self._waiting: list[tuple[bytes, bytes]] = []
        """The keys and values of pending records."""
        self._waiting_bytes = 0
        self._journal_next = 0

    async def __aenter__(self) -> Self:
        """Fence other writers of the partition."""
        try:
            await self._writer.start()
            await complete_hanging_transactions(self._settings, self._writer, self._where)
        except BaseException:
            await self._writer.stop()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        """Let go of the connections."""
        await self._writer.stop()

    async def begin(self, journal_end: int) -> None:
        """Set the mark of an import, and invalidate any former state."""
        self._journal_next = journal_end
        await self._write_state([(POSITION_KEY, None, ()), (IMPORT_KEY, b"true", ())])

    async def flush_if_full(self, more_bytes: int) -> None:
        """Write the pending records, where one more would be too many."""
        full = self._waiting_bytes + more_bytes > BATCH_BYTES or len(self._waiting) >= BATCH_RECORDS
        if full and self._waiting:
            await self._write_journal({})

    def take(self, each: ReadRecord, received: ReceivedEvent | None) -> None:
        """Add a record, already folded, to the pending ones."""
        self._waiting.append((each.record.budget.encode(), each.raw))
        self._waiting_bytes += len(each.raw)
        if received is not None and each.record.outcome is Outcome.ACCEPTED:
            self._accepted.append(RecordedEvent(each.record, received.envelope))

    async def write(self) -> None:
        """Write the pending records, and the internal events with the last of them."""
        if self._waiting:
            await self._write_journal(self._place_internal_events())

    async def end(self) -> None:
        """Remove the mark of an import."""
        await self._write_state([(IMPORT_KEY, None, ())])

    def _place_internal_events(self) -> dict[TopicPartition, list[Outgoing]]:
        posted: dict[TopicPartition, list[Outgoing]] = {}
        for budget, value in self.internal_events:
            number = partition_of(budget.encode(), self._count)
            place = TopicPartition(self._settings.topic(INTERNAL_EVENTS), number)
            posted.setdefault(place, []).append((budget.encode(), value, STRUCTURED))
        return posted

    def _balances(self) -> list[Outgoing]:
        """The balances after the pending records: none has moved since."""
        accepted, self._accepted = self._accepted, []
        return [
            (each.key, each.value, each.headers)
            for each in balances(accepted, self._folding.budgets)
        ]

    async def _write_journal(self, more: dict[TopicPartition, list[Outgoing]]) -> None:
        # The journal's offset moves with each transaction: no other has this mark.
        marks = (mark(self.number, self._journal_next),)
        headers = (*self._headers, *marks)
        records: dict[TopicPartition, list[Outgoing]] = {
            self.journal: [(key, value, headers) for key, value in self._waiting]
        }
        if published := self._balances():
            more = {**more, self._published: published}
        for place, outgoing in more.items():
            records[place] = [(key, value, (*own, *marks)) for key, value, own in outgoing]
        await self._writer.begin()
        ends = await self._writer.write(records)
        await self._writer.commit()
        self._journal_next = ends[self.journal]
        self._waiting, self._waiting_bytes = [], 0

    async def _write_state(self, rows: list[Outgoing]) -> None:
        await self._writer.begin()
        await self._writer.write({self._state: rows})
        await self._writer.commit()

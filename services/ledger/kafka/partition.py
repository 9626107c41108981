"""The ledger's processor of one partition: the core of a replay, in Kafka's transactions.

One batch is one transaction: journal records, messages, changed state, and the positions in the
input topics. After a failure nothing of it is visible.
"""

from collections import Counter as Tally
from dataclasses import replace
from typing import Final

import structlog
from aiokafka.structs import ConsumerRecord, TopicPartition
from prometheus_client import CollectorRegistry, Counter, Histogram

from events import topics
from events.codec import Headers
from services.ledger.application.handle import ChainEnd, DecidedBatch, Ledger
from services.ledger.application.outbound_messages import messages
from services.ledger.application.restore import VERSIONS
from services.ledger.kafka import topic_records
from services.ledger.kafka.partition_restore import PartitionTopics, RestoredPartition
from services.ledger.kafka.topic_records import (
    Checkpoint,
    event_id,
    event_time,
    is_same,
    raw_record,
)
from services.runtime.kafka.clients import KAFKA, Clients, Outgoing
from services.runtime.kafka.hanging_transactions import (
    WriteTargets,
    complete_hanging_transactions,
    facts_of,
    mark,
)
from services.runtime.kafka.open_transactions import OpenTransaction
from services.runtime.kafka.partitioning import partition_of
from services.runtime.kafka.reader import Reader, SourcePosition, check_source, skip_markers
from services.runtime.kafka.writer import FencedWriter
from services.runtime.ops.settings import Settings
from services.runtime.ops.watchdog import Progress
from services.runtime.processing.processor import Hold
from services.runtime.processing.task import BATCH_RECORDS

OUTPUTS: Final = (
    topics.JOURNAL,
    topics.COMMITMENT_ENTRIES,
    topics.PAYMENT_ORDERS,
    topics.BALANCES,
    topics.REFUSALS,
    topics.DEAD_LETTERS,
    topics.LEDGER_STATE,
)
"""The topics of a transaction, but for internal events to next year's budgets."""

TOPICS: Final = (*topics.INPUT_TOPICS, *OUTPUTS)
"""The topics that the ledger reads and writes."""

PARTITIONS_HEADER: Final = "ecluse_partitions"
"""The header of a journal record with the number of partitions of its topic (rules, 37)."""

FIND_HANGING: Final = (
    "kafka-transactions.sh find-hanging; docs/decisions/0008 says what to ask first"
)

GIVE_UP: Final = "ecluse ledger --accept-lost {topic}/{partition}/{first}"
"""The command that accepts unread records of an input topic as lost."""

FULL_BYTES: Final = 4 * 1024 * 1024
"""The size of journal records and internal events at which a transaction ends. Three thousand usual
records (1.3 kB) stay below it; a thousand closings would block the event loop for seconds."""

REWRITE_ROWS: Final = 50_000
"""The most rows of a rebuilt state in one transaction."""

log: Final = structlog.stdlib.get_logger("ecluse.ledger")


def transactional_id(settings: Settings, partition: int) -> str:
    """The transactional id of a partition of the ledger."""
    return f"{settings.group(topics.LEDGER_GROUP)}-{settings.topic(topics.EVENTS)}-{partition}"


def write_targets(settings: Settings, partition: int, partitions: int) -> WriteTargets:
    """The partitions that a writer may have written; next year's budgets may be in any of them."""
    internal_events = settings.topic(topics.INTERNAL_EVENTS)
    return WriteTargets(
        partition,
        TopicPartition(settings.topic(topics.JOURNAL), partition),
        [TopicPartition(settings.topic(name), partition) for name in OUTPUTS],
        [TopicPartition(internal_events, number) for number in range(partitions)],
    )


class Metrics:
    """The ledger's metrics of this process."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.records = Counter(
            "ecluse_ledger_records", "Journal records committed.", ["outcome"], registry=registry
        )
        self.batch = Histogram(
            "ecluse_ledger_batch_records",
            "Journal records of one transaction.",
            buckets=(1, 10, 100, 1000, BATCH_RECORDS),
            registry=registry,
        )
        self.resumed = Counter(
            "ecluse_ledger_resumed",
            "Journal records committed of parked events that were resumed.",
            registry=registry,
        )


class LedgerProcessor:
    """One opened partition of the ledger, as runtime.processing.processor.Processor."""

    def __init__(
        self,
        settings: Settings,
        partition: int,
        partitions: int,
        progress: Progress,
        metrics: Metrics | None = None,
        accept_lost: frozenset[str] = frozenset(),
        rebuild: set[int] | None = None,
        clients: Clients = KAFKA,
    ) -> None:
        self._settings = settings
        self._partition = partition
        self._partitions = partitions
        self._progress = progress
        self._metrics = metrics
        self._accept_lost = accept_lost
        self._rebuild: set[int] = set() if rebuild is None else rebuild
        """The partitions whose state is still to be rebuilt; each is removed once it is."""
        self._where = write_targets(settings, partition, partitions)
        self._clients = clients
        name = transactional_id(settings, partition)
        self._writer = FencedWriter(settings, name, self._where.shared, clients)
        self._input_topics = [
            TopicPartition(settings.topic(name), partition) for name in topics.INPUT_TOPICS
        ]
        self._topics = PartitionTopics(settings, partition)
        places = [*self._input_topics, self._topics.state, self._topics.journal]
        self.reader = Reader(settings, places, progress, clients=clients)
        self._ledger = Ledger()
        self._checkpoint = Checkpoint({}, 0)
        self._sources: dict[str, SourcePosition] = {}
        self._read: dict[str, tuple[ConsumerRecord, str]] = {}
        """The last record of each input topic handled since the last commit, with its digest."""
        self._overdue: list[OpenTransaction] = []
        self.outcomes: Tally[str] = Tally()
        """The journal records of the last commit by source topic, without resumed ones."""
        self._hold: Hold | None = None
        self._moved_from = 0
        self._headers: tuple[tuple[str, bytes], ...] = ()

    async def open(self) -> dict[str, int]:
        """Fence the previous owner, restore, check both input topics; return their next offsets."""
        await self._writer.start()
        await complete_hanging_transactions(
            self._settings, self._writer, self._where, self._progress, self._clients
        )
        await self.reader.start()
        again = self._partition in self._rebuild
        restored = await self._topics.restore(
            self.reader, self._partitions, self._writer, again=again
        )
        self._take(restored)
        for input_topic in self._input_topics:
            self._sources[input_topic.topic] = await self._check_position(input_topic)
        if restored.rewrite is not None:
            await self._rewrite(restored.rewrite)
        self._rebuild.discard(self._partition)
        return {
            input_topic.topic: self._sources[input_topic.topic].next_offset
            for input_topic in self._input_topics
        }

    async def _check_position(self, input_topic: TopicPartition) -> SourcePosition:
        """The position in an input topic, once it is known to be the one that was read."""
        position = self._sources.get(input_topic.topic, SourcePosition(0))
        first, _ = await self.reader.bounds(input_topic)
        given_up = f"{input_topic.topic}/{input_topic.partition}/{first}" in self._accept_lost
        if given_up and position.next_offset < first:
            log.warning(
                "records_given_up", **input_topic._asdict(), first=first, was=position.next_offset
            )
            position = SourcePosition(first)
        await check_source(self.reader, input_topic, position, is_same, GIVE_UP)
        return await skip_markers(self.reader, input_topic, position)

    def handle(self, record: ConsumerRecord) -> None:
        """Decide one record; nothing is written before `commit`."""
        records = self._ledger.handle(raw_record(record))
        self._read[record.topic] = record, records[0].event_sha256

    @property
    def is_full(self) -> bool:
        """True where the batch is large, as closings make it."""
        return self._ledger.batch.size_bytes >= FULL_BYTES

    def quarantine(self, record: ConsumerRecord, by: str, why: str) -> None:
        """Journal one record as quarantined, without decoding it."""
        journalled = self._ledger.quarantine(raw_record(record), by, why)
        self._read[record.topic] = record, journalled.event_sha256

    async def commit(self) -> None:
        """Commit everything handled since the last commit in one transaction."""
        batch = self._ledger.commit_batch([])
        await self._move_on()
        # The journal's offset moves with each transaction: no other has this mark.
        marks = (mark(self._partition, self._checkpoint.journal_next),) if batch.records else ()
        published = self._place_messages(batch, marks)
        await self._writer.begin()
        ends = await self._writer.write(published, next_places=[self._topics.state])
        checkpoint = self._next_checkpoint(batch, ends)
        rows: list[Outgoing] = [
            (topic_records.encode_key(key), value, ()) for key, value in batch.changes.items()
        ]
        if self._hold is not None and self._is_past(self._hold):
            rows.append((topic_records.HOLD_KEY, None, ()))
            self._hold = None
        rows.append(
            (topic_records.POSITION_KEY, topic_records.encode_checkpoint(checkpoint), marks)
        )
        await self._writer.write({self._topics.state: rows})
        await self._writer.commit()
        self._checkpoint = checkpoint
        self.outcomes = Tally(
            [each.record.source.topic for each in batch.decided if each.record.resumes is None]
        )
        self._count(batch)

    async def _move_on(self) -> None:
        """Advance the positions; where nothing was handled, past end markers."""
        read, self._read = self._read, {}
        for topic, (record, event_sha256) in read.items():
            self._sources[topic] = SourcePosition(
                record.offset + 1, record.offset, record.timestamp, event_sha256
            )
        if not read:
            for input_topic in self._input_topics:
                position = self._sources[input_topic.topic]
                self._sources[input_topic.topic] = await skip_markers(
                    self.reader, input_topic, position
                )

    async def settle(self) -> None:
        """Check that the last transaction has ended: else consumers of its topics are blocked.

        And log transactions of other producers that block one of our input topics.
        """
        await self._writer.settle()
        before, self._overdue = self._overdue, await self._writer.overdue(self._input_topics)
        for each in self._overdue:
            if each not in before:
                log.critical("transaction_hangs", do=FIND_HANGING, **facts_of(each))

    async def hold(self, hold: Hold) -> None:
        """Write the hold to the state topic, where `ecluse journal` finds it."""
        await self._writer.begin()
        rows = [(topic_records.HOLD_KEY, topic_records.encode_hold(hold), ())]
        ends = await self._writer.write({self._topics.state: rows})
        await self._writer.commit()
        await self._writer.stop()
        # The record is followed by the end marker of its transaction.
        self._moved_from = ends[self._topics.state] + 1

    async def was_moved(self) -> bool:
        """Return whether another writer has written state since: a quarantine, or a worker."""
        _, end = await self.reader.bounds(self._topics.state)
        return end > self._moved_from

    async def close(self) -> None:
        """Let go of the connections."""
        await self._writer.stop()
        await self.reader.stop()

    name_of = staticmethod(event_id)
    time_of = staticmethod(event_time)

    def _take(self, restored: RestoredPartition) -> None:
        self._ledger, self._checkpoint = restored.ledger, restored.checkpoint
        self._ledger.partition_of = self._partition_of
        self._sources = dict(restored.checkpoint.sources)
        self._hold = restored.hold
        self._headers = ((PARTITIONS_HEADER, str(self._partitions).encode()),)

    async def _rewrite(self, rows: dict[bytes, bytes | None]) -> None:
        """Write the state rebuilt from the journal; the checkpoint comes last."""
        state = self._topics.state
        pieces: list[list[Outgoing]] = [[(topic_records.POSITION_KEY, None, ())]]
        for key, value in rows.items():
            if len(pieces[-1]) >= REWRITE_ROWS:
                pieces.append([])
            pieces[-1].append((key, value, ()))
        checkpoint = replace(self._checkpoint, sources=self._sources, versions=VERSIONS)
        pieces.append(
            [(topic_records.POSITION_KEY, topic_records.encode_checkpoint(checkpoint), ())]
        )
        for piece in pieces:
            await self._writer.begin()
            await self._writer.write({state: piece})
            await self._writer.commit()

    def _place_messages(
        self, batch: DecidedBatch, marks: Headers
    ) -> dict[TopicPartition, list[Outgoing]]:
        headers = (*self._headers, *marks)
        records: dict[TopicPartition, list[Outgoing]] = {}
        if batch.records:
            records[self._topics.journal] = [
                (budget.encode(), record, headers) for budget, _sequence, record in batch.records
            ]
        placed: dict[tuple[str, str | None], list[Outgoing]] = {}
        former: Headers = ()
        marked = marks
        for topic, key, value, own, home in messages(batch.decided, batch.states):
            if own is not former:  # Nearly all messages have the same headers of their own.
                former, marked = own, (*own, *marks)
            found = placed.get((topic, home))
            if found is None:
                number = self._partition if home is None else self._partition_of(home)
                place = TopicPartition(self._settings.topic(topic), number)
                found = placed[topic, home] = records.setdefault(place, [])
            found.append((key, value, marked))
        return records

    def _partition_of(self, budget: str) -> int:
        return partition_of(budget.encode(), self._partitions)

    def _next_checkpoint(self, batch: DecidedBatch, ends: dict[TopicPartition, int]) -> Checkpoint:
        chain = next(iter(self._ledger.dead.values()), ChainEnd())
        before = self._checkpoint
        head = batch.decided[-1].record.hash if batch.decided else before.journal_head
        journal_next = ends.get(self._topics.journal, before.journal_next)
        return Checkpoint(dict(self._sources), before.partitions, journal_next, head, chain)

    def _is_past(self, hold: Hold) -> bool:
        return self._sources[hold.topic].next_offset > hold.offset

    def _count(self, batch: DecidedBatch) -> None:
        if self._metrics is None or not batch.decided:
            return
        self._metrics.batch.observe(len(batch.decided))
        for outcome, count in Tally(each.record.outcome for each in batch.decided).items():
            self._metrics.records.labels(outcome).inc(count)
        self._metrics.resumed.inc(len(batch.decided) - self.outcomes.total())

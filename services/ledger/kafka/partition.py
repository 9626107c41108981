"""The ledger's work on one partition: the same core as a replay, behind Kafka's transactions.

One batch is one transaction: journal records, what is published, changed state, and how far the
input topics were read. Whatever fails, nothing of it was ever there.
"""

from collections import Counter as Tally
from collections.abc import Mapping
from typing import Final

import structlog
from aiokafka.structs import ConsumerRecord, TopicPartition
from prometheus_client import CollectorRegistry, Counter, Histogram

from events.codec import Headers
from events.topics import (
    BALANCES,
    COMMITMENT_ENTRIES,
    DEAD_LETTERS,
    EVENTS,
    INPUT_TOPICS,
    INTERNAL_EVENTS,
    JOURNAL,
    LEDGER_GROUP,
    LEDGER_STATE,
    PAYMENT_ORDERS,
    REFUSALS,
)
from services.ledger.application.checkpoint import (
    HOLD_KEY,
    POSITION_KEY,
    Placing,
    spell_hold,
    spell_key,
    spell_placing,
)
from services.ledger.application.handle import Chain, DecidedBatch, Ledger
from services.ledger.application.kafka_records import event_id, event_time, is_same, raw_record
from services.ledger.application.messages import messages
from services.ledger.kafka.state_topic import PartitionTopics, Restored
from services.runtime.kafka.clients import KAFKA, Clients
from services.runtime.kafka.hanging_transactions import (
    WriteTargets,
    complete_hanging_transactions,
    facts_of,
    mark,
)
from services.runtime.kafka.open_transactions import OpenTransaction
from services.runtime.kafka.partitioning import partition_of
from services.runtime.kafka.reader import Reader
from services.runtime.kafka.source_positions import SourcePosition, behind_markers, check_source
from services.runtime.kafka.writer import FencedWriter, Outgoing
from services.runtime.ops.progress import Progress
from services.runtime.ops.settings import Settings
from services.runtime.processing.processor import Hold

OUTPUTS: Final = (
    JOURNAL,
    COMMITMENT_ENTRIES,
    PAYMENT_ORDERS,
    BALANCES,
    REFUSALS,
    DEAD_LETTERS,
    LEDGER_STATE,
)
"""Where the ledger writes, in one transaction; internal events to next year's budgets apart."""

PARTITIONS_HEADER: Final = "ecluse_partitions"
"""The header of a journal record that tells how many partitions its topic had (rules, 37)."""

FIND_HANGING: Final = (
    "kafka-transactions.sh find-hanging; docs/decisions/0015 says what to ask first"
)

GIVE_UP: Final = "ecluse ledger --accept-lost {topic}/{partition}/{first}"
"""What is typed where records of an input topic are gone unread, for good."""

FULL_BYTES: Final = 4 * 1024 * 1024
"""The size of journal records and internal events at which a transaction ends. A thousand usual
records stay below; a thousand closings would keep the event loop for seconds."""

REWRITE_ROWS: Final = 50_000
"""How many rows of a state that was made again one transaction writes."""

log: Final = structlog.stdlib.get_logger("ecluse.ledger")


def transactional_id(settings: Settings, partition: int) -> str:
    """Under which name a partition of the ledger is written: by one process at a time."""
    return f"{settings.group(LEDGER_GROUP)}-{settings.topic(EVENTS)}-{partition}"


def write_targets(settings: Settings, partition: int, partitions: int) -> WriteTargets:
    """Where the writer of a partition may have written: next year's budgets live anywhere."""
    internal_events = settings.topic(INTERNAL_EVENTS)
    return WriteTargets(
        partition,
        TopicPartition(settings.topic(JOURNAL), partition),
        [TopicPartition(settings.topic(name), partition) for name in OUTPUTS],
        [TopicPartition(internal_events, number) for number in range(partitions)],
    )


class Metrics:
    """What the ledger counts of this process."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.records = Counter(
            "ecluse_ledger_records", "Journal records committed.", ["outcome"], registry=registry
        )
        self.batch = Histogram(
            "ecluse_ledger_batch_records",
            "Journal records of one transaction.",
            buckets=(1, 10, 100, 1000),
            registry=registry,
        )
        self.resumed = Counter(
            "ecluse_ledger_resumed",
            "Journal records committed of events that had waited: their second, and last.",
            registry=registry,
        )


class LedgerProcessor:
    """One partition of the ledger, opened: see services.runtime.processing.processor.Work."""

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
        """The partitions whose state is to be made again; whoever did it takes its own away."""
        self._where = write_targets(settings, partition, partitions)
        self._clients = clients
        name = transactional_id(settings, partition)
        self._writer = FencedWriter(settings, name, self._where.shared, clients)
        self._input_topics = [
            TopicPartition(settings.topic(name), partition) for name in INPUT_TOPICS
        ]
        self._topics = PartitionTopics(settings, partition)
        places = [*self._input_topics, self._topics.state, self._topics.journal]
        self._reader = Reader(settings, places, progress, clients=clients)
        self._ledger = Ledger()
        self._placing = Placing({}, 0)
        self._sources: dict[str, SourcePosition] = {}
        self._read: dict[str, tuple[ConsumerRecord, str]] = {}
        """The last record of each input topic since the last commit, with its digest."""
        self._overdue: list[OpenTransaction] = []
        self._outcomes: Tally[str] = Tally()
        self._hold: Hold | None = None
        self._moved_from = 0
        self._headers: tuple[tuple[str, bytes], ...] = ()

    async def open(self) -> dict[str, int]:
        """Fence the previous owner, restore, check both input topics.

        Where to go on reading them.
        """
        await self._writer.start()
        await complete_hanging_transactions(
            self._settings, self._writer, self._where, self._progress, self._clients
        )
        await self._reader.start()
        again = self._partition in self._rebuild
        restored = await self._topics.restore(self._reader, self._partitions, again=again)
        self._take(restored)
        for input_topic in self._input_topics:
            self._sources[input_topic.topic] = await self._checked(input_topic)
        if restored.rewrite is not None:
            await self._rewrite(restored.rewrite)
        self._rebuild.discard(self._partition)
        return {
            input_topic.topic: self._sources[input_topic.topic].next_offset
            for input_topic in self._input_topics
        }

    async def _checked(self, input_topic: TopicPartition) -> SourcePosition:
        """Where an input topic is to be read on, once it is known to be the one that was read."""
        position = self._sources.get(input_topic.topic, SourcePosition(0))
        first, _ = await self._reader.bounds(input_topic)
        given_up = f"{input_topic.topic}/{input_topic.partition}/{first}" in self._accept_lost
        if given_up and position.next_offset < first:
            log.warning(
                "records_given_up", **input_topic._asdict(), first=first, was=position.next_offset
            )
            position = SourcePosition(first)
        await check_source(self._reader, input_topic, position, is_same, GIVE_UP)
        return await behind_markers(self._reader, input_topic, position)

    def handle(self, record: ConsumerRecord) -> None:
        """Decide one record; nothing is written before `commit`."""
        records = self._ledger.handle(raw_record(record))
        self._read[record.topic] = record, records[0].event_sha256

    @property
    def is_full(self) -> bool:
        """Whether what was decided since the last commit is large, as closings make it."""
        return self._ledger.batch.size_bytes >= FULL_BYTES

    def quarantine(self, record: ConsumerRecord, by: str, why: str) -> None:
        """Journal one record unread: quarantined."""
        journalled = self._ledger.quarantine(raw_record(record), by, why)
        self._read[record.topic] = record, journalled.event_sha256

    async def commit(self) -> None:
        """One transaction with everything that was handled since the last one."""
        batch = self._ledger.commit_batch([])
        await self._move_on()
        # The journal has moved on before the next one: no other transaction has this mark.
        marks = (mark(self._partition, self._placing.journal_next),) if batch.records else ()
        published = self._published(batch, marks)
        await self._writer.begin()
        ends = await self._writer.write(published)
        placing = self._placing_behind(batch, ends)
        rows = [Outgoing(spell_key(key), value) for key, value in batch.changes.items()]
        if self._hold is not None and self._is_past(self._hold):
            rows.append(Outgoing(HOLD_KEY, None))
            self._hold = None
        rows.append(Outgoing(POSITION_KEY, spell_placing(placing), marks))
        await self._writer.write({self._topics.state: rows})
        await self._writer.commit()
        self._placing = placing
        self._outcomes = Tally(
            each.record.source.topic for each in batch.decided if each.record.resumes is None
        )
        self._count(batch)

    @property
    def outcomes(self) -> Mapping[str, int]:
        """The journal records of the last commit, but those of what had waited."""
        return self._outcomes

    async def _move_on(self) -> None:
        """Move the positions behind what was handled; with a sign of life, behind bare markers."""
        read, self._read = self._read, {}
        for topic, (record, event_sha256) in read.items():
            self._sources[topic] = SourcePosition(
                record.offset + 1, record.offset, record.timestamp, event_sha256
            )
        if not read:
            for input_topic in self._input_topics:
                position = self._sources[input_topic.topic]
                self._sources[input_topic.topic] = await behind_markers(
                    self._reader, input_topic, position
                )

    async def settle(self) -> None:
        """See that the last transaction has ended: else nobody reads what it wrote elsewhere.

        And name whose never does in one of our input topics: behind it nothing is read.
        """
        await self._writer.settle()
        told, self._overdue = self._overdue, await self._writer.overdue(self._input_topics)
        for each in self._overdue:
            if each not in told:
                log.critical("transaction_hangs", do=FIND_HANGING, **facts_of(each))

    async def hold(self, hold: Hold) -> None:
        """Write the hold beside the state, where `ecluse journal` finds it."""
        await self._writer.begin()
        rows = [Outgoing(HOLD_KEY, spell_hold(hold))]
        ends = await self._writer.write({self._topics.state: rows})
        await self._writer.commit()
        await self._writer.stop()
        # Behind the record stands the marker of its transaction.
        self._moved_from = ends[self._topics.state] + 1

    async def was_moved(self) -> bool:
        """Whether another writer has written state since: a quarantine, or another worker."""
        _, end = await self._reader.bounds(self._topics.state)
        return end > self._moved_from

    async def close(self) -> None:
        """Let go of the connections."""
        await self._writer.stop()
        await self._reader.stop()

    def name_of(self, record: ConsumerRecord) -> str | None:
        """The id of the event, where it can be read."""
        return event_id(record)

    def time_of(self, record: ConsumerRecord) -> float | None:
        """When the event says that it happened."""
        return event_time(record)

    @property
    def reader(self) -> Reader:
        """The reader of this partition."""
        return self._reader

    def _take(self, restored: Restored) -> None:
        self._ledger, self._placing = restored.ledger, restored.placing
        self._ledger.partition_of = self._home
        self._sources = dict(restored.placing.sources)
        self._hold = restored.hold
        self._headers = ((PARTITIONS_HEADER, str(self._partitions).encode()),)

    async def _rewrite(self, rows: dict[bytes, bytes | None]) -> None:
        """Bring the state topic to what the journal says; the position comes last, and ends it."""
        state = self._topics.state
        pieces: list[list[Outgoing]] = [[Outgoing(POSITION_KEY, None)]]
        for key, value in rows.items():
            if len(pieces[-1]) >= REWRITE_ROWS:
                pieces.append([])
            pieces[-1].append(Outgoing(key, value))
        placing = Placing(
            self._sources,
            self._placing.partitions,
            self._placing.journal_next,
            self._placing.journal_head,
            self._placing.dead,
        )
        pieces.append([Outgoing(POSITION_KEY, spell_placing(placing))])
        for piece in pieces:
            await self._writer.begin()
            await self._writer.write({state: piece})
            await self._writer.commit()

    def _published(
        self, batch: DecidedBatch, marks: Headers
    ) -> dict[TopicPartition, list[Outgoing]]:
        headers = (*self._headers, *marks)
        journal = [Outgoing(row.budget.encode(), row.record, headers) for row in batch.records]
        records: dict[TopicPartition, list[Outgoing]] = {}
        if journal:
            records[self._topics.journal] = journal
        for topic, key, value, own, home in messages(batch.decided, batch.states):
            number = self._partition if home is None else self._home(home)
            place = TopicPartition(self._settings.topic(topic), number)
            records.setdefault(place, []).append(Outgoing(key, value, (*own, *marks)))
        return records

    def _home(self, budget: str) -> int:
        return partition_of(budget.encode(), self._partitions)

    def _placing_behind(self, batch: DecidedBatch, ends: dict[TopicPartition, int]) -> Placing:
        chain = next(iter(self._ledger.dead.values()), Chain())
        before = self._placing
        head = batch.decided[-1].record.hash if batch.decided else before.journal_head
        journal_next = ends.get(self._topics.journal, before.journal_next)
        return Placing(dict(self._sources), before.partitions, journal_next, head, chain)

    def _is_past(self, hold: Hold) -> bool:
        return self._sources[hold.topic].next_offset > hold.offset

    def _count(self, batch: DecidedBatch) -> None:
        if self._metrics is None or not batch.decided:
            return
        self._metrics.batch.observe(len(batch.decided))
        for outcome, count in Tally(each.record.outcome for each in batch.decided).items():
            self._metrics.records.labels(outcome).inc(count)
        self._metrics.resumed.inc(len(batch.decided) - self._outcomes.total())

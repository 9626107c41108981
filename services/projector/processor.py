"""The projector's work on one partition of the journal: a batch is a transaction of the database.

The fence is the `epoch` of the partition's position: who opens the partition raises it, and every
commit asks that it is still its own. Whatever fails, nothing of the batch is there.
"""

from collections import Counter as Tally
from dataclasses import replace
from typing import Final

import msgspec
from aiokafka.structs import ConsumerRecord, TopicPartition
from prometheus_client import CollectorRegistry, Counter, Histogram
from sqlalchemy.ext.asyncio import AsyncEngine

from events.journal import read_head, read_record
from events.masking import mask
from events.texts import _
from events.topics import JOURNAL, PROJECTOR_GROUP
from services.projector import database
from services.projector.database import Overtaken, Position
from services.projector.database_errors import failing_as_writer
from services.projector.engine import make_engine
from services.projector.migrations import prepare_at
from services.projector.rows.fold import VERSION, Fold, TooNew, later
from services.runtime.kafka.clients import KAFKA, Clients
from services.runtime.kafka.reader import Reader, check_source, skip_markers
from services.runtime.kafka.topics import check
from services.runtime.kafka.writer import FencedError, WriterFailed
from services.runtime.ops.clock import seconds_of
from services.runtime.ops.errors import ClusterError, Unreachable, place_name
from services.runtime.ops.settings import Settings
from services.runtime.ops.watchdog import Progress
from services.runtime.processing.health import Health
from services.runtime.processing.processor import Hold, Processor
from services.runtime.processing.worker import Worker

BATCH_RECORDS: Final = 5000
"""Records of one transaction, at most: the more wait, the fewer rows are written again and again
(measured: docs/decisions/0012)."""

FULL_BYTES: Final = 16 * 1024 * 1024
"""The size of the records of one transaction, at most."""

ERROR_MAX: Final = 2000
"""The length of a stored error, at most."""


GIVE_UP: Final = "ecluse projector --rebuild --anew"
"""The command to run where unread records of the journal are lost."""

ANOTHER = _(
    "this is another journal than the one that these tables were made of: it was re-created, "
    "imported, or lost records. If it is the right one: ecluse projector --rebuild --anew; else "
    "restore the one that was read"
)
SHARED = _(
    "these tables are those of the journal {other}: give each journal a database of its own "
    "(ECLUSE_DATABASE_URL)"
)
NEWER = _(
    "at offset {offset}, a record of version {version}; this program knows {known}: upgrade Écluse"
)


class Metrics:
    """Metrics of the projector in this process."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.records = Counter(
            "ecluse_projector_records",
            "Journal records projected.",
            ["outcome"],
            registry=registry,
        )
        self.batch = Histogram(
            "ecluse_projector_batch_records",
            "Journal records of one transaction.",
            buckets=(1, 10, 100, 1000, 2000, 5000),
            registry=registry,
        )


class ProjectorProcessor:
    """One partition of the journal, opened: a `Processor` of the partition task."""

    def __init__(
        self,
        settings: Settings,
        engine: AsyncEngine,
        partition: int,
        progress: Progress,
        metrics: Metrics | None = None,
        clients: Clients = KAFKA,
    ) -> None:
        self._engine = engine
        self._partition = partition
        self._progress = progress
        self._metrics = metrics
        self.place = TopicPartition(settings.topic(JOURNAL), partition)
        self.reader = Reader(settings, [self.place], progress, clients=clients)
        self.position = Position(0, topic=self.place.topic, partition=partition)
        self._written = 0
        """The next offset as the database has it."""
        self._fold = Fold(partition)
        self._last: ConsumerRecord | None = None
        self._bytes = 0
        self._outcomes: Tally[str] = Tally()

    async def open(self) -> dict[str, int]:
        """Fence the previous owner, and check that the journal is the one that was read."""
        async with failing_as_writer():
            others = await database.other_topics(self._engine, self.place.topic)
            if others:
                raise ClusterError(place_name(self.place), SHARED.render({"other": others[0]}))
            taken = await database.take(self._engine, *self.place)
        self.position = taken.position
        self._written = taken.position.next_offset
        self._fold = Fold(self._partition, taken.sequences, taken.alone, taken.unsettled)
        await self.reader.start()
        try:
            await check_source(self.reader, self.place, self.position, is_same, GIVE_UP)
        except Unreachable:
            raise
        except ClusterError as error:
            raise ClusterError(place_name(self.place), ANOTHER) from error
        self.position = await skip_markers(self.reader, self.place, self.position)
        return {self.place.topic: self.position.next_offset}

    def handle(self, record: ConsumerRecord) -> None:
        """Add up one record; nothing is written before `commit`."""
        raw = record.value or b""
        try:
            self._fold.add(record.offset, raw)
        except TooNew as error:
            facts = {"offset": record.offset, "version": error, "known": VERSION}
            raise ClusterError(place_name(self.place), NEWER.render(facts)) from error
        self._last = record
        self._bytes += len(raw)
        if self._fold.last is not None:
            self._outcomes[self._fold.last.outcome] += 1

    @property
    def is_full(self) -> bool:
        """True once the records since the last commit are large."""
        return self._bytes >= FULL_BYTES

    async def commit(self) -> None:
        """One transaction with everything that was handled since the last one."""
        position = await self._find_position()
        changes = self._fold.take_changes()
        async with failing_as_writer():
            try:
                await database.write(self._engine, changes, position, self._written)
            except Overtaken as error:
                raise await self._overtaken() from error
        self.position, self._written = position, position.next_offset
        self._last, self._bytes = None, 0
        self._count()

    @property
    def outcomes(self) -> None:
        """None, since only the ledger reports outcomes."""
        return None

    async def _find_position(self) -> Position:
        """The position behind what was handled; with a sign of life, behind bare markers."""
        last, record = self._last, self._fold.last
        if last is None or record is None:
            return await skip_markers(self.reader, self.place, self.position)
        return replace(
            self.position,
            next_offset=last.offset + 1,
            last_offset=last.offset,
            last_timestamp_ms=last.timestamp,
            last_sha256=record.hash,
            latest_event_time=later(self.position.latest_event_time, self._fold.latest_event_time),
        )

    async def _overtaken(self) -> Exception:
        """The error of a lost partition: taken by another process, or its tables were replaced."""
        now = await database.position_of(self._engine, *self.place)
        if now.generation != self.position.generation:
            return WriterFailed("the read model was made again")
        if now.epoch == self.position.epoch:
            return WriterFailed("the database has lost the last batch")
        return FencedError(f"{self.place.topic}/{self._partition}")

    async def settle(self) -> None:
        """See that the partition is still ours, and where we left it.

        The tables may have been made anew meanwhile, and a crash may have taken the last batch.
        """
        async with failing_as_writer():
            now = await database.position_of(self._engine, *self.place)
            if (now.epoch, now.next_offset) != (self.position.epoch, self._written):
                raise await self._overtaken()

    async def hold(self, hold: Hold) -> None:
        """Record that the partition is held before this record."""
        error: str = mask(hold.error)[:ERROR_MAX].replace("\0", "")
        async with failing_as_writer():
            try:
                await database.hold(self._engine, self.position, hold.offset, hold.event_id, error)
            except Overtaken as overtaken:
                raise await self._overtaken() from overtaken

    async def was_moved(self) -> bool:
        """True once another process took the partition, or the hold was removed."""
        async with failing_as_writer():
            return not await database.is_held(self._engine, self.position)

    async def close(self) -> None:
        """Let go of the reader; the engine is everybody's."""
        await self.reader.stop()

    def name_of(self, record: ConsumerRecord) -> str | None:
        """The id of the event, where it can be read."""
        try:
            return read_record(record.value or b"").event_id
        except msgspec.MsgspecError:
            return None

    def time_of(self, record: ConsumerRecord) -> float | None:
        """The event time of a record; None of a dead letter."""
        try:
            event = read_head(record.value or b"").event
        except (msgspec.MsgspecError, ValueError, RecursionError):
            return None
        return None if event is None else seconds_of(event.time)

    def _count(self) -> None:
        outcomes, self._outcomes = self._outcomes, Tally()
        if self._metrics is None or not outcomes:
            return
        self._metrics.batch.observe(outcomes.total())
        for outcome, count in outcomes.items():
            self._metrics.records.labels(outcome).inc(count)


def is_same(record: ConsumerRecord, expected: str) -> bool:
    """True of a record of the journal with this hash."""
    try:
        return read_record(record.value or b"").hash == expected
    except msgspec.MsgspecError:
        return False


REMEDY: Final = (
    "mend the program and start it again; if its tables were made wrong: ecluse projector --rebuild"
)
"""Advice about a record of the journal that holds its partition."""


async def serve(settings: Settings, url: str) -> None:
    """Be a worker of the projector until SIGTERM or SIGINT; it ends as `Worker.run` does."""
    await check(settings, (JOURNAL,))
    await prepare_at(url, settings.give_up_s)
    engine = make_engine(url)
    try:
        registry = CollectorRegistry()
        metrics = Metrics(registry)

        def work(partition: int, progress: Progress) -> Processor:
            return ProjectorProcessor(settings, engine, partition, progress, metrics)

        group, topic = settings.group(PROJECTOR_GROUP), settings.topic(JOURNAL)
        health = Health(settings, registry)
        await Worker(settings, group, topic, work, health, REMEDY, BATCH_RECORDS).run()
    finally:
        await engine.dispose()

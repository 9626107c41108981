"""Restores a partition of the ledger: its state checked against the journal, or rebuilt."""

from contextlib import aclosing
from dataclasses import dataclass
from typing import Final

import structlog
from aiokafka.structs import ConsumerRecord, TopicPartition

from events.texts import _
from events.topics import JOURNAL, LEDGER_STATE
from services.ledger.application.handle import DEAD_CHAIN, ChainEnd, Ledger
from services.ledger.application.ports import Versions
from services.ledger.application.restore import (
    LOGGED_RECORDS,
    STATE_ERRORS,
    TOO_NEW,
    VERSIONS,
    Folding,
)
from services.ledger.application.state_rows import Restoring, take_changed_rows
from services.ledger.domain.invariants import check_book
from services.ledger.domain.journal import Source
from services.ledger.kafka import topic_records
from services.ledger.kafka.topic_records import Checkpoint, CheckpointHead, journal_record
from services.runtime.kafka.partitioning import partition_of
from services.runtime.kafka.reader import Reader, SourcePosition
from services.runtime.kafka.writer import FencedWriter
from services.runtime.ops.errors import ClusterError, place_name
from services.runtime.ops.settings import Settings
from services.runtime.processing.cycle_collection import no_collection
from services.runtime.processing.processor import Hold

RESIZED = _(
    "the state was written for {before} partitions, there are {now}: budgets would change their "
    "partition. Create the topics again with {before} partitions"
)
MOVED = _(
    "budget {budget} is journalled there, but belongs on partition {home} of {now}: the number of "
    "partitions was changed. Create the topics again with the former one"
)
SHORTER = _(
    "the journal ends at offset {end}, but was written up to {known}. The journal is the truth: "
    "restore it from a backup"
)
ANOTHER = _(
    "at offset {offset} stands another record than the one that the state knows: this is another "
    "journal. Restore the former one"
)
NEWER_STATE = _(
    "the state was written by a newer Écluse ({written}; this one knows {known}): upgrade it, or, "
    "to go back to this version for good, start it with `ecluse ledger --rebuild` once no newer "
    "worker runs"
)
IMPORTING = _(
    "an import of the journal is under way there, or was interrupted: finish it before you start "
    "again, ecluse journal import FILE"
)

YIELD_RECORDS: Final = 100
"""The records, some 10 ms, after which a fold yields to the other partitions of its process."""

YIELD_BYTES: Final = 64 * 1024
"""The same in bytes of state rows, some 3 ms: all partitions of a worker open at once."""

log: Final = structlog.stdlib.get_logger("ecluse.ledger")


class OutdatedState(Exception):
    """The state cannot be used as it is; it must be rebuilt from the journal."""


@dataclass(slots=True)
class RestoredPartition:
    """A partition as it was last committed."""

    ledger: Ledger
    checkpoint: Checkpoint
    hold: Hold | None
    rewrite: dict[bytes, bytes | None] | None = None
    """The rows to be written to the state topic, where it was rebuilt; None where it is right."""


class PartitionTopics:
    """The journal and the state topic of one partition.

    Raises:
        ClusterError: they are not what this ledger wrote, or a newer one wrote them.
        StoreError: the journal is damaged.
    """

    def __init__(self, settings: Settings, partition: int) -> None:
        self._partition = partition
        self._dead_chain = f"{DEAD_CHAIN}{partition}"
        self.state = TopicPartition(settings.topic(LEDGER_STATE), partition)
        self.journal = TopicPartition(settings.topic(JOURNAL), partition)

    async def restore(
        self, reader: Reader, count: int, writer: FencedWriter, *, again: bool = False
    ) -> RestoredPartition:
        """Restore the partition, on topics of `count` partitions, while no transaction is open.

        With `again` its state is rebuilt from the journal in any case, also where a newer version
        has written it: so one goes back to an older Écluse.

        Raises:
            FencedError: what was read is half of what a newer writer is writing.
        """
        with no_collection():
            return await self._restore(reader, count, writer, again=again)

    async def examine(self, reader: Reader, count: int) -> tuple[Checkpoint | None, Hold | None]:
        """Check that state and journal agree, as `restore` does, of the last checkpoint alone.

        Returns:
            The checkpoint, None where there is none or the state will be made again; and what holds
            the partition, if anything does.

        Raises:
            Outdated: the next start makes the state again from the journal.
        """
        # First: a worker that is at work writes both in one transaction, and goes on meanwhile.
        _first, seen_end = await reader.bounds(self.journal)
        # The mark of an import and a hold are the last record, where there is one.
        last = await reader.last(self.state)
        value = None if last is None else last.value
        if last is not None and value is not None and last.key == topic_records.IMPORT_KEY:
            raise ClusterError(place_name(self.state), IMPORTING)
        is_hold = last is not None and last.key == topic_records.HOLD_KEY
        hold = topic_records.decode_hold(value) if is_hold and value is not None else None
        found = await reader.last(self.state, topic_records.POSITION_KEY)
        raw_placing = None if found is None else found.value
        try:
            written = self._decode_head(raw_placing, again=False)
            checkpoint = self._checkpoint(raw_placing, written, count)
        except STATE_ERRORS as error:
            raise OutdatedState(str(error)) from error
        await self._check_journal(reader, written, last is not None, seen_end)
        return checkpoint, hold

    async def _restore(
        self, reader: Reader, count: int, writer: FencedWriter, *, again: bool
    ) -> RestoredPartition:
        rows = await reader.latest(self.state)
        if topic_records.IMPORT_KEY in rows:
            raise ClusterError(place_name(self.state), IMPORTING)
        raw_hold = rows.pop(topic_records.HOLD_KEY, None)
        raw_placing = rows.pop(topic_records.POSITION_KEY, None)
        hold = None if raw_hold is None else topic_records.decode_hold(raw_hold)
        checkpoint: Checkpoint | None = None
        try:
            written = self._decode_head(raw_placing, again=again)
            checkpoint = self._checkpoint(raw_placing, written, count)
            await self._check_journal(reader, written, bool(rows))
            ledger = await self._as_stored(reader, written, checkpoint, rows, again=again)
            return RestoredPartition(ledger, checkpoint or Checkpoint({}, count), hold)
        except (OutdatedState, *STATE_ERRORS) as error:
            why = str(error) or type(error).__name__
        # Who was frozen meanwhile has read a state and a journal that do not fit.
        await writer.check_not_fenced(self.state)
        log.warning("state_rebuilt", partition=self._partition, why=why)
        rebuilt = await self._rebuild(reader, count, hold, rows)
        if checkpoint is not None:
            _keep_further(rebuilt.checkpoint.sources, checkpoint.sources)
        return rebuilt

    def _decode_head(self, raw_placing: bytes | None, *, again: bool) -> CheckpointHead | None:
        if raw_placing is None:
            return None
        # The versions first: a newer Écluse may have written another shape, which is left alone.
        written = topic_records.decode_head(raw_placing)
        known = written.versions
        _check_known(self.state, Versions(VERSIONS.state, known.rules) if again else known)
        return written

    def _checkpoint(
        self, raw_placing: bytes | None, written: CheckpointHead | None, count: int
    ) -> Checkpoint | None:
        """Decode the checkpoint; None where there is none, or it has another version's shape."""
        if raw_placing is None or written is None:
            return None
        try:
            checkpoint = topic_records.decode_checkpoint(raw_placing)
        except ValueError:
            if written.versions.state == VERSIONS.state:
                raise
            return None
        if checkpoint.partitions != count:
            facts = {"before": checkpoint.partitions, "now": count}
            raise ClusterError(place_name(self.state), RESIZED.render(facts))
        return checkpoint

    async def _as_stored(
        self,
        reader: Reader,
        written: CheckpointHead | None,
        checkpoint: Checkpoint | None,
        rows: dict[bytes, bytes],
        *,
        again: bool,
    ) -> Ledger:
        """Restore the ledger from its rows; the journal was checked before."""
        if again:
            raise OutdatedState("it was asked for")
        if written is None:
            return Ledger()
        if checkpoint is None or written.versions.state != VERSIONS.state:
            raise OutdatedState(f"it has the shape of version {written.versions.state}")
        return await self._read(reader, rows, checkpoint)

    async def _check_journal(
        self,
        reader: Reader,
        written: CheckpointHead | None,
        has_rows: bool,
        seen_end: int | None = None,
    ) -> None:
        """Check that the journal ends with the record that the state knows.

        What came behind `seen_end` is of a worker at work: its state came with it.
        """
        first, end = await reader.bounds(self.journal)
        known = 0 if written is None else written.journal_next
        if end < known:
            raise ClusterError(
                place_name(self.journal), SHORTER.render({"end": end, "known": known})
            )
        if written is not None and known > 0:
            last = await reader.record_at(self.journal, known - 1)
            if last is None or last.offset != known - 1 or not _is(last.value, written):
                raise ClusterError(place_name(self.journal), ANOTHER.render({"offset": known - 1}))
        behind = await reader.record_at(self.journal, max(first, known))
        if behind is not None and (seen_end is None or behind.offset < seen_end):
            raise OutdatedState("the journal goes on behind it" if known else "it is lost")
        if written is None and has_rows:
            raise ClusterError(place_name(self.journal), SHORTER.render({"end": end, "known": "?"}))

    async def _read(
        self, reader: Reader, rows: dict[bytes, bytes], checkpoint: Checkpoint
    ) -> Ledger:
        restoring, budgets, read_bytes = Restoring(), {}, 0
        for key, value in rows.items():
            restoring.put(topic_records.read_key(key), value)
            read_bytes += len(key) + len(value)
            if read_bytes >= YIELD_BYTES:
                await reader.yield_to_event_loop()
                read_bytes = 0
        for budget, state in restoring.budgets():
            await reader.yield_to_event_loop()
            check_book(state.book)
            budgets[budget] = state
        return Ledger(budgets, {self._dead_chain: checkpoint.dead})

    async def _rebuild(
        self, reader: Reader, count: int, hold: Hold | None, rows: dict[bytes, bytes]
    ) -> RestoredPartition:
        """Rebuild the partition from its journal."""
        folding = Folding()
        sources: dict[str, SourcePosition] = {}
        journal_next, head, folded = 0, Checkpoint({}, count).journal_head, 0
        async with aclosing(reader.to_the_end(self.journal)) as chunks:
            async for chunk in chunks:
                for each in chunk:
                    record = journal_record(each)
                    _check_known(self.journal, Versions(VERSIONS.state, record.rules_version))
                    folding.apply(record)
                    if record.resumes is None and not _is_imported(each):
                        sources[record.source.topic] = _read_to(record.source, record.event_sha256)
                    journal_next, head = each.offset + 1, record.hash
                    folded += 1
                    if folded % YIELD_RECORDS == 0:
                        await reader.yield_to_event_loop()
                    if folded % LOGGED_RECORDS == 0:
                        self._log_progress(folded, each.offset)
        self._log_progress(folded, journal_next - 1)
        for budget, state in folding.budgets.items():
            await reader.yield_to_event_loop()
            home = partition_of(budget.encode(), count)
            if home != self._partition:
                facts = {"budget": budget, "home": home, "now": count}
                raise ClusterError(place_name(self.journal), MOVED.render(facts))
            check_book(state.book)
        dead = folding.dead.get(self._dead_chain, ChainEnd())
        checkpoint = Checkpoint(sources, count, journal_next, head, dead)
        rewrite: dict[bytes, bytes | None] = dict.fromkeys(rows)
        for state in folding.budgets.values():
            await reader.yield_to_event_loop()
            for key, value in take_changed_rows(state):
                if value is not None:
                    rewrite[topic_records.encode_key(key)] = value
        return RestoredPartition(
            Ledger(folding.budgets, {self._dead_chain: dead}), checkpoint, hold, rewrite
        )

    def _log_progress(self, records: int, offset: int) -> None:
        log.info("state_being_rebuilt", partition=self._partition, records=records, offset=offset)


def _check_known(place: TopicPartition, written: Versions) -> None:
    """Check that no newer version wrote there."""
    if written.state > VERSIONS.state or written.rules > VERSIONS.rules:
        facts = {"written": written, "known": VERSIONS}
        text = TOO_NEW if written.rules > VERSIONS.rules else NEWER_STATE
        raise ClusterError(place_name(place), text.render(facts))


def _read_to(source: Source, sha256: str) -> SourcePosition:
    return SourcePosition(source.offset + 1, source.offset, None, sha256)


def _keep_further(sources: dict[str, SourcePosition], before: dict[str, SourcePosition]) -> None:
    """Keep positions past lost records and end markers, which no journal knows."""
    for topic, position in before.items():
        if position.next_offset >= sources.get(topic, SourcePosition(0)).next_offset:
            sources[topic] = position


def _is(value: bytes, written: CheckpointHead) -> bool:
    return b'"hash":"%b"' % written.journal_head.encode() in value


def _is_imported(record: ConsumerRecord) -> bool:
    return any(name == topic_records.IMPORTED_HEADER for name, _ in record.headers)

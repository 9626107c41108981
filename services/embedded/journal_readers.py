"""Readers of the embedded journal: the projector's tables, and deadlines.

The same fold and the same tables as on Kafka. A row's offset is its number in the store, from 0.
The position is stored in the transaction that writes the tables.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Final

from sqlalchemy.ext.asyncio import AsyncEngine

from events.journal import read_record, try_read_record
from events.texts import _
from events.topics import INTERNAL_EVENTS, JOURNAL
from services.due.deadline_events import DeadlineEvent, own_id
from services.due.deadlines import Deadlines
from services.ledger.files.stores import SqliteStore
from services.projector import database
from services.projector.migrations import prepare
from services.projector.rows.fold import Fold, later
from services.runtime.ops.errors import ClusterError

PARTITION: Final = 0
"""A store has one."""

ANOTHER = _(
    "this is not the journal that these tables were made of: delete this file, they are made again"
)

Report = Callable[[int], None]
"""Called with how many records the tables have."""

Journal = Callable[[int], Awaitable[Sequence[bytes]]]
"""Reads a journal: the next records after its first ones, as many as one transaction may hold."""


class EmbeddedProjector:
    """The one writer of a read model beside its journal; after an error it opens it again."""

    def __init__(self, engine: AsyncEngine, journal: Journal) -> None:
        self._engine = engine
        self._journal = journal
        self._fold: Fold | None = None
        self._position = database.Position(0, topic=JOURNAL, partition=PARTITION)

    @property
    def next_offset(self) -> int:
        """The number of records in the tables."""
        return self._position.next_offset

    async def follow(self, report: Report = lambda _records: None) -> int:
        """Project the records that the tables lack; return their number.

        `report` is called with how many the tables have, after each transaction.

        Raises:
            ClusterError: the tables were made of another journal.
            Overtaken: another process has taken the tables.
        """
        new = 0
        try:
            fold = self._fold or await self._open()
            while records := await self._journal(self.next_offset):
                await self._project(fold, records)
                new += len(records)
                report(self.next_offset)
        except BaseException:
            self._fold = None
            raise
        return new

    async def _open(self) -> Fold:
        """Create missing tables and take ownership, if they were made of this journal."""
        await prepare(self._engine)
        taken = await database.take(self._engine, JOURNAL, PARTITION)
        self._position = taken.position
        if self.next_offset:
            known = await self._journal(self.next_offset - 1)
            if not known or read_record(known[0]).hash != self._position.last_sha256:
                raise ClusterError(str(self._engine.url.database), ANOTHER)
        self._fold = Fold(PARTITION, taken.sequences, taken.alone, taken.unsettled)
        return self._fold

    async def _project(self, fold: Fold, records: Sequence[bytes]) -> None:
        """Project the next records of the journal in one transaction."""
        behind = self.next_offset
        for offset, raw in enumerate(records, start=behind):
            fold.add(offset, raw)
        assert fold.last is not None
        position = replace(
            self._position,
            next_offset=behind + len(records),
            last_offset=behind + len(records) - 1,
            last_sha256=fold.last.hash,
            latest_event_time=later(self._position.latest_event_time, fold.latest_event_time),
        )
        await database.write(self._engine, fold.take_changes(), position, behind)
        self._position = position


SLICE_RECORDS: Final = 5_000
"""The records read at a time: between two slices it can be cancelled."""


class JournalDeadlines:
    """The open deadlines of one journal, as far as it was read.

    Raises:
        StoreError: from `follow`, when the file cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._deadlines = Deadlines()
        self._read = 0

    def follow(self) -> bool:
        """Read a slice; return whether there may be more."""
        store = SqliteStore(self._path, create=False)
        try:
            if not self._read:
                # Deadline events that the ledger has read are in the journal.
                read = {each.topic: each.next_offset for each in store.positions()}
                for _, value in store.internal_events(read.get(INTERNAL_EVENTS, 0)):
                    if name := own_id(value):
                        self._deadlines.wrote(PARTITION, name)
            first = self._read
            for raw in store.journal_behind(first, SLICE_RECORDS):
                self._deadlines.add(PARTITION, self._read, try_read_record(raw))
                self._read += 1
        finally:
            store.close()
        return self._read - first == SLICE_RECORDS

    def deadline_events(self, until: datetime) -> list[DeadlineEvent]:
        """The deadline events due by then, as far as the journal was read."""
        return self._deadlines.deadline_events(PARTITION, until)

    def wrote(self, deadline_events: Iterable[DeadlineEvent]) -> None:
        """Note that these are in the file, and are not to be written again."""
        for each in deadline_events:
            self._deadlines.wrote(PARTITION, each.id)

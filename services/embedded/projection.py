"""The projector of the embedded mode: rows of a store, projected in the same process.

The same fold and the same tables as on Kafka. A row's offset is its number in the store, from 0.
The position is stored in the transaction that writes the tables.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice
from typing import Final

from sqlalchemy.ext.asyncio import AsyncEngine

from events.journal import read_record
from events.texts import _
from events.topics import JOURNAL
from services.projector import database
from services.projector.migrations import prepare
from services.projector.rows.fold import Fold, later
from services.runtime.ops.errors import ClusterError

PARTITION: Final = 0
"""A store has one."""

BATCH: Final = 1000
"""The most records in one transaction."""

ANOTHER = _(
    "this is not the journal that these tables were made of: delete this file, they are made again"
)


class EmbeddedProjector:
    """The one writer of a read model beside its journal; after an error it is opened again."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._position = database.Position(0, topic=JOURNAL, partition=PARTITION)
        self._fold = Fold(PARTITION)

    async def open(self) -> int:
        """Create missing tables and take ownership; return the number of journal rows in them."""
        await prepare(self._engine)
        taken = await database.take(self._engine, JOURNAL, PARTITION)
        self._position = taken.position
        self._fold = Fold(PARTITION, taken.sequences, taken.alone)
        return self._position.next_offset

    async def catch_up(self, journal: Iterable[bytes]) -> int:
        """Project the new records of a whole journal; return their number.

        Raises:
            ClusterError: the tables were made of another journal.
        """
        rows = self._unread(iter(journal))
        new = 0
        while batch := list(islice(rows, BATCH)):
            await self.project(batch)
            new += len(batch)
        return new

    def _unread(self, rows: Iterator[bytes]) -> Iterator[bytes]:
        """The rows after the last one read, once that is known to be the same."""
        read = self._position.next_offset
        last = None
        for number, raw in enumerate(islice(rows, read), start=1):
            last = raw if number == read else None
        if read and (last is None or read_record(last).hash != self._position.last_sha256):
            raise ClusterError(str(self._engine.url.database), ANOTHER)
        return rows

    async def project(self, records: Iterable[bytes]) -> None:
        """Project the next records of the journal in one transaction.

        Raises:
            Overtaken: another process has taken the tables.
            AssertionError: these do not follow what is in the tables.
        """
        at = self._position.next_offset
        for raw in records:
            self._fold.add(at, raw)
            at += 1
        last = self._fold.last
        if last is None:
            return
        position = replace(
            self._position,
            next_offset=at,
            last_offset=at - 1,
            last_sha256=last.hash,
            latest_event_time=later(self._position.latest_event_time, self._fold.latest_event_time),
        )
        behind = self._position.next_offset
        await database.write(self._engine, self._fold.take_changes(), position, behind)
        self._position = position

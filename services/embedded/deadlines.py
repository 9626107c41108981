"""The deadlines of a journal in a SQLite file, followed as the watch follows one on Kafka.

It reads over a connection of its own, so that requests do not wait for it.
"""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Final

from events.journal import try_read_record
from events.topics import INTERNAL_EVENTS
from services.due.deadline_events import DeadlineEvent, own_id
from services.due.deadlines import Deadlines
from services.embedded.projection import PARTITION
from services.ledger.files.sqlite import SqliteStore

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

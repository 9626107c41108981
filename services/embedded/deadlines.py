"""What is due in a journal that is kept in a file: followed as the watch follows one on Kafka.

It reads beside the ledger, over a connection of its own: nobody who sends events waits for it.
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
"""How many records are read at a time: between two slices it can be ended."""


class OwnDeadlines:
    """The deadlines of one journal, as far as it was read; kept is what is open.

    Raises:
        StoreError: from `follow`, when the file cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._deadlines = Deadlines()
        self._read = 0

    def follow(self) -> bool:
        """Read on; whether there may be more."""
        store = SqliteStore(self._path, create=False)
        try:
            if not self._read:
                # Of deadline events that the ledger has read the journal tells.
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
        """The deadline events about what has passed by then, as far as the journal was read."""
        return self._deadlines.deadline_events(PARTITION, until)

    def wrote(self, deadline_events: Iterable[DeadlineEvent]) -> None:
        """They stand in the file: they are not to be written again."""
        for each in deadline_events:
            self._deadlines.wrote(PARTITION, each.id)

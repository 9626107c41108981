"""Journal records as traces read them: decoded once, with the names that they mention."""

from typing import NamedTuple

from events import journal
from events.codec import Received, reread
from events.envelope import Event
from events.mentions import Mention, Names, changed_conventions, mentions_of, names_of
from services.ledger.domain.journal import JournalRecord

Place = tuple[str, int]
"""A budget and a sequence in its journal."""


class Entry(NamedTuple):
    """A record with its event, and what it mentions."""

    record: JournalRecord
    received: Received
    names: Names
    changed_conventions: frozenset[str]
    convention: str | None
    """The convention that the event names, under its name in this year."""
    mentions: list[Mention]

    @property
    def event(self) -> Event:
        """The data of its event."""
        return self.received.envelope.data

    @property
    def place(self) -> Place:
        """Its place in the journal."""
        return self.record.budget, self.record.sequence


def entry_of(record: JournalRecord, raw: bytes) -> Entry:
    """A record of a budget, with its bytes; ValueError where its event cannot be read any more."""
    read = journal.read_record(raw)
    if read.event is None:
        raise ValueError("a record of a budget holds its event")
    return Entry(
        record,
        reread(record.event or b""),
        names_of(read.event),
        changed_conventions(read),
        read.convention,
        mentions_of(read),
    )

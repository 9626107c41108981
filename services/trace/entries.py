"""Journal records as traces read them, and the filter of those that concern one thing.

A record is decoded once, with the names that it mentions. A filter takes the records and the moves
of one convention, grant or instalment.
"""

from typing import Any, NamedTuple

from events import journal
from events.codec import ReceivedEvent, reread
from events.conventions import ReportReceived, ReportRejected
from events.envelope import Event
from events.fiscal_years import FiscalYearClosed
from events.mentions import (
    NONE,
    Mention,
    Names,
    list_changed_conventions,
    mentions_of,
    names_of,
    order_parts,
)
from services.ledger.domain.journal import JournalRecord
from services.ledger.domain.model.conventions import DocumentKey
from services.ledger.domain.model.grants import Act
from services.ledger.domain.model.moves import Move
from services.ledger.domain.model.orders import OrderChange

Place = tuple[str, int]
"""A budget and a sequence in its journal."""


class Entry(NamedTuple):
    """A record with its event, and what it mentions."""

    record: JournalRecord
    received: ReceivedEvent
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
        """The entry's place in the journal."""
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
        list_changed_conventions(read),
        read.convention,
        mentions_of(read),
    )


class Filter(NamedTuple):
    """One thing in one budget, under all names that records may give it."""

    budget: str
    conventions: frozenset[str] = NONE
    """A convention, and the grant in whose place it was signed (rules, 13)."""
    grants: frozenset[str] = NONE
    sirets: frozenset[str] = NONE
    award_acts: frozenset[Act] = frozenset()
    """Acts by which reserves that lapse at a closing are known to be of its grant."""
    is_of_grant: bool = False
    """True of the grant itself: every attempt to sign a convention for it belongs to it."""
    since: int = 1
    """The sequence of its first record."""
    instalment: str | None = None
    """The one instalment that it is about; None: all."""
    bearer: str | None = None
    """The name that the orders of this instalment bear: the convention's, or that of the grant in
    whose place it came (rules, 13)."""
    documents: frozenset[DocumentKey] = frozenset()
    """Documents that the instalment waits for, or has waited for."""
    is_notified: bool = False
    """True where the instalment waits, or has waited, for the notification."""

    def takes(self, entry: Entry) -> bool:
        """True where a record belongs to it."""
        record, event, names = entry.record, entry.event, entry.names
        concerns = event.CONCERNS
        if record.budget != self.budget or record.sequence < self.since:
            return False
        if "award" in concerns:
            return bool(names.grants & self.grants)
        if "beneficiary" in concerns and names.sirets & self.sirets:
            return True
        if names.orders:
            return any(self.has_order(name) for name in names.orders)
        if isinstance(event, FiscalYearClosed) and self._lapsing(record):
            return True
        if self.is_of_grant:
            return "signature" in concerns and bool(names.grants & self.grants)
        if self.instalment is None:
            return bool((names.conventions | entry.changed_conventions) & self.conventions)
        named = bool(names.conventions & self.conventions)
        return (named and self._concerns(event)) or self._changes(record)

    def has_order(self, payment_order: str) -> bool:
        """True of an order of the convention, or of the instalment where it is about one.

        Orders issued again count, and names that no order has: events may name them.
        """
        return self.has_instalment(*order_parts(payment_order))

    def has_instalment(self, convention: str | None, instalment: str) -> bool:
        """True of an instalment that it is about.

        One that a grant had is called `<grant>/<instalment>` in its convention.
        """
        if convention not in self.conventions:
            return False
        if self.instalment is None:
            return True
        own = (self.bearer, self.instalment)
        return (convention, instalment) == own or instalment == "/".join(map(str, own))

    def moves(self, record: JournalRecord, event: Event) -> list[Move]:
        """The filter's moves in a record."""
        closing = isinstance(event, FiscalYearClosed)
        return [
            move
            for move in record.moves
            if (self._has_move(move) if move.convention is not None else not closing)
        ]

    def entries(self, record: JournalRecord, event: Event) -> list[dict[str, Any]]:
        """The filter's commitment entries in a record."""
        if isinstance(event, FiscalYearClosed):
            lapsing = self._lapsing(record)
        else:
            lapsing = [each for each in record.commitment_entries if each["convention"] is None]
        return [
            each
            for each in record.commitment_entries
            if each["convention"] in self.conventions or each in lapsing
        ]

    def orders(self, record: JournalRecord) -> list[OrderChange]:
        """The filter's orders that a record issued or changed."""
        return [each for each in record.payment_orders if self.has_order(each.order.payment_order)]

    def flags(self, record: JournalRecord) -> list[dict[str, Any]]:
        """Review flags of a record, without those on other conventions."""
        return [
            flag
            for flag in record.review_flags
            if not isinstance(flag["facts"].get("convention"), str)
            or flag["facts"]["convention"] in self.conventions
        ]

    def _concerns(self, event: Event) -> bool:
        """True of an event on the convention that concerns the instalment as well."""
        if isinstance(event, ReportReceived | ReportRejected):
            return DocumentKey(event.document.kind, event.document.year) in self.documents
        return self.is_notified or "notification" not in event.CONCERNS

    def _changes(self, record: JournalRecord) -> bool:
        return any(map(self._has_move, record.moves)) or bool(self.orders(record))

    def _has_move(self, move: Move) -> bool:
        if move.instalment is None:
            return move.convention in self.conventions
        return self.has_instalment(move.convention, move.instalment)

    def _lapsing(self, record: JournalRecord) -> list[dict[str, Any]]:
        """Reserves that a closing gave back, by the act that had made them."""
        acts = [act.row() for act in self.award_acts]
        return [
            each
            for each in record.commitment_entries
            if each["convention"] is None and each["act"] in acts
        ]

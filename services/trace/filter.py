"""Filters: the records and the moves that concern one convention, grant or instalment."""

from typing import Any, NamedTuple

from events.conventions import ConventionNotified, ConventionSigned
from events.deliberations import DeliberationAdopted, DeliberationWithdrawn
from events.envelope import Event
from events.fiscal_years import FiscalYearClosed, FiscalYearOpened
from events.mentions import NONE, order_parts
from events.payments import BankAccountChanged
from events.reports import ReportReceived, ReportRejected
from services.ledger.domain.journal import JournalRecord
from services.ledger.domain.model.conventions import DocumentKey
from services.ledger.domain.model.grants import Act
from services.ledger.domain.model.moves import Move
from services.ledger.domain.model.orders import OrderChange
from services.trace.entries import Entry


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
        if record.budget != self.budget or record.sequence < self.since:
            return False
        if isinstance(event, DeliberationAdopted | DeliberationWithdrawn):
            return bool(names.grants & self.grants)
        if isinstance(event, BankAccountChanged) and names.sirets & self.sirets:
            return True
        if names.orders:
            return any(self.has_order(name) for name in names.orders)
        if isinstance(event, FiscalYearClosed) and self._lapsing(record):
            return True
        if self.is_of_grant:
            signing = isinstance(event, ConventionSigned | FiscalYearOpened)
            return signing and bool(names.grants & self.grants)
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
        """Its moves in a record."""
        closing = isinstance(event, FiscalYearClosed)
        return [
            move
            for move in record.moves
            if (self._has_move(move) if move.convention is not None else not closing)
        ]

    def entries(self, record: JournalRecord, event: Event) -> list[dict[str, Any]]:
        """Its commitment entries in a record."""
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
        """Its orders that a record issued or changed."""
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
        match event:
            case ReportReceived() | ReportRejected():
                key = DocumentKey(event.document.kind, event.document.year)
                return key in self.documents
            case ConventionNotified():
                return self.is_notified
            case _:
                return True

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

"""Strands: of all records, those that tell of one convention, grant or instalment. Pure."""

from typing import Any, NamedTuple

from events.conventions import ConventionNotified, ConventionSigned
from events.deliberations import DeliberationAdopted, DeliberationWithdrawn
from events.envelope import Event
from events.fiscal_years import FiscalYearClosed, FiscalYearOpened
from events.mentions import NONE, order_parts
from events.payments import BankAccountChanged
from events.reports import ReportReceived, ReportRejected
from services.ledger.domain.grants import Act, DocumentKey
from services.ledger.domain.journal import JournalRecord
from services.ledger.domain.moves import Move
from services.ledger.domain.orders import OrderChange
from services.trace.entries import Entry


class Strand(NamedTuple):
    """One thing in one budget, by all the names under which records may tell of it."""

    budget: str
    conventions: frozenset[str] = NONE
    """A convention; with it the grant in whose place it came (rules, 13)."""
    grants: frozenset[str] = NONE
    sirets: frozenset[str] = NONE
    award_acts: frozenset[Act] = frozenset()
    """Told apart by them: what lapses of several grants at a closing."""
    is_of_grant: bool = False
    """Whether it tells of the grant itself: of every attempt to sign a convention for it too."""
    since: int = 1
    """The sequence of the record with which it begins."""
    instalment: str | None = None
    """The one instalment that it is about; None stands for all."""
    bearer: str | None = None
    """The name that the orders of this instalment bear: the convention's, or that of the grant in
    whose place it came (rules, 13)."""
    documents: frozenset[DocumentKey] = frozenset()
    """What that instalment waits for, or has waited for."""
    is_notified: bool = False
    """Whether that instalment waits, or has waited, for the notification."""

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
            return bool((names.conventions | entry.touched) & self.conventions)
        named = bool(names.conventions & self.conventions)
        return (named and self._minds(event)) or self._changes(record)

    def has_order(self, payment_order: str) -> bool:
        """Whether an order is one of the convention's; of the instalment's where it is about one.

        A repeat of it counts, and a name that no order has: somebody tried.
        """
        return self.has_instalment(*order_parts(payment_order))

    def has_instalment(self, convention: str | None, instalment: str) -> bool:
        """Whether an instalment of a convention is one that it is about.

        That of a grant goes on in its convention as `<grant>/<instalment>`.
        """
        if convention not in self.conventions:
            return False
        if self.instalment is None:
            return True
        own = (self.bearer, self.instalment)
        return (convention, instalment) == own or instalment == "/".join(map(str, own))

    def moves(self, record: JournalRecord, event: Event) -> list[Move]:
        """What a record moved of it."""
        closing = isinstance(event, FiscalYearClosed)
        return [
            move
            for move in record.moves
            if (self._has_move(move) if move.convention is not None else not closing)
        ]

    def entries(self, record: JournalRecord, event: Event) -> list[dict[str, Any]]:
        """The commitment entries of it that a record wrote."""
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
        """The orders of it that a record issued or changed."""
        return [each for each in record.payment_orders if self.has_order(each.order.payment_order)]

    def flags(self, record: JournalRecord) -> list[dict[str, Any]]:
        """The review flags of a record, but for those on other conventions."""
        named = "convention"
        return [
            flag
            for flag in record.review_flags
            if not isinstance(flag["facts"].get(named), str)
            or flag["facts"][named] in self.conventions
        ]

    def _minds(self, event: Event) -> bool:
        """Whether an event that names the convention is about the instalment as well."""
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
        """What a closing gave back of what was only reserved, by the act that had reserved it."""
        acts = [act.row() for act in self.award_acts]
        return [
            each
            for each in record.commitment_entries
            if each["convention"] is None and each["act"] in acts
        ]

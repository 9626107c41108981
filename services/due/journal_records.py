"""What the journal says of orders, documents and waits: a reading of its own, in one pass."""

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from types import MappingProxyType
from typing import Final, Literal, NamedTuple

import msgspec

from events.conventions import ConventionAmended, ConventionSigned, ConventionTerminated
from events.deadlines import DeadlinePassed
from events.deliberations import DeliberationAdopted, DeliberationWithdrawn
from events.fiscal_years import FiscalYearClosed, FiscalYearOpened
from events.reports import ReportReceived, ReportRejected

OPEN: Final = frozenset(("issued", "taken_in_charge", "on_hold"))
"""States of an order that may still be paid (rules, 20)."""

REJECTED: Final = "rejected"
"""Of an order: what it did not pay is planned again (rules, 21)."""

GIVEN_BACK: Final = frozenset((REJECTED, "cancelled"))
"""States of an order that holds no money any more."""


class Event(msgspec.Struct):
    """An event, its data unread."""

    type: str
    time: str
    data: msgspec.Raw


class Move(msgspec.Struct):
    """An amount that went from one stage to another, for an instalment if for one."""

    amount_cents: int
    convention: str | None = None
    instalment: str | None = None
    origin: str | None = msgspec.field(name="from", default=None)
    target: str | None = msgspec.field(name="to", default=None)


class Order(msgspec.Struct):
    """A payment order as a record leaves it."""

    payment_order: str
    convention: str
    instalment: str
    amount_cents: int
    paid_cents: int
    state: str
    due_on: date


class Wait(msgspec.Struct):
    """What a parked event waits for."""

    kind: str
    id: str


class Flag(msgspec.Struct):
    """A review flag."""

    code: str
    facts: msgspec.Raw = msgspec.Raw(b"{}")


class Revenue(msgspec.Struct):
    """The facts of `recovery_is_revenue`: money that came back without a move (rules, 27)."""

    convention: str
    amount_cents: int


class Renamed(msgspec.Struct):
    """The facts of `convention_renamed`: a name that is another in this year (rules, 32)."""

    before: str = msgspec.field(name="from")
    after: str = msgspec.field(name="to")


class Record(msgspec.Struct):
    """One record of the journal, as far as anything is due by it."""

    budget: str
    sequence: int
    outcome: str
    event: Event | None = None
    event_id: str | None = None
    event_source: str | None = None
    resumes: int | None = None
    waits_for: Wait | None = None
    review_flags: tuple[Flag, ...] | None = None
    moves: tuple[Move, ...] | None = None
    payment_orders: tuple[Order, ...] | None = None


class Document(NamedTuple):
    """A document that may be owed: its kind, and the year it reports on."""

    kind: str
    year: int


class _Document(msgspec.Struct):
    kind: str
    year: int


class _Obligation(msgspec.Struct):
    kind: str
    year: int
    due_on: date


class _Line(msgspec.Struct):
    amount_cents: int


class _Instalment(msgspec.Struct):
    instalment: str
    lines: tuple[_Line, ...]
    documents: tuple[_Document, ...] | None = None


class _Received(msgspec.Struct):
    document: _Document


class Award(msgspec.Struct):
    """`deliberation.adopted`."""

    grant: str
    role: str
    requires_convention: bool | None = None
    instalments: tuple[_Instalment, ...] | None = None


class Withdrawal(msgspec.Struct):
    """`deliberation.withdrawn`."""

    grant: str


class Signature(msgspec.Struct):
    """`convention.signed`."""

    convention: str
    grant: str
    instalments: tuple[_Instalment, ...]
    obligations: tuple[_Obligation, ...] | None = None


class Amendment(msgspec.Struct):
    """`convention.amended`."""

    convention: str
    instalments: tuple[_Instalment, ...]


class Termination(msgspec.Struct):
    """`convention.terminated`."""

    convention: str


class Arrival(msgspec.Struct):
    """`report.received`."""

    convention: str
    document: _Document


class Rejection(msgspec.Struct):
    """`report.rejected`."""

    convention: str
    document: _Document


class Opening(msgspec.Struct):
    """`fiscal-year.opened`: a convention goes on in this year."""

    paid_cents: int
    ordered_cents: int
    convention: str
    grant: str
    stands_alone: bool
    instalments: tuple[_Instalment, ...]
    documents: tuple[_Received, ...]
    obligations: tuple[_Obligation, ...]


class Closing(msgspec.Struct):
    """`fiscal-year.closed`: what it carries over, the moves say."""


class _EventReference(msgspec.Struct):
    source: str
    id: str


class Passed(msgspec.Struct):
    """`deadline.passed`, whoever wrote it."""

    kind: Literal["payment_due", "report_due", "parked"]
    due_on: date
    convention: str | None = None
    payment_order: str | None = None
    event: _EventReference | None = None

    @property
    def subject(self) -> tuple[str, ...]:
        """What it is about: one name, or source and id of an event."""
        if self.event is not None:
            return (self.event.source, self.event.id)
        return (self.payment_order or self.convention or "",)


Said = (
    Award
    | Withdrawal
    | Signature
    | Amendment
    | Termination
    | Arrival
    | Rejection
    | Opening
    | Closing
    | Passed
)
"""What an event may say of what is due."""

KINDS: Final[Mapping[str, type[Said]]] = MappingProxyType(
    {
        DeliberationAdopted.TYPE: Award,
        DeliberationWithdrawn.TYPE: Withdrawal,
        ConventionSigned.TYPE: Signature,
        ConventionAmended.TYPE: Amendment,
        ConventionTerminated.TYPE: Termination,
        ReportReceived.TYPE: Arrival,
        ReportRejected.TYPE: Rejection,
        FiscalYearOpened.TYPE: Opening,
        FiscalYearClosed.TYPE: Closing,
        DeadlinePassed.TYPE: Passed,
    }
)
"""The events that say something; all others only move money and orders, which records tell."""


_record: Final = msgspec.json.Decoder(Record).decode
read_revenue: Final = msgspec.json.Decoder(Revenue).decode
"""Raises msgspec.MsgspecError where they are none."""

read_renamed: Final = msgspec.json.Decoder(Renamed).decode
"""Raises msgspec.MsgspecError where they are none."""

_data: Final = {name: msgspec.json.Decoder(kind).decode for name, kind in KINDS.items()}


def read_record(raw: bytes | None) -> Record | None:
    """The journal record that `raw` is; None where it is none: the balances report that."""
    try:
        return _record(raw or b"")
    except msgspec.MsgspecError:
        return None


def read_data(event: Event) -> Said | None:
    """What an event says of what is due; None where it says nothing.

    Raises:
        msgspec.MsgspecError: it is no event of its type.
    """
    read = _data.get(event.type)
    return None if read is None else read(event.data)


@lru_cache(maxsize=4096)
def document(kind: str, year: int) -> Document:
    """The one copy of a document that thousands of schedules name."""
    return Document(kind, year)

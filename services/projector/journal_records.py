"""What the projector reads of a journal record and of the event in it. Pure.

A second reading of its own, as the watch has: only the members that become rows, by msgspec.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from types import MappingProxyType
from typing import Any, Final

import msgspec

from events.budgets import BudgetVoted, CreditsTransferred
from events.conventions import (
    ConventionAmended,
    ConventionNotified,
    ConventionResumed,
    ConventionSigned,
    ConventionSuspended,
    ConventionTerminated,
)
from events.deliberations import DeliberationAdopted
from events.fiscal_years import FiscalYearClosed
from events.payments import PaymentExecuted, PaymentOrderAcknowledged
from events.recoveries import RecoveryCollected, RecoveryOrdered
from events.reports import ReportReceived

DAY_OF: Final[Mapping[str, str]] = MappingProxyType(
    {
        BudgetVoted.TYPE: "act",
        CreditsTransferred.TYPE: "act",
        DeliberationAdopted.TYPE: "act",
        ConventionSigned.TYPE: "signed_on",
        ConventionNotified.TYPE: "notified_on",
        ConventionAmended.TYPE: "signed_on",
        ConventionSuspended.TYPE: "effective_on",
        ConventionResumed.TYPE: "effective_on",
        ConventionTerminated.TYPE: "effective_on",
        ReportReceived.TYPE: "received_on",
        PaymentOrderAcknowledged.TYPE: "on",
        PaymentExecuted.TYPE: "executed_on",
        RecoveryOrdered.TYPE: "on",
        RecoveryCollected.TYPE: "on",
        FiscalYearClosed.TYPE: "closed_on",
    }
)
"""Which member of an event names the day on which it took effect; of others it is their time's."""


class Line(msgspec.Struct, frozen=True):
    """A budget line (imputation)."""

    chapter: str
    article: str
    function: str | None = None
    operation: str | None = None

    @property
    def codes(self) -> tuple[str, str, str, str]:
        """The four codes as the tables hold them."""
        return (self.chapter, self.article, self.function or "", self.operation or "")


class Act(msgspec.Struct):
    """A decision of an assembly."""

    body: str
    day: date = msgspec.field(name="date")
    number: str | None = None

    @property
    def row(self) -> tuple[str, str | None, date]:
        """Body, number and day."""
        return (self.body, self.number, self.day)


class Beneficiary(msgspec.Struct):
    """Who receives the money."""

    name: str
    siret: str
    representative: str | None = None


class BankAccount(msgspec.Struct):
    """Where a beneficiary is paid."""

    iban: str
    holder: str
    bic: str | None = None


class Share(msgspec.Struct):
    """What one department has of an amount."""

    code: str
    amount_cents: int


class LineAmount(msgspec.Struct):
    """An amount on a line."""

    line: Line
    amount_cents: int
    services: tuple[Share, ...] | None = None


class Document(msgspec.Struct):
    """A document that a beneficiary owes."""

    kind: str
    year: int


class Received(msgspec.Struct):
    """A document that an earlier year received."""

    document: Document
    received_on: date
    eligible_cost_cents: int | None = None


class Obligation(msgspec.Struct):
    """A document owed by a day."""

    kind: str
    year: int
    due_on: date


class Instalment(msgspec.Struct):
    """A payment that a schedule plans."""

    instalment: str
    trigger: str
    lines: tuple[LineAmount, ...]
    ceiling: bool = False
    documents: tuple[Document, ...] | None = None


class Award(msgspec.Struct):
    """The award behind a convention that is carried over."""

    act: Act
    title: str
    beneficiary: Beneficiary
    requires_convention: bool
    conditions_year: int | None = None


class Reason(msgspec.Struct):
    """Why the accountant holds or rejects an order."""

    code: str
    label: str


class Said(msgspec.Struct):
    """The data of an event of any type: what becomes of it depends on the type."""

    act: Act | None = None
    acts: tuple[Act, ...] = ()
    amendment: str | None = None
    amount_cents: int | None = None
    award: Award | None = None
    bank_account: BankAccount | None = None
    bank_reference: str | None = None
    beneficiary: Beneficiary | None = None
    cause: str | None = None
    closed_budget: str | None = None
    closed_on: date | None = None
    conditions_year: int | None = None
    convention: str | None = None
    document: Document | None = None
    documents: tuple[Received, ...] = ()
    effective_on: date | None = None
    eligible_cost_cents: int | None = None
    ends_on: date | None = None
    executed_on: date | None = None
    grant: str | None = None
    instalments: tuple[Instalment, ...] | None = None
    lines: tuple[LineAmount, ...] | None = None
    notified_on: date | None = None
    obligations: tuple[Obligation, ...] | None = None
    on: date | None = None
    payment_order: str | None = None
    reason: str | Reason | None = None
    received_on: date | None = None
    recovery: str | None = None
    requires_convention: bool | None = None
    role: str | None = None
    signatory: str | None = None
    signed_on: date | None = None
    stage: str | None = None
    stands_alone: bool = False
    starts_on: date | None = None
    state: str | None = None
    title: str | None = None
    vote_level: str | None = None


class Event(msgspec.Struct):
    """The event in a record."""

    type: str
    time: str
    data: Said
    correlationid: str | None = None

    @property
    def instant(self) -> datetime:
        """When it happened, in UTC; at the ends of the calendar the last instant that UTC has."""
        said = datetime.fromisoformat(self.time.upper())
        try:
            return said.astimezone(UTC)
        except OverflowError:
            return said.replace(tzinfo=UTC)

    @property
    def day(self) -> date:
        """The day on which it took effect: the one that it names, else that of its time."""
        named = getattr(self.data, DAY_OF.get(self.type, ""), None)
        if isinstance(named, Act):
            return named.day
        return named or date.fromisoformat(self.time[:10])


class Move(msgspec.Struct):
    """An amount that went from one stage to another; None is outside the budget."""

    line: Line
    amount_cents: int
    origin: str | None = msgspec.field(name="from")
    target: str | None = msgspec.field(name="to")
    convention: str | None = None
    instalment: str | None = None


class Entry(msgspec.Struct):
    """A commitment entry."""

    entry_id: str
    kind: str
    line: Line
    amount_cents: int
    act: Act
    convention: str | None
    effective_on: date


class Order(msgspec.Struct):
    """A payment order that changed; what has `issued_on` was issued by this record."""

    payment_order: str
    convention: str
    instalment: str
    amount_cents: int
    paid_cents: int
    state: str
    due_on: date
    lines: tuple[LineAmount, ...] = ()
    beneficiary: Beneficiary | None = None
    bank_account: BankAccount | None = None
    title: str | None = None
    issued_on: date | None = None
    previous: str | None = None


class Coded(msgspec.Struct):
    """A code with its facts."""

    code: str
    facts: msgspec.Raw


RENAMED: Final = "convention_renamed"
"""The flag of an opening that had to take another name."""


class _Renamed(msgspec.Struct):
    before: str = msgspec.field(name="from")
    after: str = msgspec.field(name="to")


_renamed: Final = msgspec.json.Decoder(_Renamed).decode


def _read_renamed(flag: Coded) -> _Renamed:
    return _renamed(flag.facts)


class Want(msgspec.Struct):
    """What a parked event waits for."""

    kind: str
    id: str | None = None


class Source(msgspec.Struct):
    """Where the event was read."""

    topic: str
    partition: int
    offset: int


class Record(msgspec.Struct):
    """One record of the journal."""

    budget: str
    sequence: int
    outcome: str
    hash: str
    source: Source
    event: Event | None
    event_sha256: str
    version: int = 1
    event_id: str | None = None
    event_source: str | None = None
    resumes: int | None = None
    waits_for: Want | None = None
    refusal: Coded | None = None
    dead_letter: dict[str, Any] | None = None
    review_flags: tuple[Coded, ...] | None = None
    moves: tuple[Move, ...] | None = None
    commitment_entries: tuple[Entry, ...] | None = None
    payment_orders: tuple[Order, ...] | None = None

    @property
    def renamed(self) -> dict[str, str]:
        """Of an opening, the names that are others in this year, by what they were (rules, 32)."""
        flags = (each for each in self.review_flags or () if each.code == RENAMED)
        return {each.before: each.after for each in map(_read_renamed, flags)}

    @property
    def convention(self) -> str | None:
        """The convention that the event names, as it is called in this year."""
        named = None if self.event is None else self.event.data.convention
        return named if named is None else self.renamed.get(named, named)

    @property
    def day(self) -> date | None:
        """The day on which its moves took effect."""
        if self.commitment_entries:
            return self.commitment_entries[0].effective_on
        return None if self.event is None else self.event.day


read_record: Final = msgspec.json.Decoder(Record).decode
"""The record that bytes of the journal are.

Raises:
    msgspec.MsgspecError: they are none.
"""

_spell: Final = msgspec.json.Encoder().encode


def as_json(value: Any) -> str | None:
    """A value as a column of JSON holds it; None where there is nothing."""
    return None if value is None else _spell(value).decode()


def as_text(text: str) -> str:
    """A text as a column holds it: U+0000, which PostgreSQL cannot keep, is shown as U+FFFD.

    Only what is told of a dead letter can hold one.
    """
    return text.replace("\0", "\ufffd")

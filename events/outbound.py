"""Messages of the ledger: entries, payment orders, balances, answers to what it did not accept.

The ledger writes these from slotted values, for speed; the tests check that what leaves fits here.
"""

from typing import Annotated, Any, ClassVar, Literal

from msgspec import Meta
from pydantic import BaseModel, ConfigDict, StringConstraints

from events.envelope import Envelope
from events.models import Part, model_of
from events.parts import Act, BankAccount, Beneficiary, BudgetLine, ServiceAmount
from events.values import (
    AmountCents,
    BudgetId,
    Code,
    ConventionNumber,
    Date,
    DueDate,
    OrderPart,
    Text,
)

BalanceCents = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
"""A balance in cents; only available credit may stand below zero."""

Sentence = Annotated[str, Meta(min_length=1, max_length=4000)]
"""A sentence about a record. It may repeat any character of one that cannot be read."""

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]

EntryKind = Literal[
    "accounting_commitment",
    "legal_commitment",
    "supplementary_commitment",
    "decommitment",
    "carry_over",
]

OrderState = Literal["issued", "taken_in_charge", "on_hold", "rejected", "paid", "cancelled"]


class Outbound(Part):
    """Data of a message of the ledger."""

    TYPE: ClassVar[str]


class Message(Part):
    """One sentence for people, in both languages."""

    fr: Sentence
    en: Sentence


class CommitmentEntryRecorded(Outbound):
    """A commitment entry (écriture d'engagement) for the finance ERP."""

    TYPE: ClassVar[str] = "ecluse.commitment-entry.recorded.v1"

    entry_id: Text
    budget: BudgetId
    kind: EntryKind
    line: BudgetLine
    amount_cents: AmountCents
    act: Act
    convention: ConventionNumber | None
    effective_on: Date
    sequence: Annotated[int, Meta(ge=1)]


class OrderLine(Part):
    """The amount that an order pays on one line, with the departments that share it."""

    line: BudgetLine
    amount_cents: AmountCents
    services: tuple[ServiceAmount, ...] | None


class PaymentOrder(Outbound):
    """A payment order (mandat) as it stands."""

    payment_order: Text
    budget: BudgetId
    convention: ConventionNumber
    instalment: OrderPart
    amount_cents: AmountCents
    paid_cents: Annotated[int, Meta(ge=0)]
    state: OrderState
    due_on: DueDate
    lines: Annotated[tuple[OrderLine, ...], Meta(min_length=1)]


class PaymentOrderIssued(PaymentOrder):
    """An order for the treasury, with all that it needs to pay."""

    TYPE: ClassVar[str] = "ecluse.payment-order.issued.v1"

    beneficiary: Beneficiary
    bank_account: BankAccount
    acts: Annotated[tuple[Act, ...], Meta(min_length=1)]
    title: Text
    issued_on: Date
    previous: Annotated[Text | None, Meta(description="The rejected order that this one replaces.")]


class PaymentOrderCancelled(PaymentOrder):
    """An order whose rest must not be paid any more."""

    TYPE: ClassVar[str] = "ecluse.payment-order.cancelled.v1"


class LineBalance(Part):
    """The money of a budget line, by stage."""

    budget: BudgetId
    line: BudgetLine
    appropriated_cents: BalanceCents
    available_cents: BalanceCents
    reserved_cents: BalanceCents
    committed_cents: BalanceCents
    ordered_cents: BalanceCents
    paid_cents: BalanceCents
    carried_over_cents: BalanceCents


class ConventionBalance(Part):
    """The money of a convention on one line."""

    budget: BudgetId
    convention: ConventionNumber
    line: BudgetLine
    granted_cents: BalanceCents
    remaining_cents: BalanceCents
    ordered_cents: BalanceCents
    paid_cents: BalanceCents
    released_cents: BalanceCents
    carried_over_cents: BalanceCents


class BalanceUpdated(Outbound):
    """A balance changed: that of a line, or of a convention on a line."""

    TYPE: ClassVar[str] = "ecluse.balance.updated.v1"

    balance: LineBalance | ConventionBalance
    sequence: Annotated[int, Meta(ge=1)]


class Answer(Outbound):
    """An answer to the sender of an event that was not accepted."""

    budget: BudgetId
    event_id: Text
    event_source: Text
    sequence: Annotated[int, Meta(ge=1)]
    message: Message


class EventRefused(Answer):
    """A refusal: its code, its facts, and what to do."""

    TYPE: ClassVar[str] = "ecluse.event.refused.v1"
    # Facts are what the code's row in the documentation says: open on purpose.
    code: Code
    facts: dict[str, Any]


class Want(Part):
    """A thing that a parked event waits for."""

    kind: Literal["budget", "grant", "convention", "recovery"]
    id: Text


class EventParked(Answer):
    """The event waits; it is decided again when what it waits for arrives."""

    TYPE: ClassVar[str] = "ecluse.event.parked.v1"

    waits_for: Want


class EventUnreadable(Outbound):
    """A record is not an event of the contract; operators have its bytes."""

    TYPE: ClassVar[str] = "ecluse.event.unreadable.v1"
    MODEL_CONFIG = ConfigDict(title="EventUnreadable")

    reason: Sentence
    topic: Text
    partition: Annotated[int, Meta(ge=0)]
    offset: Annotated[int, Meta(ge=0)]
    length_bytes: Annotated[int, Meta(ge=0)]
    sha256: Sha256
    message: Message


OUTBOUND: tuple[type[Outbound], ...] = (
    CommitmentEntryRecorded,
    PaymentOrderIssued,
    PaymentOrderCancelled,
    BalanceUpdated,
    EventRefused,
    EventParked,
    EventUnreadable,
)
"""Every type that leaves."""


ChainId = Annotated[str, StringConstraints(pattern=r"^_dead\.[0-9]+$")]
"""The journal's chain of unreadable records of one partition."""


class UnreadableEnvelope(Envelope[EventUnreadable]):
    """The envelope of a notice on a record whose budget nobody knows: its key is the chain."""

    partitionkey: ChainId
    data: EventUnreadable


OUTBOUND_ENVELOPES: dict[str, type[BaseModel]] = {
    each.TYPE: model_of(UnreadableEnvelope if each is EventUnreadable else Envelope[each])  # type: ignore[valid-type] # made at run time
    for each in OUTBOUND
}
"""The model of the envelope of each type that leaves."""

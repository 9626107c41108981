"""The journal record (topic `ecluse.journal.v1`) as all readers but the verifier decode it.

The ledger encodes what the hash covers from these structs too: members are declared in canonical
order (sorted), so that nothing is sorted when a record is written. Unknown members are ignored.
"""

from datetime import date
from typing import Annotated, Any, Final, Literal, TypeVar

import msgspec

Outcome = Literal["accepted", "duplicate", "refused", "parked", "dead_letter"]

Stage = Literal["available", "reserved", "committed", "ordered", "paid", "carried_over"]

OrderState = Literal["issued", "taken_in_charge", "on_hold", "rejected", "paid", "cancelled"]

Hash = Annotated[str, msgspec.Meta(extra_json_schema={"pattern": "^[0-9a-f]{64}$"})]

Sequence = Annotated[int, msgspec.Meta(extra_json_schema={"minimum": 1})]

RENAMED: Final = "convention_renamed"
"""The review flag of an opening under whose name another convention exists (rules, 32)."""

Value = TypeVar("Value")


def require(value: Value | None, name: str) -> Value:
    """A member that events of this type always have.

    Raises:
        ValueError: it is missing: no ledger wrote this record.
    """
    if value is None:
        raise ValueError(f"an event of this type has a member {name}")
    return value


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """A budget line (imputation)."""

    article: str
    chapter: str
    function: str | None = None
    operation: str | None = None

    @property
    def codes(self) -> tuple[str, str, str, str]:
        """The four codes in the order that sorts lines, '' for those that are absent."""
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
    """The body that receives the money."""

    name: str
    siret: str
    representative: str | None = None


class BankAccount(msgspec.Struct):
    """The account to which a beneficiary is paid."""

    holder: str
    iban: str
    bic: str | None = None


class Share(msgspec.Struct):
    """The part of an amount that one department bears."""

    amount_cents: int
    code: str


class LineAmount(msgspec.Struct):
    """An amount on a line."""

    amount_cents: int
    line: Line
    services: tuple[Share, ...] | None = None


class Document(msgspec.Struct):
    """A document that a beneficiary owes: its kind, and the year it reports on."""

    kind: str
    year: int


class ReceivedDocument(msgspec.Struct):
    """A document that an earlier year received."""

    document: Document
    received_on: date
    eligible_cost_cents: int | None = None


class Obligation(msgspec.Struct):
    """A document owed by a day."""

    due_on: date
    kind: str
    year: int


class Instalment(msgspec.Struct):
    """A payment that a schedule plans."""

    instalment: str
    trigger: str
    lines: tuple[LineAmount, ...]
    ceiling: bool = False
    documents: tuple[Document, ...] | None = None
    settled: bool = False
    paid_order: str | None = None


class Award(msgspec.Struct):
    """The award behind a convention that is carried over."""

    act: Act
    beneficiary: Beneficiary
    requires_convention: bool
    title: str
    conditions_year: int | None = None


class Reason(msgspec.Struct):
    """The accountant's reason to hold or reject an order."""

    code: str
    label: str


class EventReference(msgspec.Struct):
    """An event by its source and its id."""

    id: str
    source: str


class CarriedOver(msgspec.Struct):
    """A convention that a closing carries over."""

    convention: str


class EventData(msgspec.Struct):
    """The data of an event of any type, as far as readers of the journal use it."""

    act: Act | None = None
    acts: tuple[Act, ...] = ()
    amendment: str | None = None
    amount_cents: int | None = None
    award: Award | None = None
    bank_account: BankAccount | None = None
    bank_reference: str | None = None
    beneficiary: Beneficiary | None = None
    carry_over: str | tuple[CarriedOver, ...] = ()
    cause: str | None = None
    chain: str | None = None
    closed_budget: str | None = None
    closed_on: date | None = None
    comment: str | None = None
    conditions_year: int | None = None
    convention: str | None = None
    document: Document | None = None
    documents: tuple[ReceivedDocument, ...] = ()
    due_on: date | None = None
    effective_on: date | None = None
    eligible_cost_cents: int | None = None
    ends_on: date | None = None
    event: EventReference | None = None
    executed_on: date | None = None
    from_line: Line | None = None
    grant: str | None = None
    instalments: tuple[Instalment, ...] | None = None
    kind: str | None = None
    lines: tuple[LineAmount, ...] | None = None
    notified_on: date | None = None
    obligations: tuple[Obligation, ...] | None = None
    on: date | None = None
    ordered_cents: int | None = None
    paid_cents: int | None = None
    payment_order: str | None = None
    reason: str | Reason | None = None
    received_on: date | None = None
    recovery: str | None = None
    rejected: tuple[Document, ...] = ()
    replaced: str | None = None
    requires_convention: bool | None = None
    reviewed_by: str | None = None
    reviewed_on: date | None = None
    role: str | None = None
    sequence: int | None = None
    signatory: str | None = None
    signed_on: date | None = None
    stage: str | None = None
    stands_alone: bool = False
    starts_on: date | None = None
    state: str | None = None
    title: str | None = None
    to_line: Line | None = None
    vote_level: str | None = None


class Event(msgspec.Struct):
    """The event in a record: a CloudEvent in structured mode, with the sender's own bytes."""

    data: EventData
    time: str
    type: str
    causationid: str | None = None
    correlationid: str | None = None
    traceparent: str | None = None


class Move(msgspec.Struct):
    """An amount that went from one stage to another; a null stage is outside the budget."""

    amount_cents: int
    convention: str | None
    origin: Stage | None = msgspec.field(name="from")
    instalment: str | None
    line: Line
    target: Stage | None = msgspec.field(name="to")


class CommitmentEntry(msgspec.Struct):
    """A commitment entry (écriture d'engagement)."""

    act: Act
    amount_cents: int
    convention: str | None
    effective_on: date
    entry_id: str
    kind: str
    line: Line


class ChangedOrder(msgspec.Struct):
    """A payment order after a record that changed it."""

    amount_cents: int
    convention: str
    due_on: date
    instalment: str
    paid_cents: int
    payment_order: str
    state: OrderState


class PaymentOrder(ChangedOrder):
    """A payment order that a record changed; where it has `issued_on`, that the record issued."""

    acts: tuple[Act, ...] = ()
    bank_account: BankAccount | None = None
    beneficiary: Beneficiary | None = None
    budget: str | None = None
    issued_on: date | None = None
    lines: tuple[LineAmount, ...] = ()
    previous: str | None = None
    title: str | None = None


class Code(msgspec.Struct):
    """A refusal or a review flag: its code and its facts (docs/refusals.md)."""

    code: str
    facts: Annotated[msgspec.Raw, msgspec.Meta(extra_json_schema={"type": "object"})]


class Want(msgspec.Struct):
    """The thing that a parked event waits for."""

    id: str
    kind: str


class Source(msgspec.Struct, frozen=True):
    """The position at which the ledger read an event."""

    offset: int
    partition: int
    topic: str


class Rename(msgspec.Struct):
    """The facts of `convention_renamed`."""

    before: str = msgspec.field(name="from")
    after: str = msgspec.field(name="to")


_rename: Final = msgspec.json.Decoder(Rename).decode


class HashedMembers(msgspec.Struct):
    """The members of a record that its hash covers, in canonical order."""

    budget: Annotated[
        str, msgspec.Meta(description="The budget, or `_dead.<partition>` for dead letters.")
    ]
    commitment_entries: tuple[CommitmentEntry, ...] | None
    dead_letter: dict[str, Any] | None
    digest: str | None
    event_id: str | None
    event_sha256: Hash
    event_source: str | None
    moves: tuple[Move, ...] | None
    outcome: Outcome
    payment_orders: tuple[PaymentOrder, ...] | None
    previous_hash: Hash
    refusal: Code | None
    resumes: Sequence | None
    review_flags: tuple[Code, ...] | None
    rules_version: int
    sequence: Sequence
    version: int
    waits_for: Want | None


class Record(HashedMembers):
    """A record of the journal; in its bytes these three members stand last."""

    event: Event | None
    hash: Hash
    source: Source

    @property
    def renamed(self) -> dict[str, str]:
        """New names by old ones, of an opening whose names are taken in this year (rules, 32)."""
        flags = (each for each in self.review_flags or () if each.code == RENAMED)
        return {each.before: each.after for each in (_rename(flag.facts) for flag in flags)}

    @property
    def convention(self) -> str | None:
        """The convention that the event names, under its name in this year."""
        named = None if self.event is None else self.event.data.convention
        return named if named is None else self.renamed.get(named, named)

    @property
    def former_grant(self) -> str | None:
        """The grant in whose place a convention was signed: some instalments name it alone (32)."""
        data = EventData() if self.event is None else self.event.data
        grants = (each.instalment.rpartition("/")[0] for each in data.instalments or ())
        named = data.replaced or next(filter(None, grants), None)
        return named if named is None else self.renamed.get(named, named)


class EventHead(msgspec.Struct):
    """The event in a record, its data as the sender's bytes."""

    data: msgspec.Raw
    time: str
    type: str
    traceparent: str | None = None


class RecordHead(msgspec.Struct):
    """The members of a record that say which event it is of, and what became of it."""

    budget: str
    event: EventHead | None
    event_id: str | None
    event_sha256: str
    event_source: str | None
    outcome: Outcome
    payment_orders: tuple[msgspec.Raw, ...] | None
    refusal: Code | None
    sequence: int
    source: Source


read_record: Final = msgspec.json.Decoder(Record).decode
"""Decode a record; raises msgspec.MsgspecError where the bytes are none."""
read_head: Final = msgspec.json.Decoder(RecordHead).decode
"""Decode the head of a record; raises msgspec.MsgspecError where the bytes are none."""


def try_read_record(raw: bytes | None) -> Record | None:
    """Decode a record; None where the bytes are none."""
    try:
        return read_record(raw or b"")
    except msgspec.MsgspecError:
        return None

"""Messages of the treasury: slips on `ecluse.slips.v1`, entries on `ecluse.accounting-entries.v1`.

Its tables can be made again of the slips; the accounting entries are what it books for the ERP.
"""

from typing import Annotated, ClassVar, Final, Literal

from msgspec import Meta
from pydantic import BaseModel, ConfigDict, JsonValue, StringConstraints

from events.envelope import Envelope
from events.models import Part, model_of
from events.outbound import Outbound, Sha256
from events.parts import BudgetLine
from events.values import (
    AmountCents,
    Attribute,
    BudgetId,
    Code,
    ConventionNumber,
    Date,
    OrderReference,
    Text,
    Timestamp,
)

TREASURY: Final = "urn:ecluse:treasury"
"""The `source` of all that the treasury writes."""

PIECES_MAX: Final = 99_999
"""The pieces of one slip: as many as NbrPce counts (DGFiP schema 5.17)."""

SLIP_NUMBER_MAX: Final = 9_999_999
PIECE_NUMBER_MAX: Final = 99_999_999

SlipNumber = Annotated[int, Meta(ge=1, le=SLIP_NUMBER_MAX)]
"""The number of a slip (DGFiP schema 5.17: IdBord)."""

PieceNumber = Annotated[int, Meta(ge=1, le=PIECE_NUMBER_MAX)]
"""The number of a piece (DGFiP schema 5.17: IdPce)."""

LineCents = Annotated[int, Meta(ge=0)]
"""An amount on a line of an order; 0 where an order is taken back and this line was paid."""

GzipInBase64 = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9+/]+={0,2}$"),
    Meta(description="The PES file, compressed by gzip, in base64 (RFC 4648, 4)."),
]


class SlipPiece(Part):
    """A piece (mandat): one payment order with its number."""

    number: PieceNumber
    payment_order: OrderReference
    line_cents: Annotated[tuple[LineCents, ...], Meta(min_length=1)]


class SlipIssued(Outbound):
    """A slip (bordereau) with its numbers and its PES file, as they stay for ever."""

    TYPE: ClassVar[str] = "ecluse.slip.issued.v1"

    slip: Attribute
    budget: BudgetId
    slip_type: Literal["01", "02"]
    number: SlipNumber
    amount_cents: AmountCents
    cumulative_cents: AmountCents
    pieces: Annotated[tuple[SlipPiece, ...], Meta(min_length=1, max_length=PIECES_MAX)]
    prepared_at: Timestamp
    prepared_by: Text
    issued_on: Date
    issued_at: Timestamp
    issued_by: Text
    file_name: Text
    file_sha256: Sha256
    file: GzipInBase64


class SlipCancelled(Outbound):
    """An issued slip that is not in Hélios and never will be: its orders stand on no slip again."""

    TYPE: ClassVar[str] = "ecluse.slip.cancelled.v1"

    slip: Attribute
    budget: BudgetId
    slip_type: Literal["01", "02"]
    number: SlipNumber
    numbers_are_free: Annotated[
        bool, Meta(description="True if a later slip takes the numbers of this one.")
    ]
    cancelled_at: Timestamp
    cancelled_by: Text
    reason: Annotated[
        Text | None,
        Meta(description="Why, where a person said so: always where its number is another's."),
    ] = None


SLIP_MESSAGES: tuple[type[Outbound], ...] = (SlipIssued, SlipCancelled)
"""Every type on the topic of slips."""

SLIP_ENVELOPES: dict[str, type[BaseModel]] = {
    each.TYPE: model_of(Envelope[each])  # type: ignore[valid-type] # made at run time
    for each in SLIP_MESSAGES
}
"""The model of the envelope of each type on the topic of slips."""


AccountingEntryKind = Literal[
    "order_issued",
    "order_given_back",
    "payment_executed",
    "recovery_ordered",
    "recovery_collected",
    "recovery_moved",
]

AccountRole = Literal["expense", "creditor", "treasury", "debtor", "revenue"]

SideCents = Annotated[int, Meta(ge=0)]
"""One side of a line of an entry; the other side is 0."""

_ONE_SIDE: Final[list[JsonValue]] = [
    {"properties": {side: {"const": 0}}} for side in ("debit_cents", "credit_cents")
]


class AccountingEntryRecorded(Outbound):
    """A debit or a credit on an account, made of a record of the ledger: it never changes.

    The lines of a record stand in their order, and their debits equal their credits.
    """

    TYPE: ClassVar[str] = "ecluse.accounting-entry.recorded.v1"
    MODEL_CONFIG = ConfigDict(json_schema_extra={"oneOf": _ONE_SIDE})

    entry_id: Text
    budget: BudgetId
    sequence: Annotated[int, Meta(ge=1, description="The record of the budget's journal.")]
    item: Annotated[int, Meta(ge=1, description="The place among the lines of that record.")]
    items: Annotated[int, Meta(ge=2, description="The number of lines of that record.")]
    booked_on: Date
    kind: AccountingEntryKind
    role: AccountRole
    account: Code
    debit_cents: SideCents
    credit_cents: SideCents
    line: BudgetLine
    convention: ConventionNumber
    payment_order: OrderReference | None
    recovery: Code | None


ACCOUNTING_ENVELOPES: dict[str, type[BaseModel]] = {
    AccountingEntryRecorded.TYPE: model_of(Envelope[AccountingEntryRecorded])
}
"""The model of the envelope of each type on the topic of accounting entries."""

"""Accounting entries on `ecluse.accounting-entries.v1`: what the treasury books for the ERP."""

from typing import Annotated, ClassVar, Final, Literal

from msgspec import Meta
from pydantic import BaseModel, ConfigDict, JsonValue

from events.envelope import Envelope
from events.models import model_of
from events.outbound import Outbound
from events.parts import BudgetLine
from events.values import BudgetId, Code, ConventionNumber, Date, OrderReference, Text

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

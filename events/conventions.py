"""Events about conventions: the contracts under which grants are paid."""

from typing import Annotated, ClassVar

from pydantic import Field

from events.parts import Act, BankAccount, Beneficiary, DocumentKind, EventData, Part, Schedule
from events.values import (
    AmountCents,
    Code,
    Date,
    Name,
    OrderPart,
    Year,
)


class Obligation(Part):
    """A document owed by a day, whether or not money waits for it."""

    kind: DocumentKind
    year: Year
    due_on: Date


Obligations = Annotated[tuple[Obligation, ...], Field(max_length=100, strict=False, fail_fast=True)]


class ConventionSigned(EventData):
    """A convention was signed: the legal commitment of a grant (loi 2000-321, article 10)."""

    TYPE: ClassVar[str] = "ecluse.convention.signed.v1"

    convention: OrderPart
    grant: Code
    acts: Annotated[
        tuple[Act, ...], Field(min_length=1, max_length=100, strict=False, fail_fast=True)
    ]
    signed_on: Date
    starts_on: Date
    ends_on: Date
    beneficiary: Beneficiary
    bank_account: BankAccount | None = None
    signatory: Name | None = None
    stated_total_cents: AmountCents | None = None
    stated_condition_years: (
        Annotated[tuple[Year, ...], Field(max_length=100, strict=False, fail_fast=True)] | None
    ) = None
    obligations: Obligations | None = None
    instalments: Schedule


class ConventionNotified(EventData):
    """The signed convention, or the award where there is none, was notified to the beneficiary."""

    TYPE: ClassVar[str] = "ecluse.convention.notified.v1"

    convention: OrderPart
    notified_on: Date

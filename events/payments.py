"""Events about paying: bank accounts, and what the treasury says of payment orders."""

from typing import ClassVar, Literal

from events.models import Part
from events.parts import BankAccount, Beneficiary, EventData
from events.texts import Translatable, _
from events.values import (
    AmountCents,
    Code,
    Date,
    OrderReference,
    Text,
)


class BankAccountChanged(EventData):
    """A beneficiary gave new bank details (RIB); orders already issued keep theirs."""

    TYPE: ClassVar[str] = "ecluse.bank-account.changed.v1"
    NAME: ClassVar[Translatable] = _("Bank account changed")

    beneficiary: Beneficiary
    bank_account: BankAccount
    effective_on: Date


class TreasuryReason(Part):
    """The public accountant's reason to hold or reject an order: code and label of the treasury."""

    code: Code
    label: Text


class PaymentOrderAcknowledged(EventData):
    """The public accountant took an order in charge, put it on hold or rejected it.

    The accountant suspends and reports (GBCP, décret 2012-1246, article 38); a hold (mise en
    instance) may come before a rejection.
    """

    TYPE: ClassVar[str] = "ecluse.payment-order.acknowledged.v1"
    NAME: ClassVar[Translatable] = _("Payment order acknowledged")

    payment_order: OrderReference
    state: Literal["taken_in_charge", "on_hold", "rejected"]
    on: Date
    reason: TreasuryReason | None = None


class PaymentExecuted(EventData):
    """The treasury paid an order, in whole or in part."""

    TYPE: ClassVar[str] = "ecluse.payment.executed.v1"
    NAME: ClassVar[Translatable] = _("Payment executed")

    payment_order: OrderReference
    amount_cents: AmountCents
    executed_on: Date
    bank_reference: Code | None = None


PaymentEvent = BankAccountChanged | PaymentOrderAcknowledged | PaymentExecuted
"""The types of this module, as part of `Event`."""

"""Events about paying: bank accounts, what the treasury says of payment orders, and recoveries."""

from typing import ClassVar, Literal

from pydantic import ConfigDict, ValidationInfo, field_validator

from events.models import Part
from events.parts import BankAccount, Beneficiary, EventData, LineAmounts
from events.texts import Translatable, _
from events.values import (
    AmountCents,
    Code,
    ConventionNumber,
    Date,
    OrderReference,
    Text,
    invalid_value,
    missing_field,
)


class BankAccountChanged(EventData):
    """A beneficiary gave new bank details (RIB); orders already issued keep theirs."""

    TYPE: ClassVar[str] = "ecluse.bank-account.changed.v1"
    NAME: ClassVar[Translatable] = _("Bank account changed")
    SUBJECT = ("beneficiary",)
    DAY = None
    CONCERNS = ("beneficiary", "account")
    SHOWS = ()

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
    SUBJECT = ("payment_order",)
    DAY = "on"
    CONCERNS = ("order",)
    SHOWS = ()

    payment_order: OrderReference
    state: Literal["taken_in_charge", "on_hold", "rejected"]
    on: Date
    reason: TreasuryReason | None = None


class PaymentExecuted(EventData):
    """The treasury paid an order, in whole or in part."""

    TYPE: ClassVar[str] = "ecluse.payment.executed.v1"
    NAME: ClassVar[Translatable] = _("Payment executed")
    SUBJECT = ("payment_order", "executed_on")
    DAY = "executed_on"
    CONCERNS = ("order",)
    SHOWS = ()

    payment_order: OrderReference
    amount_cents: AmountCents
    executed_on: Date
    bank_reference: Code | None = None


PaymentEvent = BankAccountChanged | PaymentOrderAcknowledged | PaymentExecuted
"""The types of this module, as part of `Event`."""


class _Recovery(EventData):
    """A sum owed back under a number, by lines or in one sum: both events have it."""

    MODEL_CONFIG = ConfigDict(
        json_schema_extra={
            "oneOf": [
                {"required": ["lines"], "properties": {"lines": {"type": "array"}}},
                {"required": ["amount_cents"], "properties": {"amount_cents": {"type": "integer"}}},
            ]
        }
    )

    convention: ConventionNumber
    recovery: Code
    lines: LineAmounts | None = None
    amount_cents: AmountCents | None = None
    on: Date
    reason: Text

    @field_validator("amount_cents")
    @classmethod
    def _lines_or_one_sum(cls, amount_cents: int | None, info: ValidationInfo) -> int | None:
        if "lines" not in info.data:
            return amount_cents  # The lines are at fault themselves, and reported first.
        if info.data["lines"] is None and amount_cents is None:
            missing_field(
                _("add them, or give the amount in one sum (amount_cents)"),
                sibling="lines",
            )
        if info.data["lines"] is not None and amount_cents is not None:
            invalid_value(_("the lines say the amount already: remove one of them"))
        return amount_cents

    @property
    def total_cents(self) -> int:
        """The whole sum, however it is given."""
        if self.amount_cents is not None:
            return self.amount_cents
        return sum(each.amount_cents for each in self.lines or ())


class RecoveryOrdered(_Recovery):
    """Money is asked back from a beneficiary (ordre de reversement).

    Say, what was paid beyond the cost (the Lille convention, articles 7 and 9), or under an award
    that fell.
    """

    TYPE: ClassVar[str] = "ecluse.recovery.ordered.v1"
    NAME: ClassVar[Translatable] = _("Recovery ordered")
    SUBJECT = ("convention", "recovery")
    DAY = "on"
    CONCERNS = ("recovery",)
    SHOWS = ("recovery",)


class RecoveryCollected(_Recovery):
    """Money that was asked back has come.

    In the budget's own year it reopens credit (mandat d'annulation); later it is revenue of that
    later year (titre de recette, account 773), and reopens none.
    """

    TYPE: ClassVar[str] = "ecluse.recovery.collected.v1"
    NAME: ClassVar[Translatable] = _("Recovery collected")
    SUBJECT = ("convention", "recovery", "on")
    DAY = "on"
    CONCERNS = ("recovery",)
    SHOWS = ("recovery",)


RecoveryEvent = RecoveryOrdered | RecoveryCollected
"""The types about recoveries, as part of `Event`."""

"""Events about recoveries: money that a beneficiary owes back, asked for and received."""

from typing import ClassVar

from pydantic import ConfigDict, ValidationInfo, field_validator

from events.parts import EventData, LineAmounts
from events.texts import Translatable, _
from events.values import (
    AmountCents,
    Code,
    ConventionNumber,
    Date,
    Text,
    invalid_value,
    missing_field,
)


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


class RecoveryCollected(_Recovery):
    """Money that was asked back has come.

    In the budget's own year it reopens credit (mandat d'annulation); later it is revenue of that
    later year (titre de recette, account 773), and reopens none.
    """

    TYPE: ClassVar[str] = "ecluse.recovery.collected.v1"
    NAME: ClassVar[Translatable] = _("Recovery collected")


RecoveryEvent = RecoveryOrdered | RecoveryCollected
"""The types of this module, as part of `Event`."""

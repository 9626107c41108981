"""Changes of a beneficiary or a convention after an order was issued: a person confirms them.

The ledger goes on to owe the order, with the account that it was issued with. Whether it is sent
to the accountant all the same is for a person to say.
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from events.masking import masked
from events.texts import Day, Translatable, _


class ChangeKind(StrEnum):
    """Kinds of such changes."""

    ACCOUNT_REPLACED = "account_replaced"
    CONVENTION_SUSPENDED = "convention_suspended"
    CONVENTION_TERMINATED = "convention_terminated"


TEXTS: Final = {
    ChangeKind.ACCOUNT_REPLACED: _(
        "Order {order} was issued to the account {old}, and the beneficiary's account is {new} by"
        " now. Confirm that {old} is to be paid all the same; or answer “rejected”, then have the"
        " new account recorded once more (bank-account.changed): the order is issued again to it."
    ),
    ChangeKind.CONVENTION_SUSPENDED: _(
        "Convention {convention} was suspended on {day}, after order {order} was issued. Confirm"
        " that the order is to be paid all the same, or wait until the convention is resumed."
    ),
    ChangeKind.CONVENTION_TERMINATED: _(
        "Convention {convention} was terminated on {day}, after order {order} was issued. Confirm"
        " that the order is still to be paid, or answer “rejected”."
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Something that happened after an order was issued."""

    kind: ChangeKind
    record: int
    """The record of the budget's journal that brought it."""
    old_account: str | None = None
    new_account: str | None = None
    """Both without what stands between their first and last four characters."""
    convention: str | None = None
    on: date | None = None

    @classmethod
    def of_account(cls, record: int, old_iban: str, new_iban: str) -> "Change":
        """The account to which the order was issued is not the beneficiary's any more."""
        return cls(
            kind=ChangeKind.ACCOUNT_REPLACED,
            record=record,
            old_account=masked(old_iban),
            new_account=masked(new_iban),
        )

    @property
    def facts(self) -> dict[str, str]:
        """Its kind, and both accounts where it is of one."""
        facts = {"kind": self.kind, "old": self.old_account, "new": self.new_account}
        return {name: value for name, value in facts.items() if value is not None}

    def text(self, payment_order: str) -> Translatable:
        """The change, and what may be done, in a sentence or two."""
        facts = {"order": payment_order, "old": self.old_account, "new": self.new_account}
        day = None if self.on is None else Day(self.on.isoformat())
        return TEXTS[self.kind].render({**facts, "convention": self.convention, "day": day})


@dataclass(frozen=True, slots=True)
class Confirmation:
    """A person's word that an order is to be paid, whatever happened up to a record."""

    record: int
    at: datetime
    by: str

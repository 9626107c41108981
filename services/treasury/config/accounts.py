"""The accounts of entries: which code has which role, from which fiscal year on.

Certainty of the defaults. Issue and payment are posted as the DGFiP has it, and accounts of public
creditors end in 1 where they are for expenditure. *Unverified* says that no public text of M57
gives the code: agree it with the public accountant before the first entries, which keep theirs.
"""

from collections.abc import Mapping
from itertools import pairwise
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, RootModel, StringConstraints, field_validator

from events.texts import _
from events.values import invalid_value
from services.treasury.domain.postings import Role

AccountCode = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,12}$")]
"""The code of an account, or its beginning."""


class YearAccounts(BaseModel):
    """The accounts of the books of a fiscal year, and of those that follow."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    from_year: Annotated[int, Field(ge=1900, le=2199)] = 1900
    """The first fiscal year for which they are valid."""

    creditor: AccountCode = "4671"
    """The creditor of every article that `creditors` does not name: 65748 (associations), 65741
    (households), 65742 (companies). Unverified."""

    creditors: Mapping[AccountCode, AccountCode] = {"6573": "44381"}
    """The creditor by the beginning of the article; the longest one counts. 6573 are grants to
    public bodies: the last 1 is sourced, 4438 (others than State and communities) unverified."""

    treasury: AccountCode = "515"
    """The account at the Treasury. Under M57 unverified."""

    debtor: AccountCode = "46721"
    """The beneficiary who owes money back, by amicable order. Unverified."""

    revenue: AccountCode = "773"
    """Orders of earlier years cancelled: money asked back once the budget's year is over."""

    def code(self, role: Role, article: str) -> str:
        """The account of a role: the expense is the article itself."""
        match role:
            case Role.EXPENSE:
                return article
            case Role.CREDITOR:
                beginnings = [each for each in self.creditors if article.startswith(each)]
                return self.creditors[max(beginnings, key=len)] if beginnings else self.creditor
            case Role.TREASURY:
                return self.treasury
            case Role.DEBTOR:
                return self.debtor
            case Role.REVENUE:
                return self.revenue


class Accounts(RootModel[tuple[YearAccounts, ...]]):
    """The section `accounts` of the file: of years before the first, the first are valid too."""

    model_config = ConfigDict(frozen=True)

    root: Annotated[tuple[YearAccounts, ...], Field(strict=False, min_length=1)] = (YearAccounts(),)

    @field_validator("root")
    @classmethod
    def _in_order(cls, years: tuple[YearAccounts, ...]) -> tuple[YearAccounts, ...]:
        if any(earlier.from_year >= later.from_year for earlier, later in pairwise(years)):
            invalid_value(_("the years must follow one another"))
        return years

    def code(self, role: Role, article: str, year: int) -> str:
        """The account of a role in the books of a fiscal year."""
        valid = [each for each in self.root if each.from_year <= year]
        return (valid[-1] if valid else self.root[0]).code(role, article)

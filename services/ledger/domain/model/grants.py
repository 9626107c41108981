"""Grants: the acts on them, what was awarded to whom, what no convention has taken yet."""

from collections.abc import Mapping
from datetime import date
from sys import intern
from typing import Any

import msgspec
from msgspec.structs import replace

from events import parts
from services.ledger.domain.model.lines import (
    EMPTY,
    AwardedLine,
    Line,
    empty,
    share,
    share_line,
)


class Act(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A decision of an assembly."""

    body: str
    number: str | None
    date: date

    def row(self) -> dict[str, Any]:
        """The act as the contract prints it."""
        return {"body": self.body, "number": self.number, "date": self.date.isoformat()}


class Beneficiary(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The body or person that receives a grant."""

    name: str
    siret: str
    representative: str | None


class BankAccount(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The bank account of a beneficiary."""

    iban: str
    bic: str | None
    holder: str


def act_of(act: parts.Act) -> Act:
    """The act that an event names."""
    return Act(intern(act.body), act.number, act.date)


def beneficiary_of(beneficiary: parts.Beneficiary) -> Beneficiary:
    """The beneficiary that an event names."""
    return Beneficiary(
        intern(beneficiary.name), intern(beneficiary.siret), beneficiary.representative
    )


def bank_account_of(account: parts.BankAccount) -> BankAccount:
    """The account that an event names."""
    return BankAccount(account.iban, account.bic, intern(account.holder))


class Award(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The award of a grant: the awarding act, and the acts that raised it."""

    act: Act
    title: str
    beneficiary: Beneficiary
    requires_convention: bool
    conditions_year: int | None
    lines: tuple[AwardedLine, ...]
    """The amount on each line; of an earlier year, the part that was carried over."""
    carried_cents: int = 0
    """The part carried over from earlier years, which is no award of this one (rules, 14)."""
    earlier_year_cents: int | None = None
    """Of an award of an earlier year: all that this year awarded to its SIRET."""

    @property
    def total_cents(self) -> int:
        """The amount of all lines."""
        return sum([each.amount_cents for each in self.lines])

    @property
    def own_cents(self) -> int:
        """The amount of this year's credit."""
        return self.total_cents - self.carried_cents

    def cents_on(self, line: Line) -> int:
        """The amount on one line."""
        return sum([each.amount_cents for each in self.lines if each.line == line])

    def raise_line(self, line: Line, more_cents: int) -> "Award":
        """Return the award with more on one line (rules, 15)."""
        whole = AwardedLine(line, self.cents_on(line) + more_cents)
        others = tuple(each for each in self.lines if each.line != line)
        return replace(self, lines=(*others, whole))


class Grant(msgspec.Struct, array_like=True, gc=False):
    """A grant (subvention): its award, the acts on it, and what no convention has taken yet."""

    award: Award | None = None
    acts: tuple[Act, ...] = ()
    concurring: tuple[Beneficiary, ...] = ()
    """Beneficiaries named by concurring acts that came before the award: compared with it later."""
    reserved_cents: Mapping[Line, int] = msgspec.field(default_factory=empty)
    withdrawn: bool = False
    """True once its award fell: nothing is granted under it any more (rules, 17)."""

    def share_parts(self) -> None:
        """Let what equals a part of another grant be the same object."""
        self.acts = share(tuple(map(share, self.acts)))
        reserved = {share_line(line): cents for line, cents in self.reserved_cents.items()}
        self.reserved_cents = reserved or EMPTY
        if self.award is not None:
            self.award = replace(
                self.award,
                act=share(self.award.act),
                lines=tuple(
                    AwardedLine(share_line(each.line), each.amount_cents)
                    for each in self.award.lines
                ),
            )


def with_act(grant: Grant, act: Act) -> tuple[Act, ...]:
    """The acts on a grant with one more: each is kept once."""
    return grant.acts if act in grant.acts else (*grant.acts, act)


def find_withdrawn_act(grant: Grant, cited: Act) -> Act | None:
    """The act on a grant that a withdrawal names: by its whole, else by body and day.

    Of several the award comes first; None where it names none of them.
    """
    known = grant.acts if grant.award is None else (grant.award.act, *grant.acts)
    same_day = [act for act in known if (act.body, act.date) == (cited.body, cited.date)]
    return cited if cited in same_day else next(iter(same_day), None)


def award_falls(grant: Grant, cited: Act) -> bool:
    """True where the withdrawal of this act fells the award: also where no act is of that name.

    Before the award is there, only concurring acts can fall (rules, 17).
    """
    return grant.award is not None and find_withdrawn_act(grant, cited) in {None, grant.award.act}

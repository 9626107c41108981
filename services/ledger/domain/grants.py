"""Grants and conventions: what was awarded, under which contract, and what is still to be paid."""

from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from sys import intern
from typing import Any, NamedTuple

from events import parts
from services.ledger.domain.lines import Line


class Act(NamedTuple):
    """A decision of an assembly."""

    body: str
    number: str | None
    date: date

    def row(self) -> dict[str, Any]:
        """The act as the contract prints it."""
        return {"body": self.body, "number": self.number, "date": self.date.isoformat()}


class Beneficiary(NamedTuple):
    """Who receives a grant."""

    name: str
    siret: str
    representative: str | None

    def row(self) -> dict[str, Any]:
        """The beneficiary as the contract prints it."""
        return {
            "name": self.name,
            "siret": self.siret,
            "representative": self.representative,
        }


class BankAccount(NamedTuple):
    """Where a beneficiary is paid."""

    iban: str
    bic: str | None
    holder: str

    def row(self) -> dict[str, Any]:
        """The account as the contract prints it."""
        return {"iban": self.iban, "bic": self.bic, "holder": self.holder}


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


class Award(NamedTuple):
    """What the awarding act says of a grant."""

    act: Act
    title: str
    beneficiary: Beneficiary
    requires_convention: bool
    conditions_year: int | None
    total_cents: int
    earlier_year_cents: int | None = None
    """Of an award that was carried over: all that the year that gave it awarded to its SIRET. It
    belongs to that year, and is no award of this one (rules, 14)."""


@dataclass(slots=True)
class Grant:
    """A grant (subvention): its award, the acts on it, and what no convention has taken yet."""

    award: Award | None = None
    acts: tuple[Act, ...] = ()
    concurring: tuple[Beneficiary, ...] = ()
    """Beneficiaries named by concurring acts that came before the award: compared with it later."""
    reserved_cents: dict[Line, int] = field(default_factory=dict)


class ServiceShare(NamedTuple):
    """The part of a line that one department of the city finances."""

    code: str
    amount_cents: int

    def row(self) -> dict[str, Any]:
        """The share as the contract prints it."""
        return {"code": self.code, "amount_cents": self.amount_cents}


class DocumentKey(NamedTuple):
    """A document that may be owed: its kind and the year it reports on."""

    kind: str
    year: int


@lru_cache(maxsize=4096)
def document_key(kind: str, year: int) -> DocumentKey:
    """The one copy of a key that thousands of schedules name."""
    return DocumentKey(kind, year)


class DocumentReceipt(NamedTuple):
    """A document as it was received."""

    received_on: date
    """The day of its first receipt: a corrected copy does not move a due date."""
    eligible_cost_cents: int | None
    costed_at: int
    """The journal sequence of the last receipt that gave a cost; 0 where none did."""


class PlannedLine(NamedTuple):
    """What an instalment pays on one line."""

    line: Line
    amount_cents: int
    services: tuple[ServiceShare, ...] | None


class RejectedOrder(NamedTuple):
    """An order of an earlier year that was rejected, and is issued again with the same day."""

    payment_order: str
    due_on: date


@dataclass(slots=True)
class Instalment:
    """A payment planned by a schedule: what sets it off, what it pays, which order it led to."""

    instalment: str
    trigger: str
    documents: tuple[DocumentKey, ...]
    ceiling: bool
    lines: tuple[PlannedLine, ...]
    orders: int = 0
    """How many orders were issued for it, re-issues included."""
    order: str | None = None
    """The latest of them in this budget."""
    rejected: RejectedOrder | None = None
    """What an earlier year's budget left of it to be issued again."""

    @property
    def amount_cents(self) -> int:
        """What it pays, all lines."""
        return sum([each.amount_cents for each in self.lines])


@dataclass(slots=True)
class ConventionMoney:
    """The money of one convention on one line, in cents."""

    granted: int = 0
    remaining: int = 0
    ordered: int = 0
    paid: int = 0
    released: int = 0
    carried_over: int = 0

    def balances(self) -> bool:
        """Granted = the sum of what became of it, and nothing below zero."""
        remaining, ordered, paid = self.remaining, self.ordered, self.paid
        released, carried_over = self.released, self.carried_over
        none_below_zero = (
            remaining >= 0 and ordered >= 0 and paid >= 0 and released >= 0 and carried_over >= 0
        )
        return none_below_zero and self.granted == (
            remaining + ordered + paid + released + carried_over
        )


@dataclass(slots=True)
class Convention:
    """A convention, or a grant without one that stands in its place."""

    convention: str
    grant: str
    beneficiary: Beneficiary
    signed_on: date
    """The day of signature; without a convention, the day of the award's act."""
    signed_at: int
    """The journal sequence of the signature: conventions are looked at in this order."""
    is_award_alone: bool
    """True while no convention was signed: the grant's reference stands for one (rules, 13)."""
    schedule: list[Instalment]
    notified_on: date | None = None
    documents: dict[DocumentKey, DocumentReceipt] = field(default_factory=dict)
    lines: dict[Line, ConventionMoney] = field(default_factory=dict)
    earlier_paid_cents: int = 0
    earlier_ordered_cents: int = 0
    """What it had been paid, and what was ordered, when earlier years were closed."""

    def drawn_cents(self) -> int:
        """Paid and ordered, all lines and years: what a ceiling counts as had (rules, 22)."""
        return self.paid_cents() + self.ordered_cents()

    def paid_cents(self) -> int:
        """What it was paid, all lines, earlier years included."""
        return self.earlier_paid_cents + sum([money.paid for money in self.lines.values()])

    def ordered_cents(self) -> int:
        """What is ordered, all lines; of earlier years what was when they were closed."""
        return self.earlier_ordered_cents + sum([money.ordered for money in self.lines.values()])

"""A slip (bordereau) as it is issued: its pieces (mandats), numbered, each one payment order."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from events.masking import mask
from events.outbound import PaymentOrderIssued
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
    def replace_account(cls, record: int, old_iban: str, new_iban: str) -> "Change":
        """The account to which the order was issued is not the beneficiary's any more."""
        return cls(
            kind=ChangeKind.ACCOUNT_REPLACED,
            record=record,
            old_account=mask(old_iban),
            new_account=mask(new_iban),
        )

    @property
    def facts(self) -> dict[str, str]:
        """The problem's kind, and both accounts where it is of one."""
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


class TreasuryProblem(Exception):
    """A business no in words: nothing was changed."""

    def __init__(self, text: Translatable) -> None:
        super().__init__(text.msgid)
        self.text = text


class SlipProblem(TreasuryProblem):
    """A reason for which what is asked of a slip cannot be done."""


class UnknownSlip(SlipProblem):
    """No slip has the id that was asked for."""


class SlipNotSent(SlipProblem):
    """A slip's message has not left yet: it may be exported once it has."""


PES_AMOUNT_MAX_CENTS: Final = 99_999_999_999_999
"""The largest amount of a line, of an order, of a slip and of a year's slips (DGFiP schema 5.17: 14
digits)."""

LINES_MAX: Final = 50_000
"""The lines of all pieces of a slip: its file stays below 60 MB, its message below 16 MiB."""

SERIAL: Final = "-S"
"""Stands in a slip's id between its budget and its serial number."""


def slip_id_of(budget: str, serial: int) -> str:
    """The id of the slip of a budget that was prepared at this place, from 1."""
    return f"{budget}{SERIAL}{serial}"


def serial_of(slip_id: str) -> int:
    """The serial number in a slip's id."""
    return int(slip_id.rpartition(SERIAL)[2])


class SlipType(StrEnum):
    """PES: TypBord."""

    PAYMENT = "01"
    """Ordinary: it asks the accountant to pay."""

    CANCELLATION = "02"
    """It takes back pieces of a slip that was sent: 02-02-06."""


class SlipState(StrEnum):
    """The life of a slip."""

    PREPARED = "prepared"
    """A draft without number: its orders stand on no other."""

    ISSUED = "issued"
    """Numbered, with its file; it never changes any more."""

    ACCEPTED = "accepted"
    """In Hélios: the gateway took the file (PES_ACQUIT), or a return has a piece of it."""

    REFUSED = "refused"
    """The gateway refused it, and no return has a piece of it: nothing of it is in Hélios."""

    CANCELLED = "cancelled"
    """A draft that was given up, or one that was refused: its orders wait again."""


@dataclass(frozen=True, slots=True)
class Original:
    """The piece that a cancelling one takes back (RattachPiece)."""

    slip_number: int
    piece_number: int
    year: int


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece (mandat): one payment order, one PES line a line of the order."""

    number: int
    order: PaymentOrderIssued
    """As it was issued: its lines stand in the order of IdLigne, from 1."""
    line_cents: tuple[int, ...]
    """What is paid, or taken back, on each line."""
    original: Original | None = None

    @property
    def payment_order(self) -> str:
        return self.order.payment_order

    @property
    def amount_cents(self) -> int:
        return sum(self.line_cents)


def unpaid_cents(line_cents: Iterable[int], paid_cents: int) -> tuple[int, ...]:
    """Amounts left to pay on each line of an order.

    Payments fill the lines in their order, each full before the next (rules, 20).
    """
    left = []
    for amount_cents in line_cents:
        paid_here_cents = min(amount_cents, paid_cents)
        paid_cents -= paid_here_cents
        left.append(amount_cents - paid_here_cents)
    return tuple(left)


def unpaid_by_line(
    line_cents: Sequence[int],
    paid_cents: int,
    returned_cents: Mapping[int, int],
    refused_cents: int = 0,
) -> tuple[int, ...] | None:
    """Amounts that the accountant has left to pay on each line of an order.

    None where the accountant's payments are not those that the ledger knows of: more or less in
    all, more than a line, or of no line.

    Args:
        line_cents: the amounts of the lines.
        paid_cents: what the ledger has as paid.
        returned_cents: what returns named as paid, by line from 1 (PES: IdLigne). Without any the
            payments fill the lines in their order (rules, 20).
        refused_cents: payments that the ledger refused, since it had cancelled the order: of what
            returns name beyond `paid_cents` no more than these.
    """
    if not returned_cents:
        return unpaid_cents(line_cents, paid_cents)
    left = tuple(
        amount_cents - returned_cents.get(line, 0)
        for line, amount_cents in enumerate(line_cents, start=1)
    )
    total_cents = sum(returned_cents.values())
    agrees = paid_cents <= total_cents <= paid_cents + refused_cents
    on_its_lines = sum(left) == sum(line_cents) - total_cents
    return left if agrees and on_its_lines and min(left) >= 0 else None


@dataclass(frozen=True, slots=True)
class Slip:
    """A slip with its numbers: all that its file is made of, beside the configuration."""

    budget: str
    slip_type: SlipType
    number: int
    issued_on: date
    cumulative_cents: int
    """The year's slips of this type, this one included (MtCumulAnnuel)."""
    pieces: tuple[Piece, ...]
    correction: int = 0
    """The slips with this number that the gateway refused before: its file has another name."""

    @property
    def amount_cents(self) -> int:
        return sum(each.amount_cents for each in self.pieces)

    @property
    def name(self) -> str:
        """The slip's id: `<budget>/<type>/<number>`."""
        return f"{self.budget}/{self.slip_type}/{self.number}"


SIRET_DIGITS: Final = 14
"""The id of a budget begins with the SIRET of its entity."""


@dataclass(frozen=True, slots=True)
class BudgetName:
    """The parts of a budget's id."""

    siret: str
    code: str
    year: int

    @classmethod
    def parse(cls, budget: str) -> "BudgetName":
        siret, code, year = budget.split("-")
        return cls(siret, code, int(year))


LATEST_DAY: Final = (1, 31)
"""Month and day of the year behind it on which the complementary period of an exercise ends, as
far as slips are issued: unverified, no public text of PES says it."""

OUTSIDE_EXERCISE: Final = _(
    "A slip of {day} lies outside exercise {year} and its complementary period, which ends on "
    "{latest}: the accountant may refuse it. Ask first."
)


def outside_exercise(budget: str, day: date) -> Translatable | None:
    """A notice that a slip of this day is none of its budget's exercise; None where it is."""
    year = BudgetName.parse(budget).year
    latest = date(year + 1, *LATEST_DAY)
    if date(year, 1, 1) <= day <= latest:
        return None
    days = {"day": Day(day.isoformat()), "latest": Day(latest.isoformat())}
    return OUTSIDE_EXERCISE.render({**days, "year": year})


@dataclass(frozen=True, slots=True)
class Waiting:
    """A payment order that waits for a slip; or one that was cancelled after it was sent."""

    order: PaymentOrderIssued
    slip_type: SlipType
    """Of the slip that takes it: type 02 takes back what was cancelled."""
    line_cents: tuple[int, ...]
    """What its piece pays or takes back on each line."""
    original: Original | None
    """The piece that is taken back."""
    reasons: tuple[Translatable, ...]
    """Each fault that keeps it from a slip, in words; none where it is ready."""
    changes: tuple[Change, ...] = ()
    """What happened after it was issued, also where a person has confirmed it since."""
    confirmation: Confirmation | None = None
    """The latest; more may have happened behind it."""
    slip_id: str | None = None
    """The slip that pays it, on which it stands already; then no other takes it."""

    @property
    def to_confirm(self) -> int | None:
        """The last record of what happened, where a person has not confirmed all of it."""
        last = max((each.record for each in self.changes), default=None)
        known = self.confirmation
        return None if last is None or (known is not None and last <= known.record) else last

    @property
    def reason(self) -> Translatable | None:
        """The first of the reasons."""
        return self.reasons[0] if self.reasons else None

    @property
    def amount_cents(self) -> int:
        return sum(self.line_cents)

    @property
    def payment_order(self) -> str:
        return self.order.payment_order

    @property
    def number(self) -> int | None:
        """None: a piece is numbered when its slip is issued."""
        return None


def fitting_count(ready: Sequence[Waiting], pieces_max: int) -> int:
    """Count how many of these orders, in sequence, fit on one slip; the rest waits for the next."""
    total_cents = lines = 0
    for count, each in enumerate(ready[:pieces_max]):
        total_cents += each.amount_cents
        lines += len(each.line_cents)
        if total_cents > PES_AMOUNT_MAX_CENTS or lines > LINES_MAX:
            return count
    return min(len(ready), pieces_max)

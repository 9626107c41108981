"""Content of a return of the public accountant (PES_Retour), and the pieces that it names."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final, NamedTuple

from services.treasury.domain.slips import SlipType

Payment = tuple[int, date, int]
"""A payment as returns tell it: the number of its line (IdLigne), its day, its cents."""

REJECTED: Final = "rejected"
"""The state of a piece that the accountant rejected."""


@dataclass(frozen=True, slots=True)
class ReturnHead:
    """The head of a return (EnTetePES): whose it is, and the day on which it was made."""

    post: str
    collectivity: str
    budget_code: str
    dated_on: date
    """DteStr."""
    siret: str | None = None
    """IdColl, where it is given."""


@dataclass(frozen=True, slots=True)
class Reason:
    """The accountant's reason (ObsEtat, Commentaire), as written."""

    codes: str = ""
    """Of several, each behind a hyphen: `09-02`."""
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Disbursement:
    """A payment, or what else was set against a line (PaiementEmargement)."""

    payer: str
    """OrgEma."""
    paid_on: date
    amount_cents: int


@dataclass(frozen=True, slots=True)
class ReturnedLine:
    """A line of a piece (LigneDePiece)."""

    number: int
    state: str
    """EtatLigPce."""
    amount_cents: int
    disbursements: tuple[Disbursement, ...] = ()
    count: int | None = None
    """NbrPay, and below MtPayTot: None where the return says nothing of payments."""
    total_cents: int | None = None

    @property
    def listed_cents(self) -> int:
        """The sum of its payments."""
        return sum(each.amount_cents for each in self.disbursements)


@dataclass(frozen=True, slots=True)
class SlipReference:
    """The slip on which a return's pieces stand (BlocBordereau)."""

    year: int
    slip_type: str
    number: int | None


@dataclass(frozen=True, slots=True)
class ReturnedPiece:
    """A piece (mandat) as a return tells of it."""

    slip: SlipReference
    number: int | None
    piece_type: str
    """TypPce."""
    state: str
    """EtatPce."""
    lines: tuple[ReturnedLine, ...]
    reason: Reason = Reason()
    held_on: date | None = None
    taken_on: date | None = None
    rejected_on: date | None = None


@dataclass(frozen=True, slots=True)
class UnreadPiece:
    """A piece of which a value is missing or cannot be read; the return's others are taken."""

    slip: SlipReference | None
    number: str
    element: str
    """The PES element at fault."""


@dataclass(frozen=True, slots=True)
class PieceState:
    """The latest state that a return gave a piece."""

    name: str
    """`on_hold`, `taken_in_charge`, `rejected` or `settled`."""
    file_on: date
    """DteStr of the return."""
    state_on: date
    reason: Mapping[str, str] | None = None
    """Code and label, as the event has them."""


class ListedPayments(NamedTuple):
    """The payments of a line by the newest return that names any, or says that there are none."""

    file_on: date
    """DteStr of the return; of two of one day the one that was read later counts."""
    payments: Counter[Payment]


@dataclass(frozen=True, slots=True)
class KnownPiece:
    """A piece of ours, with what earlier returns say of it."""

    slip_id: str
    slip_type: SlipType
    budget: str
    number: int
    payment_order: str
    amount_cents: int
    state: PieceState | None = None
    published: frozenset[str] = frozenset()
    """The states that were published."""
    paid: Mapping[Payment, int] = field(default_factory=dict)
    """How often each payment was published."""
    listed: Mapping[int, ListedPayments] = field(default_factory=dict)
    """The payments of each line by the newest return, under its number."""
    traceparent: str | None = None
    """Of the event that issued the order."""


def cents_of(payments: Counter[Payment]) -> int:
    """The sum of payments."""
    return sum(cents * count for (_line, _on, cents), count in payments.items())


def select_line(payments: Counter[Payment], number: int) -> Counter[Payment]:
    """The payments of a line."""
    return Counter({paid: count for paid, count in payments.items() if paid[0] == number})


def list_facts(payments: Counter[Payment]) -> list[list[Any]]:
    """Payments as findings keep them: line, day, cents, and how often."""
    return [[line, on.isoformat(), cents, n] for (line, on, cents), n in sorted(payments.items())]


def instead_of(gone: Counter[Payment], new: Counter[Payment]) -> Counter[Payment]:
    """New payments of a piece that may be its vanished ones, up to their sum.

    First those of an amount that vanished, then the earliest: what the ledger has of the piece is
    never more than the newest return says of it.
    """
    amounts = {cents for _line, _on, cents in gone}
    instead, wanted_cents = Counter[Payment](), cents_of(gone)
    by_day = sorted(new.elements(), key=lambda each: (each[2] not in amounts, each[1], each))
    for paid in by_day:
        if cents_of(instead) < wanted_cents:
            instead[paid] += 1
    return instead

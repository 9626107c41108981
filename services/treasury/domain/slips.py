"""A slip (bordereau) as it is issued: its pieces (mandats), numbered, each one payment order."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from events.outbound import PaymentOrderIssued


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
    """The gateway took the file (PES_ACQUIT)."""

    REFUSED = "refused"
    """The gateway refused it: nothing of it is in Hélios."""

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
    def amount_cents(self) -> int:
        return sum(self.line_cents)


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


@dataclass(frozen=True, slots=True)
class BudgetName:
    """The parts of a budget's id."""

    siret: str
    code: str
    year: int

    @classmethod
    def of(cls, budget: str) -> "BudgetName":
        siret, code, year = budget.split("-")
        return cls(siret, code, int(year))

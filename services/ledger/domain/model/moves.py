"""Moves of money between stages, and the commitment entries that they write. Tables, walked."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Any, NamedTuple

from services.ledger.domain.model.lines import Line, Stage, line_from_row


class EntryKind(StrEnum):
    """The kinds of commitment entries."""

    ACCOUNTING_COMMITMENT = "accounting_commitment"  # engagement comptable
    LEGAL_COMMITMENT = "legal_commitment"  # engagement juridique
    SUPPLEMENTARY_COMMITMENT = "supplementary_commitment"  # engagement complémentaire
    DECOMMITMENT = "decommitment"  # dégagement
    CARRY_OVER = "carry_over"  # report (reste à réaliser)


class MoveKind(NamedTuple):
    """From which stage to which, and what that writes; None is outside the budget."""

    origin: Stage | None
    target: Stage | None
    entry: EntryKind | None
    """The commitment entry of such a move (rules, 34): none for a payment or a rejection."""
    line_loses: str | None
    line_gains: str | None
    """The columns of a line that lose and gain the money."""
    convention_loses: str | None
    convention_gains: str | None
    """The same for a convention: what it does not lose, it is granted."""


def _kind(
    origin: Stage | None,
    target: Stage | None,
    entry: EntryKind | None = None,
    convention: tuple[str | None, str | None] = (None, None),
) -> MoveKind:
    # Plain strings: attribute look-ups are several times slower by an enum's member.
    loses = None if origin is None else origin.value
    gains = None if target is None else target.value
    return MoveKind(origin, target, entry, loses, gains, *convention)


APPROPRIATE = _kind(None, Stage.AVAILABLE)
WITHDRAW = _kind(Stage.AVAILABLE, None)
RESERVE = _kind(Stage.AVAILABLE, Stage.RESERVED, EntryKind.ACCOUNTING_COMMITMENT)
UNRESERVE = _kind(Stage.RESERVED, Stage.AVAILABLE, EntryKind.DECOMMITMENT)
COMMIT = _kind(Stage.RESERVED, Stage.COMMITTED, EntryKind.LEGAL_COMMITMENT, (None, "remaining"))
SUPPLEMENT = _kind(
    Stage.AVAILABLE, Stage.COMMITTED, EntryKind.SUPPLEMENTARY_COMMITMENT, (None, "remaining")
)
RELEASE = _kind(Stage.COMMITTED, Stage.AVAILABLE, EntryKind.DECOMMITMENT, ("remaining", "released"))
ORDER = _kind(Stage.COMMITTED, Stage.ORDERED, None, ("remaining", "ordered"))
PAY = _kind(Stage.ORDERED, Stage.PAID, None, ("ordered", "paid"))
TAKE_BACK = _kind(Stage.ORDERED, Stage.COMMITTED, None, ("ordered", "remaining"))
RECOVER = _kind(Stage.PAID, Stage.AVAILABLE, None, ("paid", "released"))
CARRY_OVER = _kind(
    Stage.COMMITTED, Stage.CARRIED_OVER, EntryKind.CARRY_OVER, ("remaining", "carried_over")
)
OPEN = _kind(None, Stage.COMMITTED, None, (None, "remaining"))

MOVE_KINDS = {
    (kind.origin, kind.target): kind
    for kind in (
        APPROPRIATE,
        WITHDRAW,
        RESERVE,
        UNRESERVE,
        COMMIT,
        SUPPLEMENT,
        RELEASE,
        ORDER,
        PAY,
        TAKE_BACK,
        RECOVER,
        CARRY_OVER,
        OPEN,
    )
}
"""Every kind of move, by the stages between which it takes place."""


class Move(NamedTuple):
    """An amount moved on a line, for a convention and an instalment if for one."""

    line: Line
    convention: str | None
    instalment: str | None
    kind: MoveKind
    amount_cents: int


def move_from_row(row: dict[str, Any]) -> Move:
    """The move that a journal record holds."""
    kind = MOVE_KINDS[row["from"], row["to"]]
    line = line_from_row(row["line"])
    return Move(line, row["convention"], row["instalment"], kind, row["amount_cents"])


class Entry(NamedTuple):
    """A commitment entry (écriture d'engagement): one kind on one line, always positive."""

    kind: EntryKind
    line: Line
    amount_cents: int
    convention: str | None


def entries_of(moves: Iterable[Move]) -> list[Entry]:
    """The commitment entries of a record's moves: one a kind, line and convention."""
    totals: dict[tuple[EntryKind, Line, str | None], int] = {}
    for move in moves:
        kind = move.kind.entry
        if kind is not None:
            key = (kind, move.line, move.convention)
            totals[key] = totals.get(key, 0) + move.amount_cents
    return [
        Entry(kind, line, amount_cents, convention)
        for (kind, line, convention), amount_cents in totals.items()
    ]


def net_by_line(moves: Iterable[Move]) -> dict[Line, int]:
    """The change of each line's available credit by these moves."""
    net: dict[Line, int] = {}
    for move in moves:
        assert Stage.AVAILABLE in (move.kind.origin, move.kind.target), f"not of credit: {move}"
        gains = move.kind.target is Stage.AVAILABLE
        gained_cents = move.amount_cents if gains else -move.amount_cents
        net[move.line] = net.get(move.line, 0) + gained_cents
    return net

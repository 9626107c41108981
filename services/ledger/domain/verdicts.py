"""Verdicts: accepted, refused, or waiting for something that has not arrived."""

from dataclasses import dataclass, field
from typing import Any

from services.ledger.domain.book import Want
from services.ledger.domain.flags import Flag
from services.ledger.domain.lines import Line
from services.ledger.domain.moves import Move
from services.ledger.domain.orders import OrderChange
from services.ledger.domain.refusals import Refusal


@dataclass(slots=True)
class Accepted:
    """The event moved money or recorded a fact."""

    moves: list[Move] = field(default_factory=list)
    orders: list[OrderChange] = field(default_factory=list)
    flags: list[Flag] = field(default_factory=list)


@dataclass(slots=True, frozen=True)
class Refused:
    """The rules refuse the event."""

    code: Refusal
    facts: dict[str, Any]


def exceeds_award(convention: str, line: Line, award_cents: int, asked_cents: int) -> Refused:
    """The refusal of a schedule that plans more on a line than the award has left for it."""
    facts = {
        "convention": convention,
        "line": line.row(),
        "award_cents": award_cents,
        "asked_cents": asked_cents,
    }
    return Refused(Refusal.EXCEEDS_AWARD, facts)


@dataclass(slots=True, frozen=True)
class Waits:
    """A thing that the event depends on has not arrived yet."""

    want: Want


@dataclass(slots=True, frozen=True)
class Duplicate:
    """The same event, with the same content, was decided before."""


Verdict = Accepted | Refused | Waits | Duplicate

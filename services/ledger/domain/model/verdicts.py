"""Verdicts: accepted, refused, waiting; apart, since what applies a decision imports none."""

from dataclasses import dataclass
from typing import Any

import msgspec

from services.ledger.domain.model.answers import Flag, Missing, Refusal
from services.ledger.domain.model.book import Book, Want
from services.ledger.domain.model.conventions import Convention, ConventionState
from services.ledger.domain.model.lines import Line
from services.ledger.domain.model.moves import Move
from services.ledger.domain.model.orders import OrderChange


class Accepted(msgspec.Struct):
    """The event moved money or recorded a fact."""

    moves: list[Move] = msgspec.field(default_factory=list)
    orders: list[OrderChange] = msgspec.field(default_factory=list)
    flags: list[Flag] = msgspec.field(default_factory=list)


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


def find_convention(book: Book, convention: str) -> Convention | Refused | Waits:
    """The convention; else the wait for it, or the refusal."""
    found = book.conventions.get(convention)
    return refuse_or_wait(book, convention) if found is None else found


def refuse_or_wait(book: Book, convention: str) -> Refused | Waits:
    """The wait for a convention; in a closed year, where none can come, the refusal (rules, 31)."""
    if book.closed:
        return Refused(Refusal.UNKNOWN_CONVENTION, {"convention": convention})
    return Waits(Want(Missing.CONVENTION, convention))


def find_unended(book: Book, convention: str) -> Convention | Refused | Waits:
    """The convention, unless it was terminated, or its award withdrawn: nothing changes it then."""
    found = find_convention(book, convention)
    if isinstance(found, Convention) and found.state is ConventionState.TERMINATED:
        return Refused(Refusal.CONVENTION_TERMINATED, {"convention": convention})
    return found

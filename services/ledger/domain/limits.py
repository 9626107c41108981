"""Two limits of a decision: the credit of a vote level, and 23,000 € a year without convention."""

from collections.abc import Iterable
from typing import Any

from services.ledger.domain.model.answers import Flag, FlagCode
from services.ledger.domain.model.book import Book
from services.ledger.domain.model.conventions import Convention
from services.ledger.domain.model.lines import Line
from services.ledger.domain.model.moves import Move, net_by_line


def group_of(level: str, line: Line) -> str:
    """The control group of a line, as the council votes credits.

    Codes are joined by U+0000, which no code holds, so that two groups never fall together; at
    the level of operations a line without one belongs to its chapter's lines without one.
    """
    if level == "chapter":
        return line.chapter
    if level == "article":
        return f"{line.chapter}\0{line.article}"
    return line.operation if line.operation is not None else f"{line.chapter}\0"


def _print_group(group: str) -> str:
    return group.rstrip("\0").replace("\0", "/")


def find_shortfall(book: Book, moves: Iterable[Move]) -> dict[str, Any] | None:
    """The facts of the first group that would end below zero, or None.

    The net effect of the whole event counts: what it gives back on one line of a group pays for
    what it takes on another.
    """
    asked: dict[str, int] = {}
    for line, gained_cents in net_by_line(moves).items():
        group = group_of(book.control_level, line)
        asked[group] = asked.get(group, 0) - gained_cents
    for group, asked_cents in sorted(
        asked.items(), key=lambda each: (_print_group(each[0]), each[0])
    ):
        available_cents = book.group_available_cents.get(group, 0)
        if asked_cents > max(0, available_cents):
            return {
                "level": book.control_level,
                "group": _print_group(group),
                "available_cents": available_cents,
                "asked_cents": asked_cents,
                "shortfall_cents": asked_cents - available_cents,
            }
    return None


def flag_overdrawn(book: Book, moves: Iterable[Move]) -> list[Flag]:
    """A flag for each line that these moves lower and leave below zero."""
    flags = []
    for line, gained_cents in net_by_line(moves).items():
        money = book.lines.get(line)
        left_cents = gained_cents + (0 if money is None else money.available)
        if gained_cents < 0 and left_cents < 0:
            facts = {"line": line.row(), "available_cents": left_cents}
            flags.append(Flag(FlagCode.LINE_OVERDRAWN, facts))
    return flags


CONVENTION_THRESHOLD_CENTS = 2_300_000
"""Above 23,000 € of a year's grants to one body a convention is required (décret 2001-495)."""


def convention_required(book: Book, siret: str, more_cents: int = 0) -> dict[str, Any] | None:
    """The facts, where the year's awards to `siret` and this one exceed 23,000 € (rules, 14)."""
    return check_threshold(siret, book.awarded_cents.get(siret, 0) + more_cents)


def check_threshold(siret: str, total_cents: int) -> dict[str, Any] | None:
    """The facts, where a year's awards to one body exceed 23,000 €."""
    if total_cents <= CONVENTION_THRESHOLD_CENTS:
        return None
    return {"siret": siret, "total_cents": total_cents, "limit_cents": CONVENTION_THRESHOLD_CENTS}


def check_held_back(book: Book, convention: Convention) -> dict[str, Any] | None:
    """The facts that hold orders back: an award without convention above 23,000 € (rules, 14)."""
    if not convention.is_award_alone:
        return None
    siret = convention.beneficiary.siret
    if convention.earlier.awards_cents is not None:
        return check_threshold(siret, convention.earlier.awards_cents)
    return convention_required(book, siret)

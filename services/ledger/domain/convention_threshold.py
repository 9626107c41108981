"""The sum of a year above which a grant needs a convention: 23,000 € (rules, 14)."""

from typing import Any

from services.ledger.domain.model.book import Book
from services.ledger.domain.model.conventions import Convention

CONVENTION_THRESHOLD_CENTS = 2_300_000
"""Above 23,000 € of a year's grants to one body a convention is required (décret 2001-495)."""


def convention_required(book: Book, siret: str, more_cents: int = 0) -> dict[str, Any] | None:
    """The facts, where the year's awards to `siret` and this one exceed 23,000 € (rules, 14)."""
    return above_threshold(siret, book.awarded_cents.get(siret, 0) + more_cents)


def above_threshold(siret: str, total_cents: int) -> dict[str, Any] | None:
    """The facts, where a year's awards to one body exceed 23,000 €."""
    if total_cents <= CONVENTION_THRESHOLD_CENTS:
        return None
    return {"siret": siret, "total_cents": total_cents, "limit_cents": CONVENTION_THRESHOLD_CENTS}


def held_back(book: Book, convention: Convention) -> dict[str, Any] | None:
    """The facts that hold orders back: an award without convention above 23,000 € (rules, 14)."""
    if not convention.is_award_alone:
        return None
    siret = convention.beneficiary.siret
    if convention.earlier.awards_cents is not None:
        return above_threshold(siret, convention.earlier.awards_cents)
    return convention_required(book, siret)

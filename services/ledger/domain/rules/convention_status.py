"""The convention that an event is about, if it may still be changed (rules, 17 and 28)."""

from services.ledger.domain.book import Book, Want
from services.ledger.domain.grants import Convention, ConventionState
from services.ledger.domain.refusals import Missing, Refusal
from services.ledger.domain.verdicts import Refused, Waits


def known(book: Book, convention: str) -> Convention | Waits:
    """The convention, or the wait for it."""
    found = book.conventions.get(convention)
    return Waits(Want(Missing.CONVENTION, convention)) if found is None else found


def unended(book: Book, convention: str) -> Convention | Refused | Waits:
    """The convention, unless it was terminated, or its award withdrawn: nothing changes it then."""
    found = known(book, convention)
    if isinstance(found, Convention) and found.state is ConventionState.TERMINATED:
        return Refused(Refusal.CONVENTION_TERMINATED, {"convention": convention})
    return found

"""Changes of conventions in a budget's state, marked for the next commit."""

from services.ledger.domain.book import BudgetState
from services.ledger.domain.grants import Convention
from services.ledger.domain.interning import with_shared_parts


def changed(state: BudgetState, convention: str) -> Convention:
    """The convention, to be changed in place."""
    state.touched.add(("convention", convention))
    return state.book.conventions[convention]


def keep(state: BudgetState, convention: Convention) -> None:
    """Put a convention that is new, or was made anew, into the book."""
    kept = with_shared_parts(convention, state.book.own_lines)
    state.book.conventions[convention.convention] = kept
    state.touched.add(("convention", convention.convention))

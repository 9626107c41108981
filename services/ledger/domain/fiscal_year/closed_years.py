"""Years after their closing: reserves that lapse, and the close-out of their state (rules, 31)."""

from collections.abc import Iterator
from operator import attrgetter
from typing import NamedTuple

from services.ledger.domain.model.book import Book, BudgetState, Memory
from services.ledger.domain.model.conventions import Convention, ConventionMoney
from services.ledger.domain.model.lines import Line
from services.ledger.domain.model.orders import OPEN
from services.ledger.domain.model.schedules import give_back_order


class Reserved(NamedTuple):
    """The amount that a grant has reserved on a line, and no convention has taken."""

    grant: str
    line: Line
    cents: int


def reserved_in_order(book: Book) -> Iterator[Reserved]:
    """All that lapses with the year, in an order that a restart does not change."""
    for name, grant in sorted(book.grants.items()):
        for line in sorted(grant.reserved_cents, key=Line.in_order):
            yield Reserved(name, line, grant.reserved_cents[line])


def is_over(state: BudgetState) -> bool:
    """True where no order of a closed year is open any more, and it is not closed out yet."""
    book = state.book
    if not book.closed or book.closed_out or state.memory.parked:
        return False
    return not any(each.state in OPEN for each in book.orders.values())


def close_out(state: BudgetState) -> BudgetState:
    """The state of a year that is closed out; the rows of the rest are to be removed.

    What recoveries need is left: what each convention was paid on which line, in the order in which
    money comes back, what was asked back of it and has come, and the ids of those events.
    """
    book, memory = state.book, state.memory
    conventions = {
        name: _paid(each)
        for name, each in book.conventions.items()
        if each.paid_cents() or each.recoveries
    }
    left = BudgetState(
        Book(book.budget, conventions=conventions, closed=True, closed_out=True),
        Memory(
            memory.sequence,
            memory.head,
            memory.accepted,
            memory.duplicate,
            memory.refused,
            remembered={key: memory.remembered[key] for key in memory.recoveries},
            recoveries=memory.recoveries,
        ),
        state.touched,
        # All rows of identities go: those that are left are written once more.
        list(memory.recoveries),
    )
    touched = left.touched
    touched["remembered"].update(range(memory.remembered_rows))
    touched["line"].update(book.lines)
    touched["grant"].update(book.grants)
    touched["account"].update(book.accounts)
    for kind in ("convention", "convention_progress"):
        touched[kind].update(book.conventions)
    for kind in ("order", "order_progress"):
        touched[kind].update(book.orders)
    return left


def _paid(convention: Convention) -> Convention:
    """The part of a convention that a closed-out year keeps."""
    paid = convention.by_line(attrgetter("paid"))
    return Convention(
        convention=convention.convention,
        grant=convention.grant,
        beneficiary=convention.beneficiary,
        signed_on=convention.signed_on,
        signed_at=convention.signed_at,
        is_award_alone=convention.is_award_alone,
        schedule=(),
        lines=tuple(
            ConventionMoney(line, granted=paid_cents, paid=paid_cents)
            for line in give_back_order(convention)
            if (paid_cents := paid.get(line, 0))
        ),
        state=convention.state,
        recoveries=convention.recoveries,
    )

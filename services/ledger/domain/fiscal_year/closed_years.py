"""Years after their closing: reserves that lapse, and the close-out of their state (rules, 31)."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from services.ledger.domain.model.book import Book, BudgetState, Memory
from services.ledger.domain.model.conventions import (
    Convention,
    ConventionMoney,
    ConventionState,
    EarlierYears,
    Instalment,
)
from services.ledger.domain.model.grants import Beneficiary
from services.ledger.domain.model.lines import Line, PlannedLine
from services.ledger.domain.model.orders import OPEN
from services.ledger.domain.model.schedules import give_back_order, order_resting_on

NOBODY: Final = Beneficiary("", "", None)
"""In the place of a beneficiary: a closed-out year keeps no names."""


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

    What recoveries and reports need is left: what each convention was paid on which line, in the
    order in which money comes back, what was asked back of it and has come, the documents that it
    owes, and the ids of those events.
    """
    book, memory = state.book, state.memory
    left = BudgetState(
        Book(
            book.budget,
            conventions={
                name: _lasting_part(book, each) for name, each in book.conventions.items()
            },
            closed=True,
            closed_out=True,
        ),
        Memory(
            memory.sequence,
            memory.head,
            memory.accepted,
            memory.duplicate,
            memory.refused,
            remembered={key: memory.remembered[key] for key in memory.lasting},
            lasting=memory.lasting,
        ),
        state.touched,
        # All rows of identities go: those that are left are written once more.
        list(memory.lasting),
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


def _lasting_part(book: Book, convention: Convention) -> Convention:
    """The part of a convention that a closed-out year keeps; of one carried over, no documents."""
    money = {each.line: each for each in convention.lines}
    left = Convention(
        convention=convention.convention,
        grant=convention.grant,
        beneficiary=NOBODY,
        signed_on=convention.signed_on,
        signed_at=convention.signed_at,
        is_award_alone=convention.is_award_alone,
        schedule=(),
        lines=tuple(
            ConventionMoney(
                line,
                granted=share.paid + share.carried_over,
                paid=share.paid,
                carried_over=share.carried_over,
            )
            for line in give_back_order(convention)
            if (share := money.get(line)) is not None and (share.paid or share.carried_over)
        ),
        state=convention.state,
        recoveries=convention.recoveries,
        replaced=convention.replaced,
    )
    if convention.is_carried_over:
        return left
    left.documents, left.rejected = convention.documents, convention.rejected
    left.obligations = convention.obligations
    first = next((each.line for each in left.lines), None)
    ended = convention.state is ConventionState.TERMINATED
    schedule, orders = [], {}
    for each in convention.schedule:
        order = order_resting_on(book, convention, each)
        if each.documents and (order is not None or not ended):
            schedule.append(_owing_instalment(each, order, first))
            if order is not None and order != left.latest_order(each):
                orders[each.instalment] = order
    left.schedule = tuple(schedule)
    earlier = convention.earlier
    left.earlier = EarlierYears(earlier.paid_cents, earlier.ordered_cents, orders)
    left.share_parts(None)
    return left


def _owing_instalment(instalment: Instalment, order: str | None, first: Line | None) -> Instalment:
    """An instalment of which documents are owed: an order rests on them, or they were awaited.

    What was to be paid then is one sum on the line on which money comes back first: so it changes
    nothing of that order.
    """
    cents = instalment.amount_cents if order is None else 0
    return Instalment(
        instalment.instalment,
        instalment.trigger,
        instalment.documents,
        ceiling=instalment.ceiling,
        lines=(PlannedLine(first or instalment.lines[0].line, cents, None),) if cents else (),
        orders=instalment.orders,
        ordered_before=order is not None,
    )

"""Parking: which events wait, and which may go on (rules, 28)."""

from collections.abc import Iterator

from events.budgets import BudgetVoted
from events.conventions import ConventionSigned
from events.deliberations import DeliberationAdopted
from events.envelope import Event
from events.fiscal_years import FiscalYearOpened
from services.ledger.domain.book import Book, Want


def arrivals(event: Event) -> Iterator[Want]:
    """What others may have waited for, and an accepted event brings."""
    match event:
        case BudgetVoted(stage="initial"):
            yield Want("budget", event.budget)
        case DeliberationAdopted(role="award"):
            yield Want("grant", event.grant)
            if not event.requires_convention:
                yield Want("convention", event.grant)
        case ConventionSigned():
            yield Want("convention", event.convention)
        case FiscalYearOpened():
            yield Want("grant", event.grant)
            yield Want("convention", event.convention)
        case _:
            return


def is_here(book: Book, want: Want) -> bool:
    """Whether it still is there when the turn of the one that waited comes.

    A grant's reference stops standing for a convention once one is signed for it (rules, 13).
    """
    match want.kind:
        case "budget":
            return book.vote_level is not None
        case "grant":
            grant = book.grants.get(want.id)
            return grant is not None and grant.award is not None
        case kind:
            assert kind == "convention", f"nothing waits for a {kind}"
            return want.id in book.conventions

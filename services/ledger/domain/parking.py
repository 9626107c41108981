"""Parking: which events wait, and which may go on (rules, 28)."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from events.budgets import BudgetVoted
from events.codec import identity_of
from events.conventions import ConventionSigned
from events.deadlines import DeadlinePassed
from events.deliberations import DeliberationAdopted
from events.envelope import Event
from events.fiscal_years import FiscalYearOpened
from events.recoveries import RecoveryOrdered
from services.ledger.domain.book import Book, Memory, Want
from services.ledger.domain.identity import brief
from services.ledger.domain.moves import Move
from services.ledger.domain.refusals import Missing

PATIENCE = timedelta(days=30)
"""How long an event may wait, from its own time on; then a deadline ends it (rules, 29)."""


def arrivals(event: Event, moves: Sequence[Move]) -> Iterator[Want]:
    """What others may have waited for, and an accepted event brings; `moves` are its own."""
    match event:
        case BudgetVoted(stage="initial"):
            yield Want(Missing.BUDGET, event.budget)
        case DeliberationAdopted(role="award"):
            yield Want(Missing.GRANT, event.grant)
            if not event.requires_convention:
                yield Want(Missing.CONVENTION, event.grant)
        case ConventionSigned():
            yield Want(Missing.CONVENTION, event.convention)
        case FiscalYearOpened():
            yield Want(Missing.GRANT, event.grant)
            yield Want(Missing.CONVENTION, str(moves[0].convention))
        case RecoveryOrdered():
            yield Want(Missing.RECOVERY, recovery_id(event.convention, event.recovery))
        case _:
            return


def is_here(book: Book, want: Want) -> bool:
    """Whether it still is there when the turn of the one that waited comes.

    A grant's reference stops standing for a convention once one is signed for it (rules, 13).
    """
    match Missing(want.kind):
        case Missing.BUDGET:
            return book.vote_level is not None
        case Missing.GRANT:
            grant = book.grants.get(want.id)
            return grant is not None and grant.award is not None
        case Missing.RECOVERY:
            name, recovery = want.id.split("/", 1)
            convention = book.conventions.get(name)
            return convention is not None and recovery in convention.recoveries
        case _:  # Missing.CONVENTION
            return want.id in book.conventions


def recovery_id(convention: str, recovery: str) -> str:
    """How a recovery is called that is waited for: its number is its convention's own."""
    return f"{convention}/{recovery}"


def ended_by(memory: Memory, event: Event) -> int | None:
    """Which parked event, by its record, is to wait no longer (rules, 29); None where none is."""
    if not isinstance(event, DeadlinePassed) or event.event is None:
        return None
    identity = brief(identity_of(event.event.source, event.event.id))
    found = (number for number, each in memory.parked.items() if each.identity == identity)
    return next(found, None)

"""Parking: events that wait, and what they wait for (rules, 28)."""

from events.codec import identity_of
from events.parts import EventReference
from services.ledger.domain.model.book import Book, Memory, Want, brief
from services.ledger.domain.model.refusals import Missing

PARKED_MAX = 1000
"""The largest number of events of a budget that wait at once (rules, 28)."""


def is_met(book: Book, want: Want) -> bool:
    """True if what an event waited for is still there when the event is decided again.

    A grant's reference names no convention any more once one is signed for it (rules, 13).
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
    """The name under which a recovery is awaited: its number is its convention's own."""
    return f"{convention}/{recovery}"


def parked_as(memory: Memory, event: EventReference) -> int | None:
    """The record that parked an event; None where it does not wait."""
    identity = brief(identity_of(event.source, event.id))
    found = (number for number, each in memory.parked.items() if each.identity == identity)
    return next(found, None)

"""Parking: events that wait, and what they wait for (rules, 28)."""

from collections.abc import Iterator

from events.codec import identity_of
from events.parts import EventReference
from services.ledger.domain.model.book import Book, Memory, Want, brief
from services.ledger.domain.model.refusals import Missing

PARKED_MAX = 1000
"""The largest number of events of a budget that wait at once (rules, 28)."""


def is_met(book: Book, want: Want) -> bool:
    """True if what an event waited for is still there when the event is decided again.

    Once a convention is signed for the rest of a grant, the grant's reference names it to
    recoveries alone (rules, 13): other events that wait for that go on waiting when decided.
    """
    match Missing(want.kind):
        case Missing.BUDGET:
            return book.vote_level is not None
        case Missing.GRANT:
            grant = book.grants.get(want.id)
            return grant is not None and grant.award is not None
        case Missing.RECOVERY:
            name, recovery = want.id.split("/", 1)
            convention = book.recoverable_convention(name)
            return convention is not None and recovery in convention.recoveries
        case _:  # Missing.CONVENTION
            return book.recoverable_convention(want.id) is not None


def names_of(book: Book, arrived: Want) -> Iterator[Want]:
    """What has arrived, under all names by which it may be awaited (rules, 13).

    A convention for the rest of a grant brings the recoveries that it takes over, and recoveries
    may be awaited of it or of the grant.
    """
    yield arrived
    if arrived.kind == Missing.CONVENTION:
        convention = book.conventions.get(arrived.id)
        if convention is not None and convention.also_recovered_as is not None:
            yield Want(Missing.CONVENTION, convention.also_recovered_as)
            for number in convention.recoveries:
                yield Want(Missing.RECOVERY, recovery_id(arrived.id, number))
    elif arrived.kind == Missing.RECOVERY:
        name, number = arrived.id.split("/", 1)
        convention = book.recoverable_convention(name)
        if convention is not None and convention.also_recovered_as is not None:
            yield Want(Missing.RECOVERY, recovery_id(convention.convention, number))
            yield Want(Missing.RECOVERY, recovery_id(convention.also_recovered_as, number))


def recovery_id(convention: str, recovery: str) -> str:
    """The name under which a recovery is awaited: its number is its convention's own."""
    return f"{convention}/{recovery}"


def parked_as(memory: Memory, event: EventReference) -> int | None:
    """The record that parked an event; None where it does not wait."""
    identity = brief(identity_of(event.source, event.id))
    found = (number for number, each in memory.parked.items() if each.identity == identity)
    return next(found, None)

"""Handlers: all that the ledger does with the events of one type, in one object.

What decides and what applies a decision stand side by side here, and never call each other: a
journal is folded by `apply` alone, whatever the rules have become since.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Generic, NamedTuple, TypeVar

import msgspec

from events.envelope import Envelope
from events.parts import EventData, EventReference
from services.ledger.domain.fiscal_year import InternalEvent
from services.ledger.domain.journal import JournalRecord
from services.ledger.domain.model.book import Book, BudgetState, Memory, Want
from services.ledger.domain.model.grants import Act, Grant
from services.ledger.domain.model.moves import Entry, Move, entries_of
from services.ledger.domain.model.verdicts import Accepted, Refused, Waits

Data = TypeVar("Data", bound=EventData)


class Context(msgspec.Struct):
    """The context of a decision: the day of its event, and what the budget read before."""

    on: date
    memory: Memory

    @property
    def sequence(self) -> int:
        """The sequence that the record of the decision will have."""
        return self.memory.sequence + 1


class ActEntry(NamedTuple):
    """A commitment entry with the act on which it rests."""

    entry: Entry
    act: Act


def award_act(grant: Grant) -> Act:
    """The act that awarded a grant."""
    assert grant.award is not None, "a commitment rests on an award"
    return grant.award.act


def entries_on_awards(
    book: Book, moves: Iterable[Move], other: Grant | None = None
) -> Iterator[ActEntry]:
    """The entries of moves, each on the award of its convention's grant.

    `other` is the grant behind a move of no convention, or of one that the book does not have yet.
    """
    for entry in entries_of(moves):
        grant = other
        if entry.convention in book.conventions:
            grant = book.grants[book.conventions[entry.convention].grant]
        assert grant is not None, "what is committed belongs to a grant"
        yield ActEntry(entry, award_act(grant))


@dataclass(frozen=True, slots=True, kw_only=True)
class Handler(Generic[Data]):
    """The rules, the effects and the properties of one event type."""

    event: type[Data]
    """The model of the type."""
    decide: Callable[[Book, Data, Context], Accepted | Refused | Waits]
    """Gives the verdict of the rules; it changes nothing."""
    apply: Callable[[BudgetState, JournalRecord, Data], None] = lambda *_: None
    """Changes the state by what the event says beside its moves and orders; it cannot refuse."""
    entries: Callable[[Book, Data, Sequence[Move]], Iterator[ActEntry]] | None = None
    """The commitment entries that its moves write, before they are applied; without it, each is on
    the award of its grant."""
    effective_on: Callable[[Data], date] | None = None
    """The day on which a commitment takes effect; without it, the day of the event."""
    grant: Callable[[Book, Data], str] | None = None
    """The grant whose reserve its moves change, or whose convention they are the first of."""
    arrivals: Callable[[Data, Sequence[Move]], Iterable[Want]] = lambda *_: ()
    """Everything that it brings and others may have waited for (rules, 28)."""
    ends: Callable[[Data], EventReference | None] | None = None
    """The parked event that nobody waits for any more (rules, 29 and 39)."""
    payment_order: Callable[[Data], str] | None = None
    """The order that it is about: one open at closing is still decided (rules, 31)."""
    internal_events: Callable[[Book, Envelope[Any], Iterable[Move]], Iterable[InternalEvent]] = (
        lambda *_: ()
    )
    """The internal events that it leads to, as the book is before it (rules, 32)."""
    reissues: bool = False
    """True where it may issue rejected orders again (rules, 21)."""
    outlives_closing: bool = False
    """True where a closed year still decides it, and keeps its id, for ever (rules, 31 and 38)."""
    reports_on: Callable[[Data], str | None] | None = None
    """The convention about whose documents it is: a closed year decides it for ever too, but for
    one that was carried over (rules, 31)."""

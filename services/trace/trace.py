"""Stories: the records of what a reference names, and what is still to come of it. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

from events.deadlines import DeadlinePassed
from events.envelope import Envelope, Event
from events.fiscal_years import FiscalYearClosed
from services.ledger.domain.awaited import Awaited, awaited_of, awaited_of_grant
from services.ledger.domain.book import BudgetState, Want
from services.ledger.domain.grants import DocumentKey
from services.ledger.domain.journal import JournalRecord, Outcome
from services.ledger.domain.moves import Move
from services.ledger.domain.orders import OrderChange
from services.ledger.domain.parking import PATIENCE
from services.ledger.domain.rules.table import handler_of
from services.ledger.domain.year_openings import Opening, next_year, openings
from services.trace.event_references import Names, names_of, order_parts, touched
from services.trace.filter import Strand

Key = tuple[str, str]
"""A budget, and what something is called in it."""


class Kind(StrEnum):
    """What a reference may name."""

    EVENT = "event"
    CONVENTION = "convention"
    GRANT = "grant"
    ACT = "act"
    PAYMENT_ORDER = "payment_order"


class Told(NamedTuple):
    """A record of a story, with what the story has of it, and who woke whom."""

    record: JournalRecord
    envelope: Envelope[Event]
    woken_by: int | None
    """The sequence of the record that brought what this one had waited for."""
    moves: list[Move]
    entries: list[dict[str, Any]]
    orders: list[OrderChange]
    flags: list[dict[str, Any]]

    @property
    def place(self) -> tuple[str, int]:
        """Where its record stands: by this stories are in order, year by year."""
        return self.record.budget, self.record.sequence

    @property
    def internal_events(self) -> list[Opening]:
        """The internal events by which the story goes on in the next year.

        They left with the record.
        """
        return openings(self.record.budget, self.envelope.source, self.envelope.id, self.moves)


@dataclass(slots=True)
class Story:
    """The records of what a reference names, each chain in its order."""

    ref: str
    kinds: list[Kind]
    strands: list[Strand]
    events: set[tuple[str, int]]
    """The records that are told whole; with what they wake."""
    unopened: set[Key]
    told: list[Told] = field(default_factory=list)
    woke: dict[tuple[str, int], list[int]] = field(default_factory=dict)
    """Whom each record woke, all records that were heard."""
    _by_name: dict[str, list[Strand]] = field(default_factory=dict)
    _awake: dict[str, list[tuple[int, set[Want]]]] = field(default_factory=dict)
    """By budget, what the record that was handled last brought, and those that it woke."""
    _waited: dict[tuple[str, int], Want] = field(default_factory=dict)
    _waiting: set[tuple[str, str, str]] = field(default_factory=set)
    """Who of the story waited, by budget, source and id: a deadline may name one."""

    def __post_init__(self) -> None:
        """Find strands by their names: one act may have given hundreds of grants."""
        for strand in self.strands:
            for name in strand.conventions | strand.grants | strand.sirets:
                self._by_name.setdefault(name, []).append(strand)

    @property
    def budgets(self) -> list[str]:
        """The chains to hear, in order."""
        return sorted({strand.budget for strand in self.strands} | {b for b, _ in self.events})

    def hear(self, record: JournalRecord, envelope: Envelope[Event]) -> None:
        """Hear the next record of one of its budgets, with its event."""
        woken_by = self._woken_by(record, envelope.data)
        place = (record.budget, record.sequence)
        if woken_by is not None:
            waker = (record.budget, woken_by)
            self.woke.setdefault(waker, []).append(record.sequence)
            if waker in self.events:
                self.events.add(place)
        if place in self.events:
            self._keep(record, envelope, woken_by, None)
            return
        names = names_of(envelope.data)
        near = self._near(record, envelope.data, names)
        takers = [each for each in near if each.takes(record, envelope.data, names)]
        if takers or self._ends_a_wait(record.budget, envelope.data):
            self._keep(record, envelope, woken_by, takers)

    def awaited(self, budgets: Mapping[str, BudgetState]) -> list[tuple[str, Awaited]]:
        """What is still to come of the story, by budget, each thing once."""
        found: dict[tuple[str, Awaited], None] = {}
        told: dict[str, list[Told]] = {}
        for each in self.told:
            told.setdefault(each.record.budget, []).append(each)
        for budget in self.budgets:
            if budget in budgets:
                awaited = self._of(budgets[budget], told.get(budget, []))
                found |= dict.fromkeys((budget, each) for each in awaited)
        return list(found)

    def _of(self, state: BudgetState, of_budget: list[Told]) -> Iterator[Awaited]:
        book = state.book
        for told in of_budget:
            parked = state.memory.parked.get(told.record.sequence)
            if parked is not None:
                ends_on = (told.envelope.time + PATIENCE).date()
                yield Awaited("event", told.envelope.id, None, None, ends_on, (parked.want,))
        for strand in self._strands_of(book.budget, of_budget):
            for grant in sorted(strand.grants if strand.instalment is None else ()):
                yield from awaited_of_grant(book, grant)
            for name in sorted(strand.conventions):
                convention = book.conventions.get(name)
                if convention is not None:
                    yield from filter(
                        lambda each: _is_of(strand, each),
                        awaited_of(book, convention),
                    )
                if (book.budget, name) in self.unopened and convention is not None:
                    carried = sum(money.carried_over for money in convention.lines.values())
                    opening = Want("opening", next_year(book.budget))
                    yield Awaited("convention", name, name, carried, None, (opening,))

    def _strands_of(self, budget: str, of_budget: list[Told]) -> Iterator[Strand]:
        """Its strands in a budget; what single events name is one as well."""
        yield from (each for each in self.strands if each.budget == budget)
        for told in of_budget:
            record = told.record
            if (budget, record.sequence) in self.events:
                names = names_of(told.envelope.data)
                named = names.conventions | {order_parts(each).convention for each in names.orders}
                issued = {each.order.convention for each in record.payment_orders}
                yield Strand(budget, conventions=frozenset(named | issued), grants=names.grants)

    def _near(self, record: JournalRecord, event: Event, names: Names) -> Iterable[Strand]:
        """The strands that a record may belong to, each once."""
        if isinstance(event, FiscalYearClosed):
            return self.strands  # What lapses in it names nobody.
        orders = {order_parts(each).convention for each in names.orders}
        every = names.conventions | names.grants | names.sirets | orders | touched(record)
        return dict.fromkeys(strand for name in every for strand in self._by_name.get(name, ()))

    def _keep(
        self,
        record: JournalRecord,
        envelope: Envelope[Event],
        woken_by: int | None,
        takers: list[Strand] | None,
    ) -> None:
        """Keep a record; of one that belongs to strands, what is theirs."""
        if record.outcome is Outcome.PARKED:
            self._waiting.add((record.budget, envelope.source, envelope.id))
        event = envelope.data
        if takers is None:
            entries = list(record.commitment_entries)
            orders, flags = list(record.payment_orders), list(record.review_flags)
            moves = list(record.moves)
        else:
            moves = _united(record.moves, (each.moves(record, event) for each in takers))
            entries = _united(
                record.commitment_entries, (each.entries(record, event) for each in takers)
            )
            orders = _united(record.payment_orders, (each.orders(record) for each in takers))
            flags = _united(record.review_flags, (each.flags(record) for each in takers))
        self.told.append(Told(record, envelope, woken_by, moves, entries, orders, flags))

    def _woken_by(self, record: JournalRecord, event: Event) -> int | None:
        """Who brought what a resumed record had waited for; or ended its wait."""
        brought: set[Want] = set()
        if record.outcome is Outcome.ACCEPTED:
            brought.update(handler_of(event).arrivals(event, record.moves))
        if record.waits_for is not None:
            self._waited[record.budget, record.sequence] = Want(**record.waits_for)
        if record.resumes is None:
            self._awake[record.budget] = [(record.sequence, brought)]
            return None
        want = self._waited.pop((record.budget, record.resumes), None)
        awake = self._awake[record.budget]
        woken_by = awake[0][0]
        for sequence, wants in awake:
            if want in wants:
                woken_by = sequence
        awake.append((record.sequence, brought))
        return woken_by

    def _ends_a_wait(self, budget: str, event: Event) -> bool:
        """Whether a deadline names an event of the story that had waited."""
        if not isinstance(event, DeadlinePassed) or event.event is None:
            return False
        return (budget, event.event.source, event.event.id) in self._waiting


def _united(all_of: Iterable[Any], parts_of: Iterable[list[Any]]) -> list[Any]:
    """What any of the parts has of a list, in the order of the list."""
    kept = {id(each) for part in parts_of for each in part}
    return [each for each in all_of if id(each) in kept]


def _is_of(strand: Strand, each: Awaited) -> bool:
    """Whether what is awaited of a convention is so of a strand's instalment too."""
    if strand.instalment is None:
        return True
    match each.subject:
        case "instalment":
            return strand.has_instalment(each.convention, each.id)
        case "payment_order":
            return strand.has_order(each.id)
        case "obligation":
            kind, year = each.id.split("/")
            return DocumentKey(kind, int(year)) in strand.documents
        case _:
            return True

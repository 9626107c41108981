"""Traces: the records of a reference, and everything that is still to come of it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

from events.envelope import Envelope, Event
from events.fiscal_years import FiscalYearClosed
from events.follow_up import PATIENCE, DeadlinePassed, EventWithdrawn, RecordReviewed
from events.mentions import Names, order_parts
from services.ledger.domain.awaited import AwaitedItem, list_awaited, list_awaited_of_grant
from services.ledger.domain.fiscal_year import Opening, next_year, openings
from services.ledger.domain.journal import JournalRecord, Outcome
from services.ledger.domain.model.book import BudgetState, Want
from services.ledger.domain.model.conventions import DocumentKey
from services.ledger.domain.model.moves import Move
from services.ledger.domain.model.orders import OrderChange
from services.ledger.domain.rules.table import handler_of
from services.trace.entries import Entry, Filter

Key = tuple[str, str]
"""A budget, and a name in it."""


class Kind(StrEnum):
    """Kinds of things that a reference may name."""

    EVENT = "event"
    CONVENTION = "convention"
    GRANT = "grant"
    ACT = "act"
    PAYMENT_ORDER = "payment_order"


class TraceRecord(NamedTuple):
    """A record of a trace, with those of its moves, entries, orders and flags that belong to it."""

    record: JournalRecord
    envelope: Envelope[Event]
    names: Names
    woken_by: int | None
    """The sequence of the record that brought what this one had waited for."""
    moves: list[Move]
    entries: list[dict[str, Any]]
    orders: list[OrderChange]
    flags: list[dict[str, Any]]

    @property
    def place(self) -> tuple[str, int]:
        """The place of its record: traces are in this order, year by year."""
        return self.record.budget, self.record.sequence

    @property
    def internal_events(self) -> list[Opening]:
        """The internal events that open its conventions in the next year, sent with the record."""
        return openings(self.record.budget, self.envelope.source, self.envelope.id, self.moves)


@dataclass(slots=True)
class Trace:
    """The records of a reference, each chain in its order."""

    ref: str
    kinds: list[Kind]
    filters: list[Filter]
    events: set[tuple[str, int]]
    """Records that belong to it whole, with those that they wake."""
    unopened: set[Key]
    records: list[TraceRecord] = field(default_factory=list)
    woke: dict[tuple[str, int], list[int]] = field(default_factory=dict)
    """Sequences of the records that each record woke, over all that were read."""
    _by_name: dict[str, list[Filter]] = field(default_factory=dict)
    _awake: dict[str, list[tuple[int, set[Want]]]] = field(default_factory=dict)
    """By budget, the last record that was not resumed and those it woke, with what they brought."""
    _waited: dict[tuple[str, int], Want] = field(default_factory=dict)
    _waiting: set[tuple[str, str, str]] = field(default_factory=set)
    """Events of the trace that waited, by budget, source and id: what ends a wait names one."""
    _kept: set[tuple[str, int]] = field(default_factory=set)
    """Places of its records of which no review is known yet."""

    def __post_init__(self) -> None:
        """Index filters by name: one act may have given hundreds of grants."""
        for part in self.filters:
            for name in part.conventions | part.grants | part.sirets:
                self._by_name.setdefault(name, []).append(part)

    @property
    def budgets(self) -> list[str]:
        """The chains to read, in order."""
        return sorted({part.budget for part in self.filters} | {b for b, _ in self.events})

    def add(self, entry: Entry) -> None:
        """Add the next record of one of its budgets."""
        record, place = entry.record, entry.place
        woken_by = self._woken_by(record, entry.event)
        if woken_by is not None:
            waker = (record.budget, woken_by)
            self.woke.setdefault(waker, []).append(record.sequence)
            if waker in self.events:
                self.events.add(place)
        if place in self.events:
            self._keep(entry, woken_by, None)
            return
        takers = [each for each in self._near(entry) if each.takes(entry)]
        if takers or self._ends_a_wait(record.budget, entry.event) or self._reviews(entry):
            self._keep(entry, woken_by, takers)

    def list_awaited(self, budgets: Mapping[str, BudgetState]) -> list[tuple[str, AwaitedItem]]:
        """Everything still to come, by budget, each thing once."""
        found: dict[tuple[str, AwaitedItem], None] = {}
        traced: dict[str, list[TraceRecord]] = {}
        for each in self.records:
            traced.setdefault(each.record.budget, []).append(each)
        for budget in self.budgets:
            if budget in budgets:
                awaited = self._list_awaited(budgets[budget], traced.get(budget, []))
                found |= dict.fromkeys((budget, each) for each in awaited)
        return list(found)

    def _list_awaited(
        self, state: BudgetState, of_budget: list[TraceRecord]
    ) -> Iterator[AwaitedItem]:
        book = state.book
        for traced in of_budget:
            parked = state.memory.parked.get(traced.record.sequence)
            if parked is not None:
                ends_on = (traced.envelope.time + PATIENCE).date()
                yield AwaitedItem("event", traced.envelope.id, None, None, ends_on, (parked.want,))
        for part in self._filters_of(book.budget, of_budget):
            for grant in sorted(part.grants if part.instalment is None else ()):
                yield from list_awaited_of_grant(book, grant)
            for name in sorted(part.conventions):
                convention = book.conventions.get(name)
                if convention is not None:
                    yield from filter(
                        lambda each: _is_of(part, each), list_awaited(book, convention)
                    )
                if (book.budget, name) in self.unopened and convention is not None:
                    carried = sum(money.carried_over for money in convention.lines)
                    opening = Want("opening", next_year(book.budget))
                    yield AwaitedItem("convention", name, name, carried, None, (opening,))

    def _filters_of(self, budget: str, of_budget: list[TraceRecord]) -> Iterator[Filter]:
        """The trace's filters in a budget; the names of each single event make one more."""
        yield from (each for each in self.filters if each.budget == budget)
        for traced in of_budget:
            record = traced.record
            if (budget, record.sequence) in self.events:
                names = traced.names
                named = names.conventions | {order_parts(each).convention for each in names.orders}
                issued = {each.order.convention for each in record.payment_orders}
                yield Filter(budget, conventions=frozenset(named | issued), grants=names.grants)

    def _near(self, entry: Entry) -> Iterable[Filter]:
        """Filters that a record may pass, each once."""
        names = entry.names
        if isinstance(entry.event, FiscalYearClosed):
            return self.filters  # Reserves that lapse in it bear no name.
        orders = {order_parts(each).convention for each in names.orders}
        every = names.conventions | names.grants | names.sirets | orders | entry.changed_conventions
        return dict.fromkeys(part for name in every for part in self._by_name.get(name, ()))

    def _keep(self, entry: Entry, woken_by: int | None, takers: list[Filter] | None) -> None:
        """Keep a record; of one that passed filters, only what is theirs."""
        record, envelope = entry.record, entry.received.envelope
        if not isinstance(entry.event, RecordReviewed):
            self._kept.add(entry.place)
        if record.outcome is Outcome.PARKED:
            self._waiting.add((record.budget, envelope.source, envelope.id))
        event = envelope.data
        if takers is None:
            entries = list(record.commitment_entries)
            orders, flags = list(record.payment_orders), list(record.review_flags)
            moves = list(record.moves)
        else:
            moves = _unite(record.moves, (each.moves(record, event) for each in takers))
            entries = _unite(
                record.commitment_entries, (each.entries(record, event) for each in takers)
            )
            orders = _unite(record.payment_orders, (each.orders(record) for each in takers))
            flags = _unite(record.review_flags, (each.flags(record) for each in takers))
        self.records.append(
            TraceRecord(record, envelope, entry.names, woken_by, moves, entries, orders, flags)
        )

    def _woken_by(self, record: JournalRecord, event: Event) -> int | None:
        """Sequence of the record that brought what a resumed one waited for, or ended its wait."""
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
        """True where a deadline or a withdrawal names an event of the trace that had waited."""
        if not isinstance(event, DeadlinePassed | EventWithdrawn) or event.event is None:
            return False
        return (budget, event.event.source, event.event.id) in self._waiting

    def _reviews(self, entry: Entry) -> bool:
        """True of the first review of a record of the trace, which is the one that counts."""
        event, record = entry.event, entry.record
        if not isinstance(event, RecordReviewed) or record.outcome is not Outcome.ACCEPTED:
            return False
        place = (record.budget, event.sequence)
        if event.chain is not None or place not in self._kept:
            return False
        self._kept.remove(place)
        return True


def _unite(all_of: Iterable[Any], parts_of: Iterable[list[Any]]) -> list[Any]:
    """Items of a list that any of the parts has, in the order of the list."""
    kept = {id(each) for part in parts_of for each in part}
    return [each for each in all_of if id(each) in kept]


def _is_of(part: Filter, each: AwaitedItem) -> bool:
    """True where something awaited of a convention concerns the filter's instalment too."""
    if part.instalment is None:
        return True
    match each.subject:
        case "instalment":
            return part.has_instalment(each.convention, each.id)
        case "payment_order":
            return part.has_order(each.id)
        case "obligation":
            kind, year = each.id.split("/")
            return DocumentKey(kind, int(year)) in part.documents
        case _:
            return True

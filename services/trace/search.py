"""A trace by an index: which records to look up for it, and the trace that they lead to.

The caller looks up records by the names that they mention, until no new name is found.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from operator import attrgetter

from msgspec.structs import replace

from events.conventions import ConventionSigned
from events.deliberations import DeliberationAdopted
from events.fiscal_years import FiscalYearClosed, FiscalYearOpened
from events.mentions import order_parts
from services.ledger.domain.awaited import AwaitedItem
from services.ledger.domain.evolve import evolve
from services.ledger.domain.fiscal_year import next_year
from services.ledger.domain.journal import Outcome
from services.ledger.domain.model.book import BudgetState, new_budget
from services.trace.entries import Entry, Place
from services.trace.index import Index
from services.trace.trace import Trace


@dataclass(slots=True)
class Search:
    """The records of a trace, looked up in steps.

    All records that mention a name of the trace must be found: then grants, conventions and
    accounts have their whole history, and their state is that of the whole journal.
    """

    ref: str
    budget: str | None = None
    ids: set[str] = field(default_factory=set)
    """Names by which records are looked up: those of the reference and of all linked to it."""
    budgets: set[str] = field(default_factory=set)
    """Budgets in which they are looked up."""
    index: Index = field(init=False)
    trace: Trace = field(init=False)
    _entries: list[Entry] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Begin with the reference, and the convention that an order's id names."""
        self.ids |= {self.ref, order_parts(self.ref).convention}

    def add(self, entries: Iterable[Entry]) -> bool:
        """Take all records that were found by now; False where a wider search finds no more."""
        self._entries = sorted(entries, key=attrgetter("place"))
        before = len(self.ids), len(self.budgets)
        self._link()
        self.index = Index(self.ref, self.budget)
        for each in self._entries:
            self.index.add(each)
        self.ids |= self.index.corrections
        self.budgets |= set(self.index.missing())
        self.trace = self.index.trace()
        for each in self._entries:
            if each.record.budget in self.trace.budgets:
                self.trace.add(each)
        self._name_traced()
        return before != (len(self.ids), len(self.budgets))

    def list_awaited(self) -> list[tuple[str, AwaitedItem]]:
        """Everything still to come of the trace."""
        return self.trace.list_awaited(self._states())

    def _link(self) -> None:
        """Add the names that belong to known ones: of a grant, its conventions and beneficiary."""
        known = 0
        while known != len(self.ids):
            known = len(self.ids)
            for each in self._entries:
                names = {mention.id for mention in each.mentions if mention.kind != "event"}
                named = self.ref in each.names.acts or self.ref == each.record.event_id
                if named or (isinstance(each.event, LINKING) and names & self.ids):
                    self.ids |= names

    def _name_traced(self) -> None:
        for each in self.trace.records:
            if (each.record.budget, each.record.sequence) in self.trace.events:
                orders = {change.order.convention for change in each.record.payment_orders}
                orders |= {order_parts(order).convention for order in each.names.orders}
                self.ids |= orders | each.names.conventions | each.names.grants
            if each.record.outcome is Outcome.PARKED:
                self.ids.add(each.envelope.id)  # What ends its wait names it.
        for budget, convention in self.trace.unopened:
            if convention in self.ids:
                self.budgets.add(next_year(budget))  # Its opening may be there.

    def _states(self) -> Mapping[str, BudgetState]:
        """The state of the budgets, as far as the names of the trace are concerned."""
        states: dict[str, BudgetState] = {}
        folded = self._choose_folded()
        for each in self._entries:
            if each.place not in folded:
                continue
            record = each.record
            state = states.setdefault(record.budget, new_budget(record.budget))
            # Records in between are of other grants: neither the sequence nor the chain is whole.
            state.memory.sequence, state.memory.head = record.sequence - 1, record.previous_hash
            closes = isinstance(each.event, FiscalYearClosed)
            moves = [
                move
                for move in record.moves
                if (not closes if move.convention is None else move.convention in self.ids)
            ]
            orders = [
                change for change in record.payment_orders if change.order.convention in self.ids
            ]
            evolve(state, replace(record, moves=moves, payment_orders=orders), each.received)
        return states

    def _choose_folded(self) -> set[Place]:
        """Records that change the state of something traced; a resumed one with its first."""
        folded: set[Place] = set()
        for each in reversed(self._entries):
            closes = isinstance(each.event, FiscalYearClosed)
            mentioned = any(mention.id in self.ids for mention in each.mentions)
            if closes or mentioned or each.record.event_id in self.ids or each.place in folded:
                folded.add(each.place)
                if each.record.resumes is not None:
                    folded.add((each.record.budget, each.record.resumes))
        return folded


LINKING = DeliberationAdopted | ConventionSigned | FiscalYearOpened
"""Events that link a grant, a convention and a beneficiary."""


def with_causes(places: Iterable[Place], first_of: Mapping[Place, int]) -> set[Place]:
    """Places of records, of those that brought what one of them waited for, and of all they woke.

    `first_of` has the resumed records: the sequence of the record that had parked each. They stand
    behind the record that woke the first of them, without another in between.
    """
    found: set[Place] = set()
    todo = list(places)
    while todo:
        budget, sequence = todo.pop()
        if (budget, sequence) in found:
            continue
        while (budget, sequence) in first_of:
            sequence -= 1
        found.add((budget, sequence))
        while (place := (budget, sequence + 1)) in first_of:
            found.add(place)
            todo.append((budget, first_of[place]))
            sequence += 1
    return found

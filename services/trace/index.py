"""References: the things that a name stands for in a journal, and those linked to them.

Records are read twice: first into an `Index`, then into the `Trace` that it leads to.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from events import fiscal_years, parts
from events.conventions import ConventionAmended, ConventionSigned
from events.deliberations import DeliberationAdopted
from events.envelope import CORRECTION, Event
from events.fiscal_years import FiscalYearOpened
from events.follow_up import RecordReviewed
from events.mentions import Names, order_parts
from services.ledger.domain.fiscal_year import next_year
from services.ledger.domain.journal import JournalRecord, Outcome
from services.ledger.domain.model.conventions import DocumentKey
from services.ledger.domain.model.grants import Act, act_of
from services.ledger.domain.model.moves import CARRY_OVER
from services.ledger.domain.model.schedules import WHOLE_AWARD
from services.trace.entries import Entry, Filter
from services.trace.trace import Key, Kind, Trace


class Links(NamedTuple):
    """The grant and beneficiary of a convention, by its signature, its opening or its award."""

    grant: str
    siret: str


class Plan(NamedTuple):
    """Conditions of an instalment, by any schedule that ever planned it."""

    documents: frozenset[DocumentKey] = frozenset()
    is_notified: bool = False


@dataclass(slots=True)
class Index:
    """The things that a reference names in a journal, and their links."""

    ref: str
    budget: str | None = None
    """The budget in which the reference is searched; None: all."""
    budgets_by_kind: dict[Kind, set[str]] = field(default_factory=dict)
    """Budgets in which it was found, by kind."""
    ends: dict[str, int] = field(default_factory=dict)
    """The last sequence read of each budget."""
    corrections: set[str] = field(default_factory=set)
    """Ids of corrections of a dead letter that was to be the event of this name."""
    _events: set[tuple[str, int]] = field(default_factory=set)
    _acts: dict[Key, tuple[int, Names]] = field(default_factory=dict)
    """By grant, convention or lone event: the first record that names the act."""
    _links: dict[Key, Links] = field(default_factory=dict)
    _tried: dict[Key, Links] = field(default_factory=dict)
    """Links by signatures that were not accepted."""
    _under: dict[Key, dict[str, None]] = field(default_factory=dict)
    """Conventions by grant, those that were not accepted included."""
    _alone: set[Key] = field(default_factory=set)
    _awards: dict[Key, Act] = field(default_factory=dict)
    _plans: dict[tuple[str, str, str], Plan] = field(default_factory=dict)
    _carried: set[Key] = field(default_factory=set)
    """Conventions that a closing carried over."""
    _opened_from: dict[Key, Key] = field(default_factory=dict)
    """By convention, the one of a closed budget that it continues."""
    _opened_as: dict[Key, Key] = field(default_factory=dict)
    """Its inverse."""
    _signed_as: dict[Key, str] = field(default_factory=dict)
    """By grant that stood alone, the convention that took its place."""
    _signed_for: dict[Key, str] = field(default_factory=dict)
    """Its inverse."""

    def add(self, entry: Entry) -> None:
        """Add the next record of a chain."""
        self.ends[entry.record.budget] = entry.record.sequence
        self._link_names(entry)
        if self.budget in {None, entry.record.budget}:
            self._find_reference(entry)

    def trace(self) -> "Trace":
        """The empty trace of all that was found; budgets in `missing` must be read before."""
        filters: dict[Filter, None] = {}
        for budget in sorted(self.budgets_by_kind.get(Kind.CONVENTION, ())):
            filters |= dict.fromkeys(self._list_budgets(budget, self.ref))
        for budget in sorted(self.budgets_by_kind.get(Kind.GRANT, ())):
            filters |= dict.fromkeys(self._follow_grant(budget, self.ref))
        for budget in sorted(self.budgets_by_kind.get(Kind.PAYMENT_ORDER, ())):
            convention, instalment = order_parts(self.ref)
            filters |= dict.fromkeys(self._list_budgets(budget, convention, 1, instalment))
        events = set(self._events)
        for (budget, _), (sequence, names) in self._acts.items():
            for grant in sorted(names.grants):
                filters |= dict.fromkeys(self._follow_grant(budget, grant, sequence))
            for convention in sorted(() if names.grants else names.conventions):
                filters |= dict.fromkeys(self._list_budgets(budget, convention, sequence))
            if not names.grants and not names.conventions:
                events.add((budget, sequence))
        kinds = sorted(self.budgets_by_kind, key=list(Kind).index)
        return Trace(self.ref, kinds, list(filters), events, self._list_unopened())

    def missing(self) -> list[str]:
        """Budgets of earlier or later years that the trace needs and that were not read."""
        traced = {part.budget for part in self.trace().filters}
        return sorted(traced - self.ends.keys())

    # ------------------------------------------------------------ reading records
    def _find_reference(self, entry: Entry) -> None:
        ref, record, names = self.ref, entry.record, entry.names
        budget = record.budget
        orders = {change.order.payment_order for change in record.payment_orders}
        if record.event_id == ref:
            self._find(Kind.EVENT, budget)
            self._events.add((budget, record.sequence))
        if _corrects(entry, ref):
            self.corrections.add(record.event_id or "")
        if self._sends_again(entry.event) or record.event_id in self.corrections:
            self._find(Kind.EVENT, budget)
            self._events.add((budget, record.sequence))
        opened = isinstance(entry.event, FiscalYearOpened) and ref == entry.convention
        if opened or ref in names.conventions:
            self._find(Kind.CONVENTION, budget)
        if ref in names.grants:
            self._find(Kind.GRANT, budget)
        if ref in names.orders or ref in orders or self._is_planned(budget):
            self._find(Kind.PAYMENT_ORDER, budget)
        if ref in names.acts:
            self._find(Kind.ACT, budget)
            about = next(iter(sorted(names.grants or names.conventions)), f"/{record.sequence}")
            self._acts.setdefault((budget, about), (record.sequence, names))

    def _sends_again(self, event: Event) -> bool:
        """True of the note that a dead letter was sent again as this event, or corrected by one."""
        if not isinstance(event, RecordReviewed) or event.event is None:
            return False
        return event.event.id == self.ref or event.event.id in self.corrections

    def _is_planned(self, budget: str) -> bool:
        return (budget, *order_parts(self.ref)) in self._plans and self.ref.count("/") == 1

    def _find(self, kind: Kind, budget: str) -> None:
        self.budgets_by_kind.setdefault(kind, set()).add(budget)

    def _link_names(self, entry: Entry) -> None:
        record, event = entry.record, entry.event
        budget = record.budget
        accepted = record.outcome is Outcome.ACCEPTED
        for move in record.moves:
            if move.kind is CARRY_OVER and move.convention is not None:
                self._carried.add((budget, move.convention))
            if move.convention is not None and "/" in (move.instalment or ""):
                grant = order_parts(move.instalment or "").convention
                self._replace(budget, grant, move.convention)
        match event:
            case ConventionSigned():
                self._link(record, event.convention, Links(event.grant, event.beneficiary.siret))
                if accepted:
                    self._plan(budget, event.convention, event.instalments)
                    if (budget, event.grant) in self._alone:
                        self._replace(budget, event.grant, event.convention)
            case ConventionAmended() if accepted:
                self._plan(budget, event.convention, event.instalments)
            case DeliberationAdopted(role="award") if accepted:
                self._awards[budget, event.grant] = act_of(event.act)
                if not event.requires_convention:
                    self._link(record, event.grant, Links(event.grant, event.beneficiary.siret))
                    self._stand_alone(budget, event)
            case FiscalYearOpened():
                name = entry.convention or event.convention
                before = (event.closed_budget, event.convention)
                self._link(record, name, Links(event.grant, event.beneficiary.siret))
                self._opened_from.setdefault((budget, name), before)
                self._opened_as.setdefault(before, (budget, name))
                if accepted:
                    self._plan(budget, name, event.instalments)
                    if event.stands_alone and name == event.grant:
                        self._alone.add((budget, name))
            case _:
                pass

    def _link(self, record: JournalRecord, convention: str, links: Links) -> None:
        known = self._links if record.outcome is Outcome.ACCEPTED else self._tried
        known[record.budget, convention] = links
        self._under.setdefault((record.budget, links.grant), {})[convention] = None

    def _list_links(self, budget: str, convention: str) -> Links | None:
        """The convention's links; where it was never signed, those of the last attempt."""
        key = (budget, convention)
        return self._links.get(key, self._tried.get(key))

    def _replace(self, budget: str, grant: str, convention: str) -> None:
        self._signed_as.setdefault((budget, grant), convention)
        self._signed_for.setdefault((budget, convention), grant)

    def _stand_alone(self, budget: str, event: DeliberationAdopted) -> None:
        self._alone.add((budget, event.grant))
        if event.instalments is None:
            self._plans[budget, event.grant, WHOLE_AWARD] = Plan()
        else:
            self._plan(budget, event.grant, event.instalments)

    def _plan(
        self,
        budget: str,
        convention: str,
        instalments: Iterable[parts.Instalment | fiscal_years.CarriedInstalment],
    ) -> None:
        for each in instalments:
            key = (budget, convention, each.instalment)
            before = self._plans.get(key, Plan())
            documents = {DocumentKey(doc.kind, doc.year) for doc in each.documents or ()}
            self._plans[key] = Plan(
                before.documents | documents, before.is_notified or each.trigger == "notification"
            )

    # ------------------------------------------------------------ making filters
    def _follow_grant(self, budget: str, grant: str, since: int = 1) -> Iterator[Filter]:
        award = self._awards.get((budget, grant))
        acts = frozenset(() if award is None else (award,))
        yield Filter(
            budget, grants=frozenset({grant}), award_acts=acts, is_of_grant=True, since=since
        )
        for convention in self._under.get((budget, grant), ()):
            links = self._list_links(budget, convention)
            if links is not None and links.grant == grant:
                yield from self._list_budgets(budget, convention, since)

    def _list_budgets(
        self, budget: str, convention: str, since: int = 1, instalment: str | None = None
    ) -> Iterator[Filter]:
        """A convention in all its years; from an act on, only from that record and later years."""
        signed = convention
        if instalment is not None:
            signed = self._signed_as.get((budget, convention), convention)
        for year, name in self._years(budget, signed, only_later=since > 1):
            is_of_grant = signed != convention and (year, name) in self._signed_for
            links = self._list_links(year, name)
            names = {name, *self._other_names(year, name)}
            bearer = self._signed_for[year, name] if is_of_grant else name
            planned = ((bearer, instalment or ""), (name, f"{bearer}/{instalment}"))
            plans = [self._plans.get((year, *each), Plan()) for each in planned]
            yield Filter(
                year,
                conventions=frozenset(names),
                grants=frozenset(() if links is None else {links.grant}),
                sirets=frozenset(() if links is None else {links.siret}),
                since=since if year == budget else 1,
                instalment=instalment,
                bearer=None if instalment is None else bearer,
                documents=frozenset().union(*(plan.documents for plan in plans)),
                is_notified=any(plan.is_notified for plan in plans),
            )

    def _years(self, budget: str, convention: str, *, only_later: bool) -> Iterator[Key]:
        """The budgets of a convention, in any order, with its name in each."""
        yield budget, convention
        earlier = (budget, convention)
        while not only_later and (earlier in self._opened_from or earlier in self._signed_for):
            if earlier in self._opened_from:
                earlier = self._opened_from[earlier]
                yield earlier
            else:  # The grant that stood alone before it came from an earlier year.
                earlier = (earlier[0], self._signed_for[earlier])
        later = self._ends_its_year(budget, convention)
        while later in self._carried:
            later = self._opened_as.get(later, (next_year(later[0]), later[1]))
            later = self._ends_its_year(*later)
            yield later

    def _ends_its_year(self, budget: str, name: str) -> Key:
        """A grant that stood alone goes on as the convention that was signed for it."""
        return budget, self._signed_as.get((budget, name), name)

    def _other_names(self, budget: str, name: str) -> Iterator[str]:
        """The convention signed in the place of a grant, or that grant."""
        key = (budget, name)
        yield from (each[key] for each in (self._signed_as, self._signed_for) if key in each)

    def _list_unopened(self) -> set[Key]:
        """Carried conventions whose opening in the next year was not read."""
        return self._carried - self._opened_as.keys()


def _corrects(entry: Entry, ref: str) -> bool:
    """True of an event that corrects a dead letter, which was to be the event of this id."""
    envelope = entry.received.envelope
    return envelope.source == CORRECTION and envelope.causationid == ref

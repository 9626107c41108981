"""Figures of the journal on the page Processing: orders, outcomes, latencies, what else waits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from events.lag import Board, Latency, Order, Orders, Outcomes, ParkedEvent, Report
from events.texts import Translatable, _, ngettext
from services.api.console import texts as order_texts
from services.api.console.elements import Fact, State, capital
from services.api.console.states import state_of
from services.api.grants.instalments import document_name
from services.api.lag.headline_view import OUTCOMES, Sum, Term, sum_result, term_of
from services.api.lag.stages import NONE, Cell, Moment
from services.api.rejections.view import TERMS
from services.lag.judge.model import total
from services.lag.present.headline import most_frequent
from services.lag.present.texts import LATENCIES, name_code
from services.ledger.explain.sentences import ORDER_STATES
from services.texts.locale_format import UNKNOWN

REASONS_MAX: Final = 3
"""Reasons listed by name."""

AND_MORE: Final = ngettext("and {count} more", "and {count} more")
RESUMED: Final = ngettext(
    "{count} waited, and was decided since.", "{count} waited, and were decided since."
)
PAST: Final = ngettext("{count} past its deadline", "{count} past their deadline")
WAITED_FOR: Final[Mapping[str, Translatable]] = {
    "budget": _("the budget"),
    "grant": _("the grant"),
    "convention": _("the convention"),
    "recovery": _("the recovery"),
}
"""Kinds of things that a parked event waits for."""


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of a lag document at a moment; templates ask it for texts and cells."""

    board: Board
    moment: Moment

    # -------------------------------------------------------------- payment orders
    @property
    def orders(self) -> Orders | None:
        """The waiting payment orders; None where their number is unknown."""
        found = self.board.orders
        return None if found is None or found.count is None else found

    def order_facts(self, orders: Orders) -> list[Fact]:
        """The number of orders that wait, the oldest, and those that are late."""
        say, locale = self.moment.say, self.moment.locale

        def fact(label: Translatable, count: int | None, cents: int | None, more: str = "") -> Fact:
            amount = locale.money(cents) if count else ""
            text = (
                locale.number(count)
                if count is None
                else locale.quantity(order_texts.ORDER_COUNT, count)
            )
            late = bool(count) and label is not waiting
            return Fact(say(label), text, " · ".join(filter(None, (amount, more))), late=late)

        waiting, unanswered, due = _("Waiting"), orders.unacknowledged, orders.due
        since = unanswered.oldest_issued_at
        oldest = say(NONE) if orders.count == 0 else self._issue_age(orders.oldest_issued_at)
        return [
            fact(waiting, orders.count, orders.amount_cents),
            Fact(say(_("The oldest")), oldest, name=True),
            fact(_("Overdue"), due.count, due.amount_cents),
            fact(
                _("Unanswered for too long"),
                unanswered.count,
                unanswered.amount_cents,
                ""
                if since is None
                else say(_("the oldest issued {age}"), age=self.moment.age(since)),
            ),
        ]

    def _issue_age(self, at: datetime | None) -> str:
        age = None if at is None else self.moment.age(at)
        return UNKNOWN if age is None else self.moment.say(_("issued {age}"), age=age)

    def order_state(self, state: str) -> str:
        """The name of a state of orders, as it begins a line."""
        return capital(self.moment.say(name_code(ORDER_STATES, state)))

    def order_badges(self, order: Order) -> list[State]:
        """The state of an order, and that the accountant is silent about it."""
        known = order.state in ORDER_STATES
        found = [
            state_of(order.state, "order", self.moment.locale) if known else State(order.state)
        ]
        if order.unacknowledged:
            found.append(State(self.moment.say(_("unanswered for too long")), "warn", "warn"))
        return found

    def issue_day(self, order: Order) -> Cell:
        """The day on which an order was issued."""
        locale = self.moment.locale
        day = locale.short_day(locale.local_day(order.issued_at))
        return Cell(day, self.moment.age(order.issued_at))

    def due(self, order: Order) -> Cell:
        """The day by which an order is to be paid."""
        locale = self.moment.locale
        say = locale.days_overdue if order.due else locale.days_away
        away = say(order.due_on, locale.local_day(self.moment.now))
        return Cell(locale.short_day(order.due_on), away, order.due)

    def days_away(self, day: date) -> str:
        """`3 days ago`."""
        locale = self.moment.locale
        return locale.days_away(day, locale.local_day(self.moment.now))

    # -------------------------------------------------------------- outcomes, latencies
    @property
    def sum(self) -> Sum:
        """Received = the sum of the outcomes; those without a known outcome are a term too."""
        outcomes, locale = self.board.outcomes or Outcomes(), self.moment.locale
        whole = total((outcomes.received, outcomes.in_flight, outcomes.gap))
        terms = [term_of(name, getattr(outcomes, name), locale) for name in OUTCOMES]
        terms.append(term_of("in_flight", outcomes.in_flight, locale))
        if outcomes.gap != 0:
            text = None if outcomes.gap is None else locale.number(outcomes.gap)
            terms.append(Term("gap", self.moment.say(_("unaccounted for")), text))
        return Sum(term_of("received", whole, locale), terms, self._result(outcomes))

    def _result(self, outcomes: Outcomes) -> State:
        locale = self.moment.locale
        if outcomes.gap or outcomes.repeated:
            return sum_result(False, locale)
        counts = {outcomes.gap, outcomes.repeated, outcomes.in_flight, outcomes.received}
        return sum_result(None if None in counts else True, locale)

    def step(self, latency: Latency) -> str:
        """The name of a step."""
        return self.moment.say(name_code(LATENCIES, latency.stage))

    def span(self, latency: Latency, seconds: float | None) -> Cell:
        """The duration of a step; none where it was never taken."""
        if latency.count == 0:
            return Cell(self.moment.say(NONE))
        return Cell(None if seconds is None else self.moment.locale.exact_span(seconds))

    @property
    def resumed(self) -> str:
        """The number of events that waited and were decided since; empty without any."""
        count = self.board.outcomes and self.board.outcomes.resumed
        return self.moment.locale.quantity(RESUMED, count) if count else ""

    # -------------------------------------------------------------- what else waits
    @property
    def past(self) -> str:
        """The number of parked events past their deadline; empty without any."""
        count = self.board.parked and self.board.parked.past
        return self.moment.locale.quantity(PAST, count) if count else ""

    def document(self, report: Report) -> str:
        """`CONV-2026, activity report 2025`."""
        year = "" if report.year is None else report.year
        text = document_name(report.document_kind, year, self.moment.locale)
        return f"{report.convention}, {text.strip()}"

    def wait(self, event: ParkedEvent) -> str:
        """The thing that a parked event waits for, and since when."""
        kind = name_code(WAITED_FOR, event.waits_for.kind)
        waits = self.moment.say(_("waits for {kind} {id}"), kind=kind, id=event.waits_for.id)
        return f"{waits} · {self.moment.age(event.since)}"

    def reasons(self, kind: str, counts: Mapping[str, int] | None) -> Sequence[tuple[str, str]]:
        """The most frequent reasons, each by its name, with their numbers."""
        locale, often = self.moment.locale, most_frequent(counts)
        found = [
            (capital(locale.say(name_code(TERMS[kind], code))), locale.number(count))
            for code, count in often[:REASONS_MAX]
        ]
        left = len(often) - REASONS_MAX
        return [*found, (locale.quantity(AND_MORE, left), "")] if left > 0 else found

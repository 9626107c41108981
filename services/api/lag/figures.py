"""Views of the figures of the journal: orders, outcomes, latencies, and other waiting items."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from events.lag import Board, Latency, Order, Orders, ParkedEvent, Report
from events.lag import Outcomes as Counted
from services.api.console.elements import Fact, Link, State, address, capital, order_href
from services.api.console.states import state_of
from services.api.console.texts import lag_page as texts
from services.api.console.texts import orders as order_texts
from services.api.console.texts import today
from services.api.grants.instalments import document_name
from services.api.lag.stages import Cell, Moment
from services.api.rejections.view import TERMS
from services.api.today.view import OUTCOMES, Sum, Term, term_of
from services.lag.judge.sums import total
from services.lag.present import texts as states
from services.lag.present.rows import most_frequent
from services.ledger.explain.terms import ORDER_STATES
from services.texts.locale_format import UNKNOWN

REASONS_MAX: Final = 3
"""Reasons listed by name."""


@dataclass(frozen=True, slots=True)
class OrderLine:
    """A payment order that waits."""

    link: Link
    budget: str
    state: State
    badges: Sequence[State]
    left: str
    issued: Cell
    due: Cell


@dataclass(frozen=True, slots=True)
class OrdersView:
    """The waiting payment orders; `facts` is None where they are unknown."""

    facts: Sequence[Fact] | None
    by_state: Sequence[Fact]
    rows: Sequence[OrderLine]


@dataclass(frozen=True, slots=True)
class LatencyRow:
    """One step."""

    text: str
    count: Cell
    half: Cell
    most: Cell
    longest: Cell


@dataclass(frozen=True, slots=True)
class Item:
    """One waiting item."""

    text: str
    more: str
    badge: State | None = None


@dataclass(frozen=True, slots=True)
class Other:
    """A kind of waiting items; `count` is None where it is unknown."""

    text: str
    href: str
    count: str | None
    lines: Sequence[Item]
    late: str = ""
    """A text about those that wait for too long."""


@dataclass(frozen=True, slots=True)
class WatchFigures:
    """Figures of the watch itself."""

    instance: str | None
    budgets: Cell
    balances: Cell
    faults: Cell


@dataclass(frozen=True, slots=True)
class Figures:
    """All figures."""

    orders: OrdersView
    sum: Sum
    resumed: str
    latencies: Sequence[LatencyRow]
    others: Sequence[Other]
    watch: WatchFigures


def figures_of(board: Board, moment: Moment) -> Figures:
    """The figures of a lag document as views."""
    outcomes, watch = board.outcomes or Counted(), board.watch
    resumed = moment.say("resumed", count=moment.locale.number(outcomes.resumed))
    return Figures(
        _orders(board.orders, moment),
        _sum(outcomes, moment),
        resumed if outcomes.resumed else "",
        [_latency(each, moment) for each in board.latencies or ()],
        [
            _reports(board, moment),
            _parked(board, moment),
            _dead_letters(board, moment),
            _refusals(board, moment),
            _deadline_events(board, moment),
        ],
        WatchFigures(
            watch.instance,
            _count(watch.budgets, moment),
            _count(watch.balances_differing, moment, bad=bool(watch.balances_differing)),
            _count(watch.journal_faults, moment, bad=bool(watch.journal_faults)),
        ),
    )


def _count(count: int | None, moment: Moment, *, bad: bool = False) -> Cell:
    return Cell(None if count is None else moment.locale.number(count), "", bad)


# ------------------------------------------------------------------ payment orders
def _orders(orders: Orders | None, moment: Moment) -> OrdersView:
    if orders is None or orders.count is None:
        return OrdersView(None, (), ())
    locale = moment.locale

    def fact(name: str, count: int | None, cents: int | None, more: str = "") -> Fact:
        some = bool(count)
        amount = locale.money(cents) if some else ""
        text = locale.number(count) if count is None else locale.counted(order_texts.ORDERS, count)
        late = some and name != "orders_waiting"
        return Fact(moment.say(name), text, " · ".join(filter(None, (amount, more))), late=late)

    oldest = orders.oldest_issued_at
    unanswered, due = orders.unacknowledged, orders.due
    since = unanswered.oldest_issued_at
    facts = [
        fact("orders_waiting", orders.count, orders.amount_cents),
        Fact(
            moment.say("orders_oldest"),
            moment.say("none") if orders.count == 0 else _issued(oldest, moment),
            name=True,
        ),
        fact("orders_due", due.count, due.amount_cents),
        fact(
            "orders_unacknowledged",
            unanswered.count,
            unanswered.amount_cents,
            "" if since is None else moment.say("oldest_issued", age=moment.age(since)),
        ),
    ]
    by_state = [
        Fact(capital(_order_state(state, moment)), locale.number(count))
        for state, count in (orders.by_state or {}).items()
    ]
    return OrdersView(facts, by_state, [_order(each, moment) for each in orders.items])


def _issued(at: datetime | None, moment: Moment) -> str:
    return UNKNOWN if at is None else moment.say("issued", age=moment.age(at))


def _order_state(state: str, moment: Moment) -> str:
    known = ORDER_STATES.get(state)
    return state if known is None else moment.locale.say(known)


def _order(order: Order, moment: Moment) -> OrderLine:
    locale = moment.locale
    badges = []
    if order.unacknowledged:
        badges.append(State(moment.say("unanswered"), "warn", "warn"))
    known = order.state in ORDER_STATES
    away = locale.days_away(order.due_on, locale.local_day(moment.now))
    return OrderLine(
        Link(order_href(order.budget, order.payment_order), order.payment_order),
        order.budget,
        state_of(order.state, "order", locale) if known else State(order.state),
        badges,
        locale.money(order.amount_cents - order.paid_cents),
        Cell(locale.short_day(locale.local_day(order.issued_at)), moment.age(order.issued_at)),
        Cell(
            locale.short_day(order.due_on),
            locale.say(order_texts.TEXTS["late_by"], away=away) if order.due else away,
            order.due,
        ),
    )


# ------------------------------------------------------------------ outcomes
def _sum(outcomes: Counted, moment: Moment) -> Sum:
    """Received = the sum of the outcomes; those without a known outcome are a term too."""
    locale = moment.locale
    whole = total((outcomes.received, outcomes.in_flight, outcomes.gap))
    terms = [term_of(name, getattr(outcomes, name), locale) for name in OUTCOMES]
    terms.append(term_of("in_flight", outcomes.in_flight, locale))
    if outcomes.gap != 0:
        text = None if outcomes.gap is None else locale.number(outcomes.gap)
        terms.append(Term("gap", moment.say("unaccounted"), text))
    return Sum(term_of("received", whole, locale), terms, _result(outcomes, moment))


def _result(outcomes: Counted, moment: Moment) -> State:
    say = moment.locale.say
    if outcomes.gap or outcomes.repeated:
        return State(say(today.TEXTS["does_not"]), "bad", "bad")
    if None in {outcomes.gap, outcomes.repeated, outcomes.in_flight} or outcomes.received is None:
        return State(say(today.TEXTS["cannot_tell"]), "unknown", "unknown")
    return State(say(today.TEXTS["adds_up"]), "good", "good")


# ------------------------------------------------------------------ durations
def _latency(latency: Latency, moment: Moment) -> LatencyRow:
    known, locale = states.LATENCIES.get(latency.stage), moment.locale
    nothing = latency.count == 0

    def cell(seconds: float | None) -> Cell:
        if nothing:
            return Cell(moment.say("none"))
        return Cell(None if seconds is None else locale.exact_span(seconds))

    return LatencyRow(
        latency.stage if known is None else locale.say(known),
        _count(latency.count, moment),
        cell(latency.p50_s),
        cell(latency.p95_s),
        cell(latency.max_s),
    )


# ------------------------------------------------------------------ what else waits
def _other(
    name: str,
    count: int | None,
    moment: Moment,
    lines: Sequence[Item] = (),
    *,
    href: str = "",
    late: str = "",
) -> Other:
    text = None if count is None else moment.locale.number(count)
    return Other(moment.say(name), href, text, lines, late)


def _when(name: str, at: datetime | None, moment: Moment) -> list[Item]:
    return [] if at is None else [Item(moment.say(name, age=moment.age(at)), "")]


def _reports(board: Board, moment: Moment) -> Other:
    reports, locale = board.reports_overdue, moment.locale
    if reports is None:
        return _other("reports", None, moment)
    oldest, lines = reports.oldest_due_on, []
    if oldest is not None:
        age = locale.days_away(oldest, locale.local_day(moment.now))
        lines.append(Item(moment.say("since_day", age=age), ""))
    lines += [_report(each, moment) for each in reports.items]
    return _other("reports", reports.count, moment, lines)


def _report(report: Report, moment: Moment) -> Item:
    year = "" if report.year is None else report.year
    text = document_name(report.document_kind, year, moment.locale)
    closed = State(moment.say("closed")) if report.closed else None
    day = moment.locale.short_day(report.due_on)
    return Item(f"{report.convention}, {text.strip()}", day, closed)


def _parked(board: Board, moment: Moment) -> Other:
    parked = board.parked
    if parked is None:
        return _other("parked", None, moment)
    lines = _when("oldest_of", parked.oldest_since, moment)
    lines += [_parked_event(each, moment) for each in parked.items]
    late = moment.say("past", count=moment.locale.number(parked.past)) if parked.past else ""
    href = address("troubles", "parked")
    return _other("parked", parked.count, moment, lines, href=href, late=late)


def _parked_event(event: ParkedEvent, moment: Moment) -> Item:
    known = texts.WAITED_FOR.get(event.waits_for.kind)
    kind = event.waits_for.kind if known is None else moment.locale.say(known)
    waits = moment.say("waits_for", kind=kind, id=event.waits_for.id)
    return Item(event.event_id, f"{waits} · {moment.age(event.since)}")


def _dead_letters(board: Board, moment: Moment) -> Other:
    dead_letters = board.dead_letters
    if dead_letters is None:
        return _other("dead_letters", None, moment)
    lines = [
        *_when("newest_of", dead_letters.newest_at, moment),
        *_reasons("unreadable", dead_letters.reasons, moment),
    ]
    href = address("troubles", "unreadable")
    return _other("dead_letters", dead_letters.count, moment, lines, href=href)


def _refusals(board: Board, moment: Moment) -> Other:
    refusals = board.refusals
    if refusals is None:
        return _other("refusals", None, moment)
    lines = [
        *_when("newest_of", refusals.newest_at, moment),
        *_reasons("refused", refusals.codes, moment),
    ]
    return _other("refusals", refusals.count, moment, lines, href=address("troubles", "refused"))


def _reasons(kind: str, counts: Mapping[str, int] | None, moment: Moment) -> list[Item]:
    """The most frequent reasons, each by its name."""
    often = most_frequent(counts)
    found = []
    for code, count in often[:REASONS_MAX]:
        known = TERMS[kind].get(code)
        text = code if known is None else moment.locale.say(known)
        found.append(Item(capital(text), moment.locale.number(count)))
    left = len(often) - REASONS_MAX
    if left > 0:
        found.append(Item(moment.locale.counted(texts.AND_MORE, left), ""))
    return found


def _deadline_events(board: Board, moment: Moment) -> Other:
    deadline_events = board.deadline_events
    if deadline_events is None:
        return _other("deadline_events", None, moment)
    pending = deadline_events.pending
    lines = []
    if pending is not None:
        text = moment.say("deadline_events_pending", count=moment.locale.number(pending))
        lines.append(Item(text, ""))
    return _other("deadline_events", deadline_events.written, moment, lines)

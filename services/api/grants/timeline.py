"""The records behind a grant or a payment order as a timeline: what came on which day, and why.

Pure. It tells of a record what `ecluse trace` tells: act, document, order, payment, money moved.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, NamedTuple

from events.envelope import INBOUND
from events.fiscal_years import FiscalYearClosed
from events.journal import Act, ChangedOrder, Event, Move, PaymentOrder, Reason, Record
from events.payments import PaymentExecuted
from events.texts import _
from services.api.console.elements import State, type_name
from services.api.console.states import move_ends, state_of
from services.api.grants.instalments import document_name
from services.ledger.explain.sentences import ORDER_STATES
from services.projector.rows.column_values import day_of
from services.texts.locale_format import LocaleFormat
from services.texts.translation import isolate

ACCEPTED: Final = "accepted"

OF_ITS_CONVENTION: Final = frozenset(
    each.TYPE for each in INBOUND if {"award", "convention"} & {*each.CONCERNS}
)
"""Types of the events by which a payment is decided, agreed on, stopped or let go on."""

PAID: Final = "paid"
WRONG: Final = frozenset({"refused"})

Documents = Collection[tuple[str, int]]
"""Kinds and years."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A record: the day of its event, and what it brought."""

    day: date
    title: str
    texts: Sequence[str]
    sequence: int
    how: str
    """How it is drawn: done, now or wrong."""
    state: State | None
    """Its outcome, where it is another than accepted."""


class Subject(NamedTuple):
    """The subject of a timeline: a grant under all names of its conventions, or orders of one."""

    conventions: Collection[str]
    orders: Collection[str] | None = None
    """An order, and those that it replaces; None: all."""

    def has_order(self, order: ChangedOrder) -> bool:
        """True of an order that it is about."""
        if self.orders is not None:
            return order.payment_order in self.orders
        return order.convention in self.conventions

    def has_move(self, move: Move) -> bool:
        """True of money of its conventions, or of the instalment that its orders pay."""
        if move.convention is not None and move.convention not in self.conventions:
            return False
        if self.orders is None or move.instalment is None:
            return True
        paid = f"{move.convention}/{move.instalment}/"
        return any(f"{order}/".startswith(paid) for order in self.orders)


def timeline(records: Iterable[Record], subject: Subject, locale: LocaleFormat) -> list[Moment]:
    """Records as moments, by day."""
    found = [
        _moment(record, record.event, subject, locale)
        for record in records
        if record.event is not None
    ]
    return sorted(found, key=lambda moment: (moment.day, moment.sequence))


def select_order_records(
    records: Iterable[Record], orders: Collection[str], documents: Documents, last: int
) -> list[Record]:
    """The accepted records that led to an order and its payment, up to the record `last`.

    Args:
        records: those of its grant.
        orders: the order, and those that it replaces.
        documents: those that its instalment waits for.
        last: the record that changed the order last.
    """
    return [
        record
        for record in records
        if record.outcome == ACCEPTED
        and record.event is not None
        and record.sequence <= last
        and _leads_to(record, record.event, orders, documents)
    ]


def _leads_to(record: Record, event: Event, orders: Collection[str], documents: Documents) -> bool:
    named = {event.data.payment_order, *(each.payment_order for each in _orders(record))}
    if named & {*orders}:
        return True
    document = event.data.document
    if document is not None:
        return (document.kind, document.year) in documents
    return event.type in OF_ITS_CONVENTION


def _orders(record: Record) -> Sequence[PaymentOrder]:
    return record.payment_orders or ()


def _moment(record: Record, event: Event, subject: Subject, locale: LocaleFormat) -> Moment:
    is_accepted = record.outcome == ACCEPTED
    how = "done" if is_accepted else "wrong" if record.outcome in WRONG else "now"
    texts = [*_describe_event(event, locale), *_describe_effects(record, subject, locale)]
    return Moment(
        day_of(event),
        type_name(event.type, locale),
        texts,
        record.sequence,
        how,
        None if is_accepted else state_of(record.outcome, "outcome", locale),
    )


def _describe_event(event: Event, locale: LocaleFormat) -> Iterator[str]:
    """The subject of an event, where its type does not say it."""
    data = event.data
    for act in (data.act, *data.acts):
        if act is not None:
            yield _describe_act(act, locale)
    if data.document is not None:
        yield document_name(data.document.kind, data.document.year, locale)
    if data.eligible_cost_cents is not None:
        cost = locale.money(data.eligible_cost_cents)
        yield locale.say(_("eligible cost {amount}"), amount=cost)
    if data.recovery is not None:
        yield locale.say(_("recovery {recovery}"), recovery=data.recovery)
    if event.type == PaymentExecuted.TYPE:
        reference = isolate(data.bank_reference or "")
        yield ", ".join(filter(None, (locale.money(data.amount_cents), reference)))
    if isinstance(data.reason, Reason):
        yield f"{isolate(data.reason.code)} – {isolate(data.reason.label)}"
    elif data.reason:
        yield data.reason


def _describe_act(act: Act, locale: LocaleFormat) -> str:
    text = isolate(act.body)
    if act.number is not None:
        text += f", {locale.say(_('no. {number}'), number=act.number)}"
    return f"{text}, {locale.day(act.day)}"


def _describe_effects(record: Record, subject: Subject, locale: LocaleFormat) -> Iterator[str]:
    """The orders and the money that a record changed."""
    event_type = None if record.event is None else record.event.type
    is_payment, is_closing = (
        event_type == each.TYPE for each in (PaymentExecuted, FiscalYearClosed)
    )
    for order in _orders(record):
        if subject.has_order(order):
            in_part = is_payment and order.state != PAID
            yield (
                _describe_part_payment(order, locale) if in_part else _describe_order(order, locale)
            )
    sums: dict[tuple[str | None, str | None], int] = {}
    for move in record.moves or ():
        # A closing gives back all that is reserved, and names no grant (rules, 30).
        if subject.has_move(move) and (move.convention is not None or not is_closing):
            ends = (move.origin, move.target)
            sums[ends] = sums.get(ends, 0) + move.amount_cents
    for (origin, target), cents in sums.items():
        yield f"{' → '.join(move_ends(origin, target, locale))} {locale.money(cents)}"


def _describe_part_payment(order: PaymentOrder, locale: LocaleFormat) -> str:
    return locale.say(
        _("payment order {order}: {paid} of {amount} paid"),
        order=order.payment_order,
        paid=locale.money(order.paid_cents),
        amount=locale.money(order.amount_cents),
    )


def _describe_order(order: PaymentOrder, locale: LocaleFormat) -> str:
    if order.issued_on is None:
        state = locale.say(ORDER_STATES[order.state])
        facts = {"order": order.payment_order, "state": state}
        return locale.say(_("payment order {order}: {state}"), **facts)
    if order.previous is not None:
        return locale.say(
            _("payment order {order} issued in place of {previous}, {amount}, due {day}"),
            order=order.payment_order,
            previous=order.previous,
            amount=locale.money(order.amount_cents),
            day=locale.day(order.due_on),
        )
    return locale.say(
        _("condition met: payment order {order} issued, {amount}, due {day}"),
        order=order.payment_order,
        amount=locale.money(order.amount_cents),
        day=locale.day(order.due_on),
    )

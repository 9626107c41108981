"""Payment orders: the list, and one whole. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from services.api.console.elements import (
    Link,
    State,
    Verbatim,
    address,
    line_name,
    order_href,
    record_href,
)
from services.api.console.texts import orders as words
from services.api.orders.query import OPEN_STATES, PaymentOrder, Service, WholeOrder
from services.ledger.explain.terms import ORDER_STATES
from services.texts.locale_format import Voice

TONES: Final = {
    "issued": ("info", "now"),
    "taken_in_charge": ("info", "now"),
    "on_hold": ("warn", "warn"),
    "rejected": ("bad", "bad"),
    "paid": ("good", "good"),
    "cancelled": ("", ""),
}


@dataclass(frozen=True, slots=True)
class Fact:
    """A name and what is said under it."""

    label: str
    said: str
    more: str = ""
    href: str = ""
    late: bool = False
    name: bool = False
    """Whether it is what something is called, and no figure."""


@dataclass(frozen=True, slots=True)
class OrderRow:
    """An order in the list."""

    link: Link
    beneficiary: str
    amount: str
    left: str
    state: State
    issued_on: str
    issued_away: str
    due_on: str
    due_away: str
    late: bool


@dataclass(frozen=True, slots=True)
class LineRow:
    """What an order pays on one line."""

    line: str
    amount: str
    services: Sequence[str]


@dataclass(frozen=True, slots=True)
class PaymentRow:
    """A payment, and its record."""

    day: str
    amount: str
    reference: str
    record: Link


@dataclass(frozen=True, slots=True)
class Account:
    """The account that is credited: masked, or revealed on this page."""

    iban: str
    bic: str
    holder: str
    revealed: bool
    reveal_href: str
    """Where an operator may ask for the whole; empty for others."""


@dataclass(frozen=True, slots=True)
class OrderView:
    """An order whole."""

    name: str
    state: State
    since: str
    figures: Sequence[Fact]
    facts: Sequence[Fact]
    lines: Sequence[LineRow]
    total: str
    payments: Sequence[PaymentRow]
    records: Sequence[Link]
    account: Account


def rows_of(orders: Iterable[PaymentOrder], today: date, voice: Voice) -> list[OrderRow]:
    """The list."""
    return [_row(each, today, voice) for each in orders]


def state_of(state: str, voice: Voice) -> State:
    """The state of an order, never told by colour alone."""
    return State(voice.say(ORDER_STATES[state]), *TONES[state])


def _row(order: PaymentOrder, today: date, voice: Voice) -> OrderRow:
    is_open = order.state in OPEN_STATES
    late = is_open and order.due_on < today
    away = voice.days_away(order.due_on, today) if is_open else ""
    return OrderRow(
        Link(order_href(order.budget, order.payment_order), order.payment_order),
        "" if order.beneficiary is None else order.beneficiary.name,
        voice.money(order.amount_cents),
        voice.money(order.left_cents if is_open else 0),
        state_of(order.state, voice),
        voice.short_day(order.issued_on),
        voice.days_away(order.issued_on, today) if is_open else "",
        voice.short_day(order.due_on),
        voice.say(words.WORDS["late_by"], away=away) if late else away,
        late,
    )


def order_view(
    whole: WholeOrder,
    grant: str | None,
    today: date,
    voice: Voice,
    *,
    may_reveal: bool,
    revealed: tuple[str, str | None, str] | None = None,
) -> OrderView:
    """An order whole; `revealed` is its account where an operator asked for it just now."""
    order = whole.order
    row = _row(order, today, voice)
    return OrderView(
        order.payment_order,
        row.state,
        voice.say(words.WORDS["since"], day=voice.day(order.state_on)),
        _figures(row, voice, order),
        list(_facts(order, grant, voice)),
        [
            _line_row(line_name(each.line), each.amount_cents, each.services, voice)
            for each in whole.lines
        ],
        voice.money(sum(each.amount_cents for each in whole.lines)),
        [
            PaymentRow(
                voice.day(each.executed_on),
                voice.money(each.amount_cents),
                each.bank_reference or "",
                _record(order.budget, each.sequence, voice),
            )
            for each in whole.payments
        ],
        _records(order, voice),
        _account(order, revealed, may_reveal=may_reveal),
    )


def _figures(row: OrderRow, voice: Voice, order: PaymentOrder) -> list[Fact]:
    return [
        Fact(voice.say(words.WORDS["amount"]), row.amount),
        Fact(voice.say(words.WORDS["paid"]), voice.money(order.paid_cents)),
        Fact(voice.say(words.WORDS["left"]), row.left),
        Fact(
            voice.say(words.WORDS["due_on"]), voice.day(order.due_on), row.due_away, late=row.late
        ),
    ]


def _facts(order: PaymentOrder, grant: str | None, voice: Voice) -> Iterable[Fact]:
    def fact(name: str, said: str, href: str = "") -> Fact:
        return Fact(voice.say(words.WORDS[name]), said, "", href)

    if order.title:
        yield fact("title_of_act", order.title)
    if order.beneficiary is not None:
        yield fact("beneficiary", order.beneficiary.name)
        yield fact("siret", order.beneficiary.siret)
    yield fact("budget", order.budget)
    if grant is not None:
        yield fact("grant", grant, address("grants", order.budget, grant))
    yield fact("convention", order.convention)
    yield fact("instalment", order.instalment)
    yield fact("issued_on", voice.day(order.issued_on))
    if order.acknowledged_on is not None:
        yield fact("acknowledged_on", voice.day(order.acknowledged_on))
    if order.previous:
        yield fact("previous", order.previous, order_href(order.budget, order.previous))
    if order.reason_code or order.reason_label:
        told = " – ".join(each for each in (order.reason_code, order.reason_label) if each)
        yield fact("reason", told)


def _line_row(
    line: str, amount_cents: int, services: Sequence[Service] | None, voice: Voice
) -> LineRow:
    told = [f"{each.code} {voice.money(each.amount_cents)}" for each in services or ()]
    return LineRow(line, voice.money(amount_cents), told)


def _record(budget: str, sequence: int, voice: Voice) -> Link:
    said = f"{voice.say(words.WORDS['record'])} {voice.number(sequence)}"
    return Link(record_href(budget, sequence), said)


def _records(order: PaymentOrder, voice: Voice) -> list[Link]:
    """The record that issued it, and the one that changed it last."""
    named = {order.sequence: "issued_by"}
    if order.state_sequence != order.sequence:
        named[order.state_sequence] = "changed_by"
    return [
        Link(
            record_href(order.budget, sequence),
            f"{voice.say(words.WORDS[name])} (n°\u00a0{voice.number(sequence)})",
        )
        for sequence, name in named.items()
    ]


def _account(
    order: PaymentOrder, revealed: tuple[str, str | None, str] | None, *, may_reveal: bool
) -> Account:
    known = order.bank_account
    iban, bic, holder = revealed or (known.iban, known.bic, known.holder)
    if revealed is not None:
        iban = " ".join(iban[at : at + 4] for at in range(0, len(iban), 4))
    href = order_href(order.budget, order.payment_order) if may_reveal else ""
    return Account(Verbatim(iban), bic or "—", holder, revealed is not None, href)

"""Payment orders: the list, and one whole. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final

from services.api.console.elements import (
    Link,
    State,
    Verbatim,
    address,
    order_href,
    record_href,
)
from services.api.console.texts import orders as texts
from services.api.orders.query import PaymentOrder
from services.ledger.explain.terms import ORDER_STATES
from services.texts.locale_format import LocaleFormat

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
    text: str
    more: str = ""
    href: str = ""
    late: bool = False
    name: bool = False
    """True if it is what something is called, and no figure."""


@dataclass(frozen=True, slots=True)
class Account:
    """The account that is credited: masked, or revealed on this page."""

    iban: str
    bic: str
    holder: str
    revealed: bool
    reveal_href: str
    """Address where an operator may ask for the whole; empty for others."""


def state_of(state: str, locale: LocaleFormat) -> State:
    """The state of an order, never shown by colour alone."""
    return State(locale.say(ORDER_STATES[state]), *TONES[state])


def states(locale: LocaleFormat) -> dict[str, State]:
    """All states of orders."""
    return {state: state_of(state, locale) for state in ORDER_STATES}


def figures_of(order: PaymentOrder, today: date, locale: LocaleFormat) -> list[Fact]:
    """Its amounts, and the day when it is due."""
    away, late = "", order.is_late(today)
    if order.is_open:
        away = locale.days_away(order.due_on, today)
    if late:
        away = locale.say(texts.TEXTS["late_by"], away=away)
    left_cents = order.left_cents if order.is_open else 0
    return [
        Fact(locale.say(texts.TEXTS["amount"]), locale.money(order.amount_cents)),
        Fact(locale.say(texts.TEXTS["paid"]), locale.money(order.paid_cents)),
        Fact(locale.say(texts.TEXTS["left"]), locale.money(left_cents)),
        Fact(locale.say(texts.TEXTS["due_on"]), locale.day(order.due_on), away, late=late),
    ]


def facts_of(order: PaymentOrder, grant: str | None, locale: LocaleFormat) -> Iterable[Fact]:
    """The rest of what is known of it, where there is any."""

    def fact(name: str, text: str, href: str = "") -> Fact:
        return Fact(locale.say(texts.TEXTS[name]), text, "", href)

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
    yield fact("issued_on", locale.day(order.issued_on))
    if order.acknowledged_on is not None:
        yield fact("acknowledged_on", locale.day(order.acknowledged_on))
    if order.previous:
        yield fact("previous", order.previous, order_href(order.budget, order.previous))
    if order.reason_code or order.reason_label:
        reason = " – ".join(each for each in (order.reason_code, order.reason_label) if each)
        yield fact("reason", reason)


def records_of(order: PaymentOrder, locale: LocaleFormat) -> list[Link]:
    """The record that issued it, and the one that changed it last."""
    named = {order.sequence: "issued_by"}
    if order.state_sequence != order.sequence:
        named[order.state_sequence] = "changed_by"
    return [
        Link(
            record_href(order.budget, sequence),
            f"{locale.say(texts.TEXTS[name])} (n°\u00a0{locale.number(sequence)})",
        )
        for sequence, name in named.items()
    ]


def account_of(
    order: PaymentOrder, revealed: tuple[str, str | None, str] | None, *, may_reveal: bool
) -> Account:
    """Its account; `revealed` where an operator asked for it just now."""
    known = order.bank_account
    iban, bic, holder = revealed or (known.iban, known.bic, known.holder)
    if revealed is not None:
        iban = " ".join(iban[at : at + 4] for at in range(0, len(iban), 4))
    href = order_href(order.budget, order.payment_order) if may_reveal else ""
    return Account(Verbatim(iban), bic or "—", holder, revealed is not None, href)

"""The schedule of a convention as a timeline: planned, on what condition, ordered, paid. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from services.api.console.elements import Link, State, order_href, record_href
from services.api.console.texts import grants as texts
from services.api.console.texts.codes import CONVENTION_STATES, TRIGGERS
from services.api.console.texts.orders import TEXTS as ORDER_TEXTS
from services.api.grants.conventions import Convention, Instalment, Want
from services.api.orders.query import OPEN_STATES
from services.api.orders.view import TONES as ORDER_TONES
from services.api.orders.view import state_of
from services.ledger.explain.sentences import DOCUMENTS
from services.ledger.explain.terms import ORDER_STATES
from services.texts.locale_format import LocaleFormat

ENDED: Final = frozenset({"terminated", "withdrawn"})

CONVENTION_TONES: Final = {
    "in_force": ("good", "good"),
    "suspended": ("warn", "warn"),
    "terminated": ("", ""),
    "withdrawn": ("bad", "bad"),
}


@dataclass(frozen=True, slots=True)
class Step:
    """One step of an instalment: done, now, wrong, or later."""

    how: str
    title: str
    spoken: str
    """Name of its state, for who does not see its colour."""
    text: Sequence[str]
    links: Sequence[Link] = ()
    state: State | None = None


@dataclass(frozen=True, slots=True)
class InstalmentView:
    """An instalment with its four steps."""

    name: str
    amount: str
    how: str
    state: State
    steps: Sequence[Step]


@dataclass(frozen=True, slots=True)
class ConventionView:
    """A convention with its timeline."""

    name: str
    text: str
    state: State
    record: Link
    instalments: Sequence[InstalmentView]


def convention_view(convention: Convention, today: date, locale: LocaleFormat) -> ConventionView:
    """A convention, or a grant that stands without one."""
    text = []
    if convention.signed_on:
        signed = locale.say(texts.TEXTS["signed"], day=locale.day(convention.signed_on))
        if convention.signatory:
            by = locale.say(texts.TEXTS["by_signatory"], signatory=convention.signatory)
            signed = f"{signed} {by}"
        text.append(signed)
    if convention.starts_on and convention.ends_on:
        start, end = locale.day(convention.starts_on), locale.day(convention.ends_on)
        text.append(locale.say(texts.TEXTS["runs"], start=start, end=end))
    if convention.reason:
        text.append(convention.reason)
    if convention.stands_alone:
        name = locale.say(texts.TEXTS["stands_alone"])
    else:
        name = locale.say(texts.TEXTS["convention"], convention=convention.convention)
    number = locale.number(convention.sequence)
    return ConventionView(
        name,
        ", ".join(text),
        State(locale.say(CONVENTION_STATES[convention.state]), *CONVENTION_TONES[convention.state]),
        Link(
            record_href(convention.budget, convention.sequence),
            f"{locale.say(texts.TEXTS['record'])} {number}",
        ),
        [_instalment(convention, each, today, locale) for each in convention.instalments],
    )


def document_name(kind: str, year: int | str, locale: LocaleFormat) -> str:
    """`rapport d'activité 2022`."""
    known = DOCUMENTS.get(kind)
    return f"{kind if known is None else locale.say(known)} {year}"


def instalment_status(convention: Convention, instalment: Instalment) -> str:
    """In one word how an instalment stands."""
    has_order = any(each.order.state not in {"rejected", "cancelled"} for each in instalment.orders)
    if instalment.paid_cents and not instalment.ordered_cents and has_order:
        return "paid"
    if instalment.paid_cents and instalment.ordered_cents:
        return "partly_paid"
    if has_order:
        return "ordered"
    if convention.state in ENDED:
        return "ended"
    if instalment.released_cents >= instalment.planned_cents > 0:
        return "released"
    if instalment.orders:
        return "rejected"
    return "waiting" if instalment.waits_for else "planned"


HOW: Final = {
    "paid": ("done", "good"),
    "partly_paid": ("now", "info"),
    "ordered": ("now", "info"),
    "waiting": ("later", ""),
    "planned": ("later", ""),
    "released": ("done", ""),
    "rejected": ("wrong", "bad"),
    "ended": ("wrong", ""),
}


def _instalment(
    convention: Convention, each: Instalment, today: date, locale: LocaleFormat
) -> InstalmentView:
    status = instalment_status(convention, each)
    how, tone = HOW[status]
    return InstalmentView(
        each.instalment,
        locale.money(each.planned_cents),
        how,
        State(locale.say(texts.INSTALMENT_STATES[status]), tone),
        [
            _planned(convention, each, locale),
            _condition(convention, each, status, locale),
            _ordered(each, status, today, locale),
            _paid(convention, each, status, today, locale),
        ],
    )


def _step(
    name: str,
    how: str,
    text: Sequence[str],
    locale: LocaleFormat,
    links: Sequence[Link] = (),
    state: State | None = None,
) -> Step:
    spoken = locale.say(texts.STEP_STATES[how])
    return Step(how, locale.say(texts.STEPS[name]), spoken, text, links, state)


def _planned(convention: Convention, each: Instalment, locale: LocaleFormat) -> Step:
    trigger = locale.say(TRIGGERS[each.trigger])
    if each.amendment:
        text = locale.say(texts.PLANNED_BY_AMENDMENT, trigger=trigger, amendment=each.amendment)
    else:
        text = trigger
    lines = [text]
    if each.left_out_by:
        lines.append(locale.say(texts.LEFT_OUT, amendment=each.left_out_by))
    if each.ceiling:
        lines.append(locale.say(texts.CEILING))
    number = f"{locale.say(texts.TEXTS['record'])} {locale.number(each.sequence)}"
    link = Link(record_href(convention.budget, each.sequence), number)
    return _step("planned", "done", lines, locale, [link])


def _condition(convention: Convention, each: Instalment, status: str, locale: LocaleFormat) -> Step:
    if each.waits_for:
        wants = locale.say(texts.AND).join(_want(want, locale) for want in each.waits_for)
        return _step("condition", "now", [locale.say(texts.WAITS_FOR, wants=wants)], locale)
    if status in {"ended", "released"} and not each.orders:
        return _step("condition", "later", [], locale)
    if status == "planned":
        return _step("condition", "now", [locale.say(texts.NEXT_EVENT)], locale)
    met_on = _met_on(convention, each)
    if met_on is None:
        text = locale.say(texts.MET_UNDATED)
    else:
        text = locale.say(texts.MET[each.trigger], day=locale.day(met_on))
    return _step("condition", "done", [text], locale)


def _met_on(convention: Convention, each: Instalment) -> date | None:
    """The day that met the condition, where the tables say it."""
    if each.trigger == "signature":
        return convention.signed_on
    if each.trigger == "notification":
        return convention.notified_on
    return max((one.received_on for one in each.documents if one.received_on), default=None)


def _want(want: Want, locale: LocaleFormat) -> str:
    if want.kind == "document":
        kind, _, year = want.id.partition("/")
        return document_name(kind, year, locale)
    return locale.say(texts.WANTS[want.kind])


def _ordered(each: Instalment, status: str, today: date, locale: LocaleFormat) -> Step:
    if not each.orders:
        if each.released_cents and status == "released":
            given_back = locale.say(texts.GIVEN_BACK, amount=locale.money(each.released_cents))
            return _step("ordered", "done", [given_back], locale)
        return _step("ordered", "later", [], locale)
    order = each.orders[-1].order
    text = [locale.say(texts.ORDERED_ON, day=locale.day(order.issued_on))]
    if order.amount_cents < each.planned_cents:
        facts = {
            "ordered": locale.money(order.amount_cents),
            "planned": locale.money(each.planned_cents),
        }
        text.append(locale.say(texts.ORDERED_LESS, **facts))
    if order.state not in {"paid", "rejected", "cancelled"}:
        due = locale.say(texts.DUE, day=locale.day(order.due_on))
        text.append(f"{due} ({locale.days_away(order.due_on, today)})")
    if order.reason_label:
        text.append(order.reason_label)
    how = "wrong" if order.state in {"rejected", "cancelled"} else "done"
    shown = state_of(order.state, locale) if ORDER_TONES[order.state][0] != "good" else None
    return _step("ordered", how, text, locale, list(_orders(each, locale)), shown)


def _orders(each: Instalment, locale: LocaleFormat) -> Iterator[Link]:
    """The order that counts, then those before it with what became of them."""
    *before, last = [one.order for one in each.orders]
    yield Link(order_href(last.budget, last.payment_order), last.payment_order)
    for order in reversed(before):
        text = f"{order.payment_order} ({locale.say(ORDER_STATES[order.state])})"
        yield Link(order_href(order.budget, order.payment_order), text)


def _paid(
    convention: Convention, each: Instalment, status: str, today: date, locale: LocaleFormat
) -> Step:
    text = list(_payments(each, locale))
    if status == "paid":
        how = "done"
    elif status in {"partly_paid", "ordered"}:
        how = "now"
    else:
        how = "later"
    sequences = [payment.sequence for order in each.orders for payment in order.payments]
    links = [
        Link(
            record_href(convention.budget, sequence),
            f"{locale.say(texts.TEXTS['record'])} {locale.number(sequence)}",
        )
        for sequence in sequences
    ]
    return _step("paid", how, text, locale, links, _late(each, today, locale))


def _late(each: Instalment, today: date, locale: LocaleFormat) -> State | None:
    """Time since an order was due; None where none is late."""
    late = [
        one.order.due_on
        for one in each.orders
        if one.order.state in OPEN_STATES and one.order.due_on < today
    ]
    if not late:
        return None
    away = locale.days_away(min(late), today)
    return State(locale.say(ORDER_TEXTS["late_by"], away=away), "bad", "bad")


def _payments(each: Instalment, locale: LocaleFormat) -> Iterator[str]:
    for order in each.orders:
        for payment in order.payments:
            amount = locale.money(payment.amount_cents)
            yield locale.say(texts.PAID_ON, amount=amount, day=locale.day(payment.executed_on))

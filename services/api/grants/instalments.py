"""The schedule of a convention as a timeline: planned, on what condition, ordered, paid. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from services.api.console.elements import Link, State, order_href, record_href
from services.api.console.texts import grants as words
from services.api.console.texts.codes import CONVENTION_STATES, TRIGGERS
from services.api.console.texts.orders import WORDS as ORDER_WORDS
from services.api.grants.conventions import Convention, Instalment, Want
from services.api.orders.query import OPEN_STATES
from services.api.orders.view import TONES as ORDER_TONES
from services.api.orders.view import state_of
from services.ledger.application.decision_texts import DOCUMENTS
from services.ledger.explain.terms import ORDER_STATES
from services.texts.locale_format import Voice

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
    """How it stands, for who does not see its colour."""
    said: Sequence[str]
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
    said: str
    state: State
    record: Link
    instalments: Sequence[InstalmentView]


def convention_view(convention: Convention, today: date, voice: Voice) -> ConventionView:
    """A convention, or a grant that stands without one."""
    said = []
    if convention.signed_on:
        signed = voice.say(words.WORDS["signed"], day=voice.day(convention.signed_on))
        if convention.signatory:
            by = voice.say(words.WORDS["by_signatory"], signatory=convention.signatory)
            signed = f"{signed} {by}"
        said.append(signed)
    if convention.starts_on and convention.ends_on:
        start, end = voice.day(convention.starts_on), voice.day(convention.ends_on)
        said.append(voice.say(words.WORDS["runs"], start=start, end=end))
    if convention.reason:
        said.append(convention.reason)
    if convention.stands_alone:
        name = voice.say(words.WORDS["stands_alone"])
    else:
        name = voice.say(words.WORDS["convention"], convention=convention.convention)
    number = voice.number(convention.sequence)
    return ConventionView(
        name,
        ", ".join(said),
        State(voice.say(CONVENTION_STATES[convention.state]), *CONVENTION_TONES[convention.state]),
        Link(
            record_href(convention.budget, convention.sequence),
            f"{voice.say(words.WORDS['record'])} {number}",
        ),
        [_instalment(convention, each, today, voice) for each in convention.instalments],
    )


def document_words(kind: str, year: int | str, voice: Voice) -> str:
    """`rapport d'activité 2022`."""
    known = DOCUMENTS.get(kind)
    return f"{kind if known is None else voice.say(known)} {year}"


def standing_of(convention: Convention, instalment: Instalment) -> str:
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
    convention: Convention, each: Instalment, today: date, voice: Voice
) -> InstalmentView:
    standing = standing_of(convention, each)
    how, tone = HOW[standing]
    return InstalmentView(
        each.instalment,
        voice.money(each.planned_cents),
        how,
        State(voice.say(words.INSTALMENT_STATES[standing]), tone),
        [
            _planned(convention, each, voice),
            _condition(convention, each, standing, voice),
            _ordered(each, standing, today, voice),
            _paid(convention, each, standing, today, voice),
        ],
    )


def _step(
    name: str,
    how: str,
    said: Sequence[str],
    voice: Voice,
    links: Sequence[Link] = (),
    state: State | None = None,
) -> Step:
    spoken = voice.say(words.STEP_STATES[how])
    return Step(how, voice.say(words.STEPS[name]), spoken, said, links, state)


def _planned(convention: Convention, each: Instalment, voice: Voice) -> Step:
    trigger = voice.say(TRIGGERS[each.trigger])
    if each.amendment:
        said = voice.say(words.PLANNED_BY_AMENDMENT, trigger=trigger, amendment=each.amendment)
    else:
        said = trigger
    told = [said]
    if each.left_out_by:
        told.append(voice.say(words.LEFT_OUT, amendment=each.left_out_by))
    if each.ceiling:
        told.append(voice.say(words.CEILING))
    number = f"{voice.say(words.WORDS['record'])} {voice.number(each.sequence)}"
    link = Link(record_href(convention.budget, each.sequence), number)
    return _step("planned", "done", told, voice, [link])


def _condition(convention: Convention, each: Instalment, standing: str, voice: Voice) -> Step:
    if each.waits_for:
        wants = voice.say(words.AND).join(_want(want, voice) for want in each.waits_for)
        return _step("condition", "now", [voice.say(words.WAITS_FOR, wants=wants)], voice)
    if standing in {"ended", "released"} and not each.orders:
        return _step("condition", "later", [], voice)
    if standing == "planned":
        return _step("condition", "now", [voice.say(words.NEXT_EVENT)], voice)
    met_on = _met_on(convention, each)
    if met_on is None:
        said = voice.say(words.MET_UNDATED)
    else:
        said = voice.say(words.MET[each.trigger], day=voice.day(met_on))
    return _step("condition", "done", [said], voice)


def _met_on(convention: Convention, each: Instalment) -> date | None:
    """The day that met the condition, where the tables say it."""
    if each.trigger == "signature":
        return convention.signed_on
    if each.trigger == "notification":
        return convention.notified_on
    return max((one.received_on for one in each.documents if one.received_on), default=None)


def _want(want: Want, voice: Voice) -> str:
    if want.kind == "document":
        kind, _, year = want.id.partition("/")
        return document_words(kind, year, voice)
    return voice.say(words.WANTS[want.kind])


def _ordered(each: Instalment, standing: str, today: date, voice: Voice) -> Step:
    if not each.orders:
        if each.released_cents and standing == "released":
            given_back = voice.say(words.GIVEN_BACK, amount=voice.money(each.released_cents))
            return _step("ordered", "done", [given_back], voice)
        return _step("ordered", "later", [], voice)
    order = each.orders[-1].order
    said = [voice.say(words.ORDERED_ON, day=voice.day(order.issued_on))]
    if order.amount_cents < each.planned_cents:
        facts = {
            "ordered": voice.money(order.amount_cents),
            "planned": voice.money(each.planned_cents),
        }
        said.append(voice.say(words.ORDERED_LESS, **facts))
    if order.state not in {"paid", "rejected", "cancelled"}:
        due = voice.say(words.DUE, day=voice.day(order.due_on))
        said.append(f"{due} ({voice.days_away(order.due_on, today)})")
    if order.reason_label:
        said.append(order.reason_label)
    how = "wrong" if order.state in {"rejected", "cancelled"} else "done"
    shown = state_of(order.state, voice) if ORDER_TONES[order.state][0] != "good" else None
    return _step("ordered", how, said, voice, list(_orders(each, voice)), shown)


def _orders(each: Instalment, voice: Voice) -> Iterator[Link]:
    """The order that counts, then those before it with what became of them."""
    *before, last = [one.order for one in each.orders]
    yield Link(order_href(last.budget, last.payment_order), last.payment_order)
    for order in reversed(before):
        said = f"{order.payment_order} ({voice.say(ORDER_STATES[order.state])})"
        yield Link(order_href(order.budget, order.payment_order), said)


def _paid(
    convention: Convention, each: Instalment, standing: str, today: date, voice: Voice
) -> Step:
    said = list(_payments(each, voice))
    if standing == "paid":
        how = "done"
    elif standing in {"partly_paid", "ordered"}:
        how = "now"
    else:
        how = "later"
    sequences = [payment.sequence for order in each.orders for payment in order.payments]
    links = [
        Link(
            record_href(convention.budget, sequence),
            f"{voice.say(words.WORDS['record'])} {voice.number(sequence)}",
        )
        for sequence in sequences
    ]
    return _step("paid", how, said, voice, links, _late(each, today, voice))


def _late(each: Instalment, today: date, voice: Voice) -> State | None:
    """How long an order has been overdue; None where none is."""
    late = [
        one.order.due_on
        for one in each.orders
        if one.order.state in OPEN_STATES and one.order.due_on < today
    ]
    if not late:
        return None
    away = voice.days_away(min(late), today)
    return State(voice.say(ORDER_WORDS["late_by"], away=away), "bad", "bad")


def _payments(each: Instalment, voice: Voice) -> Iterator[str]:
    for order in each.orders:
        for payment in order.payments:
            amount = voice.money(payment.amount_cents)
            yield voice.say(words.PAID_ON, amount=amount, day=voice.day(payment.executed_on))

"""An instalment as a timeline of four steps: planned, on what condition, ordered, paid. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from events.texts import Translatable, _
from services.api.console.elements import State
from services.api.console.states import TONES, state_of
from services.api.console.texts import TRIGGERS
from services.api.grants.conventions import Convention, Instalment, Want
from services.api.queries.orders import PaymentOrder
from services.ledger.domain.order_issuing import PAYMENT_DELAY
from services.ledger.explain.sentences import DOCUMENTS
from services.texts.locale_format import LocaleFormat

ENDED: Final = frozenset({"terminated", "withdrawn"})
NOT_TO_BE_PAID: Final = frozenset({"rejected", "cancelled"})


@dataclass(frozen=True, slots=True)
class Step:
    """One step of an instalment: done, now, wrong, or later."""

    name: str
    how: str
    text: Sequence[str] = ()
    records: Sequence[int] = ()
    """The records behind it, by their number."""
    orders: Sequence[PaymentOrder] = ()
    """The order that counts, then those before it."""
    state: State | None = None


@dataclass(frozen=True, slots=True)
class InstalmentView:
    """The state of an instalment, and its four steps."""

    how: str
    state: State
    steps: Sequence[Step]


def document_name(kind: str, year: int | str, locale: LocaleFormat) -> str:
    """`rapport d'activité 2022`."""
    known = DOCUMENTS.get(kind)
    return f"{kind if known is None else locale.say(known)} {year}"


def instalment_status(convention: Convention, instalment: Instalment) -> str:
    """In one word how an instalment stands."""
    has_order = any(each.order.state not in NOT_TO_BE_PAID for each in instalment.orders)
    if instalment.paid_cents and not instalment.ordered_cents and has_order:
        return "paid"
    if instalment.paid_cents and instalment.ordered_cents:
        return "partly_paid"
    if has_order:
        return "ordered"
    if convention.state in ENDED:
        return "ended_in_part" if instalment.paid_cents else "ended"
    if instalment.released_cents >= instalment.planned_cents > 0:
        return "released"
    if convention.goes_on_in is not None:
        return "carried_over"
    if convention.is_closed:
        return "ended_in_part" if instalment.paid_cents else "ended"
    if instalment.orders:
        return "rejected"
    return "waiting" if instalment.waits_for else "planned"


STATUSES: Final = {
    "paid": ("done", "good", _("paid")),
    "partly_paid": ("now", "info", _("partly paid")),
    "ordered": ("now", "info", _("ordered")),
    "waiting": ("later", "", _("waiting")),
    "planned": ("later", "", _("planned")),
    "released": ("done", "", _("released")),
    "carried_over": ("now", "info", _("carried over")),
    "rejected": ("wrong", "bad", _("order rejected")),
    "ended_in_part": ("wrong", "", _("paid in part, the rest will not take place")),
    "ended": ("wrong", "", _("will not take place")),
}
"""By status, how it is drawn, its tone and its name."""

WANTS: Final = {
    "notification": _("the convention to be notified"),
    "bank_account": _("the beneficiary's bank details"),
    "resumption": _("the convention to be resumed"),
}
AWARDED: Final = _("grant awarded {day}")
AMENDED: Final = _("amendment signed {day}")
MET: Final = {
    "signature": _("convention signed {day}"),
    "notification": _("convention notified {day}"),
    "reports": _("documents received on {day}"),
}
ENDS: Final = frozenset({"released", "carried_over", "ended"})
"""States of an instalment of which nothing more will come in this budget."""


def instalment_view(
    convention: Convention, each: Instalment, today: date, locale: LocaleFormat
) -> InstalmentView:
    """An instalment with its steps."""
    status = instalment_status(convention, each)
    how, tone, text = STATUSES[status]
    steps = [
        _plan_step(each, locale),
        _condition_step(convention, each, status, locale),
        _order_step(each, status, today, locale),
        _payment_step(each, status, today, locale),
    ]
    if status in ENDS:
        steps = [step for step in steps if step.how != "later"]
    return InstalmentView(how, State(locale.say(text), tone), steps)


def _plan_step(each: Instalment, locale: LocaleFormat) -> Step:
    text = locale.say(TRIGGERS[each.trigger])
    if each.amendment:
        text = locale.say(
            _("{trigger}, by amendment {amendment}"), trigger=text, amendment=each.amendment
        )
    lines = [text]
    if each.left_out_by:
        lines.append(
            locale.say(_("planned no more by amendment {amendment}"), amendment=each.left_out_by)
        )
    if each.ceiling:
        lines.append(locale.say(_("capped at the eligible cost")))
    return Step("planned", "done", lines, [each.sequence])


def _condition_step(
    convention: Convention, each: Instalment, status: str, locale: LocaleFormat
) -> Step:
    if each.waits_for:
        return Step("condition", "now", [wants_text(each.waits_for, locale)])
    if status == "carried_over":
        goes_on = locale.say(_("goes on in budget {budget}"), budget=convention.goes_on_in)
        return Step("condition", "now", [goes_on])
    brought = {one.sequence for one in each.documents if one.is_there and one.sequence}
    if status in ENDS and not each.orders and not brought:
        return Step("condition", "later")
    if status == "planned":
        next_event = _("nothing is missing: the order comes with the next event on the convention")
        return Step("condition", "now", [locale.say(next_event)])
    met_on = _condition_day(each)
    if met_on is None:
        return Step("condition", "done", [locale.say(_("condition met"))])
    text = locale.say(_condition_text(convention, each), day=locale.day(met_on))
    return Step("condition", "done", [text], sorted(brought))


def wants_text(wants: Sequence[Want], locale: LocaleFormat) -> str:
    """`attend: la notification de la convention`, and whatever else is missing."""
    text = locale.say(_(" and ")).join(_want(want, locale) for want in wants)
    return locale.say(_("waits for {wants}"), wants=text)


def _condition_day(each: Instalment) -> date | None:
    """The day that met the condition: of an order, so long before it is due (rules, 19)."""
    if each.orders:
        return each.orders[-1].order.due_on - PAYMENT_DELAY
    return max((one.received_on for one in each.documents if one.received_on), default=None)


def _condition_text(convention: Convention, each: Instalment) -> Translatable:
    """The event that met the condition: of a grant that stands or stood alone, the award."""
    if each.trigger != "signature":
        return MET[each.trigger]
    stood_alone = each.instalment.startswith(f"{convention.continues}/")
    if convention.stands_alone or stood_alone:
        return AWARDED
    return AMENDED if each.amendment else MET[each.trigger]


def _want(want: Want, locale: LocaleFormat) -> str:
    if want.kind == "document":
        kind, _, year = want.id.partition("/")
        return document_name(kind, year, locale)
    return locale.say(WANTS[want.kind])


def _order_step(each: Instalment, status: str, today: date, locale: LocaleFormat) -> Step:
    if not each.orders:
        if each.released_cents and status == "released":
            given_back = locale.say(
                _("{amount} released"), amount=locale.money(each.released_cents)
            )
            return Step("ordered", "done", [given_back])
        return Step("ordered", "later")
    orders = [one.order for one in reversed(each.orders)]
    order = orders[0]
    text = [locale.say(_("issued {day}"), day=locale.day(order.issued_on))]
    if order.amount_cents < each.planned_cents:
        ordered, planned = locale.money(order.amount_cents), locale.money(each.planned_cents)
        text.append(
            locale.say(_("{ordered} of {planned} planned"), ordered=ordered, planned=planned)
        )
    if order.is_open:
        due = locale.say(_("due {day}"), day=locale.day(order.due_on))
        text.append(f"{due} ({locale.days_away(order.due_on, today)})")
    if order.reason_label:
        text.append(order.reason_label)
    how = "wrong" if order.state in NOT_TO_BE_PAID else "done"
    is_good = TONES["order"][order.state][0] == "good"
    state = None if is_good else state_of(order.state, "order", locale)
    return Step("ordered", how, text, orders=orders, state=state)


def _payment_step(each: Instalment, status: str, today: date, locale: LocaleFormat) -> Step:
    how = {"paid": "done", "ended_in_part": "done", "partly_paid": "now", "ordered": "now"}.get(
        status, "later"
    )
    payments = [payment for one in each.orders for payment in one.payments]
    text = [
        locale.say(
            _("{amount} on {day}"),
            amount=locale.money(payment.amount_cents),
            day=locale.day(payment.executed_on),
        )
        for payment in payments
    ]
    late = [one.order.due_on for one in each.orders if one.order.is_late(today)]
    state = None
    if late:
        state = State(locale.days_overdue(min(late), today), "bad", "bad")
    return Step("paid", how, text, [payment.sequence for payment in payments], state=state)

"""The step after the rejection of an order: another in its place, or why there is none. Pure."""

from typing import NamedTuple

from events.texts import Translatable, _
from services.api.console.elements import Link, Notice, capital, grant_href, order_href
from services.api.grants.conventions import Convention, Instalment
from services.api.grants.instalments import ENDED, wants_text
from services.api.queries.orders import PaymentOrder
from services.texts.locale_format import LocaleFormat


class RejectedOrder(NamedTuple):
    """A rejected order, and what the tables say of its place."""

    order: PaymentOrder
    convention: Convention
    instalment: Instalment | None
    """None where its convention's schedule has it no more."""
    is_to_reissue: bool
    goes_on: tuple[str, str | None] | None
    """Budget and name of the order in its place; no name where a later year is to issue it."""
    is_closed: bool
    """True if its year is."""


def explain_rejection(rejected: RejectedOrder, locale: LocaleFormat) -> Notice:
    """A notice to whoever asks what to do about a rejected order (rules, 21 and 31)."""
    if rejected.goes_on is not None:
        return _explain_going_on(rejected.convention.grant, *rejected.goes_on, locale)
    if rejected.is_to_reissue:
        return _explain_awaited(rejected, locale)
    return Notice("", "bad", locale.say(_("It is not issued again")), locale.say(_why(rejected)))


def _explain_going_on(
    grant: str, budget: str, payment_order: str | None, locale: LocaleFormat
) -> Notice:
    if payment_order is not None:
        more = Link(order_href(budget, payment_order), payment_order)
        return Notice(
            "good", "good", locale.say(_("Another order was issued in its place")), more=more
        )
    text = _("Its year is closed, and what it was to pay was carried over to budget {budget}.")
    return Notice(
        "info",
        "now",
        locale.say(_("It is to be issued again in the next year")),
        locale.say(text, budget=budget),
        more=Link(grant_href(budget, grant), grant),
    )


def _explain_awaited(rejected: RejectedOrder, locale: LocaleFormat) -> Notice:
    """The events that issue it again, after those that are missing besides."""
    any_of = _(
        "Awaited: new bank details of the beneficiary, or an amendment, a resumption or a report "
        "of the convention."
    )
    wants = rejected.instalment.waits_for if rejected.instalment else ()
    convention, instalment, *number = rejected.order.payment_order.split("/")
    again = f"{convention}/{instalment}/{int(number[0]) + 1 if number else 2}"
    return Notice(
        "warn",
        "warn",
        locale.say(_("It is to be issued again")),
        locale.say(any_of) if not wants else f"{capital(wants_text(wants, locale))}.",
        locale.say(
            _("With it order {order} is issued, if all conditions of the payment hold then."),
            order=again,
        ),
    )


def _why(rejected: RejectedOrder) -> Translatable:
    """The reason that nothing comes in place of it."""
    convention, instalment = rejected.convention, rejected.instalment
    if convention.state in ENDED:
        return (
            _("Its award was withdrawn: what it was to pay was released.")
            if convention.state == "withdrawn"
            else _("Its convention was terminated: what it was to pay was released.")
        )
    if rejected.is_closed:
        return _("Its year is closed: what it was to pay went back to available credit.")
    if instalment is not None and instalment.left_out_by is not None:
        return _("Amendment {amendment} plans its instalment no more.").render(
            {"amendment": instalment.left_out_by}
        )
    if convention.continues == rejected.order.convention:
        return _("Convention {convention} plans anew what it was to pay.").render(
            {"convention": convention.convention}
        )
    return _("Nothing is left of its instalment: the commitment was reduced.")

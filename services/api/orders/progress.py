"""The place of an order on its way to payment, and the accountant's reason, in words. Pure."""

from typing import Final

from events.texts import _
from services.api.queries.orders import UNANSWERED, PaymentOrder
from services.api.queries.reissue import REJECTED
from services.api.treasury.query import Slip
from services.api.treasury.view import DRAFT, slip_title
from services.texts.locale_format import LocaleFormat
from services.texts.translation import isolate
from services.treasury.domain.findings import SLIP_STATES
from services.treasury.domain.slips import SlipState

HELD_BACK: Final = frozenset({"on_hold", REJECTED})
"""States for which the accountant gives a reason."""


def describe_progress(
    order: PaymentOrder, slip: Slip | None, locale: LocaleFormat, *, has_slips: bool
) -> str | None:
    """The reason that an order is held back, or how far it has come; None where neither is known.

    Without `has_slips` this server makes no slips, and knows of none.
    """
    if order.state in HELD_BACK:
        reasons = (order.reason_code, order.reason_label)
        return " – ".join(isolate(each) for each in reasons if each) or None
    if order.state == "taken_in_charge":
        return locale.say(_("since {day}"), day=locale.day(order.state_on))
    if order.state != UNANSWERED or not has_slips:
        return None
    if slip is None:
        return locale.say(_("on no slip yet"))
    if slip.issued_on is None:
        return locale.say(DRAFT[slip.slip_type])
    if slip.state == SlipState.REFUSED:
        return f"{slip_title(slip, locale)} – {locale.say(SLIP_STATES[slip.state])}"
    return locale.say(
        _("{slip}, issued on {day}"),
        slip=slip_title(slip, locale),
        day=locale.day(slip.issued_on),
    )

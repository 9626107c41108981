"""Texts of the pages of grants, and of the figures and records behind them."""

from typing import Final

from events.texts import Translatable, _, ngettext

TEXTS: Final = {
    "title": _("Grants"),
    "grant": _("Grant"),
    "awarded": _("Awarded"),
    "found_for": _("for “{search}”"),
    "siret": _("SIRET"),
    "represented_by": _("Represented by"),
    "budget": _("Budget"),
    "reference": _("Reference"),
    "carried_from": _("Carried from budget"),
    "withdrawn_on": _("Withdrawn on"),
    "stands_alone": _("Without a convention"),
    "convention": _("Convention {convention}"),
    "signed": _("signed {day}"),
    "by_signatory": _("by {signatory}"),
    "runs": _("from {start} to {end}"),
    "opened": _("{amount} appropriated"),
    "awaited": _("awaited"),
    "late": _("late"),
    "received": _("received"),
    "rejected": _("rejected: {reason}"),
    "obligation": _("obligation of the convention"),
    "instalment_named": _("instalment {instalment}"),
    "do": _("What to do:"),
    "record": _("Record"),
    "acts_number": _("no. {number}"),
}

STEPS: Final = {
    "planned": _("Planned"),
    "condition": _("Condition"),
    "ordered": _("Ordered"),
    "paid": _("Paid"),
}

STEP_STATES: Final = {
    "done": _("done"),
    "now": _("under way"),
    "wrong": _("stopped"),
    "later": _("to come"),
}

INSTALMENT_STATES: Final = {
    "paid": _("paid"),
    "partly_paid": _("partly paid"),
    "ordered": _("ordered"),
    "waiting": _("waiting"),
    "planned": _("planned"),
    "released": _("released"),
    "rejected": _("order rejected"),
    "ended": _("will not take place"),
}

WANTS: Final = {
    "notification": _("the convention to be notified"),
    "document": Translatable("{document}"),
    "bank_account": _("the beneficiary's bank details"),
    "resumption": _("the convention to be resumed"),
}

WAITS_FOR: Final = _("waits for {wants}")
AND: Final = _(" and ")
MET: Final = {
    "signature": _("convention signed {day}"),
    "notification": _("convention notified {day}"),
    "reports": _("documents received by {day}"),
}
MET_UNDATED: Final = _("condition met")
NEXT_EVENT: Final = _("nothing is missing: the order comes with the next event on the convention")
PLANNED_BY_AMENDMENT: Final = _("{trigger}, by amendment {amendment}")
LEFT_OUT: Final = _("planned no more by amendment {amendment}")
CEILING: Final = _("at most, by the eligible cost")
ORDERED_ON: Final = _("issued {day}")
ORDERED_LESS: Final = _("{ordered} of {planned} planned")
DUE: Final = _("due {day}")
PAID_ON: Final = _("{amount} on {day}")
GIVEN_BACK: Final = _("{amount} released")
FLAG_COUNT: Final = ngettext("{count} to review", "{count} to review")
FOUND: Final = ngettext("{count} grant", "{count} grants")
FOUND_MORE: Final = ngettext("{count} grant, and more", "{count} grants, and more")

"""Texts of the pages of payment orders."""

from typing import Final

from events.texts import _, ngettext

TEXTS: Final = {
    "title": _("Payment orders"),
    "waiting": _("Waiting"),
    "oldest": _("The oldest"),
    "issued_ago": _("issued {age}"),
    "none_waits": _("none"),
    "due_soon": _("Due within 60 days"),
    "overdue": _("Overdue"),
    "all_states": _("All"),
    "still_waiting": _("Waiting"),
    "order": _("Payment order"),
    "beneficiary": _("Beneficiary"),
    "amount": _("Amount"),
    "left": _("Still to pay"),
    "paid": _("Paid"),
    "issued_on": _("Issued on"),
    "acknowledged_on": _("Acknowledged on"),
    "due_on": _("Due on"),
    "late_by": _("overdue, {away}"),
    "title_of_act": _("Purpose"),
    "siret": _("SIRET"),
    "budget": _("Budget"),
    "convention": _("Convention"),
    "grant": _("Grant"),
    "instalment": _("Instalment"),
    "previous": _("Replaces"),
    "reason": _("The accountant's reason"),
    "issued_by": _("The issue"),
    "changed_by": _("The last change"),
}

ORDERS: Final = ngettext("{count} order", "{count} orders")

"""Texts of the pages of payment orders."""

from typing import Final

from events.texts import _, ngettext

TEXTS: Final = {
    "title": _("Payment orders"),
    "lead": _(
        "What the treasury is to pay, the first due first. An order is due 60 days after what set "
        "it off."
    ),
    "waiting": _("Waiting"),
    "oldest": _("The oldest"),
    "issued_ago": _("issued {age}"),
    "none_waits": _("none"),
    "due_soon": _("Due within 60 days"),
    "overdue": _("Overdue"),
    "by_state": _("By state"),
    "all_states": _("All"),
    "totals": _(
        "Under each state that waits stands what is still to be paid; under the others, what the "
        "orders come to."
    ),
    "narrow": _("Filter"),
    "narrow_by": _("Filter by budget, due date or age"),
    "clear": _("Show all"),
    "due_from": _("Due from"),
    "due_until": _("Due until"),
    "older_than": _("At least this old (days)"),
    "still_waiting": _("Waiting"),
    "order": _("Payment order"),
    "beneficiary": _("Beneficiary"),
    "amount": _("Amount"),
    "left": _("Still to pay"),
    "paid": _("Paid"),
    "state": _("State"),
    "since": _("since {day}"),
    "issued_on": _("Issued on"),
    "acknowledged_on": _("Acknowledged on"),
    "due_on": _("Due on"),
    "late_by": _("overdue, {away}"),
    "none": _("No payment order here."),
    "list": _("List of payment orders"),
    "title_of_act": _("Purpose"),
    "siret": _("SIRET"),
    "budget": _("Budget"),
    "convention": _("Convention"),
    "grant": _("Grant"),
    "instalment": _("Instalment"),
    "previous": _("Replaces"),
    "reason": _("The accountant's reason"),
    "lines": _("Budget lines"),
    "line": _("Line"),
    "services": _("Services"),
    "sum": _("Total"),
    "payments": _("Payments"),
    "no_payment": _("Nothing is paid yet."),
    "executed_on": _("Executed on"),
    "bank_reference": _("Bank reference"),
    "record": _("Record"),
    "account": _("Account credited"),
    "iban": _("IBAN"),
    "bic": _("BIC"),
    "holder": _("Holder"),
    "masked": _("Personal data: only the ends are shown."),
    "reveal": _("Show the whole IBAN"),
    "reveal_hint": _(
        "For operators, on this page only. That you looked is written into the audit log."
    ),
    "revealed": _("IBAN shown"),
    "revealed_said": _(
        "Your access, this order and the time are written into the audit log. Opening the page "
        "again masks it."
    ),
    "records": _("Records of the journal"),
    "issued_by": _("The issue"),
    "changed_by": _("The last change"),
}

ORDERS: Final = ngettext("{count} order", "{count} orders")

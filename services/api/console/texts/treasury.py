"""Texts of the pages of the treasury: slips, pieces, and what is done with them."""

from typing import Final

from events.texts import _, ngettext, pgettext
from services.ledger.explain.terms import ORDER_STATES

PIECE_STATES: Final = {
    "taken_in_charge": ORDER_STATES["taken_in_charge"],
    "on_hold": ORDER_STATES["on_hold"],
    "rejected": ORDER_STATES["rejected"],
    "settled": pgettext("piece", "settled"),
}
"""States of a piece (EtatPce), as the latest return has it."""

SLIP_TYPES: Final = {
    "01": _("payment slip"),
    "02": _("cancelling slip"),
}
"""Types of slips (TypBord)."""

TABS: Final = {
    "": _("Orders that wait"),
    "slips": _("Slips"),
    "returns": _("Returns"),
    "findings": _("Findings"),
    "reconciliation": _("Reconciliation"),
}
"""The pages of the treasury by the last step of their address."""

ORDERS: Final = ngettext("{count} order", "{count} orders")

RETURN_KINDS: Final = {
    "acquit": _("the gateway's answer (PES_ACQUIT)"),
    "return": _("the accountant's return (PES_Retour)"),
    "unreadable": _("cannot be read"),
}
"""Kinds of the accountant's files."""

MORE_DIFFERENCES: Final = ngettext(
    "… and {count} more: the command ecluse reconcile names all.",
    "… and {count} more: the command ecluse reconcile names all.",
)

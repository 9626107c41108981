"""Texts of the pages of payment orders."""

from typing import Final

from events.texts import _, ngettext

TEXTS: Final = {
    "late_by": _("overdue, {away}"),
}

ORDERS: Final = ngettext("{count} order", "{count} orders")

"""Texts of the pages of payment orders."""

from typing import Final

from events.texts import ngettext

ORDERS: Final = ngettext("{count} order", "{count} orders")

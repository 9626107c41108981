"""Texts of the pages of payment orders."""

from typing import Final

from events.texts import ngettext

ORDERS: Final = ngettext("{count} order", "{count} orders")
OTHER_BENEFICIARIES: Final = ngettext(
    "{count} beneficiary more, to whom less is due: the file has all.",
    "{count} beneficiaries more, to whom less is due: the file has all.",
)

"""Texts of the pages of grants: steps of an instalment, and what is counted."""

from typing import Final

from events.texts import _, ngettext

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

FLAG_COUNT: Final = ngettext("{count} to review", "{count} to review")
FOUND: Final = ngettext("{count} grant", "{count} grants")
WITHDRAWN: Final = ngettext(
    "without {count} that was withdrawn", "without {count} that were withdrawn"
)
LEFT_OUT: Final = ngettext(
    "{count} record is left out between the first and the last.",
    "{count} records are left out between the first and the last.",
)

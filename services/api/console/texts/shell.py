"""Texts of every page: head, navigation, foot; and signing in."""

from typing import Final

from events.texts import _

TEXTS: Final = {
    "today": _("Today"),
    "grants": _("Grants"),
    "orders": _("Payment orders"),
    "troubles": _("To deal with"),
    "lag": _("Lag"),
    "sign_in": _("Sign in"),
    "unknown": _("unknown"),
    "live": _("Live updates"),
    "pause": _("Pause the updates"),
    "resume": _("Resume the updates"),
    "updated": _("The page was updated."),
    "lost": _("The live update no longer answers; load the page again."),
    "budget": _("Budget"),
}

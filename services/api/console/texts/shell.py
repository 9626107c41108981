"""Texts of every page: head, navigation, foot; and signing in."""

from typing import Final

from events.texts import _

TEXTS: Final = {
    "skip": _("Skip to the content"),
    "main_navigation": _("Main navigation"),
    "today": _("Today"),
    "grants": _("Grants"),
    "orders": _("Payment orders"),
    "troubles": _("To deal with"),
    "lag": _("Lag"),
    "language": _("Language"),
    "signed_in_as": _("Access"),
    "sign_in": _("Sign in"),
    "sign_out": _("Sign out"),
    "sign_in_lead": _(
        "The console shows where each grant stands, and the journal behind every figure."
    ),
    "key": _("Access key"),
    "key_hint": _(
        "It was given to you once, when it was made. If you no longer have it, ask the operator "
        "for another."
    ),
    "in_clear": _(
        "If the address of this page begins with http://, the session will not be kept: come by "
        "https, or by localhost on the machine itself."
    ),
    "open_access": _("Access is not checked: ECLUSE_AUTH=off. Everybody may see everything here."),
    "up_to_date_at": _("Page of {instant}"),
    "foot": _("Every figure is a sum of the journal's moves: follow it."),
    "unknown": _("unknown"),
    "next_page": _("Next"),
    "first_page": _("Back to the first"),
    "pages": _("Pages"),
    "live": _("Live updates"),
    "pause": _("Pause the updates"),
    "resume": _("Resume the updates"),
    "updated": _("The page was updated."),
    "lost": _("The live update no longer answers; load the page again."),
    "problem_do": _("What to do"),
    "problem_request": _("Request"),
    "problem_status": _("Answer {status}"),
    "back_to_today": _("Back to today"),
    "breadcrumb": _("Breadcrumb"),
    "all_budgets": _("All budgets"),
    "budget": _("Budget"),
}

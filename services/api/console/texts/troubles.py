"""Texts of the lists of refused, parked and unreadable events; and of records."""

from typing import Final

from events.texts import _, ngettext, pgettext

TEXTS: Final = {
    "title": _("Needs action"),
    "refused": _("Refused"),
    "parked": _("Parked"),
    "unreadable": pgettext("tab", "Dead letters"),
    "flagged": _("To review"),
    "flagged_lead": _("Somebody should look; the money goes on."),
    "refused_lead": _(
        "A refusal moves nothing. For another decision the sender sends a new event, under a new "
        "id. Refused deadline events of Écluse itself are not listed: there is nothing to do "
        "about them."
    ),
    "parked_lead": _(
        "What waits is decided as soon as what it lacks arrives, and refused after 30 days."
    ),
    "unreadable_lead": _(
        "They do not match the contract: nothing was decided from them. Once corrected, they may "
        "keep their id."
    ),
    "no_refused": _("No refused event is left to deal with."),
    "no_parked": _("Nothing waits."),
    "no_unreadable": _("No dead letter is left to deal with."),
    "no_flagged": _("Nothing is left to review."),
}

BYTES: Final = ngettext("{count} byte", "{count} bytes")

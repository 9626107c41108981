"""Texts of the lists of refused, parked and unreadable events; and of records."""

from typing import Final

from events.texts import _, ngettext, pgettext

TEXTS: Final = {
    "title": _("To deal with"),
    "tabs": _("What did not go through"),
    "refused": _("Refused"),
    "parked": _("Parked"),
    "unreadable": pgettext("tab", "Dead letters"),
    "flagged": _("To review"),
    "flagged_lead": _("Somebody should look; the money goes on."),
    "refused_lead": _(
        "A refusal moves nothing. For another decision the sender sends a new event, under a new "
        "id."
    ),
    "parked_lead": _(
        "What waits is decided as soon as what it lacks arrives, and refused after 30 days."
    ),
    "unreadable_lead": _(
        "These are no events of the contract: nothing was decided from them. Mended, they may keep "
        "their id."
    ),
    "no_refused": _("Nothing is refused."),
    "no_parked": _("Nothing waits."),
    "no_unreadable": _("All was readable."),
    "no_flagged": _("Nothing to review."),
    "not_yours": _("They name no entity: only an access to all entities sees them."),
    "by_reason": _("By reason"),
    "all_reasons": _("All"),
    "reason": _("Reason"),
    "event": _("Event"),
    "time": _("Time"),
    "do": _("What to do"),
    "budget": _("Budget"),
    "chain": _("Chain"),
    "sender": _("Sender"),
    "record": _("Record {number}"),
    "record_title": _("Record {number}"),
    "place": _("Read from"),
    "place_said": _("{topic}, partition {partition}, offset {offset}"),
    "journal_place": _("Place in the journal"),
    "resumes": _("Resumes"),
    "event_sha256": _("SHA-256 received"),
    "moves": _("Moves"),
    "no_moves": _("No money moved."),
    "from": _("From"),
    "to": _("To"),
    "outside": _("outside"),
    "line": _("Line"),
    "amount": _("Amount"),
    "for": _("For"),
    "entries": _("Commitment entries"),
    "kind": _("Kind"),
    "orders": _("Payment orders"),
    "order_issued": _("issued here"),
    "order_changed": _("changed here"),
    "due_on": _("Due on"),
    "received": _("The event, as received"),
    "bytes": _("The bytes"),
    "bytes_lead": _("The bytes of the record in the journal; {count}."),
    "masked": _("IBANs are masked (•), in their place."),
    "show_them": _("See them here"),
    "as_text": _("As text"),
    "as_hex": _("As hexadecimal"),
    "cut": _("Only the beginning is shown here: {shown} of {count}."),
    "previous": _("Previous record"),
    "next": _("Next record"),
    "neighbours": _("Records beside it"),
    "show_bytes": _("Show the bytes received"),
    "show_bytes_hint": _(
        "For operators; IBANs stay masked. That you looked is written into the audit log."
    ),
    "bytes_for_operators": _("The bytes received are shown to operators only."),
    "bytes_gone": _("The bytes received are kept no longer; the hash stays."),
    "received_bytes": _("The bytes received; {count}."),
    "figure": _("The moves behind a figure"),
    "figure_lead": _("This figure is the sum of the moves below, in the order of the journal."),
    "figure_part": _("This figure is the sum of all its moves; this page shows a part of them."),
    "figure_none": _("No move: it is nil."),
    "effective_on": _("Effective on"),
    "change": _("Move"),
    "after": _("Figure after"),
}

BYTES: Final = ngettext("{count} byte", "{count} bytes")

REFUSED_COUNT: Final = _("Refused events")
PARKED_COUNT: Final = _("Parked events")
UNREADABLE_COUNT: Final = _("Dead letters")
FLAGS_COUNT: Final = _("Points to review")
LATE_COUNT: Final = _("Overdue payment orders")

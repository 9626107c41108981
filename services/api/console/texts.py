"""Texts of the console: codes of the ledger, and what several pages say beside them."""

from typing import Final

from events.envelope import INBOUND
from events.texts import _, ngettext, pgettext
from services.ledger.explain.sentences import ORDER_STATES

STAGES: Final = {
    "appropriated": _("Appropriated"),
    "available": _("Available"),
    "reserved": _("Reserved"),
    "committed": _("Committed, not ordered"),
    "ordered": _("Ordered, not paid"),
    "paid": _("Paid"),
    "carried_over": _("Carried over"),
    "granted": _("Granted"),
    "remaining": _("Still to order"),
    "released": _("Released"),
}
"""The stages of money, of a budget line and of a convention: each without what went on from it."""

OUTCOMES: Final = {
    "accepted": _("accepted"),
    "duplicate": _("duplicate"),
    "refused": _("refused"),
    "parked": _("parked"),
    "dead_letter": _("dead letter"),
}

CONVENTION_STATES: Final = {
    "in_force": _("in force"),
    "suspended": _("suspended"),
    "terminated": _("terminated"),
    "withdrawn": _("fallen with its award"),
}

TRIGGERS: Final = {
    "signature": _("on signature"),
    "notification": _("on notification"),
    "reports": _("on documents"),
}

ROLES: Final = {
    "vote": _("budget vote"),
    "transfer": _("transfer of credits"),
    "award": _("award"),
    "concurring": _("concurring act"),
    "withdrawal": _("withdrawal"),
    "amendment": _("amendment"),
    "carried": _("act carried over"),
}

DOCUMENT_STATES: Final = {
    "awaited": _("awaited"),
    "rejected": _("rejected"),
    "received": _("received"),
}

RECOVERY_STATES: Final = {
    "ordered": pgettext("recovery", "to be collected"),
    "partly_collected": pgettext("recovery", "collected in part"),
    "collected": pgettext("recovery", "all collected"),
}

RECOVERY_STEPS: Final = {
    "ordered": pgettext("recovery", "ordered"),
    "collected": _("collected"),
}

WITHDRAWAL_CAUSES: Final = {
    "withdrawn": _("withdrawn by its assembly"),
    "annulled": _("annulled by a court"),
}

TYPES: Final = {each.TYPE: each.NAME for each in INBOUND}


INSTALMENT_STEPS: Final = {
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
GRANT_COUNT: Final = ngettext("{count} grant", "{count} grants")
WITHDRAWN_COUNT: Final = ngettext(
    "without {count} that was withdrawn", "without {count} that were withdrawn"
)
RECORDS_LEFT_OUT: Final = ngettext(
    "{count} record is left out between the first and the last.",
    "{count} records are left out between the first and the last.",
)


ORDER_COUNT: Final = ngettext("{count} order", "{count} orders")
OTHER_BENEFICIARIES: Final = ngettext(
    "{count} beneficiary more, to whom less is due: the file has all.",
    "{count} beneficiaries more, to whom less is due: the file has all.",
)


MOVE_COUNT: Final = ngettext("{count} move", "{count} moves")


TROUBLES: Final = {
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

BYTE_COUNT: Final = ngettext("{count} byte", "{count} bytes")


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

TREASURY_TABS: Final = {
    "": _("Orders that wait"),
    "slips": _("Slips"),
    "returns": _("Returns"),
    "findings": _("Findings"),
    "reconciliation": _("Reconciliation"),
}
"""The pages of the treasury by the last step of their address."""


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

"""Codes of the ledger, as people call them."""

from typing import Final

from events.envelope import INBOUND
from events.texts import _, pgettext

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

RECOVERY_STEPS: Final = {
    "ordered": pgettext("recovery", "ordered"),
    "collected": _("collected"),
}

WITHDRAWAL_CAUSES: Final = {
    "withdrawn": _("withdrawn by its assembly"),
    "annulled": _("annulled by a court"),
}

TYPES: Final = {each.TYPE: each.NAME for each in INBOUND}

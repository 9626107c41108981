"""The names of the ledger's codes: states, and kinds of entries. Each stands once, here."""

from collections.abc import Mapping
from typing import Final

from events.texts import Translatable, _, pgettext

ORDER_STATES: Final = {
    "issued": _("issued"),
    "taken_in_charge": _("taken in charge"),
    "on_hold": _("on hold"),
    "rejected": _("rejected"),
    "paid": _("paid"),
    "cancelled": _("cancelled"),
}
"""States of a payment order (rules, 20)."""

GRANT_STATES: Final = {
    "announced": _("announced"),
    "awarded": _("awarded"),
    "paid": _("fully paid"),
    "lapsed": _("lapsed"),
    "withdrawn": _("withdrawn"),
    "carried": pgettext("grant", "carried from last year"),
    "carried_over": pgettext("grant", "carried over to next year"),
}
"""States of a grant. The ledger does not keep what money gives: the read model's queries do."""

OUTSIDE: Final[Mapping[str | None, Translatable]] = {
    "available": _("opening of credits"),
    "committed": _("carried from last year"),
    None: _("reduction of credits"),
}
"""The other end of a move from outside the budget, or to it, by the stage that it goes to."""

ENTRY_KINDS: Final = {
    "accounting_commitment": _("accounting commitment"),
    "legal_commitment": _("legal commitment"),
    "supplementary_commitment": _("supplementary commitment"),
    "decommitment": _("decommitment"),
    "carry_over": _("carry-over"),
}
"""Kinds of commitment entries."""

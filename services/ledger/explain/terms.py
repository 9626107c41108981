"""The names of the ledger's codes: states, and kinds of entries. Each stands once, here."""

from typing import Final

from events.sentences import Sentence

ORDER_STATES: Final = {
    "issued": Sentence("émis", "issued"),
    "taken_in_charge": Sentence("pris en charge", "taken in charge"),
    "on_hold": Sentence("en instance", "on hold"),
    "rejected": Sentence("rejeté", "rejected"),
    "paid": Sentence("payé", "paid"),
    "cancelled": Sentence("annulé", "cancelled"),
}
"""States of a payment order (rules, 20)."""

GRANT_STATES: Final = {
    "announced": Sentence("annoncée", "announced"),
    "awarded": Sentence("attribuée", "awarded"),
    "withdrawn": Sentence("retirée", "withdrawn"),
    "carried": Sentence("reportée", "carried over"),
}
"""States of a grant."""

ENTRY_KINDS: Final = {
    "accounting_commitment": Sentence("engagement comptable", "accounting commitment"),
    "legal_commitment": Sentence("engagement juridique", "legal commitment"),
    "supplementary_commitment": Sentence("engagement complémentaire", "supplementary commitment"),
    "decommitment": Sentence("dégagement", "decommitment"),
    "carry_over": Sentence("report (reste à réaliser)", "carry-over"),
}
"""Kinds of commitment entries."""

"""Codes of the ledger, as people call them."""

from typing import Final

from events.envelope import INBOUND
from events.parts import short_type
from events.sentences import Sentence

STAGES: Final = {
    "appropriated": Sentence("Crédits ouverts", "Appropriated"),
    "available": Sentence("Disponible", "Available"),
    "reserved": Sentence("Réservé", "Reserved"),
    "committed": Sentence("Engagé", "Committed"),
    "ordered": Sentence("Mandaté", "Ordered"),
    "paid": Sentence("Payé", "Paid"),
    "carried_over": Sentence("Reporté", "Carried over"),
    "granted": Sentence("Accordé", "Granted"),
    "remaining": Sentence("Reste à mandater", "Still to order"),
    "released": Sentence("Dégagé", "Released"),
}
"""The stages of money: of a budget line, and of a convention."""

OUTCOMES: Final = {
    "accepted": Sentence("accepté", "accepted"),
    "duplicate": Sentence("doublon", "duplicate"),
    "refused": Sentence("refusé", "refused"),
    "parked": Sentence("en attente", "parked"),
    "dead_letter": Sentence("illisible", "unreadable"),
}

CONVENTION_STATES: Final = {
    "in_force": Sentence("en vigueur", "in force"),
    "suspended": Sentence("suspendue", "suspended"),
    "terminated": Sentence("résiliée", "terminated"),
    "withdrawn": Sentence("tombée avec l'attribution", "fallen with its award"),
}

TRIGGERS: Final = {
    "signature": Sentence("à la signature", "on signature"),
    "notification": Sentence("à la notification", "on notification"),
    "reports": Sentence("sur justificatifs", "on documents"),
}

ROLES: Final = {
    "vote": Sentence("vote du budget", "budget vote"),
    "transfer": Sentence("virement de crédits", "transfer of credits"),
    "award": Sentence("attribution", "award"),
    "concurring": Sentence("acte concordant", "concurring act"),
    "withdrawal": Sentence("retrait", "withdrawal"),
    "amendment": Sentence("avenant", "amendment"),
    "carried": Sentence("acte repris", "act carried over"),
}

RECOVERY_STEPS: Final = {
    "ordered": Sentence("ordonné", "ordered"),
    "collected": Sentence("encaissé", "collected"),
}

WITHDRAWAL_CAUSES: Final = {
    "withdrawn": Sentence("retrait par l'assemblée", "withdrawn by its assembly"),
    "annulled": Sentence("annulation par le juge", "annulled by a court"),
}

TYPES: Final = {short_type(each): each.NAME for each in INBOUND}
"""The types of events, without `ecluse.` and `.v1`."""

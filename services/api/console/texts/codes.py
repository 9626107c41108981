"""Codes of the ledger, as people call them."""

from typing import Final

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

TYPES: Final = {
    "budget.voted": Sentence("Budget voté", "Budget voted"),
    "credits.transferred": Sentence("Crédits virés", "Credits transferred"),
    "deliberation.adopted": Sentence("Délibération adoptée", "Deliberation adopted"),
    "deliberation.withdrawn": Sentence("Délibération retirée", "Deliberation withdrawn"),
    "convention.signed": Sentence("Convention signée", "Convention signed"),
    "convention.notified": Sentence("Convention notifiée", "Convention notified"),
    "convention.amended": Sentence("Avenant à la convention", "Convention amended"),
    "convention.suspended": Sentence("Convention suspendue", "Convention suspended"),
    "convention.resumed": Sentence("Convention reprise", "Convention resumed"),
    "convention.terminated": Sentence("Convention résiliée", "Convention terminated"),
    "report.received": Sentence("Document reçu", "Report received"),
    "report.rejected": Sentence("Document rejeté", "Report rejected"),
    "bank-account.changed": Sentence("Coordonnées bancaires", "Bank account changed"),
    "payment-order.acknowledged": Sentence("Réponse du comptable", "Payment order acknowledged"),
    "payment.executed": Sentence("Paiement exécuté", "Payment executed"),
    "commitment.reduced": Sentence("Engagement réduit", "Commitment reduced"),
    "recovery.ordered": Sentence("Reversement ordonné", "Recovery ordered"),
    "recovery.collected": Sentence("Reversement encaissé", "Recovery collected"),
    "fiscal-year.closed": Sentence("Exercice clos", "Fiscal year closed"),
    "fiscal-year.opened": Sentence("Report de l'exercice précédent", "Carried from last year"),
    "deadline.passed": Sentence("Échéance passée", "Deadline passed"),
}
"""The types of events, without `ecluse.` and `.v1`."""

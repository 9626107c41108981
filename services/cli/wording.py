"""What the command says to people, in French and in English."""

import os
from enum import StrEnum

from events.sentences import Sentence
from services.ledger.sentences import euros_en, euros_fr


class Language(StrEnum):
    """The languages of the command's messages."""

    FR = "fr"
    EN = "en"


def language_of_the_system() -> Language:
    """French where the environment asks for it, English elsewhere.

    `ECLUSE_LANG` decides first, then the usual POSIX variables in their order.
    """
    names = ("ECLUSE_LANG", "LC_ALL", "LC_MESSAGES", "LANG")
    chosen = next((os.environ[name] for name in names if os.environ.get(name)), "")
    return Language.FR if chosen.lower().startswith("fr") else Language.EN


def told(sentence: Sentence, language: Language) -> str:
    """The sentence in one language."""
    return sentence.fr if language is Language.FR else sentence.en


def euros(amount_cents: int, language: Language) -> str:
    """An amount as people write it."""
    return euros_fr(amount_cents) if language is Language.FR else euros_en(amount_cents)


OUTCOMES = {
    "accepted": Sentence("acceptés", "accepted"),
    "duplicate": Sentence("doublons", "duplicate"),
    "refused": Sentence("refusés", "refused"),
    "parked": Sentence("en attente", "parked"),
    "dead_letter": Sentence("illisibles", "dead letters"),
}

STATES = {
    "issued": Sentence("émis", "issued"),
    "taken_in_charge": Sentence("pris en charge", "taken in charge"),
    "on_hold": Sentence("en instance", "on hold"),
    "rejected": Sentence("rejeté", "rejected"),
    "paid": Sentence("payé", "paid"),
}

ENTRY_KINDS = {
    "accounting_commitment": Sentence("engagement comptable", "accounting commitment"),
    "legal_commitment": Sentence("engagement juridique", "legal commitment"),
    "decommitment": Sentence("dégagement", "decommitment"),
}

TITLES = {
    "entries": Sentence("Écritures d'engagement", "Commitment entries"),
    "orders": Sentence("Mandats", "Payment orders"),
    "lines": Sentence("Soldes par ligne budgétaire", "Balances by budget line"),
    "refusals": Sentence("Événements refusés", "Refused events"),
    "parked": Sentence("Événements en attente", "Parked events"),
    "dead_letters": Sentence("Enregistrements illisibles", "Dead letters"),
    "review_flags": Sentence("À vérifier", "To review"),
    "heads": Sentence("Empreinte du journal", "Head of the journal"),
    "journal": Sentence("Journal", "Journal"),
}

COLUMNS = {
    "kind": Sentence("nature", "kind"),
    "line": Sentence("ligne", "line"),
    "amount": Sentence("montant", "amount"),
    "convention": Sentence("convention", "convention"),
    "order": Sentence("mandat", "payment order"),
    "state": Sentence("état", "state"),
    "due_on": Sentence("échéance", "due on"),
    "services": Sentence("délégations", "services"),
    "appropriated": Sentence("voté", "appropriated"),
    "available": Sentence("disponible", "available"),
    "reserved": Sentence("réservé", "reserved"),
    "committed": Sentence("engagé", "committed"),
    "ordered": Sentence("mandaté", "ordered"),
    "paid": Sentence("payé", "paid"),
    "total": Sentence("total", "total"),
    "budget": Sentence("budget", "budget"),
    "sequence": Sentence("n°", "no."),
    "event": Sentence("événement", "event"),
    "type": Sentence("type", "type"),
    "outcome": Sentence("issue", "outcome"),
    "detail": Sentence("détail", "detail"),
}

READ = Sentence("{events} événements lus", "{events} events read")
REVIEW_FLAGS = Sentence("{count} à vérifier", "{count} to review")
LINE_WORD = Sentence("ligne {line}", "line {line}")
VALID = Sentence(
    "{file} : {valid} événements valides sur {lines}.", "{file}: {valid} valid events of {lines}."
)
NO_RECORD = Sentence(
    "{budget}/{sequence} : il n'y a pas d'enregistrement à cette place du journal.",
    "{budget}/{sequence}: there is no record at that place of the journal.",
)
STORE_ERROR = Sentence("Arrêt\u00a0: {error}", "Stopped: {error}")
REPLAYING = Sentence("relecture", "replaying")
VALIDATING = Sentence("validation", "validating")

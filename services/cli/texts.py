"""What the command says to people, in French and in English."""

import os
from enum import StrEnum
from typing import NamedTuple

from events.sentences import Sentence


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


def typed(words: str) -> str:
    """What stood on a command line, as text: bytes of it that are no UTF-8 become `?`."""
    return words.encode(errors="replace").decode()


def told(sentence: Sentence, language: Language) -> str:
    """The sentence in one language."""
    return sentence.fr if language is Language.FR else sentence.en


def euros(amount_cents: int, language: Language) -> str:
    """An amount as people write it."""
    # Only here: they bring the whole language of events, and `--help` names no amount.
    from services.ledger.application.decision_texts import euros_en, euros_fr  # noqa: PLC0415

    return euros_fr(amount_cents) if language is Language.FR else euros_en(amount_cents)


def day(iso: str, language: Language) -> str:
    """A day as people write it: `14/07/2023` in French, `2023-07-14` in English."""
    return "/".join(reversed(iso.split("-"))) if language is Language.FR else iso


class Counted(NamedTuple):
    """A sentence for one thing and for several."""

    one: Sentence
    many: Sentence

    def render(self, count: int, **facts: object) -> Sentence:
        """The sentence for `count` things: none is one in French, and many in English."""
        fr = self.one.fr if count in {0, 1} else self.many.fr
        en = self.one.en if count == 1 else self.many.en
        return Sentence(
            fr.format(count=f"{count:,}".replace(",", "\u202f"), **facts),
            en.format(count=f"{count:,}", **facts),
        )


UNCHECKED = Sentence(
    "L'accès n'est pas contrôlé (ECLUSE_AUTH=off)\u00a0: quiconque atteint cette adresse voit tout "
    "et publie.",
    "Access is not checked (ECLUSE_AUTH=off): whoever reaches this address sees all and publishes.",
)

OUTCOME = {
    "accepted": Sentence("accepté", "accepted"),
    "duplicate": Sentence("doublon", "duplicate"),
    "refused": Sentence("refusé", "refused"),
    "parked": Sentence("en attente", "parked"),
    "dead_letter": Sentence("illisible", "dead letter"),
}
"""What became of one record."""

OUTCOMES = {
    "accepted": Sentence("acceptés", "accepted"),
    "duplicate": Sentence("doublons", "duplicates"),
    "refused": Sentence("refusés", "refused"),
    "parked": Sentence("en attente", "parked"),
    "dead_letter": Sentence("illisibles", "dead letters"),
}
"""What became of several."""

TITLES = {
    "entries": Sentence("Écritures d'engagement", "Commitment entries"),
    "orders": Sentence("Mandats", "Payment orders"),
    "lines": Sentence("Soldes du budget {budget}", "Balances of budget {budget}"),
    "refusals": Sentence("Événements refusés", "Refused events"),
    "parked": Sentence("Événements en attente", "Parked events"),
    "dead_letters": Sentence("Enregistrements illisibles", "Dead letters"),
    "review_flags": Sentence("À vérifier", "To review"),
    "trial": Sentence("Ce que dirait le registre", "What the ledger would say"),
    "changes": Sentence("Soldes qui changeraient", "Balances that would change"),
    "heads": Sentence("Empreinte du journal", "Head of the journal"),
    "journal": Sentence("Journal", "Journal"),
    "moves": Sentence("Mouvements", "Moves"),
    "refusal": Sentence("Refus", "Refusal"),
    "dead_letter": Sentence("Illisible", "Dead letter"),
    "received": Sentence("Événement reçu", "Event received"),
    "findings": Sentence("Ce qui ne va pas", "What is wrong"),
    "differences": Sentence("Décidé autrement", "Decided otherwise"),
    "stages": Sentence("Où en est chaque étape", "Where each stage is"),
    "partitions": Sentence("Partition par partition", "By partition"),
    "latencies": Sentence("Durées de la dernière heure", "Latencies of the last hour"),
    "orders_waiting": Sentence("Mandats qui attendent le plus", "Orders that have waited longest"),
    "reports_overdue": Sentence("Documents attendus de longue date", "Reports overdue longest"),
}

COLUMNS = {
    "kind": Sentence("nature", "kind"),
    "line": Sentence("ligne", "line"),
    "amount": Sentence("montant", "amount"),
    "convention": Sentence("convention", "convention"),
    "order": Sentence("mandat", "payment order"),
    "state": Sentence("état", "state"),
    "due_on": Sentence("échéance", "due on"),
    "share": Sentence("ligne, délégation", "line, service"),
    "appropriated": Sentence("crédits ouverts", "appropriated"),
    "available": Sentence("disponible", "available"),
    "reserved": Sentence("réservé", "reserved"),
    "committed": Sentence("engagé", "committed"),
    "ordered": Sentence("mandaté", "ordered"),
    "paid": Sentence("payé", "paid"),
    "total": Sentence("total", "total"),
    "budget": Sentence("budget", "budget"),
    "sequence": Sentence("n°", "no."),
    "event": Sentence("événement", "event"),
    "waits_for": Sentence("attend", "waits for"),
    "place": Sentence("endroit", "place"),
    "code": Sentence("code", "code"),
    "outcome": Sentence("issue", "outcome"),
    "detail": Sentence("détail", "detail"),
    "hash": Sentence("empreinte", "hash"),
    "previous_hash": Sentence("précédente", "previous"),
    "read_from": Sentence("lu dans", "read from"),
    "resumes": Sentence("reprend", "resumes"),
    "set_aside_by": Sentence("mis de côté par", "set aside by"),
    "why": Sentence("motif", "why"),
    "stage": Sentence("étape", "stage"),
    "from": Sentence("de", "from"),
    "to": Sentence("vers", "to"),
    "carried_over": Sentence("reporté", "carried over"),
    "outside": Sentence("hors budget", "outside"),
    "age": Sentence("depuis", "age, since"),
    "until": Sentence("jusqu'au", "until"),
    "before": Sentence("avant", "before"),
    "after": Sentence("après", "after"),
    "recorded": Sentence("au journal", "recorded"),
    "now": Sentence("à présent", "now"),
    "member": Sentence("quoi", "what"),
    "members": Sentence("membres", "members"),
    "behind": Sentence("reste", "behind"),
    "oldest": Sentence("plus ancien", "oldest"),
    "drained_in": Sentence("fini dans", "done in"),
    "latest_event_at": Sentence("dernier événement", "latest event"),
    "partition": Sentence("partition", "partition"),
    "position": Sentence("position", "position"),
    "end": Sentence("fin", "end"),
    "owner": Sentence("tenue par", "owner"),
    "step": Sentence("étape", "step"),
    "count": Sentence("nombre", "count"),
    "median": Sentence("médiane", "median"),
    "most": Sentence("95 % en", "95% within"),
    "longest": Sentence("maximum", "longest"),
    "issued": Sentence("émis", "issued"),
    "document": Sentence("document", "document"),
}

READ = Counted(
    Sentence("{count} événement lu", "{count} event read"),
    Sentence("{count} événements lus", "{count} events read"),
)
REVIEW_FLAGS = Sentence("{count} à vérifier", "{count} to review")
SUMMARY = Sentence("{read}\u00a0: {outcomes}\u00a0; {flags}.", "{read}: {outcomes}; {flags}.")
MORE = Counted(
    Sentence(
        "… et {count} de plus\u00a0: --json montre tout",
        "… and {count} more: --json shows them all",
    ),
    Sentence(
        "… et {count} de plus\u00a0: --json les montre tous",
        "… and {count} more: --json shows them all",
    ),
)
LINE_WORD = Sentence("ligne {line}", "line {line}")
FAULT = Sentence("{place}\u00a0: {reason}", "{place}: {reason}")
VALID = Counted(
    Sentence(
        "{file}\u00a0: {count} événement valide sur {lines}.",
        "{file}: {count} valid event of {lines}.",
    ),
    Sentence(
        "{file}\u00a0: {count} événements valides sur {lines}.",
        "{file}: {count} valid events of {lines}.",
    ),
)
NO_RECORD = Sentence(
    "{budget}/{sequence}\u00a0: il n'y a pas d'enregistrement à cette place du journal.",
    "{budget}/{sequence}: there is no record at that place of the journal.",
)
NO_RECORDS = Sentence(
    "{budget}\u00a0: le journal n'a pas d'enregistrement de ce budget.",
    "{budget}: the journal has no record of this budget.",
)
EMPTY_JOURNAL = Sentence("Le journal est vide.", "The journal is empty.")
RECORD = Sentence("l'enregistrement {sequence}", "record {sequence}")
STORE_ERROR = Sentence("Arrêt\u00a0: {error}", "Stopped: {error}")
REPLAYING = Sentence("rejeu", "replaying")
ADDING_UP = Sentence("récapitulation", "adding up")
VALIDATING = Sentence("validation", "validating")
READING = Sentence("lecture du journal", "reading the journal")

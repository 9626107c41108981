"""Texts of the page Today: the status of the accounts, and whether the count adds up."""

from typing import Final

from events.sentences import Sentence
from services.texts.locale_format import Counted

TEXTS: Final = {
    "title": Sentence("Aujourd'hui", "Today"),
    "of_your_entities": Sentence(
        "La date est celle du dernier événement de vos entités\u00a0; les nombres sont les leurs.",
        "The date is that of the latest event of your entities, and the counts are theirs.",
    ),
    "count": Sentence("Ce que sont devenus les enregistrements", "What became of the records"),
    "received": Sentence("reçus", "received"),
    "accepted": Sentence("acceptés", "accepted"),
    "duplicate": Sentence("doublons", "duplicates"),
    "refused": Sentence("refusés", "refused"),
    "parked": Sentence("en attente", "parked"),
    "dead_letter": Sentence("illisibles", "dead letters"),
    "in_flight": Sentence("en cours", "in flight"),
    "decided": Sentence("décidés", "decided"),
    "unread": Sentence("pas encore dans les comptes", "not in the accounts yet"),
    "adds_up": Sentence("Le compte est bon.", "The count adds up."),
    "does_not": Sentence("Le compte n'est pas bon.", "The count does not add up."),
    "cannot_tell": Sentence(
        "Le compte ne se vérifie pas\u00a0: on ne sait pas ce qui reste à lire.",
        "The count cannot be checked: what is still to be read is not known.",
    ),
    "cannot_tell_you": Sentence(
        "Ce qui est illisible ou reste à lire ne nomme aucune entité\u00a0: seul un accès à toutes "
        "les entités en voit le compte.",
        "What is unreadable or still to be read names no entity: only an access to all entities "
        "sees the count of it.",
    ),
    "budgets": Sentence("Les budgets", "The budgets"),
    "no_budgets": Sentence(
        "Aucun budget visible avec cet accès.", "No budget that this access may see."
    ),
    "grants_of": Sentence("Subventions du budget", "Grants of this budget"),
    "waiting": Sentence("Mandats en attente de paiement", "Payment orders waiting"),
    "to_deal_with": Sentence("À traiter", "To deal with"),
    "nothing_to_do": Sentence("Rien n'attend personne.", "Nothing waits for anybody."),
    "partitions": Sentence("Lecture du journal, partition par partition", "Reading the journal"),
    "partition": Sentence("Partition", "Partition"),
    "next_offset": Sentence("Prochaine position", "Next offset"),
    "latest_event": Sentence("Dernier événement daté du", "Latest event dated"),
    "state": Sentence("État", "State"),
    "read": Sentence("lue", "read"),
    "held": Sentence("retenue", "held"),
    "left": Sentence("{count} à lire", "{count} to read"),
    "rest_unknown": Sentence("reste inconnu", "rest unknown"),
}

TO_READ: Final = Counted(
    Sentence("{count} enregistrement reste à lire.", "{count} record is to be read."),
    Sentence("{count} enregistrements restent à lire.", "{count} records are to be read."),
)

HELD: Final = Sentence(
    "La lecture de la partition {partition} est retenue",
    "Reading partition {partition} is held",
)
HELD_DETAIL: Final = Sentence(
    "À la position {offset}\u00a0: {error}. Les autres partitions continuent.",
    "At offset {offset}: {error}. The other partitions go on.",
)
HELD_OTHERS: Final = Sentence(
    "Les autres partitions continuent.",
    "The other partitions go on.",
)
HELD_DO: Final = Sentence(
    "Prévenez l'opérateur\u00a0: tant qu'elle est retenue, ses budgets n'avancent plus ici.",
    "Tell the operator: as long as it is held, its budgets stand still here.",
)
HELD_RULE: Final = Sentence(
    "Règle\u00a0: ce qui échoue deux fois au même enregistrement est retenu, jamais sauté "
    "(décision 12).",
    "Rule: what fails twice at the same record is held, never skipped (decision 12).",
)

NOT_ADDING_UP: Final = Sentence("Le compte n'est pas bon", "The count does not add up")
NOT_ADDING_UP_DETAIL: Final = Sentence(
    "Lus {read}, devenus quelque chose {ended}\u00a0: l'écart est de {gap}.",
    "Read {read}, became something {ended}: the difference is {gap}.",
)
NOT_ADDING_UP_DO: Final = Sentence(
    "Ne vous fiez pas à ces comptes\u00a0: faites prouver le journal (`ecluse verify`), puis "
    "reconstruire la base.",
    "Do not rely on these accounts: have the journal proved (`ecluse verify`), then the read model "
    "rebuilt.",
)
NOT_ADDING_UP_RULE: Final = Sentence(
    "Règle 5\u00a0: tout enregistrement reçu compte une fois, sous ce qu'il est devenu.",
    "Rule 5: every record received counts once, under what became of it.",
)

OTHER_JOURNAL: Final = Sentence(
    "Le journal finit avant ce qui en a été lu", "The journal ends before what was read of it"
)
OTHER_JOURNAL_DETAIL: Final = Sentence(
    "Partition {partition}\u00a0: lu jusqu'à {read}, le journal finit {gap} avant. C'est un autre "
    "journal, ou il a perdu sa fin.",
    "Partition {partition}: read up to {read}, the journal ends {gap} before. It is another "
    "journal, or has lost its end.",
)
OTHER_JOURNAL_RULE: Final = Sentence(
    "Règle\u00a0: le journal ne se réécrit pas\u00a0; tout ce qui est ici en vient.",
    "Rule: the journal is never rewritten; all that stands here comes from it.",
)

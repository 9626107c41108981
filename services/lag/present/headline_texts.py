"""Texts of the headline, shared by Today, Lag and `ecluse lag`."""

from collections.abc import Mapping
from typing import Final

from events.sentences import Sentence
from services.lag.present.headline import Knows, Verdict

TITLES: Final[Mapping[Verdict, Sentence]] = {
    Verdict.CHECK: Sentence(
        "Ne vous fiez pas à ces comptes avant un contrôle.",
        "Do not rely on these accounts before a check.",
    ),
    Verdict.ALL_RECEIVED: Sentence(
        "Tout ce qui a été reçu est dans les comptes.",
        "All that was received is in the accounts.",
    ),
    Verdict.IN_TRANSIT: Sentence(
        "Ce qui vient d'arriver est en chemin vers les comptes.",
        "What has just come is on its way into the accounts.",
    ),
    Verdict.ALL_DECIDED: Sentence(
        "Tout ce que le grand livre a décidé est dans les comptes.",
        "Everything that the ledger has decided is in the accounts.",
    ),
    Verdict.NOT_ALL_DECIDED: Sentence(
        "Une partie de ce que le grand livre a décidé n'est pas encore dans les comptes.",
        "Some of what the ledger has decided is not in the accounts yet.",
    ),
    Verdict.EMPTY: Sentence(
        "Les comptes sont vides\u00a0: aucun événement n'y est encore.",
        "The accounts are empty: no event is in them yet.",
    ),
    Verdict.UNKNOWN: Sentence(
        "Personne ne sait jusqu'où vont les comptes.",
        "Nobody knows how far the accounts are.",
    ),
}
"""The first sentence; of a stage that is not well it is `texts.HEADLINES`."""

UNSEEN: Final[Mapping[Knows, Sentence]] = {
    Knows.WATCH: Sentence(
        "La surveillance ne sait pas où en est la comptabilité.",
        "The watch does not know how far accounting is.",
    ),
    Knows.ONE_PROCESS: Sentence(
        "Rien n'attend d'un poste à l'autre.", "Nothing waits between one stage and the next."
    ),
    Knows.NOBODY: Sentence("Aucune surveillance n'est réglée.", "No watch is set."),
    Knows.SILENT: Sentence("La surveillance ne répond pas.", "The watch does not answer."),
    Knows.OLD: Sentence(
        "Personne ne sait en ce moment qui est en retard.",
        "Nobody knows at this moment who is behind.",
    ),
    Knows.CLUSTER_SILENT: Sentence(
        "Kafka ne répond plus à la surveillance.", "The watch gets no answer of Kafka."
    ),
    Knows.STILL: Sentence("La surveillance n'avance plus.", "The watch stands still."),
}
"""Reasons why the backlog of the ledger is unknown."""

TEXTS: Final = {
    "before_the_ledger": Sentence(
        "Ce qui attend encore devant le grand livre n'est pas connu ici.",
        "What still waits before the ledger is not known here.",
    ),
    "nothing_yet_do": Sentence(
        "Publiez le vote du budget, ou attendez que le journal soit relu.",
        "Publish the vote of the budget, or wait until the journal is read.",
    ),
    "seen": Sentence("Vu à {clock}.", "Seen at {clock}."),
    "latest": Sentence("Dernier événement daté du {instant}.", "Latest event dated {instant}."),
    "watched": Sentence("Observé depuis {span}.", "Watched for {span}."),
}

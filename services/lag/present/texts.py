"""Texts about states and rules, shared by the page and the command.

States are described by verbs, so that they fit every stage; the code is shown beside, as in the
metrics.
"""

from collections.abc import Mapping
from typing import Final

from events.lag import State
from events.sentences import Sentence

STAGES: Final[Mapping[str, Sentence]] = {
    "ledger": Sentence("Grand livre", "Ledger"),
    "projector": Sentence("Base de lecture", "Read model"),
    "watch": Sentence("Surveillance", "Watch"),
    "treasury": Sentence("Trésorerie", "Treasury"),
}
"""The names of the stages, in the order in which an event passes them."""

THE_STAGE: Final[Mapping[str, Sentence]] = {
    "ledger": Sentence("le grand livre", "the ledger"),
    "projector": Sentence("la base de lecture", "the read model"),
    "watch": Sentence("la surveillance", "the watch"),
    "treasury": Sentence("la trésorerie", "the treasury"),
}
"""The same inside a sentence."""

STAGE_DOES: Final[Mapping[str, Sentence]] = {
    "ledger": Sentence("décide chaque événement", "decides each event"),
    "projector": Sentence(
        "tient à jour les tables que lit cette console", "keeps the tables that this console reads"
    ),
    "watch": Sentence("recompte le journal de son côté", "counts the journal by itself"),
    "treasury": Sentence("prend les mandats à payer", "takes the payment orders to pay"),
}
"""The purpose of a stage."""

STATES: Final[Mapping[State, Sentence]] = {
    State.BROKEN: Sentence("ne peut plus avancer", "cannot go on"),
    State.STOPPED: Sentence("ne tourne plus", "stopped"),
    State.REWOUND: Sentence("a reculé", "rewound"),
    State.STALLED: Sentence("n'avance plus", "stalled"),
    State.SLOW: Sentence("prend du retard", "slow"),
    State.UNKNOWN: Sentence("inconnu", "unknown"),
    State.OK: Sentence("OK", "OK"),
    State.NO_TRAFFIC: Sentence("sans trafic", "no traffic"),
}
"""A state in one or two words."""

HEADLINES: Final[Mapping[State, Sentence]] = {
    State.BROKEN: Sentence(
        "{stage} ne peut plus avancer, au moins sur une partition.",
        "{stage} cannot go on, on one partition at least.",
    ),
    State.STOPPED: Sentence(
        "{stage} ne tourne plus, au moins pour une partition.",
        "{stage} has stopped, for one partition at least.",
    ),
    State.REWOUND: Sentence(
        "{stage} a reculé\u00a0: ce qui était fait est refait.",
        "{stage} was rewound: what was done is done again.",
    ),
    State.STALLED: Sentence(
        "{stage} n'avance plus, au moins sur une partition.",
        "{stage} stands still, on one partition at least.",
    ),
    State.SLOW: Sentence("{stage} prend du retard.", "{stage} falls behind."),
    State.UNKNOWN: Sentence(
        "Personne ne sait en ce moment où en est {stage}.",
        "Nobody knows at this moment how far {stage} is.",
    ),
}
"""The first sentence of a page on which a stage is not well; `{stage}` is of THE_STAGE."""

MEANS: Final[Mapping[State, Sentence]] = {
    State.BROKEN: Sentence(
        "Un enregistrement a échoué deux fois par notre propre faute. Sa partition attend devant "
        "lui plutôt que de le sauter\u00a0; les autres continuent.",
        "A record failed twice by a fault of our own. Its partition waits before it rather than "
        "skip it; the others go on.",
    ),
    State.STOPPED: Sentence(
        "Personne ne lit ces partitions. Rien n'est perdu\u00a0: ce qui arrive attend.",
        "Nobody reads these partitions. Nothing is lost: what comes waits.",
    ),
    State.REWOUND: Sentence(
        "La position validée est revenue en arrière, et n'a pas encore retrouvé sa place.",
        "The committed position went back, and has not come to its place again.",
    ),
    State.STALLED: Sentence(
        "Il y a à lire et quelqu'un pour lire, et la position ne bouge pas\u00a0: le processus "
        "attend Kafka ou la base, reprend son état, ou reste bloqué.",
        "There is something to read and somebody to read it, and the position does not move: the "
        "process waits for Kafka or the database, restores its state, or hangs.",
    ),
    State.SLOW: Sentence(
        "Il arrive plus que ce qui est traité. L'ordre des choses est bon\u00a0; la place manque.",
        "More comes in than is worked off. Nothing is wrong with the order of things; there is too "
        "little room.",
    ),
    State.UNKNOWN: Sentence(
        "Ce n'est pas un retard nul\u00a0: c'est un retard que personne ne connaît.",
        "That is no delay of 0: it is one that nobody knows.",
    ),
    State.OK: Sentence("Rien n'attend, ou ce qui attend avance.", "Nothing waits, or it moves."),
    State.NO_TRAFFIC: Sentence(
        "Rien n'est en retard, et rien n'est venu depuis dix minutes.",
        "Nothing is late, and nothing has come for ten minutes.",
    ),
}
"""The meaning of a state."""

DO: Final[Mapping[State, Sentence]] = {
    State.BROKEN: Sentence(
        "Gardez le journal technique et l'événement. Un programme corrigé reprend de lui-même au "
        "redémarrage. Si cela ne peut attendre et que c'est le grand livre, à deux\u00a0: `ecluse "
        'quarantine PARTITION POSITION --reason "…"` met cet enregistrement de côté, et la '
        "partition continue.",
        "Keep the log and the event. A mended program goes on by itself once started. If it cannot "
        "wait and it is the ledger, two of you: `ecluse quarantine PARTITION OFFSET --reason "
        '"…"` sets that record aside, and the partition goes on.',
    ),
    State.STOPPED: Sentence(
        "Redémarrez le processus\u00a0: il reprend où il était. S'il s'arrête de nouveau, ses "
        "derniers mots disent ce qu'il demande. Pour la trésorerie, appelez-la\u00a0: les mandats "
        "l'attendent.",
        "Start the process again: it goes on where it was. If it stops again, its last words say "
        "what it wants. Of the treasury, call it: the orders wait for it.",
    ),
    State.REWOUND: Sentence(
        "Quelqu'un a changé des positions, ou un topic a été refait\u00a0: `ecluse topics diff`. "
        "Le grand livre ne décide rien deux fois\u00a0; prévenez la trésorerie si c'est elle.",
        "Somebody has set positions, or a topic was made anew: `ecluse topics diff`. The ledger "
        "decides nothing twice; warn the treasury if it is hers.",
    ),
    State.STALLED: Sentence(
        "Le journal technique du processus nomme ce qui manque (Kafka, base, droits)\u00a0: "
        "rétablissez-le, il reprend en quelques secondes. S'il ne dit rien, redémarrez-le.",
        "The log of the process names what is missing (Kafka, database, rights): mend that, and it "
        "goes on within seconds. If it says nothing, start it again.",
    ),
    State.SLOW: Sentence(
        "Laissez passer une pointe\u00a0: la page dit en combien de temps. Si cela dure, ajoutez "
        "un processus, tant qu'il y a des partitions, ou regardez la base et le disque.",
        "Let a burst pass: the page says for how long. If it lasts, add a process as long as there "
        "are partitions, or look at database and disk.",
    ),
    State.UNKNOWN: Sentence(
        "Si tous les postes sont inconnus, regardez Kafka. Si c'est un seul, démarrez-le\u00a0; "
        "pour une trésorerie qui n'est pas encore là, videz ECLUSE_WATCH_TREASURY_GROUP.",
        "If all stages are unknown, look after Kafka. If it is one, start it; for a treasury that "
        "is not there yet, set ECLUSE_WATCH_TREASURY_GROUP to nothing.",
    ),
}
"""The remedy."""

RUNBOOKS: Final[Mapping[State, str]] = {
    State.BROKEN: "EclusePartitionHeld",
    State.STOPPED: "EcluseConsumerStopped",
    State.REWOUND: "EcluseConsumerRewound",
    State.STALLED: "EcluseConsumerStalled",
    State.SLOW: "EcluseConsumerSlow",
    State.UNKNOWN: "EcluseConsumerUnknown",
}
"""The runbook of a state, in docs/runbooks."""

RULES: Final[Mapping[str, Sentence]] = {
    "cluster_silent": Sentence(
        "Kafka ne répond plus à la surveillance depuis plus de dix secondes.",
        "Kafka has not answered the watch for more than ten seconds.",
    ),
    "not_sampled": Sentence(
        "La surveillance n'a plus regardé ce groupe depuis plus de dix secondes.",
        "The watch has not looked at this group for more than ten seconds.",
    ),
    "end_unknown": Sentence(
        "Personne ne dirige la partition\u00a0: ce qui reste à lire est inconnu.",
        "Nobody leads the partition: what is left to read is not known.",
    ),
    "never_seen": Sentence(
        "Le groupe n'a ici ni position ni membre\u00a0: il n'a jamais tourné, ou a un autre nom.",
        "The group has neither a position here nor a member: it never ran, or is called otherwise.",
    ),
    "never_committed": Sentence(
        "Il y a des enregistrements et un membre, qui n'a encore rien validé.",
        "There are records and a member, which has committed none of them yet.",
    ),
    "beyond_the_end": Sentence(
        "La partition finit avant la position validée\u00a0: le topic a été refait, ou a perdu des "
        "enregistrements.",
        "The partition ends before the committed position: the topic was made anew, or lost "
        "records.",
    ),
    "held": Sentence(
        "Le processus retient la partition devant un enregistrement qu'il ne sait pas traiter.",
        "The process holds the partition before a record that it cannot work on.",
    ),
    "broken": Sentence(
        "Le processus dit lui-même qu'il ne peut plus avancer.",
        "The process itself says that it cannot go on.",
    ),
    "went_back": Sentence(
        "La position validée est revenue en arrière.", "The committed position went back."
    ),
    "no_owner": Sentence(
        "La partition n'a pas de lecteur, et rien n'est validé.",
        "Nobody owns the partition, and nothing is committed.",
    ),
    "markers_alone": Sentence(
        "Il reste si peu que ce ne sont peut-être que des marques de transactions\u00a0; personne "
        "n'a lu jusque-là.",
        "So little is left that it may be markers of transactions alone; nobody has read that far.",
    ),
    "rebalances": Sentence(
        "Il y a à lire, et le groupe se partage ses partitions depuis trop longtemps.",
        "Records wait, and the group has been sharing out its partitions for too long.",
    ),
    "stands_still": Sentence(
        "Il y a à lire, et rien n'est validé depuis huit secondes.",
        "Records wait, and nothing has been committed for eight seconds.",
    ),
    "falls_behind": Sentence(
        "Le reste ne diminue pas depuis dix secondes, et ce qui était là il y a cinq secondes "
        "n'est pas atteint.",
        "What is left has not got less for ten seconds, and what was there five seconds ago is not "
        "reached.",
    ),
    "just_begun": Sentence(
        "Observé depuis trop peu de temps pour en dire plus.",
        "Watched for too short a time to tell more.",
    ),
    "no_traffic": Sentence(
        "Tout est lu, et rien n'est venu depuis dix minutes.",
        "All is read, and nothing has come for ten minutes.",
    ),
    "catches_up": Sentence("Il y a à lire, et cela avance.", "Records wait, and it moves."),
    "keeps_up": Sentence("Il ne reste rien à lire.", "Nothing is left to read."),
}
"""The observation behind a state, by the name of its rule."""

DOING: Final[Mapping[str, Sentence]] = {
    "opening": Sentence("reprend son état", "restores its state"),
    "running": Sentence("travaille", "works"),
    "paused": Sentence("en pause", "paused"),
    "retrying": Sentence("réessaie", "tries again"),
    "broken": Sentence("retenu", "held"),
    "stopped": Sentence("arrêté", "stopped"),
}
"""The activity that a worker reports."""

TRENDS: Final[Mapping[str, Sentence]] = {
    "up": Sentence("en hausse", "rising"),
    "down": Sentence("en baisse", "falling"),
    "level": Sentence("stable", "level"),
}
"""The trend of the records behind."""

LATENCIES: Final[Mapping[str, Sentence]] = {
    "broker": Sentence("de l'événement à Kafka", "from the event to Kafka"),
    "decided": Sentence("de Kafka à la décision", "from Kafka to the decision"),
    "published": Sentence("du journal à qui le lit", "from the journal to who reads it"),
    "projected": Sentence("du journal à la base de lecture", "from the journal to the read model"),
    "treasury": Sentence(
        "du mandat à la réponse du comptable", "from the payment order to the accountant's answer"
    ),
}
"""The steps of an event whose latency is measured."""

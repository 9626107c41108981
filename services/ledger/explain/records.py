"""Explanations of missing dependencies, and of the reasons of dead letters."""

from events.sentences import Sentence
from events.unreadable import Reason
from services.ledger.domain.refusals import Missing
from services.ledger.explain.code_help import Advice

_NOTHING = Sentence(
    "Rien : l'événement reprendra de lui-même. S'il ne devait pas attendre, vérifiez la référence.",
    "Nothing: the event resumes by itself. If it should not wait, check the reference.",
)

WAITS: dict[Missing, Advice] = {
    Missing.BUDGET: Advice(
        Sentence("vote attendu", "waits for the vote"),
        (28,),
        Sentence(
            "Une attribution, un vote ultérieur ou un virement arrive avant le vote initial.",
            "An award, a later vote or a transfer comes before the initial vote.",
        ),
        _NOTHING,
    ),
    Missing.GRANT: Advice(
        Sentence("attribution attendue", "waits for the award"),
        (28,),
        Sentence(
            "Une convention, ou le retrait d'une délibération, nomme une subvention qui n'est pas "
            "attribuée.",
            "A convention, or a deliberation withdrawn, names a grant that is not awarded.",
        ),
        _NOTHING,
    ),
    Missing.CONVENTION: Advice(
        Sentence("convention attendue", "waits for the convention"),
        (28,),
        Sentence(
            "L'événement nomme une convention qui n'est pas signée, ou qui attend elle-même.",
            "The event names a convention that is not signed, or that waits itself.",
        ),
        _NOTHING,
    ),
    Missing.RECOVERY: Advice(
        Sentence("reversement attendu", "waits for the recovery"),
        (28,),
        Sentence(
            "Un reversement est encaissé avant d'avoir été ordonné.",
            "A recovery is collected before it was ordered.",
        ),
        _NOTHING,
    ),
}
"""Missing dependencies, by kind."""

_CORRECT = Sentence(
    "Corrigez l'événement et renvoyez-le ; il peut garder son identifiant.",
    "Correct the event and send it again; it may keep its id.",
)

DEAD_LETTERS: dict[Reason, Advice] = {
    Reason.TOO_LARGE: Advice(
        Sentence("trop grand", "too large"),
        (1,),
        Sentence("L'événement dépasse 1 Mio.", "The event is over 1 MiB."),
        Sentence("Découpez-le en plusieurs événements.", "Split it into several events."),
    ),
    Reason.WRONG_PARTITION: Advice(
        Sentence("mauvaise partition", "wrong partition"),
        (1, 37),
        Sentence(
            "L'événement est sur une autre partition que celle de son budget.",
            "The event is on another partition than its budget's.",
        ),
        Sentence(
            "Réglez le client avec partitioner=murmur2_random.",
            "Set partitioner=murmur2_random in the client.",
        ),
    ),
    Reason.BAD_JSON: Advice(
        Sentence("JSON fautif", "bad JSON"),
        (1,),
        Sentence(
            "Ce n'est pas un objet JSON strict en UTF-8 : syntaxe, clé en double, NaN, plus de 64 "
            "niveaux.",
            "It is not a strict JSON object in UTF-8: syntax, a key twice, NaN, more than 64 "
            "levels.",
        ),
        Sentence("Corrigez le programme qui l'envoie.", "Correct the program that sends it."),
    ),
    Reason.UNKNOWN_TYPE: Advice(
        Sentence("type inconnu", "unknown type"),
        (1, 32),
        Sentence(
            "Le type n'est pas au contrat, ou n'est lu que parmi les événements internes.",
            "The type is not in the contract, or is read among internal events only.",
        ),
        Sentence("Prenez un type du dossier schemas/.", "Take a type of the folder schemas/."),
    ),
    Reason.UNKNOWN_FIELD: Advice(
        Sentence("champ inconnu", "unknown field"),
        (1,),
        Sentence("Un champ n'est pas au contrat.", "A field is not in the contract."),
        Sentence("Retirez-le ou corrigez son nom.", "Remove it or correct its name."),
    ),
    Reason.MISSING_FIELD: Advice(
        Sentence("champ absent", "missing field"),
        (1, 2),
        Sentence("Un champ obligatoire est absent.", "A required field is missing."),
        Sentence("Ajoutez-le.", "Add it."),
    ),
    Reason.INVALID_VALUE: Advice(
        Sentence("valeur refusée", "invalid value"),
        (1, 2),
        Sentence(
            "Une valeur n'a pas le type, la forme, la clé de contrôle ou l'étendue du contrat.",
            "A value has not the type, the form, the check digits or the range of the contract.",
        ),
        _CORRECT,
    ),
    Reason.WRONG_PARTITION_KEY: Advice(
        Sentence("mauvaise clé de partition", "wrong partition key"),
        (1,),
        Sentence(
            "partitionkey, la clé Kafka et le budget de l'événement ne sont pas les mêmes.",
            "partitionkey, the Kafka key and the event's budget are not the same.",
        ),
        Sentence("Donnez la même valeur aux trois.", "Make all three the same."),
    ),
    Reason.UNDECODABLE: Advice(
        Sentence("indéchiffrable", "undecodable"),
        (),
        Sentence(
            "Écluse n'a pas su lire l'événement, par sa propre erreur.",
            "Écluse failed to read the event, by a fault of its own.",
        ),
        Sentence("Signalez-le.", "Report it."),
    ),
    Reason.QUARANTINED: Advice(
        Sentence("mis à l'écart", "quarantined"),
        (),
        Sentence(
            "Un opérateur a mis l'enregistrement à l'écart : il arrêtait sa partition.",
            "An operator set the record aside: it stopped its partition.",
        ),
        Sentence(
            "Voyez avec lui s'il sera rejoué.", "Ask the operators whether it will be redriven."
        ),
    ),
}
"""The reasons of dead letters."""

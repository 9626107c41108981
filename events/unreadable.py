"""Why a record is not an event of the contract: reasons, with their sentences for people."""

from dataclasses import dataclass
from enum import StrEnum

from events.sentences import Sentence


class Reason(StrEnum):
    """The reasons of dead letters; the value is the stable code."""

    TOO_LARGE = "too_large"
    WRONG_PARTITION = "wrong_partition"
    BAD_JSON = "bad_json"
    UNKNOWN_TYPE = "unknown_type"
    UNKNOWN_FIELD = "unknown_field"
    MISSING_FIELD = "missing_field"
    INVALID_VALUE = "invalid_value"
    WRONG_PARTITION_KEY = "wrong_partition_key"
    # Our own decoder failed. The record is kept apart and the error logged: never a lost record.
    UNDECODABLE = "undecodable"


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A record that is not an event of the contract: the code, where, and why."""

    code: Reason
    pointer: str | None
    detail: Sentence

    @property
    def reason(self) -> str:
        """What the dead letter carries: `<code>: <JSON pointer>`, or the code alone."""
        return self.code.value if self.pointer is None else f"{self.code.value}: {self.pointer}"


SENTENCES: dict[Reason, Sentence] = {
    Reason.TOO_LARGE: Sentence(
        fr="L'événement dépasse 1 Mio : découpez-le en plusieurs événements.",
        en="The event is over 1 MiB: split it into several events.",
    ),
    Reason.WRONG_PARTITION: Sentence(
        fr="L'événement est sur la mauvaise partition : réglez le client avec "
        "partitioner=murmur2_random.",
        en="The event is on the wrong partition: set partitioner=murmur2_random in the client.",
    ),
    Reason.BAD_JSON: Sentence(
        fr="Ce n'est pas un objet JSON strict en UTF-8 : {detail}.",
        en="This is not a strict JSON object in UTF-8: {detail}.",
    ),
    Reason.UNKNOWN_TYPE: Sentence(
        fr="Type d'événement inconnu en {pointer} : voir le dossier schemas/.",
        en="Unknown event type at {pointer}: see the folder schemas/.",
    ),
    Reason.UNKNOWN_FIELD: Sentence(
        fr="Champ inconnu en {pointer} : retirez-le ou corrigez son nom.",
        en="Unknown field at {pointer}: remove it or correct its name.",
    ),
    Reason.MISSING_FIELD: Sentence(
        fr="Champ obligatoire absent en {pointer} ({detail}).",
        en="A required field is missing at {pointer} ({detail}).",
    ),
    Reason.INVALID_VALUE: Sentence(
        fr="Valeur refusée en {pointer} ({detail}).",
        en="Value not allowed at {pointer} ({detail}).",
    ),
    Reason.WRONG_PARTITION_KEY: Sentence(
        fr="La clé de partition doit être le budget de l'événement ({pointer} : {detail}).",
        en="The partition key must be the event's budget ({pointer}: {detail}).",
    ),
    Reason.UNDECODABLE: Sentence(
        fr="Écluse n'a pas su lire cet événement ({detail}) : signalez-le, c'est son erreur.",
        en="Écluse failed to read this event ({detail}): report it, the fault is Écluse's.",
    ),
}
"""What the sender should read for each reason."""


DETAILS: dict[str, Sentence] = {
    "missing": Sentence("il est exigé", "it is required"),
    "string_type": Sentence("une chaîne est attendue", "a string is expected"),
    "int_type": Sentence("un entier est attendu", "an integer is expected"),
    "bool_type": Sentence("true ou false est attendu", "true or false is expected"),
    "tuple_type": Sentence("une liste est attendue", "a list is expected"),
    "model_type": Sentence("un objet est attendu", "an object is expected"),
    "literal_error": Sentence("valeurs possibles : {expected}", "possible values: {expected}"),
    "too_short": Sentence("la liste est vide", "the list is empty"),
    "string_too_short": Sentence("la chaîne est vide", "the string is empty"),
    "string_too_long": Sentence(
        "plus de {max_length} caractères", "more than {max_length} characters"
    ),
    "string_pattern_mismatch": Sentence(
        "ne suit pas le format {pattern}", "does not follow the format {pattern}"
    ),
    "greater_than_equal": Sentence("au moins {ge}", "at least {ge}"),
    "less_than_equal": Sentence("au plus {le}", "at most {le}"),
    "date_from_datetime_parsing": Sentence("cette date n'existe pas", "there is no such day"),
    "date_parsing": Sentence("cette date n'existe pas", "there is no such day"),
    "datetime_parsing": Sentence("cet instant n'existe pas", "there is no such instant"),
    "unknown_type": Sentence("{name} n'est pas au contrat", "{name} is not in the contract"),
    "extra_forbidden": Sentence("il n'est pas au contrat", "it is not in the contract"),
}
"""What pydantic finds wrong with a value, by its error type."""

OTHER_DETAIL = Sentence("valeur refusée : {error}", "value not allowed: {error}")


def explain(unreadable: Unreadable) -> Sentence:
    """The sentence for one record: what is wrong, where, and what to do."""
    sentence, where = SENTENCES[unreadable.code], unreadable.pointer
    return Sentence(
        fr=sentence.fr.format(pointer=where, detail=unreadable.detail.fr),
        en=sentence.en.format(pointer=where, detail=unreadable.detail.en),
    )

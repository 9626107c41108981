"""Reasons for which a record is not an event of the contract, with their sentences."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from events.sentences import Sentence
from events.values import CARRIED_NAME, PRINTED, WITHOUT_SLASH


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
    # An operator quarantined the record, because it stopped its partition.
    QUARANTINED = "quarantined"


WHY_MAX = 1000
"""The characters of an operator's reason that a notice repeats; the journal has them all."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A record that is not an event of the contract: the code, where, and why."""

    code: Reason
    pointer: str | None
    detail: Sentence

    @classmethod
    def too_large(cls, length_bytes: int, limit_mib: int = 1) -> "Unreadable":
        """A record over the limit of its source kind.

        The one fault that is found without reading.
        """
        size = Sentence(
            f"{limit_mib} Mio ({length_bytes} octets)", f"{limit_mib} MiB ({length_bytes} bytes)"
        )
        return cls(Reason.TOO_LARGE, None, size)

    @classmethod
    def wrong_partition(cls, found: int, expected: int) -> "Unreadable":
        """A readable event where its budget does not belong (rules, 37)."""
        place = Sentence(f"{found} au lieu de {expected}", f"{found} instead of {expected}")
        return cls(Reason.WRONG_PARTITION, None, place)

    @classmethod
    def quarantined(cls, why: str) -> "Unreadable":
        """A record that an operator quarantined, with the reason given."""
        shown = why if len(why) <= WHY_MAX else why[:WHY_MAX] + "…"
        return cls(Reason.QUARANTINED, None, Sentence(shown, shown))

    @property
    def reason(self) -> str:
        """The reason as a dead letter carries it: `<code>: <JSON pointer>`, or the code alone."""
        return self.code.value if self.pointer is None else f"{self.code.value}: {self.pointer}"


SENTENCES: dict[Reason, Sentence] = {
    Reason.TOO_LARGE: Sentence(
        fr="L'événement dépasse {detail} : découpez-le en plusieurs événements.",
        en="The event is over {detail}: split it into several events.",
    ),
    Reason.WRONG_PARTITION: Sentence(
        fr="L'événement est sur la mauvaise partition ({detail}) : réglez le client avec "
        "partitioner=murmur2_random.",
        en="The event is on the wrong partition ({detail}): set partitioner=murmur2_random in the "
        "client.",
    ),
    Reason.BAD_JSON: Sentence(
        fr="Ce n'est pas un objet JSON strict en UTF-8 : {detail}. Corrigez le programme "
        "qui l'envoie.",
        en="This is not a strict JSON object in UTF-8: {detail}. Correct the program that sends "
        "it.",
    ),
    Reason.UNKNOWN_TYPE: Sentence(
        fr="Type d'événement inconnu en {pointer} : {detail}. Prenez un type du dossier schemas/.",
        en="Unknown event type at {pointer}: {detail}. Take a type of the folder schemas/.",
    ),
    Reason.UNKNOWN_FIELD: Sentence(
        fr="Champ inconnu en {pointer} : {detail}. Retirez-le ou corrigez son nom.",
        en="Unknown field at {pointer}: {detail}. Remove it or correct its name.",
    ),
    Reason.MISSING_FIELD: Sentence(
        fr="Champ obligatoire absent en {pointer} : {detail}.",
        en="A required field is missing at {pointer}: {detail}.",
    ),
    Reason.INVALID_VALUE: Sentence(
        fr="Valeur refusée en {pointer} ({detail}). Corrigez l'événement et renvoyez-le.",
        en="Value not allowed at {pointer} ({detail}). Correct the event and send it again.",
    ),
    Reason.WRONG_PARTITION_KEY: Sentence(
        fr="La clé de partition doit être le budget de l'événement ({pointer} : {detail}).",
        en="The partition key must be the event's budget ({pointer}: {detail}).",
    ),
    Reason.UNDECODABLE: Sentence(
        fr="Écluse n'a pas su lire cet événement ({detail}) : signalez-le, c'est son erreur.",
        en="Écluse failed to read this event ({detail}): report it, the fault is Écluse's.",
    ),
    Reason.QUARANTINED: Sentence(
        fr="Un opérateur a mis cet événement à l'écart ({detail}). Rien n'en a été décidé : "
        "voyez avec lui s'il sera rejoué.",
        en="An operator set this event aside ({detail}). Nothing was decided from it: ask whether "
        "it will be redriven.",
    ),
}
"""The sentence for the sender, by reason."""


PATTERNS: dict[str, Sentence] = {
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$": Sentence(
        "une date comme 2023-04-12", "a date like 2023-04-12"
    ),
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?"
    r"([Zz]|[+-][0-9]{2}:[0-9]{2})$": Sentence(
        "un instant comme 2023-04-12T20:00:00+02:00", "an instant like 2023-04-12T20:00:00+02:00"
    ),
    PRINTED: Sentence(
        "une référence ou un nom, sans caractère de contrôle ni de sens d'écriture",
        "a reference or a name, without control or direction characters",
    ),
    WITHOUT_SLASH: Sentence(
        "une référence sans barre oblique ni caractère de contrôle ou de sens d'écriture",
        "a reference without a slash, control or direction characters",
    ),
    CARRIED_NAME: Sentence(
        "un versement, ou une subvention et son versement joints par une barre oblique",
        "an instalment, or a grant and its instalment joined by a slash",
    ),
    r"^[0-9]{14}$": Sentence("14 chiffres", "14 digits"),
    r"^[0-9]{14}-[0-9A-Za-z]{1,10}-(19|20|21)[0-9]{2}$": Sentence(
        "un budget comme 21590350100017-00-2023", "a budget like 21590350100017-00-2023"
    ),
    r"^[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}$": Sentence(
        "un IBAN en capitales et sans espaces", "an IBAN in capitals without spaces"
    ),
    r"^[A-Z0-9]{8}([A-Z0-9]{3})?$": Sentence(
        "un BIC de 8 ou 11 caractères en capitales", "a BIC of 8 or 11 characters in capitals"
    ),
}
"""The formats of `events/values.py`, as people say them: nobody should have to read a pattern."""

NAME_MAX = 60
"""The characters of an unknown type that are repeated: it may be as long as the event."""


class Detail(Sentence):
    """A fault that pydantic finds; patterns and English lists among its facts are translated."""

    __slots__ = ()

    def render(self, facts: Mapping[str, object]) -> Sentence:
        """The detail with its facts, in both languages."""
        french, english = dict(facts), dict(facts)
        if "pattern" in facts:
            pattern = str(facts["pattern"])
            other = Sentence(f"le format {pattern}", f"the format {pattern}")
            text = PATTERNS.get(pattern, other)
            french["pattern"], english["pattern"] = text.fr, text.en
        if "expected" in facts:
            french["expected"] = str(facts["expected"]).replace(" or ", " ou ")
        if len(name := str(facts.get("name", ""))) > NAME_MAX:
            french["name"] = english["name"] = name[:NAME_MAX] + "…"
        return Sentence(fr=self.fr.format_map(french), en=self.en.format_map(english))


_NO_DAY = Detail("cette date n'existe pas", "there is no such day")
_NO_INSTANT = Detail("cet instant n'existe pas", "there is no such instant")
_A_DAY = Detail("une date sans heure est attendue", "a date without a time is expected")
_AN_INSTANT = Detail("une date avec son heure est attendue", "a date with its time is expected")
_AN_OFFSET = Detail(
    "il faut l'heure et son décalage, comme +02:00", "it must have its offset, like +02:00"
)

DETAILS: dict[str, Sentence] = {
    "missing": Detail("ajoutez-le", "add it"),
    "string_type": Detail("une chaîne est attendue", "a string is expected"),
    "int_type": Detail("un entier est attendu", "an integer is expected"),
    "bool_type": Detail("true ou false est attendu", "true or false is expected"),
    "tuple_type": Detail("une liste est attendue", "a list is expected"),
    "model_type": Detail("un objet est attendu", "an object is expected"),
    "literal_error": Detail("il faut {expected}", "it must be {expected}"),
    "too_short": Detail("la liste est vide", "the list is empty"),
    "too_long": Detail("plus de {max_length} éléments", "more than {max_length} items"),
    "string_too_short": Detail("la chaîne est vide", "the string is empty"),
    "string_too_long": Detail(
        "plus de {max_length} caractères", "more than {max_length} characters"
    ),
    "string_pattern_mismatch": Detail("il faut {pattern}", "it must be {pattern}"),
    "greater_than_equal": Detail("le minimum est {ge}", "the minimum is {ge}"),
    "less_than_equal": Detail("le maximum est {le}", "the maximum is {le}"),
    "date_type": _A_DAY,
    "date_parsing": _NO_DAY,
    "date_from_datetime_parsing": _NO_DAY,
    "date_from_datetime_inexact": _A_DAY,
    "datetime_type": _AN_INSTANT,
    "datetime_parsing": _NO_INSTANT,
    "datetime_from_date_parsing": _NO_INSTANT,
    "datetime_object_invalid": _NO_INSTANT,
    "timezone_aware": _AN_OFFSET,
    "timezone_offset": _AN_OFFSET,
    "unknown_type": Detail("« {name} » n'est pas au contrat", "“{name}” is not in the contract"),
    "extra_forbidden": Detail(
        "le contrat n'a ici aucun champ de ce nom", "the contract has no field of that name here"
    ),
}
"""The fault of a value, by pydantic's error type."""

OTHER_DETAIL = Detail("en anglais : « {error} »", "{error}")


JSON_FAULTS: dict[str, Sentence] = {
    "Input data was truncated": Sentence(
        "le document s'arrête trop tôt", "the document ends too early"
    ),
    "JSON is malformed: trailing characters": Sentence(
        "du texte suit la fin de l'objet", "text follows the end of the object"
    ),
    "JSON is malformed: trailing comma": Sentence("une virgule est de trop", "a comma too many"),
    "JSON is malformed: object keys must be strings": Sentence(
        "une clé n'est pas une chaîne entre guillemets", "a key is not a string in double quotes"
    ),
    "JSON is malformed: invalid number": Sentence(
        "un nombre est mal écrit", "a number is badly written"
    ),
    "JSON is malformed: invalid utf-16 surrogate pair": Sentence(
        "la moitié d'un caractère manque", "half of a character is missing"
    ),
    "JSON is malformed: invalid escape": Sentence(
        "la barre oblique inverse est mal employée", "the backslash is misused"
    ),
    "JSON is malformed: expected": Sentence(
        "un signe de ponctuation manque", "a punctuation mark is missing"
    ),
    "JSON is malformed: invalid character": Sentence(
        "un caractère n'a pas sa place", "a character is out of place"
    ),
    "'utf-8' codec can't decode": Sentence("un octet n'est pas de l'UTF-8", "a byte is not UTF-8"),
    "maximum recursion depth": Sentence(
        "trop d'objets imbriqués", "too many objects inside each other"
    ),
}
"""Faults of JSON, by the beginning of the parser's message."""

OTHER_JSON_FAULT = Sentence("syntaxe fausse", "wrong syntax")

# For bad UTF-8 the parser gives the offset inside a string, which would mislead: it is left out.
_BYTE = re.compile(r"\(byte ([0-9]+)\)$")


BORROWED_NAME = Sentence(
    "seul le grand livre parle sous ce nom : mettez celui de votre application",
    "only the ledger speaks under this name: put your application's",
)


def borrowed_name(fault: Unreadable | None = None) -> Unreadable:
    """The first fault of a record that bears the ledger's `source`; `fault` is another one."""
    if fault is not None and fault.pointer in ("/specversion", "/id"):
        return fault  # Their fields come before the source.
    return Unreadable(Reason.INVALID_VALUE, "/source", BORROWED_NAME)


def json_fault(message: str) -> Sentence:
    """The sentence for a message of the JSON parser, with the byte where it stopped."""
    found = (sentence for start, sentence in JSON_FAULTS.items() if message.startswith(start))
    sentence = next(found, OTHER_JSON_FAULT)
    place = _BYTE.search(message)
    if place is None:
        return sentence
    return Sentence(f"{sentence.fr} (octet {place[1]})", f"{sentence.en} (byte {place[1]})")


def explain(unreadable: Unreadable) -> Sentence:
    """The sentence for one record: what is wrong, where, and what to do."""
    sentence, where, detail = SENTENCES[unreadable.code], unreadable.pointer, unreadable.detail
    if unreadable.code is Reason.BAD_JSON and detail.fr == detail.en:
        detail = json_fault(detail.en)  # The parser's own message.
    top = where == ""  # The whole document: a pointer that nobody would see.
    return Sentence(
        fr=sentence.fr.format(pointer="tête du document" if top else where, detail=detail.fr),
        en=sentence.en.format(
            pointer="the top of the document" if top else where, detail=detail.en
        ),
    )

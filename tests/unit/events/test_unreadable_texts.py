"""What people read of a dead letter: in both languages, with every fact in its place."""

import re
from collections.abc import Iterator
from string import Formatter
from textwrap import dedent
from typing import Any

import pytest
import schwifty.exceptions
from pydantic import TypeAdapter
from schwifty.exceptions import SchwiftyException

from events.codec import decode
from events.envelope import INBOUND
from events.texts import Translatable, verbatim
from events.unreadable import (
    DETAILS,
    JSON_FAULTS,
    NAME_MAX,
    OTHER_DETAIL,
    OTHER_JSON_FAULT,
    PATTERNS,
    SENTENCES,
    Reason,
    Unreadable,
    explain,
    fault_detail,
    json_fault,
)
from events.values import ACCOUNT_FAULTS, OTHER_ACCOUNT_FAULT, BudgetId, Timestamp, account_fault
from services.texts.translation import Sentence, both
from tests.unit.tables.bad_input import BAD_INPUT
from tests.unit.tables.bad_records import Bad

PLACEHOLDER = re.compile(r"\{[a-z_]+\}")


def facts_of(sentence: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(sentence) if name is not None}


def explained(row: Bad) -> tuple[Unreadable, Sentence]:
    unreadable = decode(row.value)
    assert isinstance(unreadable, Unreadable)
    return unreadable, both(explain(unreadable))


@pytest.mark.parametrize("reason", Reason)
def test_each_reason_has_a_sentence_in_both_languages(reason: Reason) -> None:
    sentence = both(SENTENCES[reason])
    assert sentence.fr != sentence.en
    assert facts_of(sentence.fr) == facts_of(sentence.en)
    assert facts_of(sentence.fr) <= {"pointer", "detail"}


@pytest.mark.parametrize("reason", Reason)
@pytest.mark.parametrize("pointer", [None, "", "/data/lines/0"])
def test_each_reason_is_explained_without_a_brace_left(reason: Reason, pointer: str | None) -> None:
    sentence = both(explain(Unreadable(reason, pointer, verbatim("the detail"))))
    for text in (sentence.fr, sentence.en):
        assert text
        assert "{" not in text
        assert "}" not in text


def test_the_sentences_are_those_of_the_reasons_and_no_more() -> None:
    assert list(Reason) == list(SENTENCES)


@pytest.mark.parametrize("detail", [*DETAILS.values(), OTHER_DETAIL], ids=[*DETAILS, "other"])
def test_each_detail_names_the_same_facts_in_both_languages(detail: Translatable) -> None:
    said = both(detail)
    assert said.fr != said.en
    assert facts_of(said.fr) == facts_of(said.en)


@pytest.mark.parametrize("row", BAD_INPUT, ids=lambda row: row.name)
def test_each_bad_row_is_explained_in_french_and_in_english(row: Bad) -> None:
    unreadable, sentence = explained(row)
    assert sentence.fr != sentence.en
    if "{" not in (unreadable.pointer or ""):
        assert [] == PLACEHOLDER.findall(sentence.fr + sentence.en)
    if unreadable.pointer:
        assert unreadable.pointer in sentence.fr
        assert unreadable.pointer in sentence.en


ENGLISH = (
    " the ", " or ", " is ", " are ", " not ", " must ", "should", "Invalid", "invalid ",
    "malformed", "expected", "truncated", "Input", "value", "codec", "checksum", "^[",
)  # fmt: skip


@pytest.mark.parametrize("row", BAD_INPUT, ids=lambda row: row.name)
def test_no_english_and_no_pattern_is_left_in_the_french(row: Bad) -> None:
    unreadable, sentence = explained(row)
    french = sentence.fr.replace(unreadable.pointer or "\0", "…")
    assert [] == [word for word in ENGLISH if word in french]
    for text in (french, sentence.en.replace(unreadable.pointer or "\0", "…")):
        assert not {"{", "}"} & set(text)
        assert text.endswith(".")
        assert len(text) <= 250


def patterns_in(schema: Any) -> set[str]:
    if isinstance(schema, list):
        return set().union(*map(patterns_in, schema))
    if not isinstance(schema, dict):
        return set()
    found = set().union(*map(patterns_in, schema.values()))
    return found | {schema["pattern"]} if isinstance(schema.get("pattern"), str) else found


def test_each_format_of_the_contract_is_said_in_words() -> None:
    kinds = (*INBOUND, Timestamp, BudgetId)
    schemas = [TypeAdapter[Any](each).json_schema() for each in kinds]
    assert set(PATTERNS) == patterns_in(schemas)


def test_a_format_without_words_is_shown_as_it_is() -> None:
    detail = fault_detail("string_pattern_mismatch", {"pattern": "^x$"})
    assert Sentence("il faut le format ^x$", "it must be the format ^x$") == both(detail)


def breakable(french: str) -> str:
    """French with plain spaces before its punctuation."""
    return french.replace("\N{NO-BREAK SPACE}", " ")


def test_of_a_long_unknown_type_the_beginning_is_repeated() -> None:
    detail = fault_detail("unknown_type", {"name": "x" * 1000})
    assert f"« {'x' * NAME_MAX}… » n'est pas au contrat" == breakable(both(detail).fr)


def test_what_the_json_parser_says_is_reported_with_its_byte() -> None:
    fault = json_fault("JSON is malformed: expected ',' or '}' (byte 7)")
    english = "a punctuation mark is missing (byte 7)"
    assert Sentence("un signe de ponctuation manque (octet 7)", english) == both(fault)
    assert OTHER_JSON_FAULT == json_fault("a parser of tomorrow says something else")


@pytest.mark.parametrize("said", [*JSON_FAULTS.values(), *PATTERNS.values()])
def test_each_phrase_is_in_both_languages(said: Translatable) -> None:
    assert both(said).fr != both(said).en


ACCOUNT_EXCEPTIONS = [
    each
    for each in vars(schwifty.exceptions).values()
    if isinstance(each, type) and issubclass(each, SchwiftyException) and "Invalid" in each.__name__
]


def test_each_fault_of_an_account_is_said_in_words() -> None:
    assert {each.__name__ for each in ACCOUNT_EXCEPTIONS} == set(ACCOUNT_FAULTS)


@pytest.mark.parametrize("exception", [*ACCOUNT_EXCEPTIONS, SchwiftyException])
def test_a_fault_of_an_account_never_repeats_the_account(
    exception: type[SchwiftyException],
) -> None:
    sentence = both(account_fault("IBAN", exception("Invalid characters in IBAN FR14")))
    said = both(ACCOUNT_FAULTS.get(exception.__name__, OTHER_ACCOUNT_FAULT))
    assert f"IBAN incorrect : {said.fr}" == breakable(sentence.fr)
    assert f"incorrect IBAN: {said.en}" == sentence.en


def read_explanations(text: str) -> Iterator[tuple[str, str, str]]:
    """Read what is wrong, and below it how that is said in French and in English."""
    for case in re.split(r"\n(?=\S)", dedent(text).strip()):
        name, said = case.split("\n", 1)
        french, english = " ".join(said.split()).split(" => ")
        yield name, french.removeprefix("=> "), english


EXPLANATIONS = list(
    read_explanations("""
    a SIRET with a wrong digit
        => Valeur non admise en /data/beneficiary/siret (la clé du SIRET est fausse). Corrigez
           l'événement et renvoyez-le.
        => Value not allowed at /data/beneficiary/siret (the SIRET's check digit is wrong). Correct
           the event and send it again.
    a byte more than 1 MiB
        => L'événement dépasse 1 Mio (1048577 octets) : découpez-le en plusieurs événements.
        => The event is over 1 MiB (1048577 bytes): split it into several events.
    the partition key names another budget
        => La clé de partition doit être le budget de l'événement (/partitionkey :
           21590350100017-01-2023 ≠ 21590350100017-00-2023).
        => The partition key must be the event's budget (/partitionkey: 21590350100017-01-2023 ≠
           21590350100017-00-2023).
    without specversion
        => Champ obligatoire absent en /specversion : ajoutez-le.
        => A required field is missing at /specversion: add it.
    an initial vote without level
        => Champ obligatoire absent en /data/vote_level : ajoutez-le, le vote initial fixe le niveau
           de vote des crédits.
        => A required field is missing at /data/vote_level: add it, the initial vote says at which
           level credits are voted.
    version 2 of a type
        => Type d'événement inconnu en /type : « ecluse.budget.voted.v2 » n'est pas au contrat.
           Prenez un type que liste /schemas (dossier schemas/).
        => Unknown event type at /type: “ecluse.budget.voted.v2” is not in the contract. Take a type
           that /schemas lists (folder schemas/).
    65 levels
        => Ce n'est pas un objet JSON strict en UTF-8 : plus de 64 niveaux. Corrigez le programme
           qui l'envoie.
        => This is not a strict JSON object in UTF-8: more than 64 levels. Correct the program that
           sends it.
    something behind the object
        => Ce n'est pas un objet JSON strict en UTF-8 : du texte suit la fin de l'objet (octet 435).
           Corrigez le programme qui l'envoie.
        => This is not a strict JSON object in UTF-8: text follows the end of the object (byte 435).
           Correct the program that sends it.
    a field with braces in its name
        => Champ inconnu en /data/{detail} : le contrat n'a ici aucun champ de ce nom. Retirez-le ou
           corrigez son nom.
        => Unknown field at /data/{detail}: the contract has no field of that name here. Remove it
           or correct its name.
    2 to the power of 53
        => Valeur non admise en /data/amount_cents (le maximum est 9007199254740991). Corrigez
           l'événement et renvoyez-le.
        => Value not allowed at /data/amount_cents (the maximum is 9007199254740991). Correct the
           event and send it again.
    a day without dashes
        => Valeur non admise en /data/executed_on (il faut une date comme 2023-04-12). Corrigez
           l'événement et renvoyez-le.
        => Value not allowed at /data/executed_on (it must be a date like 2023-04-12). Correct the
           event and send it again.
    a vote by function
        => Valeur non admise en /data/vote_level (il faut 'chapter', 'article' ou 'operation').
           Corrigez l'événement et renvoyez-le.
        => Value not allowed at /data/vote_level (it must be 'chapter', 'article' or 'operation').
           Correct the event and send it again.
    IBAN: RIB key
        => Valeur non admise en /data/bank_account/iban (IBAN incorrect : clé RIB fausse). Corrigez
           l'événement et renvoyez-le.
        => Value not allowed at /data/bank_account/iban (incorrect IBAN: wrong RIB key). Correct the
           event and send it again.
    25 o'clock
        => Valeur non admise en /time (cet instant n'existe pas). Corrigez l'événement et
           renvoyez-le.
        => Value not allowed at /time (there is no such instant). Correct the event and send it
           again.
    U+0000 in an attribute's name
        => Valeur non admise en tête du document (le caractère U+0000). Corrigez l'événement et
           renvoyez-le.
        => Value not allowed at the top of the document (the character U+0000). Correct the event
           and send it again.
    """)
)


@pytest.mark.parametrize(("name", "fr", "en"), EXPLANATIONS, ids=[each[0] for each in EXPLANATIONS])
def test_the_sender_reads_what_is_wrong_and_where(name: str, fr: str, en: str) -> None:
    [row] = [row for row in BAD_INPUT if row.name in {name, f"the amount is {name}"}]
    said = explained(row)[1]
    assert (fr, en) == (breakable(said.fr), said.en)


def test_a_text_renders_its_facts() -> None:
    facts = {"line": "65/{x}", "shortfall": 5, "unused": 1}
    text = Translatable("{line} is short of {shortfall}").render(facts)
    assert "65/{x} is short of 5" == both(text).en


def test_a_text_without_one_of_its_facts_is_a_mistake_of_ours() -> None:
    with pytest.raises(KeyError, match="line"):
        both(Translatable("{line}").render({"row": 1}))


def test_a_reason_is_its_code_and_its_pointer() -> None:
    detail = verbatim("")
    assert "too_large" == Unreadable(Reason.TOO_LARGE, None, detail).reason
    assert "missing_field: /id" == Unreadable(Reason.MISSING_FIELD, "/id", detail).reason
    assert "invalid_value: " == Unreadable(Reason.INVALID_VALUE, "", detail).reason

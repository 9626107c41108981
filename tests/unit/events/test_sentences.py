"""What people read of a dead letter: in both languages, with every fact in its place."""

import re
from string import Formatter

import pytest

from events.codec import decode
from events.sentences import Sentence
from events.unreadable import DETAILS, OTHER_DETAIL, SENTENCES, Reason, Unreadable, explain
from tests.unit.tables.bad_input import BAD_INPUT
from tests.unit.tables.bad_records import Bad

PLACEHOLDER = re.compile(r"\{[a-z_]+\}")


def facts_of(sentence: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(sentence) if name is not None}


def explained(row: Bad) -> tuple[Unreadable, Sentence]:
    unreadable = decode(row.value)
    assert isinstance(unreadable, Unreadable)
    return unreadable, explain(unreadable)


@pytest.mark.parametrize("reason", Reason)
def test_each_reason_has_a_sentence_in_both_languages(reason: Reason) -> None:
    sentence = SENTENCES[reason]
    assert sentence.fr != sentence.en
    assert facts_of(sentence.fr) == facts_of(sentence.en)
    assert facts_of(sentence.fr) <= {"pointer", "detail"}


@pytest.mark.parametrize("reason", Reason)
@pytest.mark.parametrize("pointer", [None, "", "/data/lines/0"])
def test_each_reason_is_explained_without_a_brace_left(reason: Reason, pointer: str | None) -> None:
    sentence = explain(Unreadable(reason, pointer, Sentence("le détail", "the detail")))
    for text in (sentence.fr, sentence.en):
        assert text
        assert "{" not in text
        assert "}" not in text


def test_the_sentences_are_those_of_the_reasons_and_no_more() -> None:
    assert list(Reason) == list(SENTENCES)


@pytest.mark.parametrize("detail", [*DETAILS.values(), OTHER_DETAIL], ids=[*DETAILS, "other"])
def test_each_detail_names_the_same_facts_in_both_languages(detail: Sentence) -> None:
    assert detail.fr != detail.en
    assert facts_of(detail.fr) == facts_of(detail.en)


@pytest.mark.parametrize("row", BAD_INPUT, ids=lambda row: row.name)
def test_each_bad_row_is_explained_in_french_and_in_english(row: Bad) -> None:
    unreadable, sentence = explained(row)
    assert sentence.fr != sentence.en
    if "{" not in (unreadable.pointer or ""):
        assert [] == PLACEHOLDER.findall(sentence.fr + sentence.en)
    if unreadable.pointer:
        assert unreadable.pointer in sentence.fr
        assert unreadable.pointer in sentence.en


EXPLANATIONS: list[tuple[str, str, str]] = [
    (
        "a SIRET with a wrong digit",
        "Valeur refusée en /data/beneficiary/siret (la clé du SIRET est fausse).",
        "Value not allowed at /data/beneficiary/siret (the SIRET's check digit is wrong).",
    ),
    (
        "a byte more than 1 MiB",
        "L'événement dépasse 1 Mio : découpez-le en plusieurs événements.",
        "The event is over 1 MiB: split it into several events.",
    ),
    (
        "the partition key names another budget",
        (
            "La clé de partition doit être le budget de l'événement "
            "(/partitionkey : 21590350100017-01-2023 ≠ 21590350100017-00-2023)."
        ),
        (
            "The partition key must be the event's budget "
            "(/partitionkey: 21590350100017-01-2023 ≠ 21590350100017-00-2023)."
        ),
    ),
    (
        "an initial vote without level",
        (
            "Champ obligatoire absent en /data/vote_level "
            "(le vote initial fixe le niveau de vote des crédits)."
        ),
        (
            "A required field is missing at /data/vote_level "
            "(the initial vote says at which level credits are voted)."
        ),
    ),
    (
        "version 2 of a type",
        "Type d'événement inconnu en /type : voir le dossier schemas/.",
        "Unknown event type at /type: see the folder schemas/.",
    ),
    (
        "65 levels",
        "Ce n'est pas un objet JSON strict en UTF-8 : plus de 64 niveaux.",
        "This is not a strict JSON object in UTF-8: more than 64 levels.",
    ),
    (
        "a field with braces in its name",
        "Champ inconnu en /data/{detail} : retirez-le ou corrigez son nom.",
        "Unknown field at /data/{detail}: remove it or correct its name.",
    ),
    (
        "2 to the power of 53",
        "Valeur refusée en /data/amount_cents (au plus 9007199254740991).",
        "Value not allowed at /data/amount_cents (at most 9007199254740991).",
    ),
]


@pytest.mark.parametrize(("name", "fr", "en"), EXPLANATIONS, ids=[each[0] for each in EXPLANATIONS])
def test_the_sender_reads_what_is_wrong_and_where(name: str, fr: str, en: str) -> None:
    [row] = [row for row in BAD_INPUT if row.name in {name, f"the amount is {name}"}]
    assert Sentence(fr, en) == explained(row)[1]


def test_a_sentence_renders_its_facts() -> None:
    sentence = Sentence("il manque {shortfall} à {line}", "{line} is short of {shortfall}")
    facts = {"line": "65/{x}", "shortfall": 5, "unused": 1}
    expected = Sentence("il manque 5 à 65/{x}", "65/{x} is short of 5")
    assert expected == sentence.render(facts)


def test_a_sentence_without_one_of_its_facts_is_a_mistake_of_ours() -> None:
    with pytest.raises(KeyError, match="line"):
        Sentence("{line}", "{line}").render({})


def test_a_reason_is_its_code_and_its_pointer() -> None:
    detail = Sentence("", "")
    assert "too_large" == Unreadable(Reason.TOO_LARGE, None, detail).reason
    assert "missing_field: /id" == Unreadable(Reason.MISSING_FIELD, "/id", detail).reason
    assert "invalid_value: " == Unreadable(Reason.INVALID_VALUE, "", detail).reason

"""docs/refusals.md: every answer is explained, in both languages, and the page is what it says."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

import pytest

from events.texts import Translatable
from events.unreadable import Reason
from services.ledger.domain.model.answers import FlagCode, Missing, Refusal
from services.ledger.explain.answers import DEAD_LETTERS, FLAGS, WAITS, Advice, Answer
from services.ledger.explain.catalogue import (
    ANSWERS_PAGE,
    MEANINGS,
    OWN_MEANINGS,
    answers_page,
    meaning,
)
from services.ledger.explain.refusals import CARRIED_OVER, REFUSALS
from services.texts.translation import both
from tests.test_rules import FIRST, LAST

CHAPTERS: list[Mapping[Any, Advice]] = [
    *(REFUSALS, {"carried over": CARRIED_OVER}, FLAGS, WAITS, DEAD_LETTERS)
]
EXPLAINED = [
    pytest.param(advice, id=f"{code}") for chapter in CHAPTERS for code, advice in chapter.items()
]


def test_the_page_is_what_make_catalogue_writes() -> None:
    assert ANSWERS_PAGE.read_text(encoding="utf-8") == answers_page(), "run `make catalogue`"


def test_every_answer_is_explained_in_its_order() -> None:
    assert list(Refusal) == list(REFUSALS)
    assert list(FlagCode) == list(FLAGS)
    assert list(Missing) == list(WAITS)
    assert list(Reason) == list(DEAD_LETTERS)


@pytest.mark.parametrize("advice", EXPLAINED)
def test_it_says_when_and_what_to_do_in_french_and_in_english(advice: Advice) -> None:
    for said in (both(advice.when), both(advice.do)):
        for sentence in (said.fr, said.en):
            assert sentence.endswith(".")
            assert sentence[0] == sentence[0].upper() or sentence.startswith("partitionkey")
            assert not {"{", "}", "|"} & set(sentence)
        assert said.fr != said.en
    assert "" not in asdict(both(advice.term)).values()


@pytest.mark.parametrize("advice", EXPLAINED)
def test_it_names_rules_that_are_there(advice: Advice) -> None:
    assert list(advice.rules) == sorted(set(advice.rules) & set(range(FIRST, LAST + 1)))


def every_fact() -> Iterator[tuple[str, str, Translatable]]:
    """Code and fact of each answer, with the French and English message that may show it."""
    answers: tuple[Mapping[Any, Answer], ...] = (REFUSALS, FLAGS)
    for code, answer in (each for answers_of in answers for each in answers_of.items()):
        for name in answer.facts:
            yield code.value, name, answer.sentence


def test_every_fact_is_reported_with_its_unit() -> None:
    for code, name, _ in every_fact():
        said = both(meaning(code, name))
        assert ("en centimes" in said.fr) == name.endswith("_cents"), f"{code} {name}"
        assert ("in cents" in said.en or "not ordered, in cents" == said.en) == name.endswith(
            "_cents"
        ), f"{code} {name}"


def test_no_meaning_is_reported_of_a_fact_that_no_answer_has() -> None:
    named = {(code, name) for code, name, _ in every_fact()}
    named |= {("", name) for name in ("kind", "id")}
    assert set() == set(MEANINGS) - {name for _, name in named}
    assert set() == set(OWN_MEANINGS) - named


def test_a_message_names_no_fact_that_its_answer_lacks() -> None:
    names: dict[tuple[str, Translatable], set[str]] = {}
    for code, name, sentence in every_fact():
        names.setdefault((code, sentence), set()).add(name)
    for (code, sentence), known in names.items():
        # `{where}` is made of the facts that may be absent.
        for text in asdict(both(sentence)).values():
            assert set() == set(re.findall(r"{(\w+)}", text)) - known - {"where"}, code

"""The sentences of all codes: they fit the published schema whatever the facts."""

from collections.abc import Iterable
from dataclasses import asdict

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from events.outbound import Message
from events.strict_json import POINTER_MAX
from events.texts import Translatable
from events.unreadable import DETAILS, WHY_MAX, Reason, Unreadable, explain, fault_detail
from services.ledger.domain.model.answers import FlagCode, Missing, Refusal
from services.ledger.explain.answers import FLAGS
from services.ledger.explain.refusals import REFUSALS
from services.ledger.explain.sentences import (
    CODE_TEXTS,
    DOCUMENTS,
    FACT_MAX,
    LISTED_MAX,
    explain_wait,
    flag_sentence,
    refusal_sentence,
)
from services.texts.translation import both
from tests.builders import Json

LONGEST = 4_000
"""The longest text of any member of an event: the id of a payment order."""

lengths = st.sampled_from((1, FACT_MAX, FACT_MAX + 1, LONGEST))
texts = st.builds(lambda sign, count: sign * count, st.sampled_from("xé{}€𝄞"), lengths)
cents = st.sampled_from((0, 2**53 - 1, -(2**53 - 1), -(2**63)))
counts = st.sampled_from((1, LISTED_MAX, LISTED_MAX + 1, LISTED_MAX + 2, 1_000))
documents = st.fixed_dictionaries(
    {"kind": st.sampled_from(sorted(DOCUMENTS)), "year": st.just(2199)}
)
lines = st.fixed_dictionaries(
    dict.fromkeys(("chapter", "article"), texts)
    | dict.fromkeys(("function", "operation"), st.none() | texts)
)


def many(items: st.SearchStrategy[object]) -> st.SearchStrategy[list[object]]:
    """The same item again and again: as long as a list can be."""
    return st.builds(lambda item, count: [item] * count, items, counts)


OF_FACTS: dict[str, st.SearchStrategy[object]] = {
    "act": st.fixed_dictionaries({"body": texts, "number": texts, "date": st.just("2199-12-31")}),
    "document": documents,
    "documents": many(documents),
    "due_on": st.just("2199-12-31"),
    "line": lines,
    "names": many(texts),
    "payment_orders": many(texts),
}


def facts_of(code: str, names: Iterable[str]) -> st.SearchStrategy[Json]:
    """The facts of a code, each as long as it may be, and longer."""
    return st.fixed_dictionaries({name: _fact(code, name) for name in names})


def _fact(code: str, name: str) -> st.SearchStrategy[object]:
    if (code, name) == ("condition_year_differs", "convention"):
        return many(st.just(2199))
    if name in CODE_TEXTS:
        return st.sampled_from(sorted(CODE_TEXTS[name]))
    if name.endswith("_cents"):
        return cents
    return OF_FACTS.get(name, texts)


def fits(sentence: Translatable) -> None:
    """In both languages it is one of the published messages."""
    TypeAdapter(Message).validate_python(asdict(both(sentence)))


@pytest.mark.parametrize("code", REFUSALS)
@given(st.data())
def test_each_refusal_fits_the_published_schema(code: Refusal, data: st.DataObject) -> None:
    facts = data.draw(facts_of(code, REFUSALS[code].facts))
    fits(refusal_sentence(code, facts))


@pytest.mark.parametrize("code", FLAGS)
@given(st.data())
def test_each_review_flag_fits_it_too(code: FlagCode, data: st.DataObject) -> None:
    fits(flag_sentence(code, data.draw(facts_of(code, FLAGS[code].facts))))


@pytest.mark.parametrize("kind", Missing)
@given(name=texts)
def test_each_notice_of_a_parked_event_fits_it(kind: Missing, name: str) -> None:
    fits(explain_wait({"kind": kind, "id": name}))


long_details = st.one_of(
    st.builds(Unreadable.quarantine, st.just("é" * (WHY_MAX + 1))).map(lambda each: each.detail),
    st.builds(
        fault_detail,
        st.sampled_from(sorted(DETAILS)),
        st.fixed_dictionaries(
            {
                "name": texts,
                "expected": st.just("'a', 'b' or 'c'"),
                **{name: st.just(2**53) for name in ("ge", "le", "max_length")},
                "pattern": st.just("^[a-z]$"),
            }
        ),
    ),
)


@pytest.mark.parametrize("reason", Reason)
@given(detail=long_details, length=st.sampled_from((0, POINTER_MAX)))
def test_each_notice_of_a_dead_letter_fits_it(
    reason: Reason, detail: Translatable, length: int
) -> None:
    fits(explain(Unreadable(reason, "/" + "é" * length, detail)))

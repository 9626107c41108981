"""Every refusal, flag and wait is reached by a table, with its facts and its sentences."""

from collections.abc import Iterator
from functools import cache

from services.ledger.domain import flags, refusals
from services.ledger.domain.flags import FlagCode
from services.ledger.domain.refusals import Refusal
from services.ledger.sentences import PARKED, flag_sentence, parked_sentence, refusal_sentence
from tests.builders import (
    Json,
    Story,
)
from tests.unit.tables import (
    test_awards,
    test_awards_alone,
    test_ceilings,
    test_convention_names,
    test_conventions,
    test_conventions_instead,
    test_credit,
    test_identity,
    test_instalments,
    test_orders,
    test_parking,
    test_precedence,
    test_reissues,
)
from tests.unit.tables.rows import Row

TABLES = [
    test_awards.ROWS,
    test_awards_alone.ROWS,
    test_ceilings.ROWS,
    test_convention_names.ROWS,
    test_conventions.ROWS,
    test_conventions_instead.ROWS,
    test_credit.ROWS,
    test_identity.ROWS,
    test_instalments.ROWS,
    test_orders.ROWS,
    test_parking.ROWS,
    test_reissues.ROWS,
    test_precedence.ROWS,
]


Told = tuple[str, str, Json]
"""What kind of answer, its code, its facts."""


@cache
def everything_told() -> list[Told]:
    """Each refusal, flag and wait that the tables lead to, in the words of the summary."""
    return [told for rows in TABLES for row in rows for told in _told_by(row)]


def _told_by(row: Row) -> Iterator[Told]:
    story = Story(*row.events)
    seen = story.summary()
    for each in seen["refusals"]:
        yield "refusal", str(each["code"]), each["facts"]
    for each in seen["review_flags"]:
        yield "flag", str(each["code"]), each["facts"]
    for record in story.records:
        if record.waits_for is not None:
            yield "wait", record.waits_for["kind"], record.waits_for


def codes(kind: str) -> set[str]:
    return {code for each, code, _ in everything_told() if each == kind}


def test_every_refusal_is_reached_by_a_table() -> None:
    assert {str(code) for code in Refusal} == codes("refusal")


def test_every_flag_is_reached_by_a_table() -> None:
    assert {str(code) for code in FlagCode} == codes("flag")


def test_every_kind_of_waiting_is_reached_by_a_table() -> None:
    assert set(PARKED) == codes("wait")


def test_a_refusal_carries_the_facts_that_are_documented_in_their_order() -> None:
    for kind, code, facts in everything_told():
        if kind == "refusal":
            assert list(refusals.FACTS[Refusal(code)]) == list(facts), code


# Where the figures of an act stand: with its total there is no line, with an award no instalment.
OPTIONAL = {"instalment", "line"}


def test_a_flag_carries_the_facts_that_are_documented_in_their_order() -> None:
    for kind, code, facts in everything_told():
        if kind == "flag":
            documented = flags.FACTS[FlagCode(code)]
            missing = set(documented) - set(facts)
            assert missing <= (OPTIONAL if code == "figures_differ" else set()), code
            assert [name for name in documented if name not in missing] == list(facts), code


def _sentences() -> Iterator[tuple[str, Json, str, str]]:
    for kind, code, facts in everything_told():
        match kind:
            case "refusal":
                sentence = refusal_sentence(code, facts)
            case "flag":
                sentence = flag_sentence(code, facts)
            case _:
                sentence = parked_sentence(facts)
        yield code, facts, sentence.fr, sentence.en


def test_every_answer_is_a_sentence_in_french_and_in_english() -> None:
    for code, _, french, english in _sentences():
        for sentence in (french, english):
            assert not {"{", "}"} & set(sentence), f"{code}: {sentence}"
            assert "None" not in sentence, f"{code}: {sentence}"
            assert sentence.endswith("."), f"{code}: {sentence}"
        assert french != english, code


def test_every_answer_spells_its_money_in_euros() -> None:
    for code, facts, french, english in _sentences():
        amounts = [cents for name, cents in facts.items() if name.endswith("_cents")]
        assert len(amounts) >= french.count("€") == english.count("€"), f"{code}: {french}"
        assert bool(amounts) == ("€" in french), f"{code}: {french}"


OVERPAID = {
    "payment_order": "C/advance",
    "amount_cents": 113_180_000,
    "paid_cents": 100,
    "asked_cents": 113_179_901,
}


def test_a_sentence_reads_as_a_finance_officer_would_write_it() -> None:
    sentence = refusal_sentence("overpayment", OVERPAID)
    assert sentence.fr.replace("\u202f", " ").replace("\u00a0", " ") == (
        "Le mandat C/advance est de 1 131 800,00 €, dont 1,00 € déjà payés : "
        "1 131 799,01 € de plus le dépassent."
    )
    assert sentence.en == (
        "The payment order C/advance is for €1,131,800.00, €1.00 already paid: "
        "€1,131,799.01 more exceed it."
    )

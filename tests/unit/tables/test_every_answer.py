"""Every type, refusal, flag, wait and reason is reached by a table, with facts and sentences."""

import json
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from events.envelope import INBOUND
from events.unreadable import Reason
from services.ledger.application.handle import Ledger, RawRecord
from services.ledger.domain.journal import Outcome, Source
from services.ledger.domain.model.answers import FlagCode, Missing, Refusal
from services.ledger.explain.answers import FLAGS
from services.ledger.explain.refusals import explain_refusal
from services.ledger.explain.sentences import explain_wait, flag_sentence, refusal_sentence
from services.texts.translation import both
from tests.builders import BUDGET, Json, Scenario, a_convention, a_vote, an_award, encoded
from tests.unit.tables import years
from tests.unit.tables.bad_input import BAD_INPUT
from tests.unit.tables.good_input import EACH_TYPE
from tests.unit.tables.rows import Row


def read_tables() -> Iterator[list[Row]]:
    """Yield the `ROWS` of every module of this folder that has any."""
    for path in sorted(Path(__file__).parent.glob("test_*.py")):
        if "\nROWS = " in path.read_text():
            yield import_module(f"tests.unit.tables.{path.stem}").ROWS


TABLES_OF_YEARS = [table for table in read_tables() if isinstance(table[0], years.Row)]
TABLES = [table for table in read_tables() if table not in TABLES_OF_YEARS]


Answer = tuple[str, str, Json]
"""What kind of answer, its code, its facts."""


@cache
def every_scenario() -> list[Scenario]:
    """What the rows of all tables tell."""
    scenarios = [Scenario(*row.events) for rows in TABLES for row in rows]
    return scenarios + [years.decided(row) for rows in TABLES_OF_YEARS for row in rows]


@cache
def every_answer() -> list[Answer]:
    """Each refusal, flag and wait that the tables lead to, in the words of the summary."""
    return [answer for scenario in every_scenario() for answer in _answers_of(scenario)]


def _answers_of(scenario: Scenario) -> Iterator[Answer]:
    seen = scenario.summary()
    for each in seen["refusals"]:
        yield "refusal", str(each["code"]), each["facts"]
    for each in seen["review_flags"]:
        yield "flag", str(each["code"]), each["facts"]
    for record in scenario.records:
        if record.waits_for is not None:
            yield "wait", record.waits_for["kind"], record.waits_for


def codes(kind: str) -> set[str]:
    return {code for each, code, _ in every_answer() if each == kind}


def test_every_refusal_is_reached_by_a_table() -> None:
    assert {str(code) for code in Refusal} == codes("refusal")


def test_every_flag_is_reached_by_a_table() -> None:
    assert {str(code) for code in FlagCode} == codes("flag")


def test_every_kind_of_waiting_is_reached_by_a_table() -> None:
    assert {str(kind) for kind in Missing} == codes("wait")


def on_a_convention_in_force() -> Iterator[Scenario]:
    """Each type's event of the table of good input, where its convention is there."""
    for event in EACH_TYPE:
        yield Scenario(a_vote(), an_award(), a_convention(), event)


def test_every_type_of_event_is_accepted_in_a_table() -> None:
    accepted = {
        json.loads(record.event or b"null")["type"]
        for scenario in [*every_scenario(), *on_a_convention_in_force()]
        for record in scenario.records
        if record.outcome is Outcome.ACCEPTED
    }
    assert {each.TYPE for each in INBOUND} == accepted


def a_record(value: bytes = encoded(a_vote()), **more: Any) -> RawRecord:
    """A record of Kafka, on partition 3."""
    return RawRecord(value, Source("events", 3, 1), key=BUDGET.encode(), timestamp_ms=0, **more)


# What no bytes of a file can be: found on Kafka, or reported by an operator.
ON_KAFKA: list[tuple[Reason, Ledger, RawRecord]] = [
    (Reason.WRONG_PARTITION, Ledger(partition_of=lambda _: 4), a_record()),
    # A header that is no pair, which no client hands over: our decoder fails.
    (Reason.UNDECODABLE, Ledger(), a_record(headers=[("ce_id",)])),
]


@pytest.mark.parametrize(("reason", "ledger", "record"), ON_KAFKA)
def test_what_only_kafka_has_is_one_dead_letter(
    reason: Reason, ledger: Ledger, record: RawRecord
) -> None:
    (dead_lettered,) = ledger.handle(record)
    assert (Outcome.DEAD_LETTER, "_dead.3", None) == (
        dead_lettered.outcome,
        dead_lettered.budget,
        dead_lettered.event,
    )
    assert {"reason": reason.value, "length": len(encoded(a_vote()))} == dead_lettered.dead_letter
    assert {} == ledger.budgets


def test_what_an_operator_sets_aside_is_one_dead_letter() -> None:
    dead_lettered = Ledger().quarantine(a_record(), "anne", "stops the partition")
    assert dead_lettered.dead_letter is not None
    assert Reason.QUARANTINED.value == dead_lettered.dead_letter["reason"]


def test_every_reason_of_a_dead_letter_is_reached_by_a_table() -> None:
    reached = {row.reason.split(":")[0] for row in BAD_INPUT}
    reached |= {reason.value for reason, _, _ in ON_KAFKA} | {Reason.QUARANTINED.value}
    assert {reason.value for reason in Reason} == reached


# Where the figures of an act stand: with its total there is no line, with an award no instalment.
# An amendment names an instalment, a reduction a line.
PLACED = {"figures_differ", "below_ordered"}
OPTIONAL = {"instalment", "line"}


def test_an_answer_carries_the_facts_that_are_documented_in_their_order() -> None:
    for kind, code, facts in every_answer():
        if kind == "wait":
            continue
        of_refusal = kind == "refusal"
        answer = explain_refusal(code, facts) if of_refusal else FLAGS[FlagCode(code)]
        documented = answer.facts
        missing = set(documented) - set(facts)
        assert missing <= (OPTIONAL if code in PLACED else set()), code
        assert [name for name in documented if name not in missing] == list(facts), code


def _sentences() -> Iterator[tuple[str, Json, str, str]]:
    for kind, code, facts in every_answer():
        match kind:
            case "refusal":
                sentence = refusal_sentence(code, facts)
            case "flag":
                sentence = flag_sentence(code, facts)
            case _:
                sentence = explain_wait(facts)
        said = both(sentence)
        yield code, facts, said.fr, said.en


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


def plain(french: str) -> str:
    """French without the spaces that do not break."""
    return french.replace("\u202f", " ").replace("\u00a0", " ")


def test_a_sentence_reads_as_a_finance_officer_would_write_it() -> None:
    sentence = both(refusal_sentence("overpayment", OVERPAID))
    assert (
        "Le mandat C/advance est de 1 131 800,00 €, dont 1,00 € déjà payés : un paiement de "
        "1 131 799,01 € dépasserait son montant. Vérifiez le montant du paiement."
    ) == plain(sentence.fr)
    assert (
        "The payment order C/advance is for €1,131,800.00, €1.00 already paid: a payment of "
        "€1,131,799.01 would exceed it. Check the amount of the payment."
    ) == sentence.en


LINE = {"chapter": "65", "article": "65748", "function": "61", "operation": None}
FIGURES = {"stated_cents": 100_001, "sum_cents": 100_000}


@pytest.mark.parametrize(
    ("facts", "where_fr", "where_en"),
    [
        ({"of": "total"}, "total de l'acte", "total of the act"),
        (
            {"of": "instalments", "line": LINE},
            "échéancier, imputation 65/65748/61/–",
            "instalments, line 65/65748/61/–",
        ),
        (
            {"of": "services", "instalment": "advance", "line": LINE},
            "délégations, versement advance, imputation 65/65748/61/–",
            "services, instalment advance, line 65/65748/61/–",
        ),
    ],
)
def test_figures_that_differ_are_reported_where_they_stand(
    facts: Json, where_fr: str, where_en: str
) -> None:
    sentence = both(flag_sentence("figures_differ", facts | FIGURES))
    assert (
        f"Des montants ne concordent pas ({where_fr}) : 1 000,01 € énoncés, 1 000,00 € au total. "
        "Vérifiez l'acte."
    ) == plain(sentence.fr)
    assert (
        f"Figures disagree ({where_en}): €1,000.01 stated, €1,000.00 in total. Check the act."
    ) == sentence.en


@pytest.mark.parametrize(
    ("years", "fr", "en"),
    [
        ([2023], "2023", "2023"),
        ([2022, 2023], "2022 et 2023", "2022 and 2023"),
        ([2021, 2022, 2023], "2021, 2022 et 2023", "2021, 2022 and 2023"),
    ],
)
def test_several_facts_are_joined_by_and(years: list[int], fr: str, en: str) -> None:
    facts = {"deliberation": 2022, "convention": years}
    sentence = both(flag_sentence("condition_year_differs", facts))
    assert f"convention {fr}. Vérifiez" in sentence.fr
    assert f"convention {en}. Check" in sentence.en

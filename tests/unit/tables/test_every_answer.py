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
from services.ledger.domain.model.flags import FlagCode
from services.ledger.domain.model.refusals import Missing, Refusal
from services.ledger.explain.flags import FLAGS
from services.ledger.explain.refusals import explained_refusal
from services.ledger.explain.sentences import flag_sentence, parked_sentence, refusal_sentence
from services.texts.translation import both
from tests.builders import (
    BUDGET,
    Json,
    Scenario,
    a_convention,
    a_vote,
    an_award,
    encoded,
)
from tests.unit.tables import (
    test_amended_schedules,
    test_amendments,
    test_awards,
    test_awards_alone,
    test_carried_rejections,
    test_carried_turns,
    test_ceilings,
    test_closed_recoveries,
    test_closed_reports,
    test_closed_year,
    test_closing,
    test_convention_names,
    test_conventions,
    test_conventions_instead,
    test_credit,
    test_credit_in_order,
    test_deadlines,
    test_deadlines_of_waits,
    test_held_back,
    test_identity,
    test_instalments,
    test_opening,
    test_opening_alone,
    test_orders,
    test_parking,
    test_parking_of_turns,
    test_precedence,
    test_precedence_of_inputs,
    test_precedence_of_turns,
    test_recoveries,
    test_recoveries_by_line,
    test_recoveries_of_the_grant,
    test_reductions,
    test_reissues,
    test_rejected_reports,
    test_reviews,
    test_rules_over_years,
    test_rules_that_meet,
    test_several_lines,
    test_signed_for_the_rest,
    test_suspensions,
    test_withdrawals,
    test_withdrawn_events,
    years,
)
from tests.unit.tables.bad_input import BAD_INPUT
from tests.unit.tables.good_input import EACH_TYPE

TABLES = [
    test_awards.ROWS,
    test_awards_alone.ROWS,
    test_ceilings.ROWS,
    test_closed_recoveries.ROWS,
    test_closed_reports.ROWS,
    test_closed_year.ROWS,
    test_closing.ROWS,
    test_convention_names.ROWS,
    test_conventions.ROWS,
    test_conventions_instead.ROWS,
    test_credit.ROWS,
    test_credit_in_order.ROWS,
    test_identity.ROWS,
    test_instalments.ROWS,
    test_orders.ROWS,
    test_parking.ROWS,
    test_reissues.ROWS,
    test_precedence.ROWS,
    test_amended_schedules.ROWS,
    test_amendments.ROWS,
    test_held_back.ROWS,
    test_deadlines.ROWS,
    test_deadlines_of_waits.ROWS,
    test_parking_of_turns.ROWS,
    test_precedence_of_inputs.ROWS,
    test_precedence_of_turns.ROWS,
    test_recoveries.ROWS,
    test_recoveries_by_line.ROWS,
    test_recoveries_of_the_grant.RECOVERY_ROWS,
    test_signed_for_the_rest.ROWS,
    test_reductions.ROWS,
    test_rejected_reports.ROWS,
    test_reviews.ROWS,
    test_rules_that_meet.ROWS,
    test_several_lines.ROWS,
    test_suspensions.ROWS,
    test_withdrawals.ROWS,
    test_withdrawn_events.ROWS,
]
TABLES_OF_YEARS = [
    test_carried_rejections.ROWS,
    test_carried_turns.ROWS,
    test_opening.ROWS,
    test_opening_alone.ROWS,
    test_rules_over_years.ROWS,
]


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


def test_every_table_is_listed() -> None:
    names = sorted(path.stem for path in Path(__file__).parent.glob("test_*.py"))
    modules = [import_module(f"tests.unit.tables.{name}") for name in names]
    tables = [vars(module)["ROWS"] for module in modules if "ROWS" in vars(module)]
    listed = [*TABLES, *TABLES_OF_YEARS]
    assert [] == [table[0].says for table in tables if table not in listed]


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
        answer = explained_refusal(code, facts) if of_refusal else FLAGS[FlagCode(code)]
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
                sentence = parked_sentence(facts)
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

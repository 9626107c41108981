"""Rule 1: what the contract does not allow is one dead letter, and the next event goes on."""

import json
from hashlib import sha256

import pytest

from events.codec import EVENT_BYTES_MAX
from services.ledger.application.handle import DEAD_LETTER_HEAD_BYTES
from services.ledger.application.ports import DeadLetter
from services.ledger.domain.journal import Outcome
from tests.builders import BUDGET, Scenario, a_vote, encoded
from tests.unit.tables.bad_input import BAD_INPUT
from tests.unit.tables.bad_records import Bad
from tests.unit.tables.good_input import GOOD_INPUT, Good

each_bad_row = pytest.mark.parametrize("row", BAD_INPUT, ids=lambda row: row.name)
each_good_row = pytest.mark.parametrize("row", GOOD_INPUT, ids=lambda row: row.name)


def kept(value: bytes) -> bytes:
    """What the contract says that a dead letter keeps of a record."""
    return value if len(value) <= EVENT_BYTES_MAX else value[:DEAD_LETTER_HEAD_BYTES]


@each_bad_row
def test_rule_1_bad_input_is_one_dead_letter_with_its_bytes_and_its_reason(row: Bad) -> None:
    scenario = Scenario(row.value)
    internal_event = DeadLetter(
        chain="_dead.0",
        sequence=1,
        reason=row.reason,
        topic="test",
        partition=0,
        offset=1,
        length_bytes=len(row.value),
        sha256=sha256(row.value).hexdigest(),
        value=kept(row.value),
    )
    assert [internal_event] == list(scenario.store.dead_letters())
    assert row.reason == scenario.answer()


@each_bad_row
def test_bad_input_is_journalled_without_its_bytes(row: Bad) -> None:
    scenario = Scenario(row.value)
    [journalled] = scenario.store.journal("_dead.0")
    record = json.loads(journalled.record)
    assert ("_dead.0", 1) == (record["budget"], record["sequence"])
    assert {"topic": "test", "partition": 0, "offset": 1} == record["source"]
    assert {"reason": row.reason, "length": len(row.value)} == record["dead_letter"]
    assert sha256(row.value).hexdigest() == record["event_sha256"]
    said = [record[name] for name in ("event", "event_id", "digest", "refusal", "moves")]
    assert [None] * 5 == said
    assert "dead_letter" == record["outcome"]


@each_bad_row
def test_the_good_event_behind_bad_input_is_accepted(row: Bad) -> None:
    scenario = Scenario(row.value, a_vote())
    assert [Outcome.DEAD_LETTER, Outcome.ACCEPTED] == [each.outcome for each in scenario.records]
    assert [BUDGET] == list(scenario.ledger.budgets)
    assert {"appropriated": 100_000, "available": 100_000} == scenario.line()


def test_all_of_it_together_is_as_many_dead_letters_in_one_chain() -> None:
    scenario = Scenario(*(row.value for row in BAD_INPUT), a_vote())
    assert [row.reason for row in BAD_INPUT] == [
        internal_event.reason for internal_event in scenario.store.dead_letters()
    ]
    records = [json.loads(row.record) for row in scenario.store.journal("_dead.0")]
    assert ["0" * 64, *(each["hash"] for each in records)][:-1] == [
        each["previous_hash"] for each in records
    ]
    counted = scenario.summary()["outcomes"]
    assert {"accepted": 1, "dead_letter": len(BAD_INPUT)} == {
        name: count for name, count in counted.items() if count
    }


def test_the_same_bad_record_again_is_a_dead_letter_again() -> None:
    scenario = Scenario(b"bonjour", b"bonjour")
    assert ["bad_json", "bad_json"] == [each.reason for each in scenario.store.dead_letters()]


def test_a_dead_letter_does_not_use_up_its_id() -> None:
    scenario = Scenario(a_vote(0), a_vote(5))
    assert ["dead_letter", "accepted"] == [str(each.outcome) for each in scenario.records]


@each_good_row
def test_good_input_is_decided(row: Good) -> None:
    scenario = Scenario(row.value)
    assert [] == list(scenario.store.dead_letters())
    assert scenario.last.outcome in {Outcome.ACCEPTED, Outcome.PARKED, Outcome.REFUSED}


@each_good_row
def test_good_input_reported_again_is_a_duplicate(row: Good) -> None:
    scenario = Scenario(row.value, row.value)
    # A closed year asks nobody who they are, not even who closed it (rules, 31).
    closed = any(state.book.closed for state in scenario.ledger.budgets.values())
    assert ("fiscal_year_closed" if closed else "duplicate") == scenario.answer()


@each_good_row
def test_good_input_stands_in_the_journal_as_one_line(row: Good) -> None:
    scenario = Scenario(row.value)
    assert scenario.last.event is not None
    assert b"\n" not in scenario.last.event
    assert b"\r" not in scenario.last.event
    assert json.loads(row.value) == json.loads(scenario.last.event)


def test_a_row_has_a_name_of_its_own() -> None:
    for names in ([row.name for row in BAD_INPUT], [row.name for row in GOOD_INPUT]):
        assert sorted(set(names)) == sorted(names)


def test_the_largest_event_is_exactly_a_mebibyte() -> None:
    assert 1_048_576 == EVENT_BYTES_MAX
    assert 65_536 == DEAD_LETTER_HEAD_BYTES
    assert len(encoded(a_vote())) < EVENT_BYTES_MAX

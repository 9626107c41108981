"""Rules 29 and 32: what waits too long is refused; where deadlines are read."""

from datetime import timedelta
from typing import Any

import pytest

from events.codec import NO_KEY, Received, decode
from events.deadlines import PATIENCE
from events.envelope import INBOUND, INTERNAL_EVENTS, SourceKind
from services.ledger.application.handle import Ledger, RawRecord
from services.ledger.domain.journal import Source
from tests.builders import (
    BUDGET,
    Json,
    Scenario,
    a_convention,
    a_deadline,
    a_recovery,
    a_report,
    a_vote,
    an_award,
    encoded,
)
from tests.unit.tables.rows import SIGNED, Money, Row, check, each_row, on_one_line, stands


def test_what_waits_waits_for_thirty_days_from_its_own_time() -> None:
    assert timedelta(days=30) == PATIENCE


ISSUED = stands(ordered=100, advance=("issued", 100, 0))

PARKED = a_report(_id="parked")
ITS_DEADLINE = a_deadline("parked", event={"source": "urn:test", "id": "parked"})
VOTED = on_one_line(100, available=100)

PARKED_ROWS = [
    Row(
        "a report waited for its convention in vain",
        [a_vote(100), PARKED, ITS_DEADLINE],
        "dependency_missing",
        VOTED,
        facts={"kind": "convention", "id": "C"},
    ),
    Row(
        "an award waited for the vote",
        [an_award(_id="parked"), ITS_DEADLINE],
        "dependency_missing",
        Money(),
        facts={"kind": "budget", "id": BUDGET},
    ),
    Row(
        "a convention waited for its award",
        [a_vote(100), a_convention(_id="parked"), ITS_DEADLINE],
        "dependency_missing",
        VOTED,
        facts={"kind": "grant", "id": "G"},
    ),
    Row(
        "a recovery waited to be asked back",
        [*SIGNED, a_recovery(1, "collected", _id="parked"), ITS_DEADLINE],
        "dependency_missing",
        ISSUED,
        facts={"kind": "recovery", "id": "C/R"},
    ),
    Row(
        "what it waited for came in time: nothing",
        [*SIGNED[:2], PARKED, SIGNED[2], ITS_DEADLINE],
        "accepted",
        ISSUED,
    ),
    Row("nobody knows such an event: nothing", [a_vote(100), ITS_DEADLINE], "accepted", VOTED),
    Row(
        "another source's event of that id waits on",
        [a_vote(100), PARKED | {"source": "urn:other"}, ITS_DEADLINE],
        "accepted",
        VOTED,
    ),
    Row(
        "what it waited for comes too late: it stays refused",
        [*SIGNED[:2], PARKED, ITS_DEADLINE, SIGNED[2]],
        "accepted",
        ISSUED,
    ),
    Row(
        "it is remembered: a repeat is silent",
        [a_vote(100), PARKED, ITS_DEADLINE, PARKED],
        "duplicate",
        VOTED,
    ),
    Row(
        "a deadline that was reported twice",
        [a_vote(100), PARKED, ITS_DEADLINE, ITS_DEADLINE],
        "duplicate",
        VOTED,
    ),
]

ROWS = PARKED_ROWS


@each_row(PARKED_ROWS)
def test_rule_29_what_waits_too_long_is_refused(row: Row) -> None:
    check(row)


def test_rule_29_the_refusal_stands_behind_its_deadline_and_names_what_was_parked() -> None:
    scenario = Scenario(a_vote(100), PARKED, a_report(_id="another"))
    records = scenario.tell(ITS_DEADLINE)
    assert [("accepted", None), ("refused", 2)] == [
        (str(record.outcome), record.resumes) for record in records
    ]
    assert ("parked", "urn:test", 2) == (
        records[1].event_id,
        records[1].event_source,
        records[1].source.offset,
    )
    outcomes = scenario.summary()["outcomes"]
    assert (2, 1, 1) == (outcomes["accepted"], outcomes["refused"], outcomes["parked"])
    assert [3] == list(scenario.state.memory.parked), "the other waits on"


def read_at(topic: str, event: Json) -> Any:
    """What the ledger answers to an event that it finds on a topic of Kafka."""
    ledger, key = Ledger(), str(event["partitionkey"]).encode()
    raw = RawRecord(encoded(event), Source(topic, 0, 1), (), key, 1_685_600_000_000)
    [record] = ledger.handle(raw)
    return record.dead_letter["reason"] if record.dead_letter else str(record.outcome)


@pytest.mark.parametrize("prefix", ["", "test-"])
def test_rule_32_on_kafka_a_deadline_is_read_among_deadline_events_alone(prefix: str) -> None:
    assert "accepted" == read_at(f"{prefix}ecluse.internal-events.v1", ITS_DEADLINE)
    assert "unknown_type: /type" == read_at(f"{prefix}ecluse.events.v1", ITS_DEADLINE)
    assert "accepted" == read_at(f"{prefix}ecluse.internal-events.v1", a_vote())
    assert "accepted" == read_at(f"{prefix}ecluse.events.v1", a_vote())


def test_rule_32_in_a_file_a_deadline_is_read() -> None:
    assert "accepted" == Scenario(ITS_DEADLINE).answer()
    assert {each.TYPE for each in INBOUND if each.TYPE in INTERNAL_EVENTS} == INTERNAL_EVENTS


def test_rule_1_of_a_deadline_in_the_wrong_place_the_first_fault_is_said() -> None:
    def reason(event: Json) -> str:
        outcome = decode(encoded(event), (), NO_KEY, SourceKind.EVENTS)
        assert not isinstance(outcome, Received)
        return outcome.reason

    assert "invalid_value: /id" == reason(ITS_DEADLINE | {"id": ""})
    assert "unknown_type: /type" == reason(ITS_DEADLINE | {"time": "noon"})

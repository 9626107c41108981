"""Refusals and dead letters, counted by why."""

import json
from collections.abc import Iterator

import pytest

from events.lag import DeadLetters, Refusals
from events.topics import DEAD_LETTERS, REFUSALS
from services.lag.judge.model import instant_of
from services.ledger.application.handle import Ledger, RawRecord
from services.ledger.application.outbound_messages import OutboundRecord, messages
from services.ledger.domain.journal import Source
from services.watch.tables.outcomes import DeadLetterCounts, RefusalCounts
from tests.builders import (
    BUDGET,
    Json,
    Scenario,
    a_closing,
    a_convention,
    a_deadline,
    a_payment,
    a_vote,
    an_award,
    an_instalment,
    topic_of,
)


def left_by(*events: Json | bytes) -> Iterator[OutboundRecord]:
    """What the ledger publishes of some events."""
    ledger = Ledger()
    for offset, event in enumerate(events):
        value = event if isinstance(event, bytes) else json.dumps(event).encode()
        source = Source(topic_of(event), 0, offset)
        ledger.handle(RawRecord(value, source, key=BUDGET.encode(), timestamp_ms=1))
    decided = ledger.commit_batch([])
    yield from messages(decided.decided, decided.states)


def refusals(*events: Json | bytes) -> RefusalCounts:
    found = RefusalCounts()
    for offset, each in enumerate(each for each in left_by(*events) if each.topic == REFUSALS):
        found.add(0, offset, each.value, 100.0 + offset)
    return found


def test_refusals_are_counted_by_code_and_what_waits_or_is_unreadable_is_none() -> None:
    parked, unreadable = a_convention(), b"no event"
    too_much = [an_award(200_000, grant=f"G{number}") for number in range(2)]
    again = a_vote(_time="2023-01-02T12:00:00+01:00")
    found = refusals(a_vote(), too_much[0], parked, again, unreadable, too_much[1]).counts()
    codes = {"insufficient_credit": 2, "event_id_reused": 1}
    assert Refusals(3, instant_of(104.0), codes) == found
    assert list(codes) == list(found.codes or {}), "the most frequent first"


def test_a_refused_deadline_of_our_own_is_none() -> None:
    found = refusals(a_vote(), a_closing("none"), a_deadline(), a_payment(1)).counts()
    assert {"fiscal_year_closed": 1} == found.codes


def test_money_carried_into_a_closed_year_is_one_that_somebody_must_see() -> None:
    unpaid = a_convention(instalments=[an_instalment(trigger="notification")])
    closed = Scenario(a_vote(), an_award(), unpaid, a_closing(["C"]))
    (opening,) = closed.internal_events()
    here = opening | {"partitionkey": BUDGET, "data": opening["data"] | {"budget": BUDGET}}
    assert {"fiscal_year_closed": 1} == refusals(a_vote(), a_closing("none"), here).counts().codes


def test_a_refusal_that_comes_again_at_its_place_changes_nothing() -> None:
    found = refusals(a_vote(), an_award(200_000))
    assert (1, 1) == (found.counts().count, found.next_offset(0))
    found.add(0, 0, b'{"type":"ecluse.event.refused.v1","data":{"code":"other"}}', 1.0)
    assert {"insufficient_credit": 1} == found.counts().codes


@pytest.mark.parametrize("raw", [None, b"", b"[]", b'{"type":"ecluse.event.refused.v1"}'])
def test_a_record_that_is_no_refusal_is_passed_over(raw: bytes | None) -> None:
    found = RefusalCounts()
    found.add(0, 7, raw, 1.0)
    assert (Refusals(0, None, {}), 8) == (found.counts(), found.next_offset(0))


def test_a_refusal_without_code_is_one() -> None:
    found = RefusalCounts()
    found.add(0, 0, b'{"type":"ecluse.event.refused.v1","data":{}}', 1.0)
    assert Refusals(1, instant_of(1.0), {"unknown": 1}) == found.counts()


def test_dead_letters_are_counted_by_the_code_of_their_reason() -> None:
    events = (b"no event", b"[", {"specversion": "1.0"})
    found = DeadLetterCounts()
    for offset, each in enumerate(e for e in left_by(*events) if e.topic == DEAD_LETTERS):
        found.add(0, offset, each.headers, 50.0 - offset)
    reasons = {"bad_json": 2, "missing_field": 1}
    assert DeadLetters(3, instant_of(48.0), instant_of(50.0), reasons) == found.counts()


def test_the_reason_of_the_ledger_stands_behind_what_the_sender_called_so() -> None:
    found = DeadLetterCounts()
    headers = [("ecluse_dlq_reason", b"mine"), ("ecluse_dlq_reason", b"invalid_value: /data")]
    found.add(0, 0, headers, 1.0)
    found.add(0, 1, [], 2.0)
    found.add(0, 2, [("ecluse_dlq_reason", None)], 3.0)
    assert {"unknown": 2, "invalid_value": 1} == found.counts().reasons
    found.add(0, 1, headers, 9.0)
    assert 3 == found.counts().count


def test_what_others_read_is_dropped_and_read_anew() -> None:
    found = DeadLetterCounts()
    found.add(0, 4, [], 1.0)
    found.add(1, 0, [], 2.0)
    found.keep_only([1])
    left = DeadLetters(1, instant_of(2.0), instant_of(2.0), {"unknown": 1})
    assert (left, 0) == (found.counts(), found.next_offset(0))

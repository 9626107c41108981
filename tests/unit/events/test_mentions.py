"""Names that records mention, by type of event."""

from typing import Any

import pytest

from events.journal import read_record
from events.mentions import mentions_of, order_parts
from tests.builders import (
    SIRET,
    Json,
    Scenario,
    a_closing,
    a_convention,
    a_deadline,
    a_payment,
    a_report,
    a_vote,
    an_act,
    an_award,
)
from tests.journal_records import a_record

SIGNED = (a_vote(), an_award(), a_convention())
UNORDERED = a_convention(bank_account=...)
ALONE = an_award(requires_convention=False, instalments=None)


def mentioned(*events: Json | bytes) -> set[tuple[str, str]]:
    """Kinds and names that the last record of these events mentions."""
    *_, last = Scenario(*events).store.journal()
    return {(each.kind, each.id) for each in mentions_of(read_record(last.record))}


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([a_vote(act=an_act(number="23/1"))], {("act", "23/1")}),
        ([a_vote(), an_award()], {("grant", "G"), ("beneficiary", SIRET)}),
        ([a_vote(), ALONE], {("grant", "G"), ("convention", "G"), ("beneficiary", SIRET)}),
        ([*SIGNED], {("convention", "C"), ("grant", "G"), ("beneficiary", SIRET)}),
        ([*SIGNED, a_payment()], {("convention", "C"), ("payment_order", "C/advance")}),
        ([*SIGNED[:2], UNORDERED, a_closing("all")], {("convention", "C")}),
        ([b"no event"], set()),
    ],
    ids=["vote", "award", "alone", "signature", "payment", "closing", "dead letter"],
)
def test_names_that_a_record_mentions(
    events: list[Json | bytes], expected: set[tuple[str, str]]
) -> None:
    acts = {each for each in mentioned(*events) if each[0] == "act"}
    orders = {each for each in mentioned(*events) if each[0] == "payment_order"}
    assert expected <= mentioned(*events)
    assert mentioned(*events) <= expected | acts | orders


def test_a_deadline_mentions_the_event_that_waited() -> None:
    deadline = a_deadline("parked", event={"source": "urn:test", "id": "early"})
    records = Scenario(a_vote(), a_report(_id="early"), deadline).store.journal()
    found = [each for row in records for each in mentions_of(read_record(row.record))]
    assert ("event", "early") in found


def test_a_renamed_convention_and_a_grants_instalments_are_found_by_all_names() -> None:
    line: Json = {"chapter": "65", "article": "65748", "function": None, "operation": None}
    move: Json = {"convention": "C@2023", "instalment": "G/1", "line": line, "amount_cents": 1}
    flag = {"code": "convention_renamed", "facts": {"from": "C", "to": "C@2023"}}
    members: dict[str, Any] = {
        "event": {"type": "any", "time": "2024-01-01T00:00:00Z", "data": {"convention": "C"}},
        "review_flags": [flag],
        "moves": [move | {"from": None, "to": "committed"}],
    }
    found = {each.id for each in mentions_of(read_record(a_record(**members)))}
    assert {"C", "C@2023", "G"} == found


def test_parts_of_an_order() -> None:
    assert ("C", "1") == order_parts("C/1/2") == order_parts("C/1")

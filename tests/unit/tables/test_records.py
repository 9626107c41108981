"""Rules 7, 8, 33 and 34: what a journal record holds, and which moves write which entries."""

import json
from hashlib import sha256
from typing import Any

import pytest

from services.ledger.domain.journal import RULES_VERSION, JournalRecord, read_record
from services.ledger.domain.model.lines import Stage
from services.ledger.domain.model.moves import MOVE_KINDS
from tests.builders import (
    BUDGET,
    NEXT_BUDGET,
    Json,
    Scenario,
    a_convention,
    a_line,
    a_payment,
    a_vote,
    an_award,
    encoded,
)

NOTHING_BEFORE = "0" * 64
BAD = b'{"unreadable"'
MEMBERS = {
    "budget",
    "commitment_entries",
    "dead_letter",
    "digest",
    "event",
    "event_id",
    "event_sha256",
    "event_source",
    "hash",
    "moves",
    "outcome",
    "payment_orders",
    "previous_hash",
    "refusal",
    "resumes",
    "review_flags",
    "rules_version",
    "sequence",
    "source",
    "version",
    "waits_for",
}
ALWAYS = {"budget", "event_sha256", "hash", "outcome", "previous_hash", "sequence", "source"} | {
    "rules_version",
    "version",
}
OF_AN_EVENT = {"digest", "event", "event_id", "event_source"}

# The event, and what its record has beside what every record of an event has.
KINDS: list[tuple[str, list[Json | bytes], set[str]]] = [
    ("a vote moves money", [a_vote()], OF_AN_EVENT | {"moves"}),
    (
        "a signature moves, writes an entry and issues an order",
        [a_vote(), an_award(), a_convention()],
        OF_AN_EVENT | {"moves", "commitment_entries", "payment_orders"},
    ),
    (
        "a total that disagrees is flagged",
        [a_vote(), an_award(stated_total_cents=1)],
        OF_AN_EVENT | {"moves", "commitment_entries", "review_flags"},
    ),
    ("a refusal says why", [a_vote(), a_payment()], OF_AN_EVENT | {"refusal"}),
    ("a duplicate says nothing more", [a_vote(), a_vote()], OF_AN_EVENT),
    ("a parked event says what it waits for", [an_award()], OF_AN_EVENT | {"waits_for"}),
    (
        "a resumed event names the record that parked it",
        [an_award(), a_vote()],
        OF_AN_EVENT | {"moves", "commitment_entries", "resumes"},
    ),
    ("a dead letter holds no event", [BAD], {"dead_letter"}),
]


def rows_of(scenario: Scenario, budget: str | None = None) -> list[Json]:
    return [json.loads(row.record) for row in scenario.store.journal(budget)]


@pytest.mark.parametrize(("events", "has"), [each[1:] for each in KINDS], ids=[k[0] for k in KINDS])
def test_rule_7_a_record_has_every_member_and_null_where_there_is_nothing(
    events: list[Json | bytes], has: set[str]
) -> None:
    *_, record = rows_of(Scenario(*events))
    assert set(record) == MEMBERS
    assert ALWAYS | has == {name for name, value in record.items() if value is not None}
    assert {"topic", "partition", "offset"} == set(record["source"])


@pytest.mark.parametrize("events", [each[1] for each in KINDS], ids=[each[0] for each in KINDS])
def test_rule_7_a_record_is_read_again_as_it_was(events: list[Json | bytes]) -> None:
    scenario = Scenario(*events)
    *_, row = scenario.store.journal()
    again = read_record(row.record)
    members = ("event", "outcome", "refusal", "dead_letter", "waits_for", "resumes", "hash")
    assert [getattr(scenario.last, name) for name in members] == [
        getattr(again, name) for name in members
    ]
    assert list(scenario.last.moves) == list(again.moves)
    assert list(scenario.last.payment_orders) == list(again.payment_orders)
    assert row.record == again.seal()


def test_rule_7_a_record_keeps_the_version_of_the_rules_that_decided() -> None:
    (row,) = Scenario(a_vote()).store.journal()
    record = read_record(row.record)
    record.rules_version = RULES_VERSION + 1
    raw = record.seal()
    assert raw == read_record(raw).seal()


def test_a_record_with_a_member_that_is_not_known_is_none() -> None:
    (row,) = Scenario(a_vote()).store.journal()
    with pytest.raises(ValueError, match="added"):
        read_record(row.record[:-1] + b',"added":1}')


def canonical(row: Json) -> bytes:
    """JSON as rule 7 says, by the standard library."""
    text = json.dumps(row, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode()


def test_rule_7_records_are_chained_by_the_hash_of_what_they_say() -> None:
    scenario = Scenario(an_award(), a_vote(), BAD, a_payment(), BAD, a_vote(budget=NEXT_BUDGET))
    chains: dict[str, list[Json]] = {}
    for record in rows_of(scenario):
        chains.setdefault(record["budget"], []).append(record)
    assert [BUDGET, "_dead.0", NEXT_BUDGET] == list(chains)
    assert [4, 2, 1] == [len(chain) for chain in chains.values()]
    for chain in chains.values():
        assert list(range(1, len(chain) + 1)) == [record["sequence"] for record in chain]
        previous = NOTHING_BEFORE
        for record in chain:
            hashed = {k: v for k, v in record.items() if k not in {"hash", "source", "event"}}
            assert previous == record["previous_hash"]
            assert sha256(canonical(hashed)).hexdigest() == record["hash"]
            previous = record["hash"]
    heads = scenario.summary()["heads"]
    assert {name: chains[name][-1]["hash"] for name in (BUDGET, NEXT_BUDGET)} == heads


def test_rule_7_the_bytes_that_came_are_known_by_their_own_hash() -> None:
    event = json.dumps(a_vote()).encode()
    good, bad = rows_of(Scenario(event, BAD))
    assert sha256(event).hexdigest() == good["event_sha256"]
    assert sha256(BAD).hexdigest() == bad["event_sha256"]
    assert json.loads(event) == good["event"]
    said = {"reason": "bad_json", "length": len(BAD)}
    assert (None, said) == (bad["event"], bad["dead_letter"])


def test_rule_7_an_entry_is_called_after_its_record() -> None:
    on_two_lines = [
        {"line": a_line("489"), "amount_cents": 60},
        {"line": a_line("490"), "amount_cents": 40},
    ]
    scenario = Scenario(a_vote(), an_award(lines=on_two_lines))
    assert [f"{BUDGET}/2/1", f"{BUDGET}/2/2"] == [
        entry["entry_id"] for entry in scenario.last.commitment_entries
    ]


def test_rule_8_what_an_event_leads_to_is_one_transaction_a_record_for_each() -> None:
    scenario = Scenario(an_award(), a_convention(), a_payment())
    committed = len(rows_of(scenario))
    records = scenario.tell(a_vote())
    assert [("budget.voted/initial", "accepted", None)] == _said(records[:1])
    assert [
        ("deliberation.adopted/G/award", "accepted", 1),
        ("convention.signed/G/C", "accepted", 2),
    ] == _said(records[1:])
    # The order stands in the record of the event that completed its conditions (rule 18).
    assert ["C/advance"] == [each.order.payment_order for each in records[2].payment_orders]
    assert [] == [each for record in records[:2] for each in record.payment_orders]
    assert committed + 3 == len(rows_of(scenario))


def _said(records: list[JournalRecord]) -> list[tuple[str | None, str, int | None]]:
    return [(each.event_id, str(each.outcome), each.resumes) for each in records]


A, R, C, O, P, X = (  # noqa: E741 - the stages, by their first internal events
    Stage.AVAILABLE,
    Stage.RESERVED,
    Stage.COMMITTED,
    Stage.ORDERED,
    Stage.PAID,
    Stage.CARRIED_OVER,
)
# From, to, the entry that such a move writes, and where a convention counts it.
EVERY_WAY: list[tuple[str, Stage | None, Stage | None, str | None, str | None, str | None]] = [
    ("credit is voted", None, A, None, None, None),
    ("credit is taken away", A, None, None, None, None),
    ("an award reserves", A, R, "accounting_commitment", None, None),
    ("a reserve is released", R, A, "decommitment", None, None),
    ("a convention commits", R, C, "legal_commitment", None, "remaining"),
    ("an amendment commits more", A, C, "supplementary_commitment", None, "remaining"),
    ("what is not ordered is released", C, A, "decommitment", "remaining", "released"),
    ("an order is issued", C, O, None, "remaining", "ordered"),
    ("it is paid", O, P, None, "ordered", "paid"),
    ("it is rejected or cancelled", O, C, None, "ordered", "remaining"),
    ("what was paid comes back", P, A, None, "paid", "released"),
    ("the year is closed", C, X, "carry_over", "remaining", "carried_over"),
    ("the next year opens", None, C, None, None, "remaining"),
]


@pytest.mark.parametrize(
    ("origin", "target", "entry", "loses", "gains"),
    [each[1:] for each in EVERY_WAY],
    ids=[each[0] for each in EVERY_WAY],
)
def test_rule_34_every_way_of_money_writes_its_entry_and_no_other(
    origin: Stage | None,
    target: Stage | None,
    entry: str | None,
    loses: str | None,
    gains: str | None,
) -> None:
    kind = MOVE_KINDS[origin, target]
    assert (origin, target, entry) == (kind.origin, kind.target, kind.entry)
    assert (origin, target) == (kind.line_loses, kind.line_gains)
    assert (loses, gains) == (kind.convention_loses, kind.convention_gains)


def test_rule_34_money_goes_no_other_way() -> None:
    assert {(origin, target) for _, origin, target, *_ in EVERY_WAY} == set(MOVE_KINDS)


def test_rule_33_no_way_makes_or_loses_money_but_from_and_to_the_outside() -> None:
    """What a line loses it gains, and so a convention, but for what is voted or granted."""
    for kind in MOVE_KINDS.values():
        whole: tuple[Any, Any] = kind.convention_loses, kind.convention_gains
        assert None not in whole or kind.convention_loses is None, kind
        assert (kind.line_loses is None) == (kind.origin is None), kind
        assert (kind.line_gains is None) == (kind.target is None), kind


def test_rule_7_the_event_stands_in_its_record_as_it_came() -> None:
    assert encoded(a_vote()) == Scenario(a_vote()).last.event

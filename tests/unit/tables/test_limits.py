"""A limit on everything: what is too much is refused at the input, in words, or kept short."""

import tracemalloc
from typing import Any

import pytest
from pydantic import TypeAdapter

from events.codec import ReceivedEvent, decode, reread
from events.outbound import EventRefused, PaymentOrderIssued
from events.topics import REFUSALS
from events.unreadable import Unreadable
from services.ledger.domain.journal import Outcome
from tests.builders import (
    BUDGET,
    IBAN,
    Json,
    Scenario,
    a_concurring_act,
    a_convention,
    a_line,
    a_payment,
    a_vote,
    an_act,
    an_amount,
    an_award,
    an_instalment,
    encoded,
)
from tests.unit.ledger.wire import handled

AMOUNT_MAX = 2**53 - 1


def amounts(count: int, amount_cents: int = 1) -> list[Json]:
    return [an_amount(amount_cents, str(number)) for number in range(count)]


def instalments(count: int, amount_cents: int = 1) -> list[Json]:
    return [an_instalment(amount_cents, str(number)) for number in range(count)]


TOO_MUCH: list[tuple[str, Json, str]] = [
    (
        "appropriations that add up to more than one amount may be",
        a_vote(appropriations=amounts(2, AMOUNT_MAX)),
        "invalid_value: /data/appropriations/1",
    ),
    (
        "lines that add up to more than one amount may be",
        an_award(lines=amounts(2, AMOUNT_MAX)),
        "invalid_value: /data/lines/1",
    ),
    (
        "a schedule that adds up to more than one amount may be",
        a_convention(instalments=instalments(2, AMOUNT_MAX)),
        "invalid_value: /data/instalments/1",
    ),
    ("501 lines", an_award(lines=amounts(501)), "invalid_value: /data/lines"),
    (
        "51 instalments",
        a_convention(instalments=instalments(51)),
        "invalid_value: /data/instalments",
    ),
    (
        "101 departments on a line",
        an_award(lines=[an_amount(101, services={str(n): 1 for n in range(101)})]),
        "invalid_value: /data/lines/0/services",
    ),
    (
        "departments that add up to more than one amount may be",
        an_award(lines=[an_amount(1, services={"A": AMOUNT_MAX, "B": 1})]),
        "invalid_value: /data/lines/0/services/1",
    ),
    ("1,001 names", an_award(interested=["A"] * 1001), "invalid_value: /data/interested"),
    (
        "a body of 301 characters",
        an_award(act=an_act(body="x" * 301)),
        "invalid_value: /data/act/body",
    ),
    (
        "an unknown member with a name of 900,000 characters",
        a_vote(**{"~" * 900_000: 1}),
        "unknown_field: /data/" + "~0" * 60 + "…",
    ),
]

ENOUGH: list[tuple[str, Json]] = [
    ("500 lines", an_award(lines=amounts(500))),
    ("50 instalments", a_convention(instalments=instalments(50))),
    ("the largest amount, once", a_vote(appropriations=amounts(1, AMOUNT_MAX))),
    (
        "a concurring act on a grant with a slash",
        a_concurring_act(grant="2023/40", requires_convention=False),
    ),
]


@pytest.mark.parametrize(
    ("event", "reason"), [row[1:] for row in TOO_MUCH], ids=[r[0] for r in TOO_MUCH]
)
def test_rule_1_too_much_is_a_dead_letter_that_says_where(event: Json, reason: str) -> None:
    assert reason == Scenario(event).answer()


@pytest.mark.parametrize("row", ENOUGH, ids=lambda row: row[0])
def test_rule_1_what_stands_at_a_limit_is_read(row: tuple[str, Json]) -> None:
    assert isinstance(decode(encoded(row[1])), ReceivedEvent)


def test_rule_1_a_search_for_null_characters_costs_memory_by_the_byte() -> None:
    """One long name above many values: pointers are spelled for the one at fault only."""
    values = b",".join([b"1"] * 30_000)
    raw = b'{"x":"\\\\u0000","' + b"a" * 40_000 + b'":[' + values + b"]}"
    tracemalloc.start()
    outcome = decode(raw)
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert isinstance(outcome, Unreadable)
    assert peak_bytes < 60_000_000


def test_rule_2_a_kafka_header_without_value_says_nothing() -> None:
    event = a_vote()
    headers: list[tuple[str, bytes | None]] = [("content-type", None), ("ce_traceparent", None)]
    assert isinstance(decode(encoded(event), headers), ReceivedEvent)
    data = encoded(event["data"])
    attributes = {name: value for name, value in event.items() if name != "data"}
    binary = [(f"ce_{name}", value.encode()) for name, value in attributes.items()]
    assert isinstance(decode(data, [*binary, *headers]), ReceivedEvent)


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b'{"a":1e400,"b":}', "bad_json"),
        (b'{"a":1e400,"b":NaN}', "bad_json"),
        (b'{"a":1e400,"a":2}', "bad_json"),
        (b'{"a":1e400,"b":"\\ud800"}', "bad_json"),
        (b'{"a":1e400,"b":' + b"[" * 64 + b"]" * 64 + b"}", "bad_json"),
        (b"[1e400]", "bad_json"),
        (b'{"b":1,"a":1e99999999999999999999}', "invalid_value: /a"),
    ],
)
def test_rule_1_a_number_beyond_all_range_does_not_hide_what_is_no_json(
    raw: bytes, reason: str
) -> None:
    outcome = decode(raw)
    assert isinstance(outcome, Unreadable)
    assert reason == outcome.reason


def test_rule_1_a_reason_stays_short_however_deep_its_place() -> None:
    name = b'{"' + b"n" * 70 + b'":'
    outcome = decode(name * 60 + b"1e400" + b"}" * 60)
    assert isinstance(outcome, Unreadable)
    assert outcome.pointer is not None
    assert 1001 == len(outcome.pointer)


@pytest.mark.parametrize("length", [300, 301, 4000])
def test_a_refusal_of_a_long_reference_is_said_in_a_short_sentence(length: int) -> None:
    """The facts have all of it; the sentence has to stay within the published schema."""
    order = "x" * length
    refused = handled(a_vote(), a_payment(order=order, _id="paid")).each(REFUSALS)[-1]["data"]
    TypeAdapter(EventRefused).validate_python(refused)
    assert order == refused["facts"]["payment_order"]
    shown = order if length == 300 else "x" * 300 + "…"
    assert f"never issued the payment order {shown}. Check" in refused["message"]["en"]
    assert f"jamais émis le mandat {shown}." in refused["message"]["fr"]


def test_an_event_that_was_journalled_is_read_again_without_its_check_digits() -> None:
    """A registry may change; what a journal holds must fold."""
    account = {"iban": IBAN, "bic": "CMCIFR2A", "holder": "Lille Avenirs"}
    raw = encoded(a_convention(bank_account=account))
    raw = raw.replace(IBAN.encode(), b"FR7610278027150004578690111")
    raw = raw.replace(b"CMCIFR2A", b"CMCI992A")
    assert isinstance(decode(raw), Unreadable)
    assert BUDGET == reread(raw).envelope.data.budget
    with pytest.raises(ValueError, match="unknown_type: /type"):
        reread(raw.replace(b"convention.signed", b"convention.vanished"))


def test_rule_33_money_beyond_all_range_stops_with_its_record() -> None:
    """No store can count it: our assertion names the record before anything is written."""
    votes = [
        a_vote(stage="supplementary", appropriations=amounts(1, AMOUNT_MAX), _id=str(number))
        for number in range(1024)
    ]
    scenario = Scenario(a_vote(appropriations=amounts(1, AMOUNT_MAX)), *votes[:1000])
    for vote in votes[1000:-1]:
        scenario.tell(vote)
    with pytest.raises(AssertionError, match="beyond all range"):
        scenario.tell(votes[-1])


def acts_of_the_order(*events: Json) -> list[str]:
    scenario = Scenario(a_vote(), *events, a_convention())
    issued: dict[str, Any] | None = scenario.last.payment_orders[0].issued
    assert issued is not None
    return [act["date"] for act in issued["acts"]]


def test_rule_25_an_act_said_twice_stands_once_on_the_order() -> None:
    again = a_concurring_act(_id="again")
    expected = ["2023-04-12", "2023-04-13"]
    assert expected == acts_of_the_order(an_award(), a_concurring_act(), again)


def test_rule_25_an_order_carries_twenty_acts_at_most() -> None:
    acts = [a_concurring_act(act=an_act(f"2023-05-{day:02}"), _id=str(day)) for day in range(1, 26)]
    assert 20 == len(acts_of_the_order(an_award(), *acts))
    carried = acts_of_the_order(*acts, an_award())
    assert (20, "2023-04-12") == (len(carried), carried[-1])


def test_rule_10_an_act_is_found_however_many_stand_beside_it() -> None:
    acts = [a_concurring_act(act=an_act(f"2023-05-{day:02}"), _id=str(day)) for day in range(1, 26)]
    cited = [an_act(), an_act("2023-05-25")]
    scenario = Scenario(a_vote(), *acts, *acts, an_award(), a_convention(acts=cited))
    assert [] == scenario.flags()


def test_rule_19_the_last_day_of_signature_still_has_a_due_date() -> None:
    scenario = Scenario(a_vote(), an_award(), a_convention(signed_on="2199-12-31"))
    assert Outcome.ACCEPTED is scenario.last.outcome
    [change] = scenario.last.payment_orders
    row = TypeAdapter(PaymentOrderIssued).validate_json(encoded(change.row(BUDGET)))
    assert "2200-03-01" == row.due_on.isoformat()


def test_rule_26_a_code_may_hold_anything_but_is_never_markup() -> None:
    scenario = Scenario(a_vote(appropriations=[an_amount(100, line=a_line("489", chapter="[/b]"))]))
    assert Outcome.ACCEPTED is scenario.last.outcome

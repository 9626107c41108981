"""Balances leave once a batch, under keys of their own, and end when what they count ends."""

import json

from events import topics
from tests.builders import (
    BUDGET,
    a_convention,
    a_line,
    a_payment,
    a_report,
    a_vote,
    an_amount,
    an_award,
    an_instalment,
)
from tests.unit.ledger.wire import Wire, balances, handled, messages_of_the_last, read

SIGNED = [a_vote(), an_award(), a_convention()]
LINE = a_line()
LINE_KEY = f'["{BUDGET}","65","65748","61","489"]'.encode()
SHARE_KEY = f'["{BUDGET}","C","65","65748","61","489"]'.encode()


def test_a_payment_moves_the_balance_of_its_line_and_of_its_convention() -> None:
    sent = messages_of_the_last(*SIGNED, a_payment(40_000))
    assert [topics.BALANCES] * 2 == [each.topic for each in sent]
    kept = balances(sent)
    assert {
        "budget": BUDGET,
        "line": LINE,
        "appropriated_cents": 100_000,
        "available_cents": 0,
        "reserved_cents": 0,
        "committed_cents": 0,
        "ordered_cents": 60_000,
        "paid_cents": 40_000,
        "carried_over_cents": 0,
    } == kept[LINE_KEY]["data"]["balance"]
    assert {
        "budget": BUDGET,
        "convention": "C",
        "line": LINE,
        "granted_cents": 100_000,
        "remaining_cents": 0,
        "ordered_cents": 60_000,
        "paid_cents": 40_000,
        "released_cents": 0,
        "carried_over_cents": 0,
    } == kept[SHARE_KEY]["data"]["balance"]
    for message in kept.values():
        assert 4 == message["data"]["sequence"]
        assert message["id"].startswith(f"{BUDGET}/4/balance/")
        assert "payment.executed/C/advance/40000" == message["causationid"]


def test_a_balance_that_moves_often_in_a_batch_leaves_once_with_the_last_that_moved_it() -> None:
    wire = Wire()
    report = a_report(convention="C")
    sent = wire.tell(*SIGNED, a_payment(1), a_vote(5, stage="supplementary"), report)
    balanced = [each.key for each in sent if each.topic == topics.BALANCES]
    assert [LINE_KEY, SHARE_KEY] == balanced
    kept = balances(sent)
    assert (5, 4) == tuple(kept[key]["data"]["sequence"] for key in (LINE_KEY, SHARE_KEY))
    assert "budget.voted/supplementary" == kept[LINE_KEY]["causationid"]
    assert 1 == kept[LINE_KEY]["data"]["balance"]["paid_cents"]


def test_a_line_without_some_codes_differs_from_one_with_similar_codes() -> None:
    lines = [
        {"chapter": "65", "article": "65748"},
        {"chapter": "65", "article": "65748", "function": "null"},
        {"chapter": "65", "article": "65748", "operation": "null"},
        {"chapter": '65","65748', "article": "é/"},
    ]
    wire = handled(a_vote(appropriations=[an_amount(7, line=line) for line in lines]))
    keys = [json.loads(each.key or b"") for each in wire.sent]
    assert [
        [BUDGET, "65", "65748", None, None],
        [BUDGET, "65", "65748", "null", None],
        [BUDGET, "65", "65748", None, "null"],
        [BUDGET, '65","65748', "é/", None, None],
    ] == keys
    assert 4 == len({read(each)["id"] for each in wire.sent})


def test_the_longest_codes_make_an_id_that_every_reader_takes() -> None:
    code = "é" * 100
    line = dict.fromkeys(("chapter", "article", "function", "operation"), code)
    given = [an_amount(1_000, line=line)]
    award = an_award(lines=given)
    signed = a_convention(
        convention=code, instalments=[an_instalment(name=code, lines=given)], _source="s" * 500
    )
    wire = handled(a_vote(1_000, appropriations=given), award, signed | {"id": "i" * 500})
    assert 7 == len([read(each) for each in wire.sent])


def test_a_convention_in_the_place_of_a_grant_ends_the_grants_balances() -> None:
    lines = [an_amount(60_000), an_amount(40_000, "490")]
    alone = an_award(lines=lines, requires_convention=False)
    # The same amount on the first line: no move of the record names it; less on the second.
    schedule = [an_instalment(lines=[an_amount(60_000), an_amount(10_000, "490")])]
    signed = a_convention(instalments=schedule, bank_account=...)
    before = [a_vote(appropriations=lines), alone]
    grant = [f'["{BUDGET}","G","65","65748","61","{code}"]'.encode() for code in ("489", "490")]
    shares = [f'["{BUDGET}","C","65","65748","61","{code}"]'.encode() for code in ("489", "490")]
    wire = handled(*before)
    assert set(grant) < set(balances(wire.sent))
    sent = wire.tell(signed)
    assert dict.fromkeys(grant) == {each.key: each.value for each in sent if each.value is None}
    assert {(): None} == {tuple(each.headers): each.value for each in sent if each.value is None}
    kept = balances(wire.sent)
    assert {*shares} == {key for key in kept if len(json.loads(key)) == 6}
    assert [(3, 60_000), (3, 10_000)] == [
        (kept[key]["data"]["sequence"], kept[key]["data"]["balance"]["remaining_cents"])
        for key in shares
    ]
    at_once = Wire()
    at_once.tell(*before, signed)
    assert balances(at_once.sent) == kept


def test_an_ordinary_signature_ends_no_balance() -> None:
    assert [] == [each for each in handled(*SIGNED).sent if each.value is None]

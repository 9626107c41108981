"""Findings: each is one by what was found, and a sentence in both languages."""

from typing import Any

import pytest

from events.texts import _
from services.texts.translation import both
from services.treasury.domain import findings
from services.treasury.domain.findings import (
    SLIP_STATES,
    TEXTS,
    Finding,
    FindingKind,
    UnknownFinding,
    keep_text,
    sentence_of,
    text_of,
)
from services.treasury.domain.returned_pieces import SlipReference, UnreadPiece
from services.treasury.domain.slips import SlipState
from tests.unit.treasury.returned import BUDGET, HEAD, ORDER, SLIP, a_line, a_piece, paid

ALL_FACTS: dict[str, Any] = {
    **dict.fromkeys(("piece", "line", "slip", "year", "count", "found_count"), 3),
    **{
        f"{name}_cents": 12_345 for name in ("amount", "found", "expected", "total", "paid", "held")
    },
    **dict.fromkeys(("post", "collectivity", "budget_code", "slip_type", "piece_type"), "09"),
    **dict.fromkeys(
        ("element", "state", "line_state", "payer", "reason", "name", "code", "event_id"), "09"
    ),
    "on": "2023-06-02",
    "why": keep_text(_("it is larger than {limit} MiB").render({"limit": 128})),
    "answer": "accepted",
    "slip_state": "refused",
}


@pytest.mark.parametrize("kind", FindingKind)
def test_each_kind_is_a_sentence(kind: FindingKind) -> None:
    sentence = both(sentence_of(kind.value, ALL_FACTS, ORDER, "retour.xml"))
    assert "{" not in sentence.fr + sentence.en
    assert sentence.fr != sentence.en


def test_there_is_a_text_for_everything() -> None:
    assert set(FindingKind) == set(TEXTS)
    assert set(SlipState) == set(SLIP_STATES)


def test_a_sentence_needs_the_facts_of_its_kind_alone() -> None:
    facts = findings.unknown_piece(a_piece(), HEAD, BUDGET, SLIP).facts
    assert "Piece 34 of slip 12" in both(sentence_of("unknown_piece", facts, None, None)).en


def test_a_text_is_kept_with_its_facts() -> None:
    text = _("it is larger than {limit} MiB").render({"limit": 128})
    assert both(text) == both(text_of(keep_text(text)))


def test_what_cannot_be_done_says_why() -> None:
    assert "it is empty" == both(UnknownFinding(_("it is empty")).text).en


def test_the_same_is_found_once() -> None:
    one = Finding(FindingKind.OTHER_PAYER, {"piece": 1, "amount_cents": 5}, BUDGET, SLIP, ORDER)
    same = Finding(FindingKind.OTHER_PAYER, {"amount_cents": 5, "piece": 1}, BUDGET, SLIP, ORDER)
    assert one.finding_id == same.finding_id
    others = {
        Finding(FindingKind.NOT_POSITIVE, one.facts, BUDGET, SLIP, ORDER).finding_id,
        Finding(one.kind, {"piece": 1, "amount_cents": 6}, BUDGET, SLIP, ORDER).finding_id,
        Finding(one.kind, one.facts, BUDGET, SLIP, f"{ORDER}/2").finding_id,
        Finding(one.kind, one.facts).finding_id,
    }
    assert 5 == len(others | {one.finding_id})


def test_an_unknown_slip_is_one_finding_however_many_pieces_it_has() -> None:
    of_slip = {
        findings.unknown_piece(a_piece(number=number), HEAD, BUDGET, None).finding_id
        for number in (1, 2, 3)
    }
    of_pieces = {
        findings.unknown_piece(a_piece(number=number), HEAD, BUDGET, SLIP).finding_id
        for number in (1, 2, None)
    }
    assert (1, 3) == (len(of_slip), len(of_pieces))


def test_a_refused_slip_is_one_finding_and_a_refused_event_another() -> None:
    slips = {
        findings.report_refused_slip(a_piece(number=n), BUDGET, SLIP).finding_id for n in (1, 2)
    }
    assert 1 == len(slips)
    refusal = {"code": "overpayment"}
    ids = {
        findings.event_refused(name, refusal, BUDGET, ORDER, {}).finding_id
        for name in ("a", "b", "a")
    }
    assert 2 == len(ids)


@pytest.mark.parametrize(
    ("happened", "expected"),
    [
        ({"piece": 34, "state": "on_hold", "on": "2023-05-24"}, f"{ORDER} is on hold since 2023"),
        (
            {"line": 1, "amount_cents": 30_000, "on": "2023-06-02"},
            f"payment of €300.00 on 2023-06-02 of the order {ORDER}",
        ),
        ({}, f"what a return says of the order {ORDER} (overpayment)"),
    ],
)
def test_a_refused_event_is_named_by_what_happened(happened: dict[str, Any], expected: str) -> None:
    found = findings.event_refused("a", {"code": "overpayment"}, BUDGET, ORDER, happened)
    sentence = both(sentence_of(found.kind.value, found.facts, ORDER, None))
    assert expected in sentence.en
    assert "{" not in sentence.fr + sentence.en


def test_of_two_events_with_one_id_nobody_knows_which_happened() -> None:
    found = findings.event_refused("a", {"code": "event_id_reused"}, BUDGET, ORDER, {"on": "x"})
    sentence = both(sentence_of(found.kind.value, found.facts | {"on": "2023-06-02"}, ORDER, None))
    assert "Two events with the id a say different things" in sentence.en


def test_the_accountants_own_piece_says_its_amount() -> None:
    piece = a_piece(a_line(1, paid(1)), piece_type="12", number=None)
    facts = findings.accountants_piece(piece, BUDGET).facts
    assert ("—", 113_180_000, "12") == (facts["piece"], facts["amount_cents"], facts["piece_type"])


@pytest.mark.parametrize(
    ("piece", "slip", "number"),
    [
        (UnreadPiece(SlipReference(2023, "01", 12), "34", "MtHT"), "12", "34"),
        (UnreadPiece(None, "", "BlocBordereau"), "—", "—"),
    ],
)
def test_a_piece_that_cannot_be_read_is_named_as_far_as_it_goes(
    piece: UnreadPiece, slip: str, number: str
) -> None:
    found = findings.unread_piece(piece, HEAD, BUDGET)
    assert BUDGET == found.budget, "who sees the budget sees it"
    assert (slip, number) == (found.facts["slip"], found.facts["piece"])

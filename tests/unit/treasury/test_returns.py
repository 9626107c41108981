"""What the accountant did with a piece as events and findings, row by row of pes.md's table."""

import json
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from events.codec import ReceivedEvent, decode
from events.envelope import SourceKind
from events.payments import PaymentExecuted, PaymentOrderAcknowledged
from events.treasury import TREASURY
from services.treasury.domain.findings import FindingKind
from services.treasury.domain.returned_pieces import PieceState, Reason, ReturnedPiece
from services.treasury.domain.slips import SlipType
from services.treasury.returns.rules import NAMESPACE, PieceOutcome, is_accountants_own, reason_of
from tests.unit.treasury.returned import (
    AMOUNT_CENTS,
    BUDGET,
    HEAD,
    LINE_CENTS,
    ORDER,
    PAID_ON,
    TAKEN_ON,
    a_head,
    a_line,
    a_piece,
    fully_paid,
    in_charge,
    kinds,
    known,
    known_by_returns,
    outcome,
    paid,
    published,
)

TAKEN = ("taken_in_charge", "2023-05-22")
FIRST, SECOND, THIRD = ((cents, "2023-06-02") for cents in LINE_CENTS)
DAY_BEFORE = date(2023, 6, 4)


@pytest.mark.parametrize(
    ("piece", "expected"),
    [
        (a_piece(), [TAKEN]),
        (a_piece(state="01", held_on=date(2023, 5, 24)), [("on_hold", "2023-05-24")]),
        (a_piece(state="04", rejected_on=date(2023, 5, 25)), [("rejected", "2023-05-25")]),
        (a_piece(state="02", taken_on=None), [("taken_in_charge", "2023-06-05")]),
        (a_piece(state="01"), [("on_hold", "2023-06-05")]),
        (fully_paid(state="05"), [TAKEN, FIRST, SECOND, THIRD]),
        (fully_paid(), [TAKEN, FIRST, SECOND, THIRD]),
        (
            a_piece(a_line(2, paid(100), paid(250))),
            [TAKEN, (100, "2023-06-02"), (250, "2023-06-02")],
        ),
        (
            a_piece(a_line(1, paid(100)), state="04", rejected_on=date(2023, 6, 3)),
            [(100, "2023-06-02"), ("rejected", "2023-06-03")],
        ),
    ],
)
def test_what_a_return_says_is_published(
    piece: ReturnedPiece, expected: list[tuple[Any, ...]]
) -> None:
    assert (expected, []) == (published(outcome(piece)), kinds(outcome(piece)))


@pytest.mark.parametrize(
    ("piece", "expected", "found"),
    [
        (a_piece(a_line(1, paid(100, payer="02"))), [TAKEN], FindingKind.OTHER_PAYER),
        (a_piece(a_line(1, paid(100, payer="07"))), [TAKEN], FindingKind.OTHER_PAYER),
        (
            a_piece(a_line(1, paid(900), paid(100, payer="02"))),
            [TAKEN, (900, "2023-06-02")],
            FindingKind.OTHER_PAYER,
        ),
        (a_piece(a_line(1, paid(100), paid(-100))), [TAKEN], FindingKind.NOT_POSITIVE),
        (a_piece(a_line(1, paid(0))), [TAKEN], FindingKind.NOT_POSITIVE),
        (a_piece(a_line(1, paid(AMOUNT_CENTS + 1))), [TAKEN], FindingKind.MORE_PAID),
        (a_piece(state="05"), [TAKEN], FindingKind.SETTLED_UNPAID),
        (
            a_piece(a_line(1, paid(100)), state="05"),
            [TAKEN, (100, "2023-06-02")],
            FindingKind.SETTLED_UNPAID,
        ),
        (a_piece(a_line(2, state="02")), [TAKEN], FindingKind.LINE_STATE_DIFFERS),
        (a_piece(a_line(2, state="16")), [TAKEN], FindingKind.LINE_STATE_DIFFERS),
        (a_piece(state="03"), [], FindingKind.UNKNOWN_STATE),
        (a_piece(a_line(1, amount_cents=1)), [], FindingKind.AMOUNT_DIFFERS),
        (a_piece(a_line(1, paid(100), count=2)), [], FindingKind.PAYMENT_TOTALS_DIFFER),
        (a_piece(a_line(1, paid(100), total_cents=101)), [], FindingKind.PAYMENT_TOTALS_DIFFER),
        (a_piece(a_line(3, count=1, total_cents=5)), [], FindingKind.PAYMENT_TOTALS_DIFFER),
    ],
)
def test_what_is_no_event_is_a_finding(
    piece: ReturnedPiece, expected: list[tuple[Any, ...]], found: FindingKind
) -> None:
    result = outcome(piece)
    assert expected == published(result)
    assert {found.value} == set(kinds(result))
    assert all(ORDER == each.payment_order for each in result.findings)


def test_lines_before_the_visa_and_unknown_ones_contradict_nothing() -> None:
    lines = (a_line(1, state="03"), a_line(2, state="11"), a_line(3, state=""))
    assert [] == kinds(outcome(a_piece(*lines)))
    assert [] == kinds(outcome(a_piece(a_line(1, state="10"), state="04")))
    settled = replace(fully_paid(state="05").lines[0], state="15")
    assert [] == kinds(outcome(fully_paid(state="05", lines=(settled, *fully_paid().lines[1:]))))


def test_a_return_without_payments_says_nothing_of_them() -> None:
    """The daily one, of what was rejected or is on hold, has no InfoPaiement."""
    before = known(state=in_charge(), paid={(1, PAID_ON, 100): 1})
    silent = (a_line(number, count=None, total_cents=None) for number in (1, 2, 3))
    assert [] == kinds(outcome(a_piece(*silent, state="01"), before))


@pytest.mark.parametrize("count", [0, None])
def test_less_paid_than_was_published_before_is_a_finding(count: int | None) -> None:
    before = known(state=in_charge(), paid={(1, PAID_ON, 100): 2})
    less = a_piece(a_line(1, paid(100)), a_line(2, paid(5)))
    result = outcome(less, before)
    assert [TAKEN] == published(result), "what is new may be that one on another line"
    assert ["less_paid"] == kinds(result)
    expected = {"piece": 34, "line": 1, "on": "2023-06-02", "amount_cents": 100, "count": 1}
    held = {"payments": [[2, "2023-06-02", 5, 1]], "held_cents": 5}
    assert expected | held == result.findings[0].facts
    gone = a_piece(a_line(1, count=count, total_cents=count))
    assert (["less_paid"] if count == 0 else []) == kinds(outcome(gone, before))


def test_an_older_file_knows_of_fewer_payments_and_of_an_older_state() -> None:
    before = known_by_returns((1, PAID_ON, 100), (2, PAID_ON, 5))
    held = a_piece(a_line(1, paid(100)), a_line(2), a_line(3, paid(7)), state="01")
    result = outcome(held, before, a_head(DAY_BEFORE))
    assert [(7, "2023-06-02")] == published(result), "its payments are published, its state is not"
    assert [] == kinds(result)
    assert result.state is None, "the newer one stays"


def test_of_equal_payments_each_is_one() -> None:
    twice = a_piece(a_line(1, paid(100), paid(100)))
    first, second = (each for each in outcome(twice).events if "executed_on" in each.data)
    assert first.event_id != second.event_id
    before = known(paid={(1, PAID_ON, 100): 1})
    (later,) = (each for each in outcome(twice, before).events if "executed_on" in each.data)
    assert second == later


def test_equal_payments_of_two_lines_are_two() -> None:
    both = a_piece(a_line(1, paid(100)), a_line(2, paid(100)))
    assert 3 == len({each.event_id for each in outcome(both).events})


def test_what_was_published_may_not_exceed_the_order_together_with_what_is_new() -> None:
    before = known_by_returns((1, PAID_ON, 100))
    more = a_piece(a_line(1, paid(100)), a_line(2, paid(AMOUNT_CENTS)))
    result = outcome(more, before)
    assert ([TAKEN], ["more_paid"]) == (published(result), kinds(result))


def test_settled_is_taken_in_charge_unless_that_was_published() -> None:
    before = known(published=frozenset({"taken_in_charge"}), state=in_charge())
    assert [FIRST, SECOND, THIRD] == published(outcome(fully_paid(state="05"), before))
    held_before = known(published=frozenset({"on_hold"}))
    assert TAKEN == published(outcome(fully_paid(state="05"), held_before))[0]


def test_a_state_without_its_date_is_published_once() -> None:
    undated = a_piece(state="01", reason=Reason("02", "RIB"))
    first = outcome(undated)
    assert [("on_hold", "2023-06-05")] == published(first)
    next_day = a_head(date(2023, 6, 6))
    again = outcome(undated, known(state=first.state), next_day)
    assert [each.event_id for each in first.events] == [each.event_id for each in again.events]
    assert again.state == PieceState(
        "on_hold", next_day.dated_on, HEAD.dated_on, reason_of(undated.reason)
    )
    other = outcome(replace(undated, reason=Reason("03")), known(state=first.state), next_day)
    assert [("on_hold", "2023-06-06")] == published(other)


def test_the_state_that_is_kept() -> None:
    assert outcome(fully_paid(state="05")).state == PieceState("settled", HEAD.dated_on, TAKEN_ON)
    assert outcome(a_piece(state="03")).state is None
    assert outcome(a_piece(a_line(1, amount_cents=1))).state is None


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        (Reason("09"), {"code": "09", "label": "coordonnées bancaires"}),
        (
            Reason("09-02", "RIB périmé"),
            {
                "code": "09-02",
                "label": "coordonnées bancaires, pièces justificatives insuffisantes : RIB périmé",
            },
        ),
        (Reason("98"), {"code": "98", "label": "98"}),
        (Reason("", "voir courrier"), {"code": "-", "label": "voir courrier"}),
        (Reason(), None),
        (Reason("-"), None),
    ],
)
def test_a_reason_has_the_code_as_written_and_its_words(
    reason: Reason, expected: dict[str, str] | None
) -> None:
    assert expected == reason_of(reason)
    (event,) = outcome(a_piece(state="04", reason=reason)).events
    assert expected == event.data.get("reason")


def test_what_is_taken_in_charge_has_no_reason() -> None:
    (event,) = outcome(a_piece(reason=Reason("09"))).events
    assert "reason" not in event.data


@pytest.mark.parametrize(
    ("day", "time"),
    [
        (date(2023, 7, 14), "2023-07-14T00:00:00+02:00"),
        (date(2023, 1, 5), "2023-01-05T00:00:00+01:00"),
    ],
)
def test_an_event_is_one_of_the_contract_and_of_its_day_in_paris(day: date, time: str) -> None:
    rejected = a_piece(
        a_line(1, paid(100, day)), state="04", rejected_on=day, reason=Reason("09-02", "x")
    )
    values = [each.encode() for each in outcome(rejected).events]
    expected = [PaymentExecuted.TYPE, PaymentOrderAcknowledged.TYPE]
    assert expected == [json.loads(each)["type"] for each in values]
    for value in values:
        read = decode(value, key=BUDGET.encode(), source_kind=SourceKind.EVENTS)
        assert isinstance(read, ReceivedEvent), read
        assert (TREASURY, BUDGET) == (read.envelope.source, read.envelope.partitionkey)
        assert time == json.loads(value)["time"]
        assert "reason" not in json.loads(value)["data"] or json.loads(value)["data"]["reason"]


def test_a_state_without_reason_is_an_event_of_the_contract() -> None:
    (event,) = outcome(a_piece()).events
    assert isinstance(decode(event.encode()), ReceivedEvent)


def test_nothing_of_the_file_is_in_an_event() -> None:
    one, other = (outcome(fully_paid(), head=a_head(day)) for day in (DAY_BEFORE, HEAD.dated_on))
    assert one.events == other.events


def test_an_id_is_that_of_the_piece_and_what_happened() -> None:
    ids = {
        each.event_id
        for piece, before in (
            (a_piece(), known()),
            (a_piece(taken_on=PAID_ON), known()),
            (a_piece(state="01", held_on=TAKEN_ON), known()),
            (a_piece(state="01", held_on=TAKEN_ON, reason=Reason("09")), known()),
            (a_piece(), known(number=35)),
            (a_piece(), known(budget=BUDGET.replace("2023", "2024"))),
        )
        for each in outcome(piece, before).events
    }
    assert 6 == len(ids)
    assert "bc79a57d-2085-5b9e-83a0-92426c15b233" == str(NAMESPACE)


def of_cancellation(**more: Any) -> PieceOutcome:
    before = known(slip_type=SlipType.CANCELLATION)
    return outcome(a_piece(**more), before)


def test_a_piece_that_takes_another_back_leads_to_no_event() -> None:
    assert ([], []) == (published(of_cancellation()), kinds(of_cancellation()))
    state = of_cancellation().state
    assert state is not None
    assert "taken_in_charge" == state.name
    below_zero = tuple(replace(each, amount_cents=-each.amount_cents) for each in a_piece().lines)
    assert [] == kinds(of_cancellation(lines=below_zero))


def test_what_is_strange_about_a_cancellation_is_a_finding() -> None:
    rejected = of_cancellation(state="04", reason=Reason("06"))
    assert (["cancellation_rejected"], "autre motif") == (
        kinds(rejected),
        rejected.findings[0].facts["reason"],
    )
    assert "" == of_cancellation(state="04").findings[0].facts["reason"]
    assert ["other_payer"] == kinds(of_cancellation(lines=a_piece(a_line(1, paid(5))).lines))
    assert ["unknown_state"] == kinds(of_cancellation(state="09"))
    older = outcome(
        a_piece(), known(slip_type=SlipType.CANCELLATION, state=in_charge()), a_head(DAY_BEFORE)
    )
    assert older.state is None


@pytest.mark.parametrize(
    ("more", "own"), [({}, False), ({"piece_type": "12"}, True), ({"piece_type": "14"}, True)]
)
def test_the_accountant_s_own_pieces_are_known_by_their_type(more: Any, own: bool) -> None:
    assert own is is_accountants_own(a_piece(**more))
    slip = replace(a_piece().slip, slip_type="04")
    assert is_accountants_own(a_piece(slip=slip, **more))

"""A finding is another one once the return says more of what is withheld."""

from datetime import date

import pytest

from services.treasury.domain.returned_pieces import Disbursement, ReturnedPiece
from services.treasury.returns.rules import PieceOutcome
from tests.unit.treasury.returned import (
    AMOUNT_CENTS,
    HEAD,
    PAID_ON,
    a_head,
    a_line,
    a_piece,
    in_charge,
    kinds,
    known,
    known_by_returns,
    outcome,
    paid,
    published,
)

TAKEN = ("taken_in_charge", "2023-05-22")
BEFORE = known(state=in_charge(), paid={(1, PAID_ON, 100): 1})
JUNE_8, JUNE_15, LATER = date(2023, 6, 8), date(2023, 6, 15), a_head(date(2023, 6, 20))


def ids(found: PieceOutcome) -> set[str]:
    return {each.finding_id for each in found.findings}


def wrong(**more: object) -> ReturnedPiece:
    return a_piece(a_line(1, amount_cents=1), **more)


def wrong_totals(*payments: Disbursement, **more: object) -> ReturnedPiece:
    return a_piece(a_line(1, *payments, count=9), **more)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (wrong(), wrong(state="04", rejected_on=JUNE_8)),
        (wrong(state="01", held_on=PAID_ON), wrong(state="01", held_on=JUNE_8)),
        (wrong(), a_piece(a_line(1, amount_cents=1), a_line(2, paid(100)))),
        (wrong_totals(), wrong_totals(state="05")),
        (a_piece(a_line(1, paid(-1))), a_piece(a_line(1, paid(-1), paid(100)))),
        (
            a_piece(a_line(1, paid(AMOUNT_CENTS), paid(300))),
            a_piece(a_line(1, paid(AMOUNT_CENTS), paid(200), paid(100))),
        ),
    ],
)
def test_what_is_withheld_anew_is_another_finding(
    before: ReturnedPiece, after: ReturnedPiece
) -> None:
    first, second = outcome(before), outcome(after)
    assert set(kinds(first)) == set(kinds(second))
    assert not ids(first) & ids(second)
    assert ids(second) == ids(outcome(after, head=LATER)), "the same again is the same finding"


def test_a_payment_named_with_another_day_holds_back_itself_alone() -> None:
    """100 of 2 June is now of 8 June: the balance of 200 that follows is published."""
    moved = a_piece(a_line(1, paid(100, JUNE_8)))
    first = outcome(moved, BEFORE, LATER)
    assert ([TAKEN], ["less_paid"]) == (published(first), kinds(first))
    facts = first.findings[0].facts
    assert ([[1, "2023-06-08", 100, 1]], 100) == (facts["payments"], facts["held_cents"])
    settled = a_piece(a_line(1, paid(100, JUNE_8), paid(200, JUNE_15)))
    second = outcome(settled, BEFORE, LATER)
    assert [TAKEN, (200, "2023-06-15")] == published(second)
    assert ids(first) == ids(second), "nothing more is withheld"
    known_now = known(state=in_charge(), paid={(1, PAID_ON, 100): 1, (1, JUNE_15, 200): 1})
    again = outcome(settled, known_now, LATER)
    assert ([TAKEN], ids(second)) == (published(again), ids(again))


@pytest.mark.parametrize(
    ("named", "expected", "held_cents"),
    [
        ((paid(60, JUNE_8), paid(40, JUNE_15)), [], 100),
        ((paid(60, JUNE_8), paid(60, JUNE_15)), [], 120),
        ((paid(250, JUNE_8),), [], 250),
        ((paid(250, JUNE_8), paid(100, JUNE_15)), [(250, "2023-06-08")], 100),
        ((paid(100, JUNE_8), paid(100, JUNE_8)), [(100, "2023-06-08")], 100),
    ],
)
def test_the_ledger_never_has_more_of_a_line_than_the_return_says(
    named: tuple[Disbursement, ...], expected: list[tuple[int, str]], held_cents: int
) -> None:
    result = outcome(a_piece(a_line(1, *named)), BEFORE, LATER)
    assert [TAKEN, *expected] == published(result)
    assert held_cents == result.findings[0].facts["held_cents"]


def test_an_older_file_that_is_read_again_publishes_nothing_that_was_held_back() -> None:
    moved = a_piece(a_line(1, paid(100, JUNE_8)))
    first = outcome(moved, BEFORE)
    newer = known(state=in_charge(LATER.dated_on), paid=BEFORE.paid)
    again = outcome(moved, newer, HEAD)
    assert ([], ids(first)) == (published(again), ids(again))


def test_a_payment_that_moved_to_another_line_is_held_back() -> None:
    """The event names no line: on another one the ledger would have it twice."""
    moved = a_piece(a_line(1), a_line(2, paid(100), paid(250, JUNE_8)))
    result = outcome(moved, BEFORE, LATER)
    assert ([TAKEN, (250, "2023-06-08")], ["less_paid"]) == (published(result), kinds(result))
    assert [[2, "2023-06-02", 100, 1]] == result.findings[0].facts["payments"]


def test_a_payment_of_an_older_return_that_a_newer_one_does_not_have_is_a_finding() -> None:
    """Read the other way round it would have been published, and the newer one a finding."""
    newer = known_by_returns((1, PAID_ON, 100))
    older = a_piece(a_line(1, paid(100, date(2023, 6, 1))), a_line(2, paid(7)))
    result = outcome(older, newer, a_head(PAID_ON))
    assert ([(7, "2023-06-02")], ["overtaken_payment"]) == (published(result), kinds(result))
    expected = {"piece": 34, "line": 1, "on": "2023-06-01", "amount_cents": 100, "count": 1}
    assert expected == result.findings[0].facts
    assert {2, 3} == result.listed.keys()


def test_an_older_return_publishes_nothing_beside_what_a_newer_one_took_back() -> None:
    newer = known_by_returns((1, PAID_ON, 100), (2, PAID_ON, -100), published=False)
    result = outcome(a_piece(a_line(1, paid(100))), newer, a_head(PAID_ON))
    assert ([], []) == (published(result), kinds(result))

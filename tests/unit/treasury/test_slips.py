"""Slips, pieces and what is left to pay of an order."""

from dataclasses import replace
from datetime import date

import pytest

from events.texts import _
from services.treasury.domain.slips import (
    LINES_MAX,
    PES_AMOUNT_MAX_CENTS,
    BudgetName,
    Piece,
    Slip,
    SlipProblem,
    SlipType,
    Waiting,
    fitting_count,
    outside_exercise,
    serial_of,
    slip_id_of,
    unpaid_by_line,
    unpaid_cents,
)
from tests.builders import BUDGET
from tests.treasury.orders import an_order

LINES = (100, 50, 25)


def waiting(line_cents: tuple[int, ...]) -> Waiting:
    return Waiting(an_order("C/advance"), SlipType.PAYMENT, line_cents, None, ())


@pytest.mark.parametrize(
    ("paid_cents", "left"),
    [
        (0, (100, 50, 25)),
        (99, (1, 50, 25)),
        (100, (0, 50, 25)),
        (130, (0, 20, 25)),
        (174, (0, 0, 1)),
        (175, (0, 0, 0)),
    ],
)
def test_rule_20_payments_fill_the_lines_in_their_order(
    paid_cents: int, left: tuple[int, ...]
) -> None:
    assert unpaid_cents(LINES, paid_cents) == left
    assert sum(left) == sum(LINES) - paid_cents


@pytest.mark.parametrize(
    ("paid_cents", "returned_cents", "left"),
    [
        (120, {}, (0, 30, 25)),
        (50, {2: 50}, (100, 0, 25)),
        (55, {1: 30, 3: 25}, (70, 50, 0)),
        (40, {2: 50}, None),
        (50, {2: 40}, None),
        (51, {2: 51}, None),
        (0, {4: 10}, None),
        (10, {4: 10}, None),
    ],
)
def test_what_the_accountant_has_not_paid_is_left_line_by_line(
    paid_cents: int, returned_cents: dict[int, int], left: tuple[int, ...] | None
) -> None:
    assert unpaid_by_line(LINES, paid_cents, returned_cents) == left


@pytest.mark.parametrize(
    ("paid_cents", "returned_cents", "refused_cents", "left"),
    [
        (0, {2: 50}, 50, (100, 0, 25)),
        (0, {2: 50}, 49, None),
        (60, {1: 60, 2: 50}, 50, (40, 0, 25)),
        (60, {1: 60}, 50, (40, 50, 25)),
        (60, {1: 59}, 50, None),
        (0, {1: 0, 2: 0}, 50, (100, 50, 25)),
        (0, {1: 100, 2: 50, 3: 25}, 175, (0, 0, 0)),
    ],
)
def test_what_the_ledger_refused_of_a_cancelled_order_is_paid_all_the_same(
    paid_cents: int,
    returned_cents: dict[int, int],
    refused_cents: int,
    left: tuple[int, ...] | None,
) -> None:
    assert unpaid_by_line(LINES, paid_cents, returned_cents, refused_cents) == left


def test_a_slip_adds_up_its_pieces_and_they_their_lines() -> None:
    order = an_order("C/advance", LINES)
    first, second = Piece(7, order, LINES), Piece(8, order, (1, 0, 0))
    slip = Slip(BUDGET, SlipType.PAYMENT, 3, date(2023, 6, 1), 176, (first, second))
    assert [first.amount_cents, second.amount_cents] == [175, 1]
    assert slip.amount_cents == 176
    assert slip.name == "21590350100017-00-2023/01/3"
    assert first.payment_order == "C/advance"


def test_a_slip_id_holds_its_budget_and_its_serial_number() -> None:
    assert slip_id_of(BUDGET, 12) == "21590350100017-00-2023-S12"
    assert serial_of(slip_id_of(BUDGET, 12)) == 12


def test_the_parts_of_a_budget() -> None:
    assert BudgetName.parse(BUDGET) == BudgetName("21590350100017", "00", 2023)


def test_an_order_waits_for_the_first_of_its_reasons() -> None:
    ready = waiting(LINES)
    assert (ready.reason, ready.amount_cents) == (None, 175)
    assert (ready.payment_order, ready.number) == ("C/advance", None)
    one, other = _("Codes are missing."), _("An address is missing.")
    assert replace(ready, reasons=(one, other)).reason == one


def test_a_problem_is_said_in_words() -> None:
    assert SlipProblem(_("No.")).text == _("No.")
    assert str(SlipProblem(_("No."))) == "No."


HALF = (PES_AMOUNT_MAX_CENTS + 1) >> 1
MANY = (1,) * (LINES_MAX >> 1)


@pytest.mark.parametrize(
    ("amounts", "pieces_max", "count"),
    [
        ([], 5, 0),
        ([LINES, LINES], 5, 2),
        ([LINES, LINES], 1, 1),
        ([(PES_AMOUNT_MAX_CENTS,), (1,)], 5, 1),
        ([(HALF,), (HALF - 1,), (1,)], 5, 2),
        ([MANY, MANY, (1,)], 5, 2),
        ([MANY, MANY[1:], (1,)], 5, 3),
    ],
    ids=["none", "all", "so many", "a full slip", "to the cent", "its lines", "to the line"],
)
def test_what_does_not_fit_on_a_slip_waits_for_the_next(
    amounts: list[tuple[int, ...]], pieces_max: int, count: int
) -> None:
    assert fitting_count([waiting(each) for each in amounts], pieces_max) == count


@pytest.mark.parametrize(
    ("day", "is_outside"),
    [
        (date(2022, 12, 31), True),
        (date(2023, 1, 1), False),
        (date(2023, 12, 31), False),
        (date(2024, 1, 31), False),
        (date(2024, 2, 1), True),
        (date(2026, 12, 2), True),
    ],
)
def test_a_slip_is_of_its_exercise_until_the_complementary_period_ends(
    day: date, *, is_outside: bool
) -> None:
    assert is_outside == (outside_exercise(BUDGET, day) is not None)

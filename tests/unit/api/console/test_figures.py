"""The moves behind a figure: their sum is the figure, whichever way the money went."""

from datetime import date

import pytest

from services.api.budgets.moves import STAGES_ASKED, Move, MovesBehind
from services.api.queries.rows import BudgetLine
from services.ledger.domain.model.moves import MOVE_KINDS

LINE = BudgetLine("65", "65748", "61", "489")


def a_move(
    origin: str | None, target: str | None, amount_cents: int = 5, sequence: int = 1
) -> Move:
    day = date(2023, 4, 12)
    return Move(
        "21590350100017-00-2023",
        sequence,
        1,
        LINE,
        "C",
        None,
        origin,
        target,
        amount_cents,
        day,
        "e",
        "ecluse.budget.voted.v1",
    )


@pytest.mark.parametrize(
    ("stage", "origin", "target", "cents"),
    [
        ("appropriated", None, "available", 5),
        ("appropriated", "available", None, -5),
        ("appropriated", None, "committed", 5),  # carried from last year
        ("appropriated", "available", "reserved", 0),
        ("available", None, "available", 5),
        ("available", "available", "reserved", -5),
        ("reserved", "available", "reserved", 5),
        ("reserved", "reserved", "committed", -5),
        ("committed", "reserved", "committed", 5),
        ("committed", "ordered", "committed", 5),  # a rejected order
        ("ordered", "committed", "ordered", 5),
        ("ordered", "ordered", "paid", -5),
        ("paid", "ordered", "paid", 5),
        ("paid", "paid", "available", -5),  # recovered
        ("released", "committed", "available", 5),
        ("released", "paid", "available", 5),
        ("released", "reserved", "available", 0),  # an award's, no convention's
        ("carried_over", "committed", "carried_over", 5),
    ],
)
def test_a_move_adds_or_takes(
    stage: str, origin: str | None, target: str | None, cents: int
) -> None:
    assert cents == a_move(origin, target).change_cents(stage)


def test_every_kind_of_move_covers_every_stage() -> None:
    for origin, target in MOVE_KINDS:
        for stage in STAGES_ASKED:
            move = a_move(origin and origin.value, target and target.value)
            assert move.change_cents(stage) in {-5, 0, 5}


def test_the_figure_after_each_move_is_shown() -> None:
    moves = [a_move(None, "available", 100_00, 1), a_move("available", "reserved", 30_00, 2)]
    rows = list(MovesBehind(70_00, 0, moves, len(moves)).rows("available"))
    assert [(moves[0], 100_00, 100_00), (moves[1], -30_00, 70_00)] == rows


def test_a_page_of_moves_begins_where_the_one_before_ended() -> None:
    page = MovesBehind(90_00, 50_00, [a_move(None, "available", 15_00, 7)], 3)
    assert [65_00] == [after_cents for _, _, after_cents in page.rows("available")]

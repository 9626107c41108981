"""Rule 38: a person has seen a record that needs action. Nothing moves."""

import pytest

from services.ledger.domain.model.refusals import Refusal
from tests.builders import (
    Json,
    Scenario,
    a_closing,
    a_payment,
    a_review,
    an_acknowledgement,
)
from tests.unit.tables.rows import SIGNED, Row, check, each_row, stands
from tests.unit.tables.test_closing import CARRIED, PAID

ISSUED = stands(ordered=100, advance=("issued", 100, 0))
REFUSED: list[Json] = [*SIGNED, a_payment(200)]
"""Record 4 is the refusal of a payment that is too large."""

ROWS = [
    Row("the refusal is seen", [*REFUSED, a_review(4)], "accepted", ISSUED),
    Row("seen again", [*REFUSED, a_review(4), a_review(4, _id="2")], "accepted", ISSUED),
    Row("what was accepted may be seen too", [*REFUSED, a_review(1)], "accepted", ISSUED),
    Row(
        "a record that is not there yet",
        [*REFUSED, a_review(5)],
        Refusal.UNKNOWN_RECORD,
        ISSUED,
        facts={"sequence": 5},
    ),
    Row(
        "a dead letter: its chain is of no budget, and not known to it",
        [*REFUSED, a_review(99, chain="_dead.0")],
        "accepted",
        ISSUED,
    ),
    Row(
        "a dead letter that was sent again, as which event",
        [*REFUSED, a_review(99, chain="_dead.0", event={"source": "urn:lille:erp", "id": "7"})],
        "accepted",
        ISSUED,
    ),
    Row(
        "after the year is closed, and closed out",
        [*PAID, a_closing("all"), a_review(1)],
        "accepted",
        CARRIED,
    ),
]


@each_row(ROWS)
def test_rule_38_a_review_is_recorded_and_moves_nothing(row: Row) -> None:
    check(row)


@pytest.mark.parametrize("repeats", [1, 2])
def test_rule_38_a_closed_out_year_keeps_the_id_of_a_review(repeats: int) -> None:
    review = a_review(1)
    scenario = Scenario(*PAID, a_closing("all"), review, *[review] * repeats)
    assert "duplicate" == scenario.answer()


def test_rule_38_a_review_is_no_event_on_an_order() -> None:
    before, seen = Scenario(*REFUSED), Scenario(*REFUSED, a_review(4), an_acknowledgement())
    assert before.orders() != seen.orders(), "the accountant's answer is decided as ever"

"""Rule 38: a person has seen a record that needs action. Nothing moves."""

import pytest

from tests.builders import Json, Scenario, a_closing, a_payment, a_review, an_acknowledgement
from tests.unit.tables.rows import SIGNED, Row, check, each_row, reader_of
from tests.unit.tables.years import PAID

REFUSED: list[Json] = [*SIGNED, a_payment(200)]
"""Record 4 is the refusal of a payment that is too large."""

read_rows = reader_of(globals())

ROWS = read_rows("""
    the refusal is seen
        REFUSED; review 4
        => 489 for C: 100 ordered; C/advance issued 100
    seen again
        REFUSED; review 4; review 4, id '2'
        => 489 for C: 100 ordered; C/advance issued 100
    what was accepted may be seen too
        REFUSED; review 1
        => 489 for C: 100 ordered; C/advance issued 100
    a record that is not there yet
        REFUSED; review 5
        => refused unknown_record: sequence 5; 489 for C: 100 ordered; C/advance issued 100
    a dead letter: its chain is of no budget, and not known to it
        REFUSED; review 99, chain _dead.0
        => 489 for C: 100 ordered; C/advance issued 100
    a dead letter that was sent again, as which event
        REFUSED; review 99, chain _dead.0, event {source urn:lille:erp, id '7'}
        => 489 for C: 100 ordered; C/advance issued 100
    after the year is closed, and closed out
        PAID; closing all; review 1
        => 489 for C: 100 = 60 paid + 40 carried_over; C/advance paid 60
""")


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

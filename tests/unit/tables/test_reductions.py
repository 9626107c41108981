"""Rule 16: a commitment is reduced, from the last instalment backwards."""

import pytest

from tests.builders import (
    Json,
    Scenario,
    a_convention,
    a_new_account,
    a_notification,
    a_reduction,
    a_vote,
    a_withdrawal,
    an_amount,
    an_award,
    an_instalment,
)
from tests.unit.tables.rows import REJECTED, Row, check, each_row, reader_of

FIRST, SECOND = [("activity_report", 2022)], [("certified_accounts", 2022)]
THIRDS = a_convention(
    instalments=[
        an_instalment(40),
        an_instalment(35, "second", documents=FIRST),
        an_instalment(25, "third", documents=SECOND),
    ]
)
IN_THIRDS = [a_vote(100), an_award(100), THIRDS]
"""100 under convention: 40 ordered at signature, 35 and 25 wait for a report each."""


read_rows = reader_of(globals())

REDUCTION_ROWS = read_rows("""
    within the last instalment
        IN_THIRDS; reduction 10
        => 489 for C: 100 = 10 available + 50 committed + 40 ordered; C/advance issued 40;
           decommitment 489 10 C
    the last is shortened, the one before pays as planned
        IN_THIRDS; reduction 10; report; report certified_accounts 2022
        => 489 for C: 100 = 10 available + 90 ordered; C/advance issued 40; C/second issued 35;
           C/third issued 15
    beyond the last: the one before is shortened, the last is settled
        IN_THIRDS; reduction 30; report; report certified_accounts 2022
        => 489 for C: 100 = 30 available + 70 ordered; C/advance issued 40; C/second issued 30
    everything that is not ordered
        IN_THIRDS; reduction 60
        => 489 for C: 100 = 60 available + 40 ordered; C/advance issued 40
    a cent more than remains
        IN_THIRDS; reduction 61
        => refused below_ordered: convention C, line 489, remaining_cents 60, asked_cents 61;
           489 for C: 100 = 60 committed + 40 ordered; C/advance issued 40
    a line on which the convention has nothing
        IN_THIRDS; reduction 1 on 490
        => refused below_ordered: convention C, line 490, remaining_cents 0, asked_cents 1;
           489 for C: 100 = 60 committed + 40 ordered; C/advance issued 40
    one line too much, and nothing of the others is reduced
        IN_THIRDS; reduction 5 on 489 + 1 on 490
        => refused below_ordered: convention C, line 490, remaining_cents 0, asked_cents 1;
           489 for C: 100 = 60 committed + 40 ordered; C/advance issued 40
    a suspended convention may be reduced
        IN_THIRDS; suspension; reduction 10
        => 489 for C: 100 = 10 available + 50 committed + 40 ordered; C/advance issued 40
    a rejected order is issued again for what the reduction left
        IN_THIRDS; REJECTED; reduction 75; new account
        => 489 for C: 100 = 75 available + 25 ordered; C/advance rejected 40; C/advance/2 issued 25
    nothing is left of it: it is not issued again
        IN_THIRDS; REJECTED; reduction 100; new account
        => 489 for C: 100 available; C/advance rejected 40
    what a grant without convention never planned goes first (rule 13)
        vote 100; award 100, without convention, instalments [A 70 at notification];
        reduction 35, convention G; new account; notification, convention G
        => 489 for G: 100 = 35 available + 65 ordered; G/A issued 65
""")

ROWS = REDUCTION_ROWS


@each_row(REDUCTION_ROWS)
def test_rule_16_a_reduction_shortens_what_is_not_ordered_from_the_last_backwards(row: Row) -> None:
    check(row)


def test_rule_16_the_moves_say_of_which_instalment_it_is() -> None:
    scenario = Scenario(*IN_THIRDS, a_reduction(30, _time="2023-11-02T08:00:00+01:00"))
    assert [("third", 25), ("second", 5)] == [
        (move.instalment, move.amount_cents) for move in scenario.last.moves
    ]
    assert ["2023-11-02"] == [entry["effective_on"] for entry in scenario.last.commitment_entries]


EMPLOI_30_JEUNESSE_10 = {"EMPLOI": 30, "JEUNESSE": 10}


@pytest.mark.parametrize(
    ("cents", "services"), [(20, {"EMPLOI": 15, "JEUNESSE": 5}), (39, {"JEUNESSE": 1})]
)
def test_rule_23_what_is_left_of_a_line_is_shared_by_its_departments_as_before(
    cents: int, services: Json
) -> None:
    schedule = [an_instalment(lines=[an_amount(40, services=EMPLOI_30_JEUNESSE_10)])]
    scenario = Scenario(a_vote(40), an_award(40), a_convention(instalments=schedule), REJECTED)
    scenario.tell(a_reduction(cents))
    scenario.tell(a_new_account())
    [line] = scenario.summary()["payment_orders"][-1]["lines"]
    assert 40 - cents == line["amount_cents"]
    assert services == {each["code"]: each["amount_cents"] for each in line["services"]}


def test_rule_14_an_order_held_back_is_issued_by_a_reduction_for_what_it_left() -> None:
    """Once the sum has fallen back, the next event that touches the convention issues it."""
    alone = an_award(
        2_000_000,
        requires_convention=False,
        instalments=[an_instalment(2_000_000, "A", trigger="notification")],
    )
    scenario = Scenario(a_vote(9_000_000), a_new_account(), alone, an_award(1_000_000, grant="H"))
    scenario.tell(a_notification(convention="G"))
    assert ["convention_required"] == scenario.flags()
    scenario.tell(a_withdrawal(grant="H"))
    assert {} == scenario.orders()
    scenario.tell(a_reduction(500_000, convention="G"))
    assert {"G/A": ("issued", 1_500_000, 0)} == scenario.orders()

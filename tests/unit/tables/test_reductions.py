"""Rule 16: a commitment is reduced, from the last instalment backwards."""

from typing import Any

import pytest

from tests.builders import (
    Json,
    Scenario,
    a_convention,
    a_line,
    a_new_account,
    a_notification,
    a_reduction,
    a_report,
    a_suspension,
    a_vote,
    a_withdrawal,
    an_acknowledgement,
    an_amount,
    an_award,
    an_instalment,
)
from tests.unit.tables.rows import Money, Row, check, each_row, figures, on_one_line

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

ADVANCE = {"C/advance": ("issued", 40, 0)}
REJECTED = an_acknowledgement("rejected")


def left(remaining: int, ordered: int = 40, **orders: Any) -> Money:
    """Where the 100 stand: what is neither remaining nor ordered is released, and available."""
    released = 100 - remaining - ordered
    return on_one_line(
        100,
        figures(granted=100, remaining=remaining, ordered=ordered, released=released),
        ADVANCE | {f"C/{name}": ("issued", cents, 0) for name, cents in orders.items()},
        available=released,
        committed=remaining,
        ordered=ordered,
    )


REDUCTION_ROWS = [
    Row(
        "within the last instalment",
        [*IN_THIRDS, a_reduction(10)],
        "accepted",
        left(50),
        entries=[("decommitment", "489", 10, "C")],
    ),
    Row(
        "the last is shortened, the one before pays as planned",
        [*IN_THIRDS, a_reduction(10), a_report(), a_report("certified_accounts")],
        "accepted",
        left(0, 90, second=35, third=15),
    ),
    Row(
        "beyond the last: the one before is shortened, the last is settled",
        [*IN_THIRDS, a_reduction(30), a_report(), a_report("certified_accounts")],
        "accepted",
        left(0, 70, second=30),
    ),
    Row("everything that is not ordered", [*IN_THIRDS, a_reduction(60)], "accepted", left(0)),
    Row(
        "a cent more than remains",
        [*IN_THIRDS, a_reduction(61)],
        "below_ordered",
        left(60),
        facts={
            "convention": "C",
            "line": a_line(),
            "remaining_cents": 60,
            "asked_cents": 61,
        },
    ),
    Row(
        "a line on which the convention has nothing",
        [*IN_THIRDS, a_reduction(lines=[an_amount(1, "490")])],
        "below_ordered",
        left(60),
        facts={
            "convention": "C",
            "line": a_line("490"),
            "remaining_cents": 0,
            "asked_cents": 1,
        },
    ),
    Row(
        "one line too much, and nothing of the others is reduced",
        [*IN_THIRDS, a_reduction(lines=[an_amount(5), an_amount(1, "490")])],
        "below_ordered",
        left(60),
        facts={
            "convention": "C",
            "line": a_line("490"),
            "remaining_cents": 0,
            "asked_cents": 1,
        },
    ),
    Row(
        "a suspended convention may be reduced",
        [*IN_THIRDS, a_suspension(), a_reduction(10)],
        "accepted",
        left(50),
    ),
    Row(
        "a rejected order is issued again for what the reduction left",
        [*IN_THIRDS, REJECTED, a_reduction(75), a_new_account()],
        "accepted",
        on_one_line(
            100,
            figures(granted=100, ordered=25, released=75),
            {"C/advance": ("rejected", 40, 0), "C/advance/2": ("issued", 25, 0)},
            available=75,
            ordered=25,
        ),
    ),
    Row(
        "nothing is left of it: it is not issued again",
        [*IN_THIRDS, REJECTED, a_reduction(100), a_new_account()],
        "accepted",
        on_one_line(
            100,
            figures(granted=100, released=100),
            {"C/advance": ("rejected", 40, 0)},
            available=100,
        ),
    ),
    Row(
        "what a grant without convention never planned goes first (rule 13)",
        [
            a_vote(100),
            an_award(
                100,
                requires_convention=False,
                instalments=[an_instalment(70, "A", trigger="notification")],
            ),
            a_reduction(35, convention="G"),
            a_new_account(),
            a_notification(convention="G"),
        ],
        "accepted",
        on_one_line(
            100,
            figures(granted=100, ordered=65, released=35),
            {"G/A": ("issued", 65, 0)},
            "G",
            available=35,
            ordered=65,
        ),
    ),
]

ROWS = REDUCTION_ROWS


@each_row(REDUCTION_ROWS)
def test_rule_16_a_reduction_shortens_what_is_not_ordered_from_the_last_backwards(
    row: Row,
) -> None:
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

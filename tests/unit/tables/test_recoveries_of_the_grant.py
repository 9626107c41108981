"""Rules 13 and 27: a convention is for the rest of a grant; recoveries may go on to name that."""

import json

from tests.builders import (
    NEXT_BUDGET,
    Json,
    Scenario,
    a_closing,
    a_collection,
    a_notification,
    a_payment,
    a_recovery,
)
from tests.unit.tables.rows import Row, check, each_row, facts_of
from tests.unit.tables.test_signed_for_the_rest import (
    FULLY_PAID,
    HALF,
    PAID,
    REST,
    stands,
)

BACK = [*PAID, REST, a_recovery(HALF, convention="G")]
"""Half is paid, a convention signed for the rest, and money asked back under the grant's name."""

RECOVERY_ROWS = [
    Row(
        "a recovery may go on to name the grant: what was paid before is asked back",
        BACK,
        "accepted",
        stands(paid=HALF, remaining=HALF, orders={"G/1": FULLY_PAID}),
        entries=[],
    ),
    Row(
        "it counts in the convention's figures",
        [*BACK, a_recovery(1, recovery="S")],
        "recovery_exceeds",
        stands(paid=HALF, remaining=HALF, orders={"G/1": FULLY_PAID}),
        facts={"convention": "C", "room_cents": 0, "asked_cents": 1},
    ),
    Row(
        "as the convention's its money moves",
        [*BACK, a_collection(7, convention="G")],
        "accepted",
        stands(paid=HALF - 7, remaining=HALF, released=7, orders={"G/1": FULLY_PAID}),
    ),
    Row(
        "under either name it is the same recovery",
        [*BACK, a_collection(7)],
        "accepted",
        stands(paid=HALF - 7, remaining=HALF, released=7, orders={"G/1": FULLY_PAID}),
    ),
    Row(
        "revenue is flagged on the convention",
        [*BACK, a_collection(7, convention="G", on="2024-01-02")],
        "accepted",
        stands(paid=HALF, remaining=HALF, orders={"G/1": FULLY_PAID}),
        flags=[
            ("recovery_is_revenue", {"convention": "C", "recovery": "R", "amount_cents": 7}),
        ],
    ),
    Row(
        "money that waited for the grant's recovery is woken by that of the convention",
        [*PAID, REST, a_collection(7, convention="G"), a_recovery(7)],
        "accepted",
        stands(paid=HALF - 7, remaining=HALF, released=7, orders={"G/1": FULLY_PAID}),
    ),
    Row(
        "money that waited for the convention's by that of the grant",
        [*PAID, REST, a_collection(7), a_recovery(7, convention="G")],
        "accepted",
        stands(paid=HALF - 7, remaining=HALF, released=7, orders={"G/1": FULLY_PAID}),
    ),
    Row(
        "money that came under the number of the convention is woken by its signature",
        [*PAID, a_recovery(7, convention="G"), a_collection(7), REST],
        "accepted",
        stands(paid=HALF - 7, remaining=HALF, released=7, orders={"G/1": FULLY_PAID}),
    ),
    Row(
        "all others must name the convention",
        [*PAID, REST, a_notification(convention="G")],
        "waits for convention G",
        stands(paid=HALF, remaining=HALF, orders={"G/1": FULLY_PAID}),
    ),
]


@each_row(RECOVERY_ROWS)
def test_rule_13_a_recovery_may_go_on_to_name_the_grant(row: Row) -> None:
    check(row)


def test_rule_13_it_may_in_a_year_closed_out_and_in_the_next_one() -> None:
    scenario = Scenario(*PAID, REST, a_closing("all"))
    assert scenario.book.closed_out
    scenario.tell(a_recovery(HALF, convention="G"))
    scenario.tell(a_collection(HALF + 1, convention="G"))
    facts = {"convention": "C", "room_cents": HALF, "asked_cents": HALF + 1}
    assert ("recovery_exceeds", facts) == (scenario.answer(), facts_of(scenario))
    next_year: Json = {"budget": NEXT_BUDGET, "convention": "G"}
    scenario.tell(a_recovery(3, **next_year))
    assert "waits for convention G" == scenario.answer()
    scenario.tell(a_notification(**next_year))
    scenario.deliver()
    facts = {"convention": "C", "room_cents": 0, "asked_cents": 3}
    assert ("recovery_exceeds", facts) == (scenario.answer(), facts_of(scenario))
    waiting = scenario.ledger.budgets[NEXT_BUDGET].memory.parked.values()
    assert ["convention.notified/G"] == [json.loads(each.raw)["id"] for each in waiting]
    scenario.tell(a_notification(budget=NEXT_BUDGET))
    scenario.tell(a_payment(5, "C/1", budget=NEXT_BUDGET))
    scenario.tell(a_recovery(3, **next_year, _id="again"))
    scenario.tell(a_collection(3, **next_year, on="2024-10-01"))
    assert "accepted" == scenario.answer()
    assert ["C"] == [move.convention for move in scenario.last.moves]

"""Rules 13 and 14: a convention signed for what is held back of a grant that was paid in part."""

from typing import Any

from tests.builders import (
    Json,
    Scenario,
    a_collection,
    a_convention,
    a_line,
    a_new_account,
    a_notification,
    a_payment,
    a_recovery,
    a_reduction,
    a_rejected_report,
    a_report,
    a_termination,
    a_vote,
    a_withdrawal,
    an_acknowledgement,
    an_amendment,
    an_award,
    an_instalment,
)
from tests.unit.tables.rows import Money, Row, check, each_row, facts_of, figures

REPORT = [("activity_report", 2022)]
HALF = 500_000
ALONE = an_award(
    2 * HALF,
    requires_convention=False,
    instalments=[an_instalment(HALF, "1"), an_instalment(HALF, "2", documents=REPORT)],
)
ABOVE = [a_vote(9_000_000), a_new_account(), ALONE, an_award(1_300_001, grant="H")]
"""Half of the grant is ordered; a later award takes the year's sum above 23,000 €."""

PAID = [*ABOVE, a_payment(HALF, "G/1")]
WAITS = [an_instalment(HALF, "1", trigger="notification")]
REST = a_convention(instalments=WAITS, bank_account=...)
"""Its instalment is called as one of the grant is."""

ISSUED, FULLY_PAID = ("issued", HALF, 0), ("paid", HALF, HALF)
TAKEN = [*ABOVE, REST]


def stands(convention: str = "C", **cents: Any) -> Money:
    """A grant of 10,000 €, and where it stands under its convention; H is reserved for another."""
    orders = cents.pop("orders")
    free = 9_000_000 - 1_300_001 - 2 * HALF
    released = cents.get("released", 0)
    names = {"remaining": "committed"}
    line = {names.get(name, name): each for name, each in cents.items() if name != "released"}
    return Money(
        {
            "489": figures(
                appropriated=9_000_000, available=free + released, reserved=1_300_001, **line
            )
        },
        {convention: {"489": figures(granted=2 * HALF, **cents)}},
        orders,
    )


SIGNED_ROWS = [
    Row(
        "it takes the place of the grant, for the rest; what is ordered counts in its figures",
        TAKEN,
        "accepted",
        stands(ordered=HALF, remaining=HALF, orders={"G/1": ISSUED}),
        entries=[],
    ),
    Row(
        "where something is paid too",
        [*PAID, REST],
        "accepted",
        stands(paid=HALF, remaining=HALF, orders={"G/1": FULLY_PAID}),
    ),
    Row(
        "were it a cent",
        [
            *ABOVE[:2],
            an_award(
                2 * HALF,
                requires_convention=False,
                instalments=[
                    an_instalment(2 * HALF - 1, "1"),
                    an_instalment(1, "2", documents=REPORT),
                ],
            ),
            ABOVE[3],
            a_convention(instalments=[an_instalment(1, trigger="notification")]),
        ],
        "accepted",
        stands(ordered=2 * HALF - 1, remaining=1, orders={"G/1": ("issued", 2 * HALF - 1, 0)}),
    ),
    Row(
        "for less than the rest: the difference is released",
        [
            *ABOVE,
            a_convention(instalments=[an_instalment(HALF - 1, trigger="notification")]),
        ],
        "accepted",
        stands(ordered=HALF, remaining=HALF - 1, released=1, orders={"G/1": ISSUED}),
        entries=[("decommitment", "489", 1, "C")],
    ),
    Row(
        "for more than the rest",
        [*ABOVE, a_convention(HALF + 1)],
        "exceeds_award",
        stands("G", ordered=HALF, remaining=HALF, orders={"G/1": ISSUED}),
        facts={
            "convention": "C",
            "line": a_line(),
            "award_cents": HALF,
            "asked_cents": HALF + 1,
        },
    ),
    Row(
        "everything is ordered: there is no rest",
        [
            *ABOVE[:2],
            an_award(2 * HALF, requires_convention=False),
            ABOVE[3],
            a_convention(1),
        ],
        "convention_exists",
        stands("G", ordered=2 * HALF, orders={"G/1": ("issued", 2 * HALF, 0)}),
        facts={"convention": "C"},
    ),
    Row(
        "the sum has fallen back: nothing is held back any more",
        [*ABOVE, a_withdrawal(grant="H"), REST],
        "convention_exists",
        Money(
            {
                "489": figures(
                    appropriated=9_000_000, available=8_000_000, ordered=HALF, committed=HALF
                )
            },
            {"G": {"489": figures(granted=2 * HALF, ordered=HALF, remaining=HALF)}},
            {"G/1": ISSUED},
        ),
        facts={"convention": "C"},
    ),
    Row(
        "its own instalment is ordered under its own name",
        [*TAKEN, a_notification()],
        "accepted",
        stands(ordered=2 * HALF, orders={"G/1": ISSUED, "C/1": ISSUED}),
    ),
    Row(
        "due at signature, it is ordered at once",
        [*ABOVE, a_convention(HALF)],
        "accepted",
        stands(ordered=2 * HALF, orders={"G/1": ISSUED, "C/advance": ISSUED}),
    ),
    Row(
        "what was received on the grant stays: the convention that waits for it pays at once",
        [
            *ABOVE,
            a_report(convention="G"),
            a_convention(instalments=[an_instalment(HALF, documents=REPORT)]),
        ],
        "accepted",
        stands(ordered=2 * HALF, orders={"G/1": ISSUED, "C/advance": ISSUED}),
    ),
]

AFTER_ROWS = [
    Row(
        "the grant's order is paid: in the figures of the convention",
        [*TAKEN, a_payment(HALF, "G/1")],
        "accepted",
        stands(paid=HALF, remaining=HALF, orders={"G/1": FULLY_PAID}),
    ),
    Row(
        "it is rejected: its money waits",
        [*TAKEN, an_acknowledgement("rejected", "G/1")],
        "accepted",
        stands(remaining=2 * HALF, orders={"G/1": ("rejected", HALF, 0)}),
    ),
    Row(
        "and is ordered again under the grant's name; nothing is held back any more",
        [*TAKEN, an_acknowledgement("rejected", "G/1"), a_new_account(_id="new")],
        "accepted",
        stands(
            ordered=HALF,
            remaining=HALF,
            orders={"G/1": ("rejected", HALF, 0), "G/1/2": ISSUED},
        ),
    ),
    Row(
        "what was paid of it is not ordered again",
        [
            *ABOVE,
            a_payment(7, "G/1"),
            REST,
            an_acknowledgement("rejected", "G/1"),
            a_new_account(_id="new"),
        ],
        "accepted",
        stands(
            paid=7,
            ordered=HALF - 7,
            remaining=HALF,
            orders={"G/1": ("rejected", HALF, 7), "G/1/2": ("issued", HALF - 7, 0)},
        ),
    ),
    Row(
        "rejected before, its money is part of the rest: it is not ordered again",
        [
            *ABOVE,
            a_payment(7, "G/1"),
            an_acknowledgement("rejected", "G/1"),
            a_convention(
                instalments=[an_instalment(2 * HALF - 7, "1", trigger="notification")],
                bank_account=...,
            ),
            a_new_account(_id="new"),
        ],
        "accepted",
        stands(paid=7, remaining=2 * HALF - 7, orders={"G/1": ("rejected", HALF, 7)}),
    ),
    Row(
        "an amendment plans the rejected one anew, with the rest: under the convention's name",
        [
            *TAKEN,
            an_acknowledgement("rejected", "G/1"),
            an_amendment(instalments=[an_instalment(2 * HALF, "1")]),
        ],
        "accepted",
        stands(
            ordered=2 * HALF,
            orders={"G/1": ("rejected", HALF, 0), "C/1": ("issued", 2 * HALF, 0)},
        ),
    ),
    Row(
        "what it still holds stays beside the new schedule",
        [*TAKEN, an_amendment(instalments=[an_instalment(HALF, "1")])],
        "accepted",
        stands(ordered=2 * HALF, orders={"G/1": ISSUED, "C/1": ISSUED}),
    ),
    Row(
        "a reduction gives up the convention's instalments before the grant's",
        [*TAKEN, an_acknowledgement("rejected", "G/1"), a_reduction(HALF + 1)],
        "accepted",
        stands(
            remaining=HALF - 1,
            released=HALF + 1,
            orders={"G/1": ("rejected", HALF, 0)},
        ),
    ),
    Row(
        "what is left of it then is ordered again",
        [
            *TAKEN,
            an_acknowledgement("rejected", "G/1"),
            a_reduction(HALF + 1),
            a_new_account(_id="new"),
        ],
        "accepted",
        stands(
            ordered=HALF - 1,
            released=HALF + 1,
            orders={"G/1": ("rejected", HALF, 0), "G/1/2": ("issued", HALF - 1, 0)},
        ),
    ),
    Row(
        "a termination leaves the grant's order payable",
        [*TAKEN, a_termination(), a_payment(HALF, "G/1")],
        "accepted",
        stands(paid=HALF, released=HALF, orders={"G/1": FULLY_PAID}),
    ),
    Row(
        "rejected then, its money is released",
        [*TAKEN, a_termination(), an_acknowledgement("rejected", "G/1")],
        "accepted",
        stands(released=2 * HALF, orders={"G/1": ("rejected", HALF, 0)}),
    ),
    Row(
        "a withdrawal cancels it",
        [*TAKEN, a_withdrawal()],
        "accepted",
        stands(released=2 * HALF, orders={"G/1": ("cancelled", HALF, 0)}),
    ),
    Row(
        "what it paid is asked back under the convention's number",
        [*PAID, REST, a_recovery(300), a_collection(300)],
        "accepted",
        stands(paid=HALF - 300, remaining=HALF, released=300, orders={"G/1": FULLY_PAID}),
    ),
    Row(
        "what was asked back of the grant goes on under it",
        [*PAID, a_recovery(300, convention="G"), REST, a_collection(300)],
        "accepted",
        stands(paid=HALF - 300, remaining=HALF, released=300, orders={"G/1": FULLY_PAID}),
    ),
    Row(
        "events that name the grant wait",
        [*TAKEN, a_notification(convention="G")],
        "waits for convention G",
        stands(ordered=HALF, remaining=HALF, orders={"G/1": ISSUED}),
    ),
]

CEILING = a_convention(
    instalments=[an_instalment(HALF, "1", documents=REPORT, ceiling=True)], bank_account=...
)
CEILING_ROWS = [
    Row(
        "a ceiling counts what the grant had",
        [*PAID, CEILING, a_report(eligible_cost_cents=HALF + 100)],
        "accepted",
        stands(
            paid=HALF,
            ordered=100,
            released=HALF - 100,
            orders={"G/1": FULLY_PAID, "C/1": ("issued", 100, 0)},
        ),
    ),
]

ROWS = [*SIGNED_ROWS, *AFTER_ROWS, *CEILING_ROWS]


@each_row(SIGNED_ROWS)
def test_rule_13_a_convention_is_signed_for_the_rest_that_is_held_back(row: Row) -> None:
    check(row)


@each_row(AFTER_ROWS)
def test_rule_13_orders_of_the_grant_keep_their_names_and_count_in_its_figures(row: Row) -> None:
    check(row)


@each_row(CEILING_ROWS)
def test_rule_22_what_the_grant_had_counts_under_its_convention(row: Row) -> None:
    check(row)


def test_rule_13_moves_name_the_convention_and_the_grant_s_instalment() -> None:
    scenario = Scenario(*TAKEN, a_payment(HALF, "G/1"))
    [move] = scenario.last.moves
    assert ("C", "G/1") == (move.convention, move.instalment)
    [change] = scenario.last.payment_orders
    assert ("G", "1") == (change.order.convention, change.order.instalment)


def test_rule_25_a_reissue_under_the_grant_s_name_names_the_rejected_order() -> None:
    scenario = Scenario(*TAKEN, an_acknowledgement("rejected", "G/1"), a_new_account(_id="new"))
    [change] = scenario.last.payment_orders
    assert change.issued is not None
    assert ("G/1/2", "G/1") == (change.order.payment_order, change.issued["previous"])


def test_rule_24_a_report_behind_the_grant_s_order_is_rejected() -> None:
    by_report = an_award(
        2 * HALF,
        requires_convention=False,
        instalments=[an_instalment(HALF, "1", documents=REPORT), an_instalment(HALF, "2")],
    )
    scenario = Scenario(
        a_vote(9_000_000),
        by_report,
        a_report(convention="G"),
        a_new_account(),
    )
    assert {"G/1": ISSUED, "G/2": ISSUED} == scenario.orders()
    scenario = Scenario(
        a_vote(9_000_000),
        an_award(
            2 * HALF,
            requires_convention=False,
            instalments=[
                an_instalment(HALF, "1", documents=REPORT),
                an_instalment(HALF, "2", trigger="notification"),
            ],
        ),
        a_new_account(),
        a_report(convention="G"),
        an_award(1_300_001, grant="H"),
        REST,
        a_rejected_report(),
    )
    assert ["report_rejected_after_order"] == scenario.flags()
    assert "G/1" == facts_of_flag(scenario)["payment_order"]


def facts_of_flag(scenario: Scenario) -> Json:
    [flag] = scenario.last.review_flags
    facts: Json = flag["facts"]
    return facts


def test_rule_13_a_second_convention_finds_nothing_left() -> None:
    scenario = Scenario(*TAKEN, a_convention(1, convention="D"))
    assert ("exceeds_award", 0) == (scenario.answer(), (facts_of(scenario) or {})["award_cents"])

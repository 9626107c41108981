"""Where two rules meet: what one of them leaves behind, the other has to find."""

from typing import Any

from tests.builders import (
    Scenario,
    a_concurring_act,
    a_convention,
    a_new_account,
    a_notification,
    a_report,
    a_vote,
    a_withdrawal,
    an_acknowledgement,
    an_act,
    an_amendment,
    an_amount,
    an_award,
    an_instalment,
)
from tests.unit.tables.rows import Money, Row, check, each_row, figures, flags_of

REPORT = [("activity_report", 2022)]
AGAIN: dict[str, Any] = {"_id": "again"}

# -- rules 15, 22 and 26: an amendment under a ceiling whose report is there

SPENT = [
    a_vote(1_000),
    an_award(1_000),
    a_convention(instalments=[an_instalment(1_000, "all", documents=[("evaluation", 2022)])]),
    a_report(eligible_cost_cents=600),
]
"""All credit is committed; a cost of 600 is proved."""

RAISED = an_amendment(
    act=an_act("2023-09-01"),
    instalments=[an_instalment(1_200, "all", documents=REPORT, ceiling=True)],
)

CUT = Money(
    {"489": figures(appropriated=1_000, available=400, ordered=600)},
    {"C": {"489": figures(granted=1_200, released=600, ordered=600)}},
    {"C/all": ("issued", 600, 0)},
)

CREDIT_ROWS = [
    Row(
        "what the ceiling cuts at once pays for what the amendment adds, and nothing is overdrawn",
        [*SPENT, RAISED],
        "accepted",
        CUT,
    ),
    Row(
        "what is cut on one line of the chapter pays for another, which is overdrawn",
        [
            *SPENT,
            an_amendment(
                act=an_act("2023-09-01"),
                instalments=[
                    an_instalment(1_000, "all", documents=REPORT, ceiling=True),
                    an_instalment(lines=[an_amount(300, "490")], trigger="notification"),
                ],
            ),
        ],
        "accepted",
        Money(
            {
                "489": figures(appropriated=1_000, available=400, ordered=600),
                "490": {"available": -300, "committed": 300},
            },
            {
                "C": {
                    "489": figures(granted=1_000, released=400, ordered=600),
                    "490": figures(granted=300, remaining=300),
                }
            },
            {"C/all": ("issued", 600, 0)},
        ),
        flags=[
            (
                "line_overdrawn",
                {"line": an_amount(1, "490")["line"], "available_cents": -300},
            )
        ],
    ),
    Row(
        "what remains asked above the credit is refused, net",
        [
            *SPENT,
            an_amendment(
                act=an_act("2023-09-01"),
                instalments=[
                    an_instalment(1_000, "all", documents=REPORT, ceiling=True),
                    an_instalment(401, "more", trigger="notification"),
                ],
            ),
        ],
        "insufficient_credit",
        Money(
            {"489": figures(appropriated=1_000, committed=1_000)},
            {"C": {"489": figures(granted=1_000, remaining=1_000)}},
        ),
        facts={
            "level": "chapter",
            "group": "65",
            "available_cents": 0,
            "asked_cents": 1,
            "shortfall_cents": 1,
        },
    ),
]

# -- rule 22: one event, several instalments under ceilings

TWO_CEILINGS = [
    a_vote(1_000),
    an_award(1_000),
    a_convention(
        instalments=[
            an_instalment(400),
            an_instalment(300, "second", documents=REPORT, ceiling=True),
            an_instalment(300, "third", documents=REPORT, ceiling=True),
        ]
    ),
]

CEILING_ROWS = [
    Row(
        "two instalments wait for the report that shows too low a cost: one excess, said once",
        [*TWO_CEILINGS, a_report(eligible_cost_cents=150)],
        "accepted",
        Money(
            {"489": figures(appropriated=1_000, available=600, ordered=400)},
            {"C": {"489": figures(granted=1_000, released=600, ordered=400)}},
            {"C/advance": ("issued", 400, 0)},
        ),
        flags=[("recovery_due", {"convention": "C", "amount_cents": 250})],
    ),
]

# -- rules 14 and 21: a rejected order of a grant without convention, held back

ALONE = an_award(1_000_000, requires_convention=False)
SENT_BACK = [
    a_vote(9_000_000),
    a_new_account(_id="first account"),
    ALONE,
    an_acknowledgement("rejected", "G/1"),
    an_award(1_300_001, grant="H"),
]
"""Its order is rejected, and then the sum of the year goes a cent too high."""

HELD = [*SENT_BACK, a_new_account()]
FALLEN = [*HELD, a_withdrawal(grant="H")]
REQUIRED = {"siret": "37887770800040", "total_cents": 2_300_001, "limit_cents": 2_300_000}


def sent_back(*, ordered: int = 0, reserved: int = 0, again: int = 0, third: int = 0) -> Money:
    left = 1_000_000 - ordered
    line = figures(
        appropriated=9_000_000,
        available=8_000_000 - reserved,
        reserved=reserved,
        committed=left,
        ordered=ordered,
    )
    orders = {"G/1": ("rejected", 1_000_000, 0)}
    states = {1: "issued", 2: "rejected"}
    if again:
        orders["G/1/2"] = (states[again], 1_000_000, 0)
    return Money(
        {"489": line},
        {"G": {"489": figures(granted=1_000_000, remaining=left, ordered=ordered)}},
        orders,
    )


HELD_ROWS = [
    Row(
        "a new account would issue it again: it is held back",
        HELD,
        "accepted",
        sent_back(reserved=1_300_001),
        flags=[("convention_required", {"convention": "G"} | REQUIRED)],
    ),
    Row(
        "the sum falls back: whatever touches the convention next issues it again",
        [*FALLEN, a_notification(convention="G")],
        "accepted",
        sent_back(ordered=1_000_000, again=1),
    ),
    Row(
        "where nothing came that issues rejected orders again, it waits on",
        [*SENT_BACK, a_withdrawal(grant="H"), a_notification(convention="G")],
        "accepted",
        sent_back(),
    ),
    Row(
        "issued again and rejected again, it waits for another reason to be issued",
        [
            *FALLEN,
            a_notification(convention="G"),
            an_acknowledgement("rejected", "G/1/2"),
            a_notification(convention="G", **AGAIN),
        ],
        "accepted",
        sent_back(again=2),
    ),
]

ROWS = [*CREDIT_ROWS, *CEILING_ROWS, *HELD_ROWS]


@each_row(CREDIT_ROWS)
def test_rule_26_an_amendment_is_judged_with_what_a_ceiling_cuts_of_it(row: Row) -> None:
    check(row)


@each_row(CEILING_ROWS)
def test_rule_22_one_excess_is_flagged_once(row: Row) -> None:
    check(row)


@each_row(HELD_ROWS)
def test_rules_14_and_21_what_was_set_off_is_held_back_and_not_lost(row: Row) -> None:
    check(row)


def test_rule_22_of_several_costs_the_lowest_says_what_was_had_too_much() -> None:
    """Each balance has its own report; the account that all wait for completes them together."""
    schedule = [
        an_instalment(400),
        an_instalment(300, "second", documents=REPORT, ceiling=True),
        an_instalment(300, "third", documents=[("evaluation", 2022)], ceiling=True),
    ]
    unpaid = a_convention(instalments=schedule, bank_account=...)
    scenario = Scenario(a_vote(1_000), an_award(1_000), unpaid)
    scenario.tell(a_report(eligible_cost_cents=390))
    scenario.tell(a_report("evaluation", eligible_cost_cents=150))
    scenario.tell(a_new_account())
    owed = {"convention": "C", "amount_cents": 250}
    assert [("recovery_due", owed)] == flags_of(scenario)
    assert {"C/advance": ("issued", 400, 0)} == scenario.orders()


def test_rule_25_an_act_that_concurred_and_then_awards_alone_stands_once_on_the_order() -> None:
    same = an_act()
    scenario = Scenario(
        a_vote(),
        a_new_account(),
        a_concurring_act(act=same, _id="first said"),
        an_award(act=same, requires_convention=False),
    )
    [change] = scenario.last.payment_orders
    assert change.issued is not None
    assert [{"number": None} | same] == change.issued["acts"]

"""Where two rules meet: what one of them leaves behind, the other has to find."""

from tests.builders import (
    Scenario,
    a_concurring_act,
    a_convention,
    a_new_account,
    a_report,
    a_vote,
    a_withdrawal,
    an_acknowledgement,
    an_act,
    an_amendment,
    an_award,
    an_instalment,
)
from tests.unit.tables.rows import REPORT, Row, check, each_row, flags_of, reader_of

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


read_rows = reader_of(globals())

CREDIT_ROWS = read_rows("""
    what the ceiling cuts at once pays for what the amendment adds, and nothing is overdrawn
        SPENT; RAISED
        => 489: 1_000 = 400 available + 600 ordered; C on 489: 1_200 = 600 released + 600 ordered;
           C/all issued 600
    what is cut on one line of the chapter pays for another, which is overdrawn
        SPENT; amendment [all 1_000 against activity_report 2022 with ceiling,
        advance 300 on 490 at notification], act 2023-09-01
        => flag line_overdrawn: line 490, available_cents -300;
           489 for C: 1_000 = 400 available + 600 ordered; 490: 0 = -300 available + 300 committed;
           C on 490: 300 remaining; C/all issued 600
    what remains asked above the credit is refused, net
        SPENT; amendment [all 1_000 against activity_report 2022 with ceiling,
        more 401 at notification], act 2023-09-01
        => refused insufficient_credit: level chapter, group '65', available_cents 0, asked_cents 1,
           shortfall_cents 1; 489 for C: 1_000 committed
""")

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

CEILING_ROWS = read_rows("""
    two instalments wait for the report that shows too low a cost: one excess, said once
        TWO_CEILINGS; report, eligible_cost_cents 150
        => flag recovery_due: convention C, amount_cents 250;
           489 for C: 1_000 = 600 available + 400 ordered; C/advance issued 400
""")

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


HELD_ROWS = read_rows("""
    a new account would issue it again: it is held back
        HELD
        => flag convention_required: convention G, siret '37887770800040', total_cents 2_300_001,
           limit_cents 2_300_000;
           489: 9_000_000 = 6_699_999 available + 1_300_001 reserved + 1_000_000 committed;
           G on 489: 1_000_000 remaining; G/1 rejected 1_000_000
    the sum falls back: whatever touches the convention next issues it again
        FALLEN; notification, convention G
        => 489: 9_000_000 = 8_000_000 available + 1_000_000 ordered; G on 489: 1_000_000 ordered;
           G/1 rejected 1_000_000; G/1/2 issued 1_000_000
    where nothing came that issues rejected orders again, it waits on
        SENT_BACK; withdrawal, grant H; notification, convention G
        => 489: 9_000_000 = 8_000_000 available + 1_000_000 committed;
           G on 489: 1_000_000 remaining; G/1 rejected 1_000_000
    issued again and rejected again, it waits for another reason to be issued
        FALLEN; notification, convention G; G/1/2 rejected; notification, convention G, id again
        => 489: 9_000_000 = 8_000_000 available + 1_000_000 committed;
           G on 489: 1_000_000 remaining; G/1 rejected 1_000_000; G/1/2 rejected 1_000_000
""")

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

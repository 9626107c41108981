"""Rules 13 and 14: a convention signed for what is held back of a grant that was paid in part."""

from tests.builders import (
    Json,
    Scenario,
    a_convention,
    a_new_account,
    a_payment,
    a_rejected_report,
    a_report,
    a_vote,
    an_acknowledgement,
    an_award,
    an_instalment,
)
from tests.unit.tables.rows import REPORT, Row, check, each_row, facts_of, reader_of

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

ISSUED = ("issued", HALF, 0)
TAKEN = [*ABOVE, REST]


read_rows = reader_of(globals())

SIGNED_ROWS = read_rows("""
    it takes the place of the grant, for the rest; what is ordered counts in its figures
        TAKEN
        => 489: 9_000_000 = 6_699_999 available + 1_300_001 reserved + 500_000 committed +
           500_000 ordered; C on 489: 1_000_000 = 500_000 remaining + 500_000 ordered;
           G/1 issued 500_000; no entries
    where something is paid too
        PAID; REST
        => 489: 9_000_000 = 6_699_999 available + 1_300_001 reserved + 500_000 committed +
           500_000 paid; C on 489: 1_000_000 = 500_000 remaining + 500_000 paid; G/1 paid 500_000
    were it a cent
        vote 9_000_000; new account; award 1_000_000, without convention, instalments [1 999_999,
        2 1 against activity_report 2022]; award 1_300_001, grant H;
        convention [advance 1 at notification]
        => 489: 9_000_000 = 6_699_999 available + 1_300_001 reserved + 1 committed +
           999_999 ordered; C on 489: 1_000_000 = 1 remaining + 999_999 ordered; G/1 issued 999_999
    for less than the rest: the difference is released
        ABOVE; convention [advance 499_999 at notification]
        => 489: 9_000_000 = 6_700_000 available + 1_300_001 reserved + 499_999 committed +
           500_000 ordered; C on 489: 1_000_000 = 1 released + 499_999 remaining + 500_000 ordered;
           G/1 issued 500_000; decommitment 489 1 C
    for more than the rest
        ABOVE; convention 500_001
        => refused exceeds_award: convention C, line 489, award_cents 500_000, asked_cents 500_001;
           489: 9_000_000 = 6_699_999 available + 1_300_001 reserved + 500_000 committed +
           500_000 ordered; G on 489: 1_000_000 = 500_000 remaining + 500_000 ordered;
           G/1 issued 500_000
    everything is ordered: there is no rest
        vote 9_000_000; new account; award 1_000_000, without convention; award 1_300_001, grant H;
        convention 1
        => refused convention_exists: convention C;
           489: 9_000_000 = 6_699_999 available + 1_300_001 reserved + 1_000_000 ordered;
           G on 489: 1_000_000 ordered; G/1 issued 1_000_000
    the sum has fallen back: nothing is held back any more
        ABOVE; withdrawal, grant H; REST
        => refused convention_exists: convention C;
           489: 9_000_000 = 8_000_000 available + 500_000 committed + 500_000 ordered;
           G on 489: 1_000_000 = 500_000 remaining + 500_000 ordered; G/1 issued 500_000
    its own instalment is ordered under its own name
        TAKEN; notification
        => 489: 9_000_000 = 6_699_999 available + 1_300_001 reserved + 1_000_000 ordered;
           C on 489: 1_000_000 ordered; G/1 issued 500_000; C/1 issued 500_000
    due at signature, it is ordered at once
        ABOVE; convention 500_000
        => 489: 9_000_000 = 6_699_999 available + 1_300_001 reserved + 1_000_000 ordered;
           C on 489: 1_000_000 ordered; G/1 issued 500_000; C/advance issued 500_000
    what was received on the grant stays: the convention that waits for it pays at once
        ABOVE; report, convention G; convention [advance 500_000 against activity_report 2022]
        => 489: 9_000_000 = 6_699_999 available + 1_300_001 reserved + 1_000_000 ordered;
           C on 489: 1_000_000 ordered; G/1 issued 500_000; C/advance issued 500_000
""")

AFTER_ROWS = read_rows("""
    the grant's order is paid: in the figures of the convention
        TAKEN; payment 500_000 of G/1
        => 489: 9_000_000 = 6_699_999 available + 1_300_001 reserved + 500_000 committed +
           500_000 paid; C on 489: 1_000_000 = 500_000 remaining + 500_000 paid; G/1 paid 500_000
    it is rejected: its money waits
        TAKEN; G/1 rejected
        => 489: 9_000_000 = 6_699_999 available + 1_300_001 reserved + 1_000_000 committed;
           C on 489: 1_000_000 remaining; G/1 rejected 500_000
    and is ordered again under the grant's name; nothing is held back any more
        TAKEN; G/1 rejected; new account, id new
        => 489: 9_000_000 = 6_699_999 available + 1_300_001 reserved + 500_000 committed +
           500_000 ordered; C on 489: 1_000_000 = 500_000 remaining + 500_000 ordered;
           G/1 rejected 500_000; G/1/2 issued 500_000
    what was paid of it is not ordered again
        ABOVE; payment 7 of G/1; REST; G/1 rejected; new account, id new
        => 489: 9_000_000 = 6_699_999 available + 1_300_001 reserved + 500_000 committed +
           499_993 ordered + 7 paid;
           C on 489: 1_000_000 = 500_000 remaining + 499_993 ordered + 7 paid;
           G/1 rejected 500_000 (7 paid); G/1/2 issued 499_993
    rejected before, its money is part of the rest: it is not ordered again
        ABOVE; payment 7 of G/1; G/1 rejected;
        convention [1 999_993 at notification], no bank_account; new account, id new
        => 489: 9_000_000 = 6_699_999 available + 1_300_001 reserved + 999_993 committed + 7 paid;
           C on 489: 1_000_000 = 999_993 remaining + 7 paid; G/1 rejected 500_000 (7 paid)
    an amendment plans the rejected one anew, with the rest: under the convention's name
        TAKEN; G/1 rejected; amendment [1 1_000_000]
        => 489: 9_000_000 = 6_699_999 available + 1_300_001 reserved + 1_000_000 ordered;
           C on 489: 1_000_000 ordered; G/1 rejected 500_000; C/1 issued 1_000_000
    what it still holds stays beside the new schedule
        TAKEN; amendment [1 500_000]
        => 489: 9_000_000 = 6_699_999 available + 1_300_001 reserved + 1_000_000 ordered;
           C on 489: 1_000_000 ordered; G/1 issued 500_000; C/1 issued 500_000
    a reduction gives up the convention's instalments before the grant's
        TAKEN; G/1 rejected; reduction 500_001
        => 489: 9_000_000 = 7_200_000 available + 1_300_001 reserved + 499_999 committed;
           C on 489: 1_000_000 = 500_001 released + 499_999 remaining; G/1 rejected 500_000
    what is left of it then is ordered again
        TAKEN; G/1 rejected; reduction 500_001; new account, id new
        => 489: 9_000_000 = 7_200_000 available + 1_300_001 reserved + 499_999 ordered;
           C on 489: 1_000_000 = 500_001 released + 499_999 ordered; G/1 rejected 500_000;
           G/1/2 issued 499_999
    a termination leaves the grant's order payable
        TAKEN; termination; payment 500_000 of G/1
        => 489: 9_000_000 = 7_199_999 available + 1_300_001 reserved + 500_000 paid;
           C on 489: 1_000_000 = 500_000 released + 500_000 paid; G/1 paid 500_000
    rejected then, its money is released
        TAKEN; termination; G/1 rejected
        => 489: 9_000_000 = 7_699_999 available + 1_300_001 reserved; C on 489: 1_000_000 released;
           G/1 rejected 500_000
    a withdrawal cancels it
        TAKEN; withdrawal
        => 489: 9_000_000 = 7_699_999 available + 1_300_001 reserved; C on 489: 1_000_000 released;
           G/1 cancelled 500_000
    what it paid is asked back under the convention's number
        PAID; REST; recovery 300; collection 300
        => 489: 9_000_000 = 6_700_299 available + 1_300_001 reserved + 500_000 committed +
           499_700 paid; C on 489: 1_000_000 = 300 released + 500_000 remaining + 499_700 paid;
           G/1 paid 500_000
    what was asked back of the grant goes on under it
        PAID; recovery 300, convention G; REST; collection 300
        => 489: 9_000_000 = 6_700_299 available + 1_300_001 reserved + 500_000 committed +
           499_700 paid; C on 489: 1_000_000 = 300 released + 500_000 remaining + 499_700 paid;
           G/1 paid 500_000
    events that name the grant wait
        TAKEN; notification, convention G
        => waits for convention G; 489: 9_000_000 = 6_699_999 available + 1_300_001 reserved +
           500_000 committed + 500_000 ordered;
           C on 489: 1_000_000 = 500_000 remaining + 500_000 ordered; G/1 issued 500_000
""")

CEILING = a_convention(
    instalments=[an_instalment(HALF, "1", documents=REPORT, ceiling=True)], bank_account=...
)
CEILING_ROWS = read_rows("""
    a ceiling counts what the grant had
        PAID; CEILING; report, eligible_cost_cents 500_100
        => 489: 9_000_000 = 7_199_899 available + 1_300_001 reserved + 100 ordered + 500_000 paid;
           C on 489: 1_000_000 = 499_900 released + 100 ordered + 500_000 paid; G/1 paid 500_000;
           C/1 issued 100
""")

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
    scenario = Scenario(a_vote(9_000_000), by_report, a_report(convention="G"), a_new_account())
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

"""Rules 13, 27 and 28: what was paid is asked back, and comes back."""

import json

from tests.builders import (
    NEXT_BUDGET,
    Json,
    Scenario,
    a_closing,
    a_collection,
    a_convention,
    a_new_account,
    a_notification,
    a_payment,
    a_recovery,
    a_report,
    a_vote,
    a_withdrawal,
    an_acknowledgement,
    an_award,
    an_instalment,
)
from tests.unit.tables.rows import (
    REPORT,
    SIGNED,
    Row,
    check,
    each_row,
    facts_of,
    reader_of,
)
from tests.unit.tables.test_signed_for_the_rest import (
    HALF,
    REST,
)
from tests.unit.tables.test_signed_for_the_rest import (
    PAID as GRANT_PAID,
)

PAID = [*SIGNED, a_payment(100)]
NEXT_YEAR: Json = {"on": "2024-03-01"}


def exceeds(room: int, asked: int) -> Json:
    return {"convention": "C", "room_cents": room, "asked_cents": asked}


read_rows = reader_of(globals())

ORDER_ROWS = read_rows("""
    asked back: nothing moves
        PAID; recovery 100
        => 489 for C: 100 paid; C/advance paid 100; no entries
    a cent more than was paid
        PAID; recovery 101
        => refused recovery_exceeds: convention C, room_cents 100, asked_cents 101;
           489 for C: 100 paid; C/advance paid 100
    before anything was paid
        SIGNED; recovery 1
        => refused recovery_exceeds: convention C, room_cents 0, asked_cents 1;
           489 for C: 100 ordered; C/advance issued 100
    several orders of one number add up
        PAID; recovery 60; recovery 40, id again
        => 489 for C: 100 paid; C/advance paid 100
    and may not exceed what was paid
        PAID; recovery 60; recovery 41, id again
        => refused recovery_exceeds: convention C, room_cents 40, asked_cents 41;
           489 for C: 100 paid; C/advance paid 100
    what another recovery asks back already is no room
        PAID; recovery 60; recovery 41, recovery S
        => refused recovery_exceeds: convention C, room_cents 40, asked_cents 41;
           489 for C: 100 paid; C/advance paid 100
    what came back already is paid no more
        PAID; recovery 60; collection 60; recovery 41, recovery S
        => refused recovery_exceeds: convention C, room_cents 40, asked_cents 41;
           489 for C: 100 = 60 available + 40 paid; C/advance paid 100
    by lines: what was paid on each
        PAID; recovery 1 on 490
        => refused recovery_exceeds: convention C, room_cents 0, asked_cents 1; 489 for C: 100 paid;
           C/advance paid 100
    by lines, all of it
        PAID; recovery 100 on 489
        => 489 for C: 100 paid; C/advance paid 100
    a convention that nobody knows is waited for
        vote 100; recovery
        => waits for convention C; 489: 100 available
""")

COLLECTION_ROWS = read_rows("""
    it came: credit is reopened, no entry is written
        PAID; recovery 30; collection 30
        => 489 for C: 100 = 30 available + 70 paid; C/advance paid 100; no entries
    in two parts
        PAID; recovery 30; collection 10; collection 20, id again
        => 489 for C: 100 = 30 available + 70 paid; C/advance paid 100
    a cent more than was asked back
        PAID; recovery 30; collection 31
        => refused recovery_exceeds: convention C, room_cents 30, asked_cents 31;
           489 for C: 100 paid; C/advance paid 100
    a cent more than is still awaited
        PAID; recovery 30; collection 10; collection 21, id again
        => refused recovery_exceeds: convention C, room_cents 20, asked_cents 21;
           489 for C: 100 = 10 available + 90 paid; C/advance paid 100
    on a line on which nothing was paid
        PAID; recovery 30; collection 30 on 490
        => refused recovery_exceeds: convention C, room_cents 0, asked_cents 30;
           489 for C: 100 paid; C/advance paid 100
    what came back may be paid to others: an award takes it
        PAID; recovery 30; collection 30; award 30, grant H
        => 489: 100 = 30 reserved + 70 paid; C on 489: 100 = 30 released + 70 paid;
           C/advance paid 100
    from a suspended convention too
        PAID; suspension; recovery 30; collection 30
        => 489 for C: 100 = 30 available + 70 paid; C/advance paid 100
    it came in a later year: revenue, and no credit
        PAID; recovery 30; collection 30, on 2024-03-01
        => flag recovery_is_revenue: convention C, recovery R, amount_cents 30; 489 for C: 100 paid;
           C/advance paid 100; no entries
    and it is not asked back a second time
        PAID; recovery 30; collection 30, on 2024-03-01; recovery 71, recovery S
        => refused recovery_exceeds: convention C, room_cents 70, asked_cents 71;
           489 for C: 100 paid; C/advance paid 100
    it came before it was asked back: it waits
        PAID; collection 30
        => waits for recovery C/R; 489 for C: 100 paid; C/advance paid 100
    it waits for its own number
        PAID; recovery 30, recovery S; collection 30
        => waits for recovery C/R; 489 for C: 100 paid; C/advance paid 100
    on a convention that nobody knows it waits for both at once
        vote 100; collection 30
        => waits for recovery C/R; 489: 100 available
    it goes on when it is asked back
        PAID; collection 30; recovery 30
        => 489 for C: 100 = 30 available + 70 paid; C/advance paid 100
    it goes on into a refusal when less is asked back
        PAID; collection 30; recovery 29
        => refused recovery_exceeds: convention C, room_cents 29, asked_cents 30;
           489 for C: 100 paid; C/advance paid 100
    everything came before the convention
        vote 100; award 100; collection 30; recovery 30; convention 100
        => refused recovery_exceeds: convention C, room_cents 0, asked_cents 30;
           489 for C: 100 ordered; C/advance issued 100
""")


@each_row(ORDER_ROWS)
def test_rule_27_what_is_asked_back_was_paid(row: Row) -> None:
    check(row)


@each_row(COLLECTION_ROWS)
def test_rule_27_what_comes_back_reopens_credit_in_its_year(row: Row) -> None:
    check(row)


CEILING = a_convention(
    instalments=[an_instalment(60), an_instalment(40, "balance", documents=REPORT, ceiling=True)]
)


def test_rule_22_a_ceiling_counts_what_was_had_net_of_recoveries() -> None:
    before = [a_vote(100), an_award(100), CEILING, a_payment(60)]
    report = a_report(eligible_cost_cents=70)
    for collected in (a_collection(20), a_collection(20, **NEXT_YEAR)):
        scenario = Scenario(*before, a_recovery(20), collected, report)
        assert ("issued", 30, 0) == scenario.orders()["C/balance"]
    assert ("issued", 10, 0) == Scenario(*before, a_recovery(20), report).orders()["C/balance"]


def test_rule_22_an_order_held_back_is_for_what_the_recovery_in_hand_leaves_room_for() -> None:
    instalments = [
        an_instalment(600_000, "1"),
        an_instalment(400_000, "2", documents=REPORT, ceiling=True),
    ]
    scenario = Scenario(
        a_vote(9_000_000),
        a_new_account(),
        an_award(1_000_000, requires_convention=False, instalments=instalments),
        a_payment(600_000, "G/1"),
        an_award(1_300_001, grant="H"),
        a_report(convention="G", eligible_cost_cents=700_000),
        a_recovery(200_000, convention="G"),
        a_withdrawal(grant="H"),
        a_collection(200_000, convention="G"),
    )
    assert ("issued", 300_000, 0) == scenario.orders()["G/2"]


def test_rule_27_revenue_is_no_less_revenue_where_its_event_lets_an_order_go() -> None:
    instalments = [an_instalment(600_000, "1"), an_instalment(400_000, "2", documents=REPORT)]
    scenario = Scenario(
        a_vote(9_000_000),
        a_new_account(),
        an_award(1_000_000, requires_convention=False, instalments=instalments),
        a_payment(600_000, "G/1"),
        an_award(1_300_001, grant="H"),
        a_report(convention="G"),
        a_recovery(200_000, convention="G"),
        a_withdrawal(grant="H"),
        a_collection(200_000, convention="G", **NEXT_YEAR),
    )
    assert (["recovery_is_revenue"], "issued") == (scenario.flags(), scenario.orders()["G/2"][0])
    scenario.tell(a_recovery(400_001, convention="G", recovery="S"))
    assert exceeds(400_000, 400_001) | {"convention": "G"} == facts_of(scenario)


def test_rule_13_a_grant_that_was_asked_back_keeps_its_name() -> None:
    """All came back: nothing is paid any more, but its recovery needs its convention."""
    alone = an_award(100, requires_convention=False)
    scenario = Scenario(a_vote(100), a_new_account(), alone, a_payment(40, "G/1"))
    scenario.tell(an_acknowledgement("rejected", "G/1"))
    scenario.tell(a_recovery(40, convention="G"))
    scenario.tell(a_collection(40, convention="G"))
    scenario.tell(a_convention(60))
    assert "convention_exists" == scenario.answer()
    scenario.tell(a_notification(convention="G"))
    assert "accepted" == scenario.answer()


BACK = [*GRANT_PAID, REST, a_recovery(HALF, convention="G")]
"""Half is paid, a convention signed for the rest, and money asked back under the grant's name."""

RECOVERY_ROWS = read_rows("""
    a recovery may go on to name the grant: what was paid before is asked back
        BACK
        => 489: 9_000_000 = 6_699_999 available + 1_300_001 reserved + 500_000 committed +
           500_000 paid; C on 489: 1_000_000 = 500_000 remaining + 500_000 paid; G/1 paid 500_000;
           no entries
    it counts in the convention's figures
        BACK; recovery 1, recovery S
        => refused recovery_exceeds: convention C, room_cents 0, asked_cents 1;
           489: 9_000_000 = 6_699_999 available + 1_300_001 reserved + 500_000 committed +
           500_000 paid; C on 489: 1_000_000 = 500_000 remaining + 500_000 paid; G/1 paid 500_000
    as the convention's its money moves
        BACK; collection 7, convention G
        => 489: 9_000_000 = 6_700_006 available + 1_300_001 reserved + 500_000 committed +
           499_993 paid; C on 489: 1_000_000 = 7 released + 500_000 remaining + 499_993 paid;
           G/1 paid 500_000
    under either name it is the same recovery
        BACK; collection 7
        => 489: 9_000_000 = 6_700_006 available + 1_300_001 reserved + 500_000 committed +
           499_993 paid; C on 489: 1_000_000 = 7 released + 500_000 remaining + 499_993 paid;
           G/1 paid 500_000
    revenue is flagged on the convention
        BACK; collection 7, convention G, on 2024-01-02
        => flag recovery_is_revenue: convention C, recovery R, amount_cents 7;
           489: 9_000_000 = 6_699_999 available + 1_300_001 reserved + 500_000 committed +
           500_000 paid; C on 489: 1_000_000 = 500_000 remaining + 500_000 paid; G/1 paid 500_000
    money that waited for the grant's recovery is woken by that of the convention
        GRANT_PAID; REST; collection 7, convention G; recovery 7
        => 489: 9_000_000 = 6_700_006 available + 1_300_001 reserved + 500_000 committed +
           499_993 paid; C on 489: 1_000_000 = 7 released + 500_000 remaining + 499_993 paid;
           G/1 paid 500_000
    money that waited for the convention's by that of the grant
        GRANT_PAID; REST; collection 7; recovery 7, convention G
        => 489: 9_000_000 = 6_700_006 available + 1_300_001 reserved + 500_000 committed +
           499_993 paid; C on 489: 1_000_000 = 7 released + 500_000 remaining + 499_993 paid;
           G/1 paid 500_000
    money that came under the number of the convention is woken by its signature
        GRANT_PAID; recovery 7, convention G; collection 7; REST
        => 489: 9_000_000 = 6_700_006 available + 1_300_001 reserved + 500_000 committed +
           499_993 paid; C on 489: 1_000_000 = 7 released + 500_000 remaining + 499_993 paid;
           G/1 paid 500_000
    all others must name the convention
        GRANT_PAID; REST; notification, convention G
        => waits for convention G; 489: 9_000_000 = 6_699_999 available + 1_300_001 reserved +
           500_000 committed + 500_000 paid; C on 489: 1_000_000 = 500_000 remaining + 500_000 paid;
           G/1 paid 500_000
""")


@each_row(RECOVERY_ROWS)
def test_rule_13_a_recovery_may_go_on_to_name_the_grant(row: Row) -> None:
    check(row)


def test_rule_13_it_may_in_a_year_closed_out_and_in_the_next_one() -> None:
    scenario = Scenario(*GRANT_PAID, REST, a_closing("all"))
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


ROWS = [*ORDER_ROWS, *COLLECTION_ROWS, *RECOVERY_ROWS]

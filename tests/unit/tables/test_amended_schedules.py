"""Rules 13 to 15 and 21: amendments and orders; grants without convention that are amended."""

from tests.builders import Json, Scenario, a_notification, a_report, a_vote, an_award, an_instalment
from tests.unit.tables.rows import IN_HALVES, REJECTED, REPORT, Row, check, each_row, reader_of
from tests.unit.tables.test_amendments import ACT, amended, waiting

read_rows = reader_of(globals())

ORDER_ROWS = read_rows("""
    naming an instalment that has an order
        IN_HALVES; amendment [advance 61, balance 20 against activity_report 2022]
        => refused below_ordered: convention C, instalment advance, remaining_cents 0,
           asked_cents 61; 489: 200 = 50 available + 50 reserved + 40 committed + 60 ordered;
           C on 489: 100 = 40 remaining + 60 ordered; C/advance issued 60
    naming one that was paid
        IN_HALVES; payment 60; amendment [advance 1]
        => refused below_ordered: convention C, instalment advance, remaining_cents 0,
           asked_cents 1; 489: 200 = 50 available + 50 reserved + 40 committed + 60 paid;
           C on 489: 100 = 40 remaining + 60 paid; C/advance paid 60
    of an award and an order, the award is said first
        IN_HALVES; amendment [advance 91]
        => refused exceeds_award: convention C, line 489, award_cents 90, asked_cents 91;
           489: 200 = 50 available + 50 reserved + 40 committed + 60 ordered;
           C on 489: 100 = 40 remaining + 60 ordered; C/advance issued 60
    an instalment at signature is ordered by the amendment itself
        IN_HALVES; amendment 40
        => 489: 200 = 50 available + 50 reserved + 100 ordered; C on 489: 100 ordered;
           C/advance issued 60; C/rest issued 40; no entries
    what had arrived before still counts: the report is there
        vote 200; award 150; convention 60; report;
        amendment [balance 40 against activity_report 2022]
        => 489: 200 = 50 available + 50 reserved + 100 ordered; C on 489: 100 ordered;
           C/advance issued 60; C/balance issued 40
    a ceiling counts what was ordered before the amendment
        IN_HALVES; report evaluation 2022, eligible_cost_cents 75;
        amendment [rest 40 against evaluation 2022 with ceiling]
        => 489: 200 = 75 available + 50 reserved + 75 ordered;
           C on 489: 100 = 25 released + 75 ordered; C/advance issued 60; C/rest issued 15;
           decommitment 489 25 C
    a suspended convention may be amended; nothing is ordered yet
        IN_HALVES; suspension; amendment 40
        => 489: 200 = 50 available + 50 reserved + 40 committed + 60 ordered;
           C on 489: 100 = 40 remaining + 60 ordered; C/advance issued 60
    a rejected instalment is replaced: the same id is ordered again, with its new amount
        IN_HALVES; REJECTED; amendment [advance 50, balance 50 against activity_report 2022]
        => 489: 200 = 50 available + 50 reserved + 50 committed + 50 ordered;
           C on 489: 100 = 50 remaining + 50 ordered; C/advance rejected 60; C/advance/2 issued 50;
           no entries
    what was paid of a rejected order stays paid
        IN_HALVES; payment 25; REJECTED; amendment [advance 30]
        => 489: 200 = 95 available + 50 reserved + 30 ordered + 25 paid;
           C on 489: 100 = 45 released + 30 ordered + 25 paid; C/advance rejected 60 (25 paid);
           C/advance/2 issued 30; decommitment 489 45 C
    a rejected instalment left out is given up: new bank details order nothing
        IN_HALVES; REJECTED; amendment [balance 40 against activity_report 2022]; new account
        => 489: 200 = 110 available + 50 reserved + 40 committed;
           C on 489: 100 = 60 released + 40 remaining; C/advance rejected 60
    brought back by a later amendment, it goes on counting its orders
        IN_HALVES; REJECTED; amendment [balance 40 against activity_report 2022];
        amendment [advance 10, balance 40 against activity_report 2022], amendment '2', id back
        => 489: 200 = 110 available + 40 reserved + 40 committed + 10 ordered;
           C on 489: 110 = 60 released + 40 remaining + 10 ordered; C/advance rejected 60;
           C/advance/2 issued 10; legal_commitment 489 10 C
    figures that disagree are flagged as in a convention
        IN_HALVES; amendment [balance 40 (EMPLOI 39) against activity_report 2022]
        => flag figures_differ: of services, instalment balance, line 489, stated_cents 40,
           sum_cents 39; 489: 200 = 50 available + 50 reserved + 40 committed + 60 ordered;
           C on 489: 100 = 40 remaining + 60 ordered; C/advance issued 60
    of each instalment on which they disagree
        IN_HALVES; amendment [balance 25 (EMPLOI 24) against activity_report 2022,
        rest 15 (EMPLOI 13) against activity_report 2022]
        => flag figures_differ: of services, instalment balance, line 489, stated_cents 25,
           sum_cents 24; flag figures_differ: of services, instalment rest, line 489,
           stated_cents 15, sum_cents 13;
           489: 200 = 50 available + 50 reserved + 40 committed + 60 ordered;
           C on 489: 100 = 40 remaining + 60 ordered; C/advance issued 60
""")

ALONE = [
    a_vote(9_000_000),
    an_award(
        2_000_000,
        requires_convention=False,
        instalments=[an_instalment(2_000_000, "1", documents=REPORT)],
    ),
]


ALONE_ROWS = read_rows("""
    a grant without convention is amended under its reference (rule 13)
        ALONE; amendment [balance 1_500_000 against activity_report 2022], convention G
        => 489: 9_000_000 = 7_500_000 available + 1_500_000 committed;
           G on 489: 2_000_000 = 500_000 released + 1_500_000 remaining
    an act may raise it to 23,000 €
        ALONE; amendment [balance 2_300_000 against activity_report 2022], convention G,
        act {body 'Conseil municipal', date 2023-09-01, number 2023/99}
        => 489: 9_000_000 = 6_700_000 available + 2_300_000 committed;
           G on 489: 2_300_000 remaining; supplementary_commitment 489 300_000 G
    not above: a convention is required first (rule 14)
        ALONE; amendment [balance 2_300_001 against activity_report 2022], convention G,
        act {body 'Conseil municipal', date 2023-09-01, number 2023/99}
        => refused convention_required: siret '37887770800040', total_cents 2_300_001,
           limit_cents 2_300_000; 489: 9_000_000 = 7_000_000 available + 2_000_000 committed;
           G on 489: 2_000_000 remaining
    an award that was raised counts raised: another without convention is refused
        ALONE; amendment [balance 2_300_000 against activity_report 2022], convention G,
        act {body 'Conseil municipal', date 2023-09-01, number 2023/99};
        award 1, grant H, without convention
        => refused convention_required: siret '37887770800040', total_cents 2_300_001,
           limit_cents 2_300_000; 489: 9_000_000 = 6_700_000 available + 2_300_000 committed;
           G on 489: 2_300_000 remaining
    a convention signed for it later takes up to what was raised
        ALONE; amendment [balance 2_300_000 against activity_report 2022], convention G,
        act {body 'Conseil municipal', date 2023-09-01, number 2023/99};
        convention [balance 2_300_000 against activity_report 2022]
        => 489: 9_000_000 = 6_700_000 available + 2_300_000 committed; C on 489: 2_300_000 remaining
    what its own schedule had left unplanned is given up by an amendment
        vote 100;
        award 100, without convention, instalments [balance 70 against activity_report 2022];
        amendment [balance 60 against activity_report 2022], convention G
        => 489 for G: 100 = 40 available + 60 committed
""")

ROWS = [*ORDER_ROWS, *ALONE_ROWS]


@each_row(ORDER_ROWS)
def test_rules_15_and_21_what_is_ordered_stays_and_the_rest_is_ordered_as_it_falls_due(
    row: Row,
) -> None:
    check(row)


@each_row(ALONE_ROWS)
def test_rules_13_to_15_a_grant_without_convention_is_amended(row: Row) -> None:
    check(row)


def issued(scenario: Scenario) -> list[Json]:
    return [
        change.row("")
        for record in scenario.records
        for change in record.payment_orders
        if change.issued is not None
    ]


def test_rules_19_and_21_a_new_schedule_is_due_from_the_amendment_and_names_what_it_replaces() -> (
    None
):
    scenario = Scenario(*IN_HALVES, REJECTED, amended(an_instalment(100), signed_on="2023-10-01"))
    assert [("C/advance", "2023-07-14", None), ("C/advance/2", "2023-11-30", "C/advance")] == [
        (order["payment_order"], order["due_on"], order["previous"]) for order in issued(scenario)
    ]


def test_rule_19_notifications_and_reports_are_due_from_their_own_day() -> None:
    scenario = Scenario(*IN_HALVES, a_notification(notified_on="2023-05-20"), a_report())
    notified = an_instalment(20, "more", trigger="notification")
    scenario.tell(amended(notified, waiting(10, "last"), signed_on="2023-10-01"))
    days = {order["payment_order"]: order["due_on"] for order in issued(scenario)}
    assert ("2023-07-19", "2023-08-25") == (days["C/more"], days["C/last"])


def test_rule_25_the_orders_of_an_amendment_carry_the_act_that_raised_the_award() -> None:
    scenario = Scenario(*IN_HALVES, amended(an_instalment(100, "rest"), act=ACT))
    act = {"body": "Conseil municipal", "number": "2023/99", "date": "2023-09-01"}
    assert act == issued(scenario)[-1]["acts"][-1]
    assert [act] * 2 == [entry["act"] for entry in scenario.last.commitment_entries]
    assert {"2023-09-01"} == {entry["effective_on"] for entry in scenario.last.commitment_entries}
    scenario.tell(amended(amendment="2", _id="none"))
    assert 2 == len(scenario.book.grants["G"].acts), "an act on a grant is kept once"

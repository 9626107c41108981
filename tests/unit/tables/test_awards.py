"""Rules 9, 13 and 14: awards reserve, what is odd is flagged; and grants without convention."""

from typing import Any

from tests.builders import Json, Scenario, a_new_account, a_vote, an_act, an_award
from tests.unit.tables.rows import Row, check, each_row, reader_of

read_rows = reader_of(globals())

ACT_ROWS = read_rows("""
    the award reserves its lines
        vote; award
        => 489: 100_000 reserved; accounting_commitment 489 100_000
    an award on two lines writes an entry a line
        vote; award 60_000 on 489 + 40_000 on 490
        => flag line_overdrawn: line 490, available_cents -40_000;
           489: 100_000 = 40_000 available + 60_000 reserved;
           490: 0 = -40_000 available + 40_000 reserved; accounting_commitment 489 60_000;
           accounting_commitment 490 40_000
    Lille concurs with Lomme's award: two acts, one reservation
        vote; award; concurring act
        => 489: 100_000 reserved; no entries
    an act that concurs before the award is a fact and reserves nothing
        vote; concurring act
        => 489: 100_000 available; no entries
    the award after a concurring act reserves once
        vote; concurring act; award
        => 489: 100_000 reserved; accounting_commitment 489 100_000
    a concurring act needs no vote of the budget
        concurring act
        => no money
    the conditions year of a concurring act is not compared
        vote; award, conditions_year 2_022; concurring act, conditions_year 2_023
        => 489: 100_000 reserved
    a concurring act that names another body is flagged, not refused
        vote; award; concurring act, beneficiary {name 'Mission Locale', siret '21590350100017'}
        => flag name_differs: field name, expected 'Lille Avenirs', found 'Mission Locale';
           flag name_differs: field siret, expected '37887770800040', found '21590350100017';
           489: 100_000 reserved
    a concurring act came first under another name: the award is flagged
        vote; concurring act, beneficiary {name 'Avenirs Lille', siret '37887770800040'}; award
        => flag name_differs: field name, expected 'Lille Avenirs', found 'Avenirs Lille';
           489: 100_000 reserved
    capitals and spaces make no other name
        vote; award; concurring act, beneficiary {name 'LILLE  avenirs ', siret '37887770800040'}
        => 489: 100_000 reserved
    a second award on a grant
        vote; award 60_000; award 40_000, id second
        => refused grant_already_awarded: grant G; 489: 100_000 = 40_000 available + 60_000 reserved
""")


FLAG_ROWS = read_rows("""
    an interested councillor who was recused
        vote; award, interested ['Karima HARIZI'], recused ['karima  harizi']
        => 489: 100_000 reserved
    an interested councillor who was not recused
        vote; award, interested ['Karima HARIZI']
        => flag interested_not_recused: names ['Karima HARIZI']; 489: 100_000 reserved
    of three interested councillors two voted, on the concurring act
        vote; award; concurring act, interested [A, B, C], recused [B, D]
        => flag interested_not_recused: names [A, C]; 489: 100_000 reserved
    the services of a line do not add up to it
        vote; award 100_000 (EMPLOI 60_000, JEUNESSE 39_999)
        => flag figures_differ: of services, line 489, stated_cents 100_000, sum_cents 99_999;
           489: 100_000 reserved
    the services of a line add up to it
        vote; award 100_000 (EMPLOI 60_000, JEUNESSE 39_999, RI 1)
        => 489: 100_000 reserved
    the total that the act states is not the sum of its lines
        vote; award, stated_total_cents 100_001
        => flag figures_differ: of total, stated_cents 100_001, sum_cents 100_000;
           489: 100_000 reserved
    the total that the act states is the sum of its lines
        vote; award, stated_total_cents 100_000
        => 489: 100_000 reserved
""")


@each_row(ACT_ROWS)
def test_rule_9_an_award_reserves_and_a_concurring_act_is_a_fact(row: Row) -> None:
    check(row)


@each_row(FLAG_ROWS)
def test_what_looks_odd_in_an_act_is_flagged_and_the_money_goes_on(row: Row) -> None:
    check(row)


def an_award_alone(amount_cents: int = 100_000, **more: Any) -> Json:
    """A grant without convention."""
    return an_award(amount_cents, requires_convention=False, **more)


ALONE_ROWS = read_rows("""
    an award without convention reserves and commits in one record
        vote; award, without convention
        => 489 for G: 100_000 committed; accounting_commitment 489 100_000;
           legal_commitment 489 100_000 G
    an award without convention to a body whose account is known is ordered at once
        vote; new account; award, without convention
        => 489 for G: 100_000 ordered; G/1 issued 100_000
    an award without convention is ordered when the account is known
        vote; award, without convention; new account
        => 489 for G: 100_000 ordered; G/1 issued 100_000; no entries
    its one instalment pays all of its lines
        vote 60_000 on 489 + 40_000 on 490; new account;
        award 60_000 on 489 + 40_000 on 490, without convention
        => 489 for G: 60_000 ordered; 490 for G: 40_000 ordered; G/1 issued 100_000
    an instalment of its own schedule waits for the notification of the grant
        vote; new account; award, without convention, instalments [A 100_000 at notification]
        => 489 for G: 100_000 committed
    the notification of the grant sets it off
        vote; new account; award, without convention, instalments [A 100_000 at notification];
        notification, convention G
        => 489 for G: 100_000 ordered; G/A issued 100_000
    a report received on the grant sets it off
        vote; new account;
        award, without convention, instalments [B 100_000 against evaluation 2022];
        report evaluation 2022, convention G
        => 489 for G: 100_000 ordered; G/B issued 100_000
    its own instalments plan more than its lines
        vote; award, without convention, instalments [A 60_000, B 40_001]
        => refused exceeds_award: convention G, line 489, award_cents 100_000, asked_cents 100_001;
           489: 100_000 available
    its own instalments plan on a line that it does not have
        vote; award, without convention, instalments [advance 1 on 490]
        => refused exceeds_award: convention G, line 490, award_cents 0, asked_cents 1;
           489: 100_000 available
    its own instalments plan less than its lines: flagged, and the rest stays committed
        vote; new account; award, without convention, instalments [A 60_000]
        => flag figures_differ: of instalments, line 489, stated_cents 100_000, sum_cents 60_000;
           489 for G: 100_000 = 40_000 committed + 60_000 ordered; G/A issued 60_000
    a grant without convention whose reference is already the number of a convention
        vote; award; convention 60_000, convention H, no bank_account;
        award, grant H, without convention
        => refused convention_exists: convention H;
           489: 100_000 = 40_000 reserved + 60_000 committed; H on 489: 60_000 remaining
    a grant that requires a convention never pays before it is signed, however small
        vote; award 1; new account
        => 489: 100_000 = 99_999 available + 1 reserved
    the services of an instalment of the award's own schedule do not add up to its line
        vote; award, without convention, instalments [advance 100_000 (EMPLOI 1)]
        => flag figures_differ: of services, instalment advance, line 489, stated_cents 100_000,
           sum_cents 1; 489 for G: 100_000 committed
""")

BIG = a_vote(10_000_000)


HELD = [BIG, an_award_alone(1_000_000), an_award(1_300_001, grant="H")]

LIMIT_ROWS = read_rows("""
    23,000.00 € without convention
        BIG; award 2_300_000, without convention
        => 489: 10_000_000 = 7_700_000 available + 2_300_000 committed;
           G on 489: 2_300_000 remaining
    23,000.01 € without convention
        BIG; award 2_300_001, without convention
        => refused convention_required: siret '37887770800040', total_cents 2_300_001,
           limit_cents 2_300_000; 489: 10_000_000 available
    two grants of the year make 23,000.00 € together
        BIG; award 1_300_000, without convention; award 1_000_000, grant H, without convention
        => 489: 10_000_000 = 7_700_000 available + 2_300_000 committed;
           G on 489: 1_300_000 remaining; H on 489: 1_000_000 remaining
    two grants of the year make 23,000.01 € together
        BIG; award 1_300_000, without convention; award 1_000_001, grant H, without convention
        => refused convention_required: siret '37887770800040', total_cents 2_300_001,
           limit_cents 2_300_000; 489: 10_000_000 = 8_700_000 available + 1_300_000 committed;
           G on 489: 1_300_000 remaining
    a grant with a convention counts in the sum
        BIG; award 2_300_000; award 1, grant H, without convention
        => refused convention_required: siret '37887770800040', total_cents 2_300_001,
           limit_cents 2_300_000; 489: 10_000_000 = 7_700_000 available + 2_300_000 reserved
    a refused award does not count in the sum
        BIG; award 2_300_001, without convention; award 2_300_000, grant H, without convention
        => 489: 10_000_000 = 7_700_000 available + 2_300_000 committed;
           H on 489: 2_300_000 remaining
    each SIRET has its own sum
        BIG; award 2_300_000, without convention; award 2_300_000, grant H,
        beneficiary {name 'Lille Avenirs', siret '37887770800057'}, without convention
        => 489: 10_000_000 = 5_400_000 available + 4_600_000 committed;
           G on 489: 2_300_000 remaining; H on 489: 2_300_000 remaining
    an award that requires a convention may be of any amount
        BIG; award 10_000_000
        => 489: 10_000_000 reserved
    a later award takes the sum above 23,000 €: what was not ordered is held back
        HELD; new account
        => flag convention_required: convention G, siret '37887770800040', total_cents 2_300_001,
           limit_cents 2_300_000;
           489: 10_000_000 = 7_699_999 available + 1_300_001 reserved + 1_000_000 committed;
           G on 489: 1_000_000 remaining
    a later award takes the sum to 23,000.00 €: nothing is held back
        BIG; award 1_000_000, without convention; award 1_300_000, grant H; new account
        => 489: 10_000_000 = 7_700_000 available + 1_300_000 reserved + 1_000_000 ordered;
           G on 489: 1_000_000 ordered; G/1 issued 1_000_000
    a convention is signed for the grant that was held back: it is paid
        HELD; new account; convention 1_000_000, no bank_account
        => 489: 10_000_000 = 7_699_999 available + 1_300_001 reserved + 1_000_000 ordered;
           C on 489: 1_000_000 ordered; C/advance issued 1_000_000; no entries
    a convention on the other grant does not free the one held back
        HELD; convention 1_300_001, grant H; notification, convention G
        => flag convention_required: convention G, siret '37887770800040', total_cents 2_300_001,
           limit_cents 2_300_000;
           489: 10_000_000 = 7_699_999 available + 1_000_000 committed + 1_300_001 ordered;
           G on 489: 1_000_000 remaining; C on 489: 1_300_001 ordered; C/advance issued 1_300_001
    an order issued before the sum passed 23,000 € is paid
        BIG; new account; award 1_000_000, without convention; award 1_300_001, grant H;
        payment 1_000_000 of G/1
        => 489: 10_000_000 = 7_699_999 available + 1_300_001 reserved + 1_000_000 paid;
           G on 489: 1_000_000 paid; G/1 paid 1_000_000
""")


@each_row(ALONE_ROWS)
def test_rule_13_a_grant_without_convention_stands_for_one(row: Row) -> None:
    check(row)


@each_row(LIMIT_ROWS)
def test_rule_14_no_order_above_23_000_euros_without_convention(row: Row) -> None:
    check(row)


def test_rule_19_an_award_without_convention_is_due_60_days_after_its_act() -> None:
    scenario = Scenario(a_vote(), a_new_account(), an_award_alone(act=an_act("2023-04-12")))
    assert ["2023-06-11"] == [each["due_on"] for each in scenario.summary()["payment_orders"]]


ROWS = [*ACT_ROWS, *FLAG_ROWS, *ALONE_ROWS, *LIMIT_ROWS]

"""Rule 13: a convention signed for a grant that did without; and what its text says of itself."""

from typing import Any

from events.codec import ReceivedEvent, decode
from events.conventions import ConventionSigned
from services.ledger.domain.model.conventions import EarlierYears
from services.ledger.domain.model.schedules import sign_convention
from tests.builders import (
    Json,
    Scenario,
    a_convention,
    a_new_account,
    a_payment,
    a_recovery,
    a_vote,
    an_acknowledgement,
    an_award,
    an_instalment,
    encoded,
)
from tests.unit.tables.rows import Row, check, each_row, reader_of


def an_award_alone(amount_cents: int = 100_000, **more: Any) -> Json:
    return an_award(amount_cents, requires_convention=False, **more)


ALONE = [a_vote(), an_award_alone()]


read_rows = reader_of(globals())

INSTEAD_ROWS = read_rows("""
    a convention of the same amount replaces the schedule and the id, no second commitment
        ALONE; convention, no bank_account
        => 489 for C: 100_000 committed; no entries
    a smaller convention releases the difference
        ALONE; convention 60_000, no bank_account
        => 489 for C: 100_000 = 40_000 available + 60_000 committed; decommitment 489 40_000 C
    a convention that leaves out a line releases all of it
        vote; award 60_000 on 489 + 40_000 on 490, without convention;
        convention 60_000, no bank_account
        => 489: 100_000 = 40_000 available + 60_000 committed; C on 489: 60_000 remaining; 490: 0;
           C on 490: 40_000 released; decommitment 490 40_000 C
    a larger convention
        ALONE; convention 100_001
        => refused exceeds_award: convention C, line 489, award_cents 100_000, asked_cents 100_001;
           489 for G: 100_000 committed
    a convention on a line that the award does not have
        ALONE; convention [advance 1 on 490]
        => refused exceeds_award: convention C, line 490, award_cents 0, asked_cents 1;
           489 for G: 100_000 committed
    what the award has beyond its convention is released, so a second one finds nothing
        ALONE; convention 60_000, no bank_account; convention 1, convention D
        => refused exceeds_award: convention D, line 489, award_cents 0, asked_cents 1;
           489 for C: 100_000 = 40_000 available + 60_000 committed
    something is ordered: too late for a convention
        ALONE; new account; convention
        => refused convention_exists: convention C; 489 for G: 100_000 ordered; G/1 issued 100_000
    something is paid: too late for a convention
        ALONE; new account; payment 100_000 of G/1; convention
        => refused convention_exists: convention C; 489 for G: 100_000 paid; G/1 paid 100_000
    the only order was rejected: nothing is ordered
        ALONE; new account; G/1 rejected; convention
        => 489 for C: 100_000 ordered; G/1 rejected 100_000; C/advance issued 100_000
    what was paid of the rejected order is ordered money: too late
        ALONE; new account; payment 1 of G/1; G/1 rejected; convention 99_999
        => refused convention_exists: convention C; 489 for G: 100_000 = 99_999 committed + 1 paid;
           G/1 rejected 100_000 (1 paid)
    the rejected order of the grant stays closed after the convention
        ALONE; new account; G/1 rejected; convention, no bank_account; payment 100_000 of G/1
        => refused payment_order_closed: payment_order G/1, state rejected;
           489 for C: 100_000 ordered; G/1 rejected 100_000; C/advance issued 100_000
    the number of the convention is the reference of the grant
        ALONE; convention, convention G
        => refused convention_exists: convention G; 489 for G: 100_000 committed
    the reference of a grant that has its convention remains a known number
        vote 200_000; award, without convention; convention, no bank_account; award, grant H;
        convention, convention G, grant H
        => refused convention_exists: convention G;
           489: 200_000 = 100_000 reserved + 100_000 committed; C on 489: 100_000 remaining
    the notification of the grant stays: the convention that waits for one pays at once
        ALONE; notification, convention G; convention [advance 100_000 at notification]
        => 489 for C: 100_000 ordered; C/advance issued 100_000
    the reports received on the grant stay: the convention that waits for them pays at once
        ALONE; report evaluation 2022, convention G;
        convention [advance 100_000 against evaluation 2022]
        => 489 for C: 100_000 ordered; C/advance issued 100_000
    the grant's reference no longer stands for a convention
        ALONE; convention, no bank_account; notification, convention G
        => waits for convention G; 489 for C: 100_000 committed
""")


def by_reports(*years: int, **more: Any) -> Json:
    documents = [("activity_report", year) for year in years]
    return a_convention(instalments=[an_instalment(documents=documents)], **more)


AWARD_2022 = [a_vote(), an_award(conditions_year=2022)]
AWARD_NO_YEAR = [a_vote(), an_award()]
YEAR_ROWS = read_rows("""
    one year everywhere
        AWARD_2022;
        convention [advance 100_000 against activity_report 2022], stated_condition_years [2_022]
        => 489 for C: 100_000 committed
    the deliberation says 2022, the schedule waits for 2023
        AWARD_2022; by_reports 2_023
        => flag condition_year_differs: deliberation 2022, convention [2023];
           489 for C: 100_000 committed
    the schedule waits for 2022, the text also says 2023
        AWARD_2022; convention [advance 100_000 against activity_report 2022],
        stated_condition_years [2_023, 2_022]
        => flag condition_year_differs: deliberation 2022, convention [2022, 2023];
           489 for C: 100_000 committed
    no words name a year, the schedule waits for two: a plan may
        AWARD_NO_YEAR; by_reports 2_023 2_022
        => 489 for C: 100_000 committed
    the deliberation says one of the two for which the schedule waits
        AWARD_2022; by_reports 2_023 2_022
        => 489 for C: 100_000 committed
    the convention's words name a year for which its schedule does not wait
        AWARD_NO_YEAR;
        convention [advance 100_000 against activity_report 2022], stated_condition_years [2_023]
        => flag condition_year_differs: deliberation null, convention [2022, 2023];
           489 for C: 100_000 committed
    the deliberation says a year, the schedule waits for no document
        AWARD_2022; convention, no bank_account
        => 489 for C: 100_000 committed
    act and convention name two years, the schedule waits for no document
        AWARD_2022; convention, stated_condition_years [2_023], no bank_account
        => flag condition_year_differs: deliberation 2022, convention [2023];
           489 for C: 100_000 committed
    the deliberation gives no year, the convention one
        AWARD_NO_YEAR; by_reports 2_023
        => 489 for C: 100_000 committed
    documents that are owed, but that no money waits for, have years of their own
        AWARD_2022; convention [advance 100_000 against activity_report 2022],
        obligations [{kind evaluation, year 2023, due_on 2024-06-30}]
        => 489 for C: 100_000 committed
    the total that the convention states is not the sum of its instalments
        AWARD_NO_YEAR; convention [A 60_000, B 40_000], stated_total_cents 99_999, no bank_account
        => flag figures_differ: of total, stated_cents 99_999, sum_cents 100_000;
           489 for C: 100_000 committed
    the total that the convention states is the sum of its instalments
        AWARD_NO_YEAR; convention, stated_total_cents 100_000
        => 489 for C: 100_000 ordered; C/advance issued 100_000
    the services of an instalment's line do not add up to it
        AWARD_NO_YEAR; convention [advance 100_000 (EMPLOI 90_000)]
        => flag figures_differ: of services, instalment advance, line 489, stated_cents 100_000,
           sum_cents 90_000; 489 for C: 100_000 ordered; C/advance issued 100_000
""")

ROWS = [*INSTEAD_ROWS, *YEAR_ROWS]


@each_row(INSTEAD_ROWS)
def test_rule_13_a_convention_may_replace_a_grant_without_one(row: Row) -> None:
    check(row)


@each_row(YEAR_ROWS)
def test_figures_and_years_that_disagree_are_flagged_and_the_money_goes_on(row: Row) -> None:
    check(row)


def test_rule_13_a_recovery_may_not_name_a_grant_that_was_replaced_whole() -> None:
    scenario = Scenario(*AWARD_NO_YEAR, a_convention(), a_payment(100_000))
    scenario.tell(a_recovery(3, convention="G"))
    assert "waits for convention G" == scenario.answer()
    scenario.tell(a_recovery(3, _id="by its number"))
    assert "accepted" == scenario.answer()


def test_rule_13_what_replaces_a_grant_is_due_after_its_own_signature() -> None:
    scenario = Scenario(*ALONE, a_new_account(_id="late"), an_acknowledgement("rejected", "G/1"))
    scenario.tell(a_convention(signed_on="2023-07-01"))
    due = {each["payment_order"]: each["due_on"] for each in scenario.summary()["payment_orders"]}
    assert {"G/1": "2023-06-11", "C/advance": "2023-08-30"} == due


def test_what_replaces_a_grant_keeps_what_earlier_years_paid_and_ordered_of_it() -> None:
    """Not their ids, nor what that year awarded: it has a schedule, and a text, of its own."""
    book = Scenario(*ALONE).book
    book.conventions["G"].earlier = EarlierYears(10, 20, {"1": "G@2022/1"}, 30)
    received = decode(encoded(a_convention()))
    assert isinstance(received, ReceivedEvent)
    assert isinstance(received.envelope.data, ConventionSigned)
    assert EarlierYears(10, 20) == sign_convention(book, received.envelope.data, 9).earlier

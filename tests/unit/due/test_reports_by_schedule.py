"""Documents owed where the convention names no day: by what its money waits for, or rests on."""

from tests.builders import (
    a_new_account,
    a_vote,
    an_award,
    an_instalment,
)
from tests.unit.due import test_reports
from tests.unit.due.scenario import Row, check, each_row, reader_of
from tests.unit.due.test_reports import ACTIVITY
from tests.unit.tables.event_notation import read_events

BOTH_HALVES = [
    a_vote(9_000_000),
    a_new_account(),
    an_award(
        1_000_000,
        requires_convention=False,
        instalments=[
            an_instalment(500_000, "1", documents=[ACTIVITY]),
            an_instalment(500_000, "2", trigger="notification"),
        ],
    ),
]

SETTLED_AT_NOTHING = read_events("""
    vote 100; award 100; convention [advance 60, rest 40 against activity_report 2022 with ceiling];
    report, eligible_cost_cents 50
""")

read_rows = reader_of(globals(), vars(test_reports))

BY_ITS_MONEY = read_rows("""
    the money waits, until six months after the year
        AWAITING
        => 2023-06-30: none late
    then each document is overdue, named once
        AWAITING
        => 2023-07-01: report_due C 2023-06-30; late C activity_report 2022 2023-06-30;
           late C certified_accounts 2022 2023-06-30
    what set off an order is not waited for, though it was rejected later
        AWAITING; report; rejected report
        => 2023-07-01: report_due C 2023-06-30; late C activity_report 2022 2023-06-30;
           late C certified_accounts 2022 2023-06-30
    all came, and one does not do: it is open though the orders were issued
        AWAITING; report; report certified_accounts 2022; rejected report
        => 2023-07-01: report_due C 2023-06-30; late C activity_report 2022 2023-06-30
    and where one of them comes back
        AWAITING; report; report certified_accounts 2022; rejected report; C/rest rejected
        => 2023-07-01: report_due C 2023-06-30; late C activity_report 2022 2023-06-30
    also where they are paid
        AWAITING; report; report certified_accounts 2022; payment 60 of C/first;
        payment 40 of C/rest; rejected report
        => 2023-07-01: report_due C 2023-06-30; late C activity_report 2022 2023-06-30
    what is paid, and was not rejected, is done
        AWAITING; report; report certified_accounts 2022; payment 60 of C/first
        => 2023-07-01: none late
    a terminated convention owes what was rejected behind its order, while that stays paid
        AWAITING; report; payment 60 of C/first; termination; rejected report
        => 2023-07-01: report_due C 2023-06-30; late C activity_report 2022 2023-06-30
    and nothing that its other instalments waited for
        AWAITING; report; payment 60 of C/first; termination
        => 2023-07-01: none late
    what a cancelled order was paid rests on its documents
        AWAITING; report; payment 1 of C/first; withdrawal; rejected report
        => 2023-07-01: report_due C 2023-06-30; late C activity_report 2022 2023-06-30
    where a rejected order is given up, what it was paid rests on them
        AWAITING; report; payment 1 of C/first; C/first rejected; reduction 99; rejected report
        => 2023-07-01: report_due C 2023-06-30; late C activity_report 2022 2023-06-30
    where the money is given up, nothing waits
        AWAITING; reduction 30; reduction 70, id all
        => 2023-07-01: none late
    given up from the last backwards
        AWAITING; reduction 40
        => 2023-07-01: report_due C 2023-06-30; late C activity_report 2022 2023-06-30
    a ceiling that leaves nothing settles it
        SETTLED_AT_NOTHING
        => 2023-07-01: none late
    and its document is open again where it is rejected behind that
        SETTLED_AT_NOTHING; rejected report
        => 2023-07-01: report_due C 2023-06-30; late C activity_report 2022 2023-06-30
    until it comes again
        SETTLED_AT_NOTHING; rejected report; report, id again
        => 2023-07-01: none late
    an order that comes back behind the closing leaves what was rejected open
        AWAITING; report; C/first taken_in_charge; closing none; C/first rejected, id back;
        rejected report
        => 2023-07-01: report_due C 2023-06-30; no order;
           late C activity_report 2022 2023-06-30 closed;
           late C certified_accounts 2022 2023-06-30 closed
    an amendment names other documents
        AWAITING; amendment [all 100 against evaluation 2023]
        => 2024-07-01: report_due C 2024-06-30; late C evaluation 2023 2024-06-30
    what an order holds stays beside it
        AWAITING; report; amendment [new 40 against certified_accounts 2022]; rejected report
        => 2023-07-01: report_due C 2023-06-30; late C activity_report 2022 2023-06-30;
           late C certified_accounts 2022 2023-06-30
    a grant that stands alone owes what its money waits for
        vote 100;
        award 100, without convention, instalments [advance 100 against activity_report 2022]
        => 2023-07-01: report_due G 2023-06-30; late G activity_report 2022 2023-06-30
    until a convention takes its place, with what has come
        vote 100;
        award 100, without convention, instalments [advance 100 against activity_report 2022];
        report, convention G;
        convention [advance 100 against activity_report 2022 and certified_accounts 2022]
        => 2023-07-01: report_due C 2023-06-30; late C certified_accounts 2022 2023-06-30
    what the grant owed then is the convention's to owe
        vote 100;
        award 100, without convention, instalments [advance 100 against certified_accounts 2022];
        convention [advance 100 against activity_report 2022]
        => 2023-07-01: report_due C 2023-06-30; late C activity_report 2022 2023-06-30
    what comes back when the year is closed, and nothing is owed, changes nothing
        vote 100; award 100; convention 100; payment 100; closing none; recovery 5; collection 5
        => 2024-07-01: none late
    what the grant had ordered rests on its documents under the convention's number
        BOTH_HALVES; report, convention G; award 1_300_001, grant H;
        convention [1 500_000 at notification]; rejected report
        => 2023-07-01: report_due C 2023-06-30; order G/1 issued 500000 unanswered;
           late C activity_report 2022 2023-06-30
    and its order that was rejected waits to be issued again
        BOTH_HALVES; report, convention G; award 1_300_001, grant H;
        convention [1 500_000 at notification]; G/1 rejected
        => 2023-07-01: order G/1 rejected 500000; none late
    its successor takes its place
        BOTH_HALVES; report, convention G; award 1_300_001, grant H;
        convention [1 500_000 at notification]; G/1 rejected; new account, id new
        => 2023-07-01: order G/1/2 issued 500000 unanswered; none late
    without a schedule of its own it owes nothing
        vote 100; award 100, without convention
        => 2023-07-01: none late
    an award alone owes nothing
        vote 100; award 100
        => 2023-07-01: none late
    a closed year shows what its money waited for
        AWAITING; closing none
        => 2024-07-01: report_due C 2023-06-30; late C activity_report 2022 2023-06-30 closed;
           late C certified_accounts 2022 2023-06-30 closed
    the next year waits for what is left
        AWAITING; report; C/first taken_in_charge; closing all
        => 2024-07-01: report_due C 2023-06-30; late C certified_accounts 2022 2023-06-30
""")


@each_row(BY_ITS_MONEY)
def test_by_six_months_after_their_year_where_money_waits_for_them(row: Row) -> None:
    check(row)

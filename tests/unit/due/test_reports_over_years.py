"""Documents owed in the next year for what the year before settled, rejected or paid in part."""

from tests.builders import (
    NEXT_BUDGET,
    Json,
    a_closing,
    a_convention,
    a_rejected_report,
    a_report,
    a_termination,
    a_vote,
    an_award,
    an_instalment,
)
from tests.unit.due.scenario import Row, check, each_row, reader_of
from tests.unit.due.test_reports import ACTIVITY
from tests.unit.tables.event_notation import read_events

NEXT: Json = {"budget": NEXT_BUDGET}
SETTLED = [
    a_vote(100),
    an_award(100),
    a_convention(
        instalments=[
            an_instalment(40, "rest", trigger="notification"),
            an_instalment(60, "report", documents=[ACTIVITY], ceiling=True),
        ]
    ),
    a_report(eligible_cost_cents=0),
]
PART_PAID = read_events("""
    vote 100; award 100; convention [report 100 against activity_report 2022]; report;
    payment 60 of C/report; C/report rejected
""")
ENDED = [a_closing("all"), a_termination(**NEXT), a_rejected_report(**NEXT)]

read_rows = reader_of(globals())

OVER_YEARS = read_rows("""
    rejected behind an instalment that had left nothing to pay
        SETTLED; rejected report; closing all
        => 2024-07-01: report_due C 2023-06-30; late C activity_report 2022 2023-06-30
    until it comes again
        SETTLED; rejected report; closing all; report, next year, id again
        => 2024-07-01: none late
    what is settled waits for nothing, though its document never came
        vote 100; award 100;
        convention [rest 40 at notification, report 60 against activity_report 2022 with ceiling];
        reduction 60; closing all
        => 2024-07-01: none late
    but owes a document that is rejected in the next year
        SETTLED; closing all; rejected report, next year
        => 2024-07-01: report_due C 2023-06-30; late C activity_report 2022 2023-06-30
    terminated there, it owes what was rejected behind a part that was paid
        PART_PAID; ENDED
        => 2024-07-01: report_due C 2023-06-30; late C activity_report 2022 2023-06-30
    but not once an amendment of the year before had planned it anew
        PART_PAID; amendment [report 40 against activity_report 2022 and evaluation 2022]; ENDED
        => 2024-07-01: none late
""")


@each_row(OVER_YEARS)
def test_the_next_year_waits_for_the_documents_that_this_one_waited_for(row: Row) -> None:
    check(row)

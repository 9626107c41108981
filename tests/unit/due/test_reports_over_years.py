"""Documents owed in the next year for what the year before settled, rejected or paid in part."""

from tests.builders import (
    NEXT_BUDGET,
    Json,
    a_closing,
    a_convention,
    a_payment,
    a_reduction,
    a_rejected_report,
    a_report,
    a_termination,
    a_vote,
    an_acknowledgement,
    an_amendment,
    an_award,
    an_instalment,
)
from tests.unit.due.scenario import Row, check, each_row
from tests.unit.due.test_reports import ACTIVITY, JUNE_2023

OPEN = ["C activity_report 2022 2023-06-30"]
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
PART_PAID = [
    a_vote(100),
    an_award(100),
    a_convention(instalments=[an_instalment(100, "report", documents=[ACTIVITY])]),
    a_report(),
    a_payment(60, "C/report"),
    an_acknowledgement("rejected", "C/report"),
]
ENDED = [a_closing("all"), a_termination(**NEXT), a_rejected_report(**NEXT)]

OVER_YEARS = [
    Row(
        "rejected behind an instalment that had left nothing to pay",
        [*SETTLED, a_rejected_report(), a_closing("all")],
        "2024-07-01",
        JUNE_2023,
        reports=OPEN,
    ),
    Row(
        "until it comes again",
        [*SETTLED, a_rejected_report(), a_closing("all"), a_report(**NEXT, _id="again")],
        "2024-07-01",
        [],
        reports=[],
    ),
    Row(
        "what is settled waits for nothing, though its document never came",
        [*SETTLED[:-1], a_reduction(60), a_closing("all")],
        "2024-07-01",
        [],
        reports=[],
    ),
    Row(
        "but owes a document that is rejected in the next year",
        [*SETTLED, a_closing("all"), a_rejected_report(**NEXT)],
        "2024-07-01",
        JUNE_2023,
        reports=OPEN,
    ),
    Row(
        "terminated there, it owes what was rejected behind a part that was paid",
        [*PART_PAID, *ENDED],
        "2024-07-01",
        JUNE_2023,
        reports=OPEN,
    ),
    Row(
        "but not once an amendment of the year before had planned it anew",
        [
            *PART_PAID,
            an_amendment(
                instalments=[
                    an_instalment(40, "report", documents=[ACTIVITY, ("evaluation", 2022)])
                ]
            ),
            *ENDED,
        ],
        "2024-07-01",
        [],
        reports=[],
    ),
]


@each_row(OVER_YEARS)
def test_the_next_year_waits_for_the_documents_that_this_one_waited_for(row: Row) -> None:
    check(row)

"""Rules 24, 29 and 32: documents that did not do, and orders paid in part, in the next year."""

import pytest

from events import topics
from events.journal import read_record
from services.ledger.application.handle import RawRecord
from services.ledger.domain.journal import Source
from tests.builders import (
    NEXT_BUDGET,
    Json,
    Scenario,
    a_closing,
    a_convention,
    a_deadline,
    a_new_account,
    a_payment,
    a_recovery,
    a_reduction,
    a_rejected_report,
    a_report,
    a_vote,
    an_acknowledgement,
    an_amendment,
    an_award,
    an_instalment,
    encoded,
)
from tests.unit.tables.rows import AGAIN, facts_of, flags_of
from tests.unit.tables.test_signed_for_the_rest import ABOVE, HALF, REST
from tests.unit.tables.years import NEXT, Row, check, reader_of

ACTIVITY, ACCOUNTS = ("activity_report", 2022), ("certified_accounts", 2022)
DUE = a_deadline("report_due", due_on="2023-06-30", **NEXT)
REJECTION = a_rejected_report(**NEXT)
REJECTED = an_acknowledgement("rejected", "C/report")
WAITS = an_instalment(40, "rest", trigger="notification")


def signed(*instalments: Json) -> list[Json]:
    return [a_vote(100), an_award(100), a_convention(instalments=list(instalments))]


SETTLED = [
    *signed(WAITS, an_instalment(60, "report", documents=[ACTIVITY], ceiling=True)),
    a_report(eligible_cost_cents=0),
]
"""Accounts that prove nothing leave nothing to pay, and no order."""
PART_PAID = [
    *signed(an_instalment(100, "report", documents=[ACTIVITY])),
    a_report(),
    a_payment(60, "C/report"),
    REJECTED,
]
"""The order was sent back when 60 of its 100 cents were paid."""


def rests(order: str = "C/report", convention: str = "C") -> list[tuple[str, Json]]:
    facts = {
        "convention": convention,
        "document": {"kind": "activity_report", "year": 2022},
        "payment_order": order,
    }
    return [("report_rejected_after_order", facts)]


read_rows = reader_of(globals())

ROWS = read_rows("""
    a document rejected before the closing is open where it had left nothing to pay
        SETTLED; rejected report; CARRIED; DUE
        => flag report_late: convention C, documents [{kind activity_report, year 2022}],
           due_on 2023-06-30; 489 for C: 40 committed
    two of them: both are open
        vote 100; award 100; convention [rest 40 at notification,
        activity_report 30 against activity_report 2022 with ceiling,
        certified_accounts 30 against certified_accounts 2022 with ceiling];
        report, eligible_cost_cents 0; report certified_accounts 2022, eligible_cost_cents 0;
        rejected report; rejected report certified_accounts 2022; CARRIED; DUE
        => flag report_late: convention C, documents [{kind activity_report, year 2022},
           {kind certified_accounts, year 2022}], due_on 2023-06-30; 489 for C: 40 committed
    it has come again: nothing is late
        SETTLED; rejected report; CARRIED; report, next year, id again; DUE
        => 489 for C: 40 committed
    one that had left nothing to pay is rejected in the new year
        SETTLED; CARRIED; REJECTION; DUE
        => flag report_late: convention C, documents [{kind activity_report, year 2022}],
           due_on 2023-06-30; 489 for C: 40 committed
    what had left nothing to pay, and was not rejected, is done
        SETTLED; CARRIED; DUE
        => 489 for C: 40 committed
    what is settled pays nothing when its document comes again
        SETTLED; rejected report; CARRIED; report, eligible_cost_cents 100, next year, id again
        => 489 for C: 40 committed
    a document is rejected on which an order rests that an earlier year paid in part
        PART_PAID; CARRIED; REJECTION
        => flag report_rejected_after_order: convention C, document {kind activity_report,
           year 2022}, payment_order C/report; 489 for C: 40 committed
    its re-issue, sent back with nothing paid of it, changes nothing of that
        PART_PAID; CARRIED; new account, next year; C/report/2 rejected, next year; REJECTION
        => flag report_rejected_after_order: convention C, document {kind activity_report,
           year 2022}, payment_order C/report; 489 for C: 40 committed; C/report/2 rejected 40
    an open re-issue is the last that rests on it
        PART_PAID; CARRIED; new account, next year; REJECTION
        => flag report_rejected_after_order: convention C, document {kind activity_report,
           year 2022}, payment_order C/report/2; 489 for C: 40 ordered; C/report/2 issued 40
    an amendment of the new year that plans it anew leaves that order behind
        PART_PAID; CARRIED;
        amendment [report 40 against activity_report 2022 and certified_accounts 2022], next year;
        REJECTION
        => 489 for C: 40 committed
    so does its new order, sent back with nothing paid of it
        PART_PAID; CARRIED; amendment [report 40 against activity_report 2022], next year;
        C/report/2 rejected, next year; REJECTION
        => 489 for C: 40 committed; C/report/2 rejected 40
    an amendment of the closed year has left it behind already
        PART_PAID; amendment [report 40 against activity_report 2022 and certified_accounts 2022];
        CARRIED; REJECTION
        => 489 for C: 40 committed
    where a reduction took all that was left, the paid part rests on the document too
        vote 100; award 100;
        convention [rest 40 at notification, report 60 against activity_report 2022]; report;
        payment 10 of C/report; REJECTED; reduction 50; CARRIED; REJECTION
        => flag report_rejected_after_order: convention C, document {kind activity_report,
           year 2022}, payment_order C/report; 489 for C: 40 committed
    terminated in the new year, it owes what was rejected behind the part that was paid
        PART_PAID; CARRIED; termination, next year; REJECTION; DUE
        => flag report_late: convention C, documents [{kind activity_report, year 2022}],
           due_on 2023-06-30; 489 for C: 40 available
""")


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.says)
def test_rules_24_and_29_say_in_the_next_year_what_they_said_in_this_one(row: Row) -> None:
    check(row)


def test_rule_32_an_opening_says_what_was_rejected_settled_and_paid_in_part() -> None:
    schedule = [
        WAITS,
        an_instalment(30, "ceiling", documents=[ACTIVITY], ceiling=True),
        an_instalment(30, "report", documents=[ACCOUNTS]),
    ]
    scenario = Scenario(
        *signed(*schedule),
        *(a_report(*ACCOUNTS), a_payment(10, "C/report"), REJECTED, a_reduction(20)),
        a_report(eligible_cost_cents=0),
        *(a_rejected_report(*ACCOUNTS), a_rejected_report("evaluation"), a_rejected_report()),
        a_rejected_report(*ACCOUNTS, **AGAIN),
        a_rejected_report("financial_report"),
        a_report("financial_report", _id="came"),
        a_closing("all"),
    )
    [opening] = scenario.internal_events()
    documents = [{"kind": kind, "year": 2022} for kind in (ACCOUNTS[0], "evaluation", ACTIVITY[0])]
    assert documents == opening["data"]["rejected"]
    [_, ceiling, report] = opening["data"]["instalments"]
    settled = {"trigger": "reports", "lines": [], "settled": True}
    assert ceiling == settled | {
        "instalment": "ceiling",
        "ceiling": True,
        "documents": [documents[2]],
        "orders": 0,
    }
    assert report == settled | {
        "instalment": "report",
        "ceiling": False,
        "documents": [documents[0]],
        "orders": 1,
        "paid_order": "C/report",
    }
    assert [] == opening["data"]["former_instalments"]


def test_rule_32_what_earlier_years_paid_in_part_and_rejected_goes_on_over_several_years() -> None:
    scenario = Scenario(*PART_PAID, a_rejected_report("evaluation"), a_closing("all"))
    scenario.deliver()
    scenario.tell(a_closing("all", **NEXT, _id="second"))
    [first, second] = [each["data"] for each in scenario.internal_events()]
    assert first["rejected"] == second["rejected"]
    assert first["instalments"] == second["instalments"]


def test_rule_31_a_closed_year_keeps_the_order_of_an_earlier_one_that_was_paid_in_part() -> None:
    scenario = Scenario(*PART_PAID, a_closing("all"))
    scenario.deliver()
    scenario.tell(a_closing("none", **NEXT, _id="second"))
    assert scenario.ledger.budgets[NEXT_BUDGET].book.closed_out
    scenario.tell(REJECTION)
    assert rests() == flags_of(scenario)


def test_rule_24_a_convention_that_goes_on_under_another_name_names_the_order_as_it_was() -> None:
    scenario = Scenario(*PART_PAID, a_closing("all"))
    for event in (
        a_vote(50, **NEXT),
        an_award(50, **NEXT),
        a_convention(instalments=[an_instalment(50, trigger="notification")], **NEXT),
    ):
        scenario.tell(event)
    scenario.deliver()
    scenario.tell(a_rejected_report(**NEXT | {"convention": "C@2023"}))
    assert rests(convention="C@2023") == flags_of(scenario)


HELD = an_instalment(HALF, "1", documents=[ACTIVITY])
ALONE = an_award(
    2 * HALF,
    requires_convention=False,
    instalments=[HELD, an_instalment(HALF, "2", trigger="notification")],
)
OF_GRANT: list[Json] = [
    *(ABOVE[0], ABOVE[1], ALONE, a_report(convention="G"), a_payment(7, "G/1")),
    an_acknowledgement("rejected", "G/1"),
]
"""The grant's order was sent back when a part of it was paid."""
ABOVE_THE_LIMIT = ABOVE[3]


def test_rule_24_a_convention_for_the_rest_leaves_behind_what_its_grant_had_planned_anew() -> None:
    rest = an_instalment(HALF, "2", trigger="notification")
    planned = [an_instalment(HALF - 7, "1", documents=[ACTIVITY]), rest]
    scenario = Scenario(
        *OF_GRANT,
        an_amendment(convention="G", instalments=planned),
        *(ABOVE_THE_LIMIT, REST, an_acknowledgement("rejected", "G/1/2"), a_rejected_report()),
    )
    assert "accepted" == scenario.answer()
    assert [] == flags_of(scenario)


def test_rule_24_what_the_grant_was_paid_in_part_rests_on_its_document_for_the_rest_too() -> None:
    again, sent_back = a_new_account(_id="again"), an_acknowledgement("rejected", "G/1/2")
    scenario = Scenario(*OF_GRANT, again, ABOVE_THE_LIMIT, REST, sent_back, a_rejected_report())
    assert rests("G/1") == flags_of(scenario)


def test_rule_32_a_recovery_names_the_grant_whose_order_was_rejected_before_the_closing() -> None:
    """No instalment bears its name any more: an amendment has planned all of it anew."""
    anew = an_amendment(instalments=[an_instalment(2 * HALF - 7, "x", trigger="notification")])
    scenario = Scenario(
        *OF_GRANT[:-1], *(ABOVE_THE_LIMIT, REST, OF_GRANT[-1], anew, a_closing("all"))
    )
    [opening] = scenario.internal_events()
    assert "G" == opening["data"]["replaced"]
    assert ["x"] == [each["instalment"] for each in opening["data"]["instalments"]]
    assert [] == opening["data"]["former_instalments"], "what the grant planned never comes again"
    scenario.deliver()
    scenario.tell(a_recovery(3, **NEXT | {"convention": "G"}))
    facts = {"convention": "C", "room_cents": 0, "asked_cents": 3}
    assert ("recovery_exceeds", facts) == (scenario.answer(), facts_of(scenario))


def test_rule_32_a_grant_of_which_nothing_was_drawn_is_not_named_in_the_next_year() -> None:
    whole = an_award(2 * HALF, requires_convention=False, instalments=[HELD])
    scenario = Scenario(*ABOVE[:2], whole, REST, a_closing("all"))
    [opening] = scenario.internal_events()
    assert "replaced" not in opening["data"]


def test_rule_32_an_opening_of_before_may_name_the_grant_in_its_instalments_alone() -> None:
    """As those of 0.1.0 do, which another version may read: from the topic, or a journal."""
    scenario = Scenario(*OF_GRANT[:-1], ABOVE_THE_LIMIT, REST, OF_GRANT[-1], a_closing("all"))
    [opening] = scenario.internal_events()
    assert "G" == opening["data"].pop("replaced")
    raw = RawRecord(encoded(opening), Source(topics.INTERNAL_EVENTS, 0, 0))
    later = Scenario()
    later.ledger.handle(raw)
    [row] = later.ledger.commit_batch([]).records
    convention = later.ledger.budgets[NEXT_BUDGET].book.conventions["C"]
    assert "G/1" == convention.schedule[0].instalment
    assert convention.also_recovered_as == "G" == read_record(row.record).former_grant


def test_rule_32_a_cent_that_waits_for_documents_goes_on() -> None:
    scenario = Scenario(*signed(an_instalment(1, documents=[ACTIVITY])), a_closing("all"))
    assert [1] == [
        line["amount_cents"]
        for opening in scenario.internal_events()
        for each in opening["data"]["instalments"]
        for line in each["lines"]
    ]

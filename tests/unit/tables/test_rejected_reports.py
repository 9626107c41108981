"""Rule 24: a document that does not do counts as not received."""

from tests.builders import (
    Scenario,
    a_convention,
    a_payment,
    a_rejected_report,
    a_report,
    a_vote,
    an_acknowledgement,
    an_amendment,
    an_award,
    an_instalment,
)
from tests.unit.tables.rows import AGAIN, Row, check, each_row, reader_of

BOTH = [("activity_report", 2022), ("certified_accounts", 2022)]
AT_THE_REPORTS = a_convention(instalments=[an_instalment(100, documents=BOTH)])
WAITING = [a_vote(100), an_award(100), AT_THE_REPORTS]
"""One instalment of 100 that waits for two documents."""

ACCOUNTS = a_report("certified_accounts")
REJECTED = an_acknowledgement("rejected", "C/advance")


SENT_BACK = [*WAITING, a_report(), ACCOUNTS, a_payment(30), REJECTED]
"""A part is paid; the rest of the order is planned again."""
PLANNED_ANEW = [
    *SENT_BACK,
    an_amendment(instalments=[an_instalment(70, documents=[*BOTH, ("evaluation", 2022)])]),
]
ORDERED_ANEW = [*PLANNED_ANEW, a_report("evaluation")]


read_rows = reader_of(globals())

REJECTION_ROWS = read_rows("""
    before the other came: the instalment waits on
        WAITING; report; rejected report; ACCOUNTS
        => 489 for C: 100 committed
    received again it counts
        WAITING; report; rejected report; ACCOUNTS; report, id again
        => 489 for C: 100 ordered; C/advance issued 100
    one that never came
        WAITING; rejected report
        => 489 for C: 100 committed
    one that no instalment asks for
        WAITING; report; ACCOUNTS; rejected report evaluation 2022
        => 489 for C: 100 ordered; C/advance issued 100
    an order rests on it: flagged, the order stays
        WAITING; report; ACCOUNTS; rejected report
        => flag report_rejected_after_order: convention C, document {kind activity_report,
           year 2022}, payment_order C/advance; 489 for C: 100 ordered; C/advance issued 100
    the order is paid already: flagged
        WAITING; report; ACCOUNTS; payment 100; rejected report certified_accounts 2022
        => flag report_rejected_after_order: convention C, document {kind certified_accounts,
           year 2022}, payment_order C/advance; 489 for C: 100 paid; C/advance paid 100
    the order was sent back, and nothing paid of it: nothing rests on it
        WAITING; report; ACCOUNTS; REJECTED; rejected report
        => 489 for C: 100 committed; C/advance rejected 100
    sent back, a part of it paid: flagged
        WAITING; report; ACCOUNTS; payment 30; REJECTED; rejected report
        => flag report_rejected_after_order: convention C, document {kind activity_report,
           year 2022}, payment_order C/advance; 489 for C: 100 = 70 committed + 30 paid;
           C/advance rejected 100 (30 paid)
    planned anew under the same id: it leaves its former orders behind
        PLANNED_ANEW; rejected report
        => 489 for C: 100 = 70 committed + 30 paid; C/advance rejected 100 (30 paid)
    so does its new order, sent back with nothing paid of it
        ORDERED_ANEW; C/advance/2 rejected; rejected report
        => 489 for C: 100 = 70 committed + 30 paid; C/advance rejected 100 (30 paid);
           C/advance/2 rejected 70
    of which a part is paid: flagged with that one
        ORDERED_ANEW; payment 7 of C/advance/2; C/advance/2 rejected; rejected report
        => flag report_rejected_after_order: convention C, document {kind activity_report,
           year 2022}, payment_order C/advance/2; 489 for C: 100 = 63 committed + 37 paid;
           C/advance rejected 100 (30 paid); C/advance/2 rejected 70 (7 paid)
    an amendment beside an order leaves it what it was: of its re-issue nothing is paid
        SENT_BACK; new account; amendment []; C/advance/2 rejected; rejected report
        => flag report_rejected_after_order: convention C, document {kind activity_report,
           year 2022}, payment_order C/advance; 489 for C: 100 = 70 committed + 30 paid;
           C/advance rejected 100 (30 paid); C/advance/2 rejected 70
    terminated since, it owes no document of before the amendment (rule 29)
        PLANNED_ANEW; rejected report; termination; deadline report_due
        => 489 for C: 100 = 70 available + 30 paid; C/advance rejected 100 (30 paid)
    a rejected order waits for the document again (rule 21)
        WAITING; report; ACCOUNTS; REJECTED; rejected report; new account
        => 489 for C: 100 committed; C/advance rejected 100
    and is issued again when it comes
        WAITING; report; ACCOUNTS; REJECTED; rejected report; report, id again
        => 489 for C: 100 ordered; C/advance rejected 100; C/advance/2 issued 100
    on a terminated convention it is recorded
        WAITING; report; termination; rejected report
        => 489 for C: 100 available
    on a convention that nobody knows it waits
        rejected report
        => waits for convention C; no money
""")

ROWS = REJECTION_ROWS


@each_row(REJECTION_ROWS)
def test_rule_24_a_rejected_document_counts_as_not_received(row: Row) -> None:
    check(row)


def test_rule_22_the_cost_that_a_rejected_document_gave_bounds_nothing() -> None:
    schedule = [an_instalment(100, documents=BOTH, ceiling=True)]
    scenario = Scenario(a_vote(100), an_award(100), a_convention(instalments=schedule))
    scenario.tell(a_report(eligible_cost_cents=70))
    scenario.tell(a_rejected_report())
    scenario.tell(a_report(**AGAIN))
    scenario.tell(ACCOUNTS)
    assert {"C/advance": ("issued", 100, 0)} == scenario.orders()


def test_rule_19_a_document_received_again_is_due_from_its_new_day() -> None:
    scenario = Scenario(*WAITING, a_report(received_on="2023-06-01"), a_rejected_report())
    scenario.tell(a_report("certified_accounts", received_on="2023-06-10"))
    scenario.tell(a_report(received_on="2023-07-01", **AGAIN))
    [order] = scenario.summary()["payment_orders"]
    assert "2023-08-30" == order["due_on"]

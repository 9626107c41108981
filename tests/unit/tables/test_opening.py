"""Rule 32: what a year carried over opens the next one, and is paid there."""

import pytest

from tests.builders import (
    a_convention,
    a_report,
    a_vote,
    an_acknowledgement,
    an_award,
    an_instalment,
)
from tests.unit.tables.years import BALANCE, Row, check, reader_of

WAITING = [
    a_vote(100),
    an_award(100),
    a_convention(instalments=[an_instalment(60), BALANCE], bank_account=...),
]
"""Nobody knows where to pay convention C."""

read_rows = reader_of(globals())

OPENING_ROWS = read_rows("""
    carried over, the balance is committed without a vote
        PAID; CARRIED
        => 489 for C: 40 committed
    an order that was still open is no matter of the new budget
        TAKEN; CARRIED
        => 489 for C: 40 committed
    the report of 2023 sets the balance off, before any vote
        PAID; CARRIED; REPORT
        => 489 for C: 40 ordered; C/balance issued 40
    the report came before the internal event, waited, and sets it off behind it
        PAID; closing all; REPORT; DELIVERY
        => 489 for C: 40 ordered; C/balance issued 40
    the balance is paid
        PAID; CARRIED; REPORT; payment 40 of C/balance, next year
        => 489 for C: 40 paid; C/balance paid 40
    the vote opens credit beside what is carried over
        PAID; CARRIED; vote 50, next year
        => 489: 90 = 50 available + 40 committed; C on 489: 40 remaining
    the vote may come first
        PAID; closing all; vote 50, next year; DELIVERY
        => 489: 90 = 50 available + 40 committed; C on 489: 40 remaining
    the order of the year before is not known here
        TAKEN; CARRIED; payment 60, next year
        => refused unknown_payment_order: payment_order C/advance; 489 for C: 40 committed
    its number is taken here as well
        PAID; CARRIED; vote 50, next year; award 50, grant H, next year;
        convention 50, grant H, next year
        => refused convention_exists: convention C; 489: 90 = 50 reserved + 40 committed;
           C on 489: 40 remaining
    its grant is awarded already: another award needs a reference of its own
        PAID; CARRIED; vote 50, next year; award 50, next year
        => refused grant_already_awarded: grant G; 489: 90 = 50 available + 40 committed;
           C on 489: 40 remaining
    the carried award has nothing left for another convention
        PAID; CARRIED; convention 1, convention D, next year
        => refused exceeds_award: convention D, line 489, award_cents 0, asked_cents 1;
           489 for C: 40 committed
    a concurring act finds the award of the year before
        PAID; CARRIED; concurring act, beneficiary {name Autre, siret '37887770800040'}, next year
        => flag name_differs: field name, expected 'Lille Avenirs', found Autre;
           489 for C: 40 committed
""")

TWO_DOCUMENTS = [("certified_accounts", 2023), ("activity_report", 2023)]
COST_PROVED = [
    a_vote(100),
    an_award(100),
    a_convention(
        instalments=[
            an_instalment(60),
            an_instalment(40, "balance", documents=TWO_DOCUMENTS, ceiling=True),
        ]
    ),
    a_report("certified_accounts", 2023, eligible_cost_cents=80),
    an_acknowledgement(),
]
"""A cost of 80 is proved; the balance waits for one report more."""

CEILING_ROWS = read_rows("""
    a ceiling counts what earlier years paid: 90 in all, 60 of them had
        PAID; CARRIED; report activity_report 2023, eligible_cost_cents 90, next year
        => 489 for C: 40 = 10 available + 30 ordered; C/balance issued 30
    and what they left ordered
        TAKEN; CARRIED; report activity_report 2023, eligible_cost_cents 90, next year
        => 489 for C: 40 = 10 available + 30 ordered; C/balance issued 30
    what is released before the vote is credit once it is there
        PAID; CARRIED; report activity_report 2023, eligible_cost_cents 90, next year;
        vote 50, next year
        => 489: 90 = 60 available + 30 ordered; C on 489: 40 = 10 released + 30 ordered;
           C/balance issued 30
    a cost below what earlier years paid: a recovery is due
        PAID; CARRIED; report activity_report 2023, eligible_cost_cents 50, next year
        => flag recovery_due: convention C, amount_cents 10; 489 for C: 40 available
    a cost that was proved in the year before still bounds, unless a newer one comes
        COST_PROVED; CARRIED; REPORT
        => 489 for C: 40 = 20 available + 20 ordered; C/balance issued 20
    the newer one counts
        COST_PROVED; CARRIED; report activity_report 2023, eligible_cost_cents 95, next year
        => 489 for C: 40 = 5 available + 35 ordered; C/balance issued 35
""")

REISSUE_ROWS = read_rows("""
    a rejected order waits on in the next year
        REJECTED; CARRIED
        => 489 for C: 100 committed
    a new bank account issues it again, its number counted on
        REJECTED; CARRIED; new account, next year
        => 489 for C: 100 = 40 committed + 60 ordered; C/advance/2 issued 60
    so does a report on the convention
        REJECTED; CARRIED; report, next year
        => 489 for C: 100 = 40 committed + 60 ordered; C/advance/2 issued 60
    a notification does not
        REJECTED; CARRIED; notification, next year
        => 489 for C: 100 committed
    of a rejected order what was paid is not asked again
        HALVES; payment 10; C/advance rejected; CARRIED; new account, next year
        => 489 for C: 90 = 40 committed + 50 ordered; C/advance/2 issued 50
""")

ACCOUNT_ROWS = read_rows("""
    without a bank account nothing is issued
        WAITING; CARRIED
        => 489 for C: 100 committed
    the account of the new year issues the advance
        WAITING; CARRIED; new account, next year
        => 489 for C: 100 = 40 committed + 60 ordered; C/advance issued 60
    an account that the new year knew first issues it with the internal event
        WAITING; closing all; new account, next year; DELIVERY
        => 489 for C: 100 = 40 committed + 60 ordered; C/advance issued 60
    and a balance whose report had come, under its ceiling
        WAITING; report activity_report 2023, eligible_cost_cents 90; closing all;
        new account, next year; DELIVERY
        => 489 for C: 100 = 10 available + 90 ordered; C/advance issued 60; C/balance issued 30
""")

ROWS = [*OPENING_ROWS, *CEILING_ROWS, *REISSUE_ROWS, *ACCOUNT_ROWS]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.says)
def test_rule_32_what_is_carried_over_lives_on_in_the_next_year(row: Row) -> None:
    check(row)

"""Where a rule meets the end of a year: what an earlier year did counts in the next."""

import pytest

from tests.builders import (
    NEXT_BUDGET,
    Json,
    Scenario,
    a_closing,
    a_concurring_act,
    a_convention,
    a_line,
    a_rejected_report,
    a_report,
    a_vote,
    an_acknowledgement,
    an_act,
    an_award,
    an_instalment,
)
from tests.unit.tables.event_notation import read_events
from tests.unit.tables.rows import REPORT
from tests.unit.tables.years import NEXT, Row, check, reader_of

BALANCE = an_instalment(40, "balance", documents=[("activity_report", 2023)], ceiling=True)
ADVANCE = an_instalment(60, documents=REPORT)
ORDERED: list[Json] = [
    a_vote(100),
    an_award(100),
    a_convention(instalments=[ADVANCE, BALANCE]),
    a_report(),
]
TAKEN = [*ORDERED, an_acknowledgement()]
REJECTED = [*ORDERED, an_acknowledgement("rejected")]
CONCURRING = [
    a_concurring_act(act=an_act(f"2023-05-{day:02}"), _id=str(day)) for day in range(1, 26)
]
REJECTED_IN_THE_NEXT = a_rejected_report(**NEXT)


OTHER_ARTICLE = a_line(article="6574")
BEFORE_THE_VOTE = read_events("""
    reduction 30, next year;
    amendment [rest 10 on 489 + 20 on 65/6574/61/489], act 2024-02-01, next year;
    vote 5, vote_level article, next year
""")
"""What was reduced on one article was committed on another, before credit was voted by article."""

read_rows = reader_of(globals())

ROWS = read_rows("""
    an article that was overdrawn before the vote is given credit: who adds may leave it so
        ORDERED; C/advance taken_in_charge; payment 60; CARRIED; BEFORE_THE_VOTE;
        transfer 10 from 489 to 65/6574/61/489, next year
        => 489: 35 = 25 available + 10 ordered; C on 489: 40 = 30 released + 10 ordered;
           65/6574/61/489: 10 = -10 available + 20 ordered; C on 65/6574/61/489: 20 ordered;
           C/rest issued 30
    the new account came before the internal event: the rejected order is issued with it
        REJECTED; closing all; new account, next year; DELIVERY
        => 489 for C: 100 = 40 committed + 60 ordered; C/advance/2 issued 60
    the account that rejected it, sent again before the internal event, is no newer one
        REJECTED; closing all; new account FR7610278027150004578690110, next year; DELIVERY
        => 489 for C: 100 committed
    the 25th concurring act is withdrawn in the new year: a flag, and nothing falls
        CONCURRING; TAKEN; payment 60; CARRIED; withdrawal, act 2023-05-25, next year
        => flag concurring_act_withdrawn: grant G, act {number null, body 'Conseil municipal',
           date 2023-05-25}; 489 for C: 40 committed
    a report is rejected on which an earlier year's order rests
        TAKEN; payment 60; CARRIED; REJECTED_IN_THE_NEXT
        => flag report_rejected_after_order: convention C, document {kind activity_report,
           year 2022}, payment_order C/advance; 489 for C: 40 committed
    rejected once more: nothing rests on it any longer
        TAKEN; payment 60; CARRIED; REJECTED_IN_THE_NEXT; rejected report, next year, id again
        => 489 for C: 40 committed
    its award falls while an order of the closed year is with the treasury: it may be paid
        TAKEN; CARRIED; withdrawal, next year
        => flag recovery_due: convention C, amount_cents 60; 489 for C: 40 available
""")


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.says)
def test_rules_17_21_and_24_what_an_earlier_year_did_counts_in_the_next(row: Row) -> None:
    check(row)


def test_rule_25_of_many_acts_that_an_internal_event_brings_an_order_carries_twenty() -> None:
    scenario = Scenario(*CONCURRING, *TAKEN, a_closing("all"))
    [internal_event] = scenario.internal_events()
    assert 26 == len(internal_event["data"]["acts"])
    scenario.deliver()
    scenario.tell(a_report(year=2023, **NEXT))
    [change] = scenario.last.payment_orders
    assert change.issued is not None
    assert 20 == len(change.issued["acts"])
    assert {"C/balance": ("issued", 40, 0)} == scenario.orders(NEXT_BUDGET)


def test_rule_25_an_order_that_waited_for_the_account_in_an_opening_carries_its_acts_too() -> None:
    """The grant that this year awarded before the opening came has the act of the year before."""
    concurring = a_concurring_act(act=an_act("2023-04-13"))
    alone = an_award(50, requires_convention=False, **NEXT)
    scenario = Scenario(
        *TAKEN[:2], concurring, *TAKEN[2:], a_closing("all"), a_vote(50, **NEXT), alone
    )
    assert {} == scenario.orders(NEXT_BUDGET), "nobody knows yet where to pay it"
    scenario.deliver()
    [change] = scenario.last.payment_orders
    assert change.issued is not None
    assert ["2023-04-12", "2023-04-13"] == [act["date"] for act in change.issued["acts"]]

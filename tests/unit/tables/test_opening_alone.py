"""Rules 13, 14 and 32: grants without convention over the end of a year; numbers that are taken."""

import pytest

from tests.builders import (
    Scenario,
    a_closing,
    a_new_account,
    a_vote,
    a_withdrawal,
    an_acknowledgement,
    an_award,
)
from tests.unit.tables.event_notation import read_events
from tests.unit.tables.years import ALONE, NEXT, Row, check, reader_of

ALONE_YEAR = [a_vote(100), ALONE, a_new_account(), an_acknowledgement(order="G/advance")]
read_rows = reader_of(globals())

ALONE_ROWS = read_rows("""
    a grant without convention goes on under its reference
        ALONE_YEAR; CARRIED
        => 489 for G: 40 committed
    its report sets the balance off
        ALONE_YEAR; CARRIED; report activity_report 2023, convention G, next year
        => 489 for G: 40 ordered; G/balance issued 40
    something was ordered in the year before, and nothing is held back: too late for one
        ALONE_YEAR; CARRIED; convention 40, next year
        => refused convention_exists: convention C; 489 for G: 40 committed
    nothing was: a convention may
        vote 100; award 100, without convention; CARRIED; convention 70, next year
        => 489 for C: 100 = 30 available + 70 ordered; C/advance issued 70
    a convention that came before the internal event waits for the award
        vote 100; award 100, without convention; closing all; convention 70, next year; DELIVERY
        => 489 for C: 100 = 30 available + 70 ordered; C/advance issued 70
    the award of the year before does not count towards 23,000 € in the new one
        vote 2_000_000; award 2_000_000, without convention; CARRIED; vote 2_000_000, next year;
        award 2_000_000, grant H, without convention, next year
        => 489: 4_000_000 committed; G on 489: 2_000_000 remaining; H on 489: 2_000_000 remaining
    nor is it held back by what the new year awards
        vote 2_000_000; award 2_000_000, without convention; CARRIED; vote 5_000_000, next year;
        award 5_000_000, grant H, next year; new account, next year
        => 489: 7_000_000 = 5_000_000 reserved + 2_000_000 ordered; G on 489: 2_000_000 ordered;
           G/1 issued 2_000_000
    an order that its own year held back stays held back
        vote 5_000_100; award 100, without convention; award 5_000_000, grant H; new account;
        CARRIED; notification, convention G, next year
        => flag convention_required: convention G, siret '37887770800040', total_cents 5_000_100,
           limit_cents 2_300_000; 489 for G: 100 committed
""")

TAKEN_NUMBER = read_events("""
    vote 50, next year; award 50, next year; convention [advance 50 at notification], next year
""")
"""Convention C of the new year itself, of which nothing is due."""


TAKEN_ROWS = read_rows("""
    the new year has a convention of that number: it goes on under another
        PAID; closing all; TAKEN_NUMBER; DELIVERY
        => flag convention_renamed: from C, to C@2023; 489: 90 committed; C on 489: 50 remaining;
           C@2023 on 489: 40 remaining
    whoever names it so reaches it: its report sets the balance off
        PAID; closing all; TAKEN_NUMBER; DELIVERY;
        report activity_report 2023, convention C@2023, next year
        => 489: 90 = 50 committed + 40 ordered; C on 489: 50 remaining; C@2023 on 489: 40 ordered;
           C@2023/balance issued 40
    a report that came before waits for it by that name, and goes on
        PAID; closing all; TAKEN_NUMBER; report activity_report 2023, convention C@2023, next year;
        DELIVERY
        => 489: 90 = 50 committed + 40 ordered; C on 489: 50 remaining; C@2023 on 489: 40 ordered;
           C@2023/balance issued 40
    the grant was awarded here without convention, and its reference is that number
        vote 100; award 100; convention 100, convention H, no bank_account; closing all;
        vote 50, next year; award 50, grant H, without convention, next year; DELIVERY
        => flag convention_renamed: from H, to H@2023; 489: 150 committed; H on 489: 50 remaining;
           H@2023 on 489: 100 remaining
    even that name is taken: it has the year behind it twice
        PAID; closing all; vote 50, next year; award 50, next year;
        convention [advance 25 at notification], next year;
        convention [advance 25 at notification], convention C@2023, next year; DELIVERY
        => flag convention_renamed: from C, to C@2023@2023; 489: 90 committed;
           C on 489: 25 remaining; C@2023 on 489: 25 remaining; C@2023@2023 on 489: 40 remaining
    a grant without convention whose reference the new year awards itself
        vote 100; award 100, without convention; closing all; vote 50, next year;
        award 50, next year; DELIVERY
        => flag convention_renamed: from G, to G@2023; 489: 150 = 50 reserved + 100 committed;
           G@2023 on 489: 100 remaining
    it is held back by the sum of its own year alone
        vote 5_000_100; award 100, without convention; award 5_000_000, grant H; closing all;
        vote 50, next year; award 50, next year; DELIVERY; new account, next year
        => flag convention_required: convention G@2023, siret '37887770800040',
           total_cents 5_000_100, limit_cents 2_300_000; 489: 150 = 50 reserved + 100 committed;
           G@2023 on 489: 100 remaining
    and not by that of the new one; the new year's convention is not signed for it
        vote 100; award 100, without convention; closing all; vote 5_000_000, next year;
        award 4_999_950, next year; DELIVERY;
        convention [advance 4_999_950 at notification], no bank_account, next year;
        new account, next year
        => 489: 5_000_100 = 50 available + 4_999_950 committed + 100 ordered;
           C on 489: 4_999_950 remaining; G@2023 on 489: 100 ordered; G@2023/1 issued 100
    a convention goes on beside the new year's own award of its grant
        PAID; closing all; vote 50, next year; award 50, act 2024-03-01, next year; DELIVERY
        => 489: 90 = 50 reserved + 40 committed; C on 489: 40 remaining
    a concurring act of the new year came first
        PAID; closing all; concurring act, next year; DELIVERY
        => 489 for C: 40 committed
    the next year is closed already: the internal event is refused
        PAID; closing all; closing none, next year; DELIVERY
        => refused fiscal_year_closed: budget 21590350100017-00-2024; no money
""")

FELL = [a_vote(50, **NEXT), an_award(50, **NEXT), a_withdrawal(**NEXT)]
FELL_ROWS = read_rows("""
    the new year withdrew its grant: the money is available again, what was paid is owed
        PAID; closing all; FELL; DELIVERY
        => flag recovery_due: convention C, amount_cents 60; 489: 90 available;
           C on 489: 40 released
    what was ordered when the year was closed is owed too
        vote 100; award 100;
        convention [advance 60, balance 40 against activity_report 2023 with ceiling];
        C/advance taken_in_charge; closing all; FELL; DELIVERY
        => flag recovery_due: convention C, amount_cents 60; 489: 90 available;
           C on 489: 40 released
    nothing was paid: nothing is owed
        vote 40; award 40; convention 40, no bank_account; closing all; FELL; DELIVERY
        => 489: 90 available; C on 489: 40 released
    it is known there, as one that was withdrawn
        PAID; closing all; FELL; DELIVERY; notification, next year
        => refused convention_terminated: convention C; 489: 90 available; C on 489: 40 released
    its number is taken: it is renamed first
        PAID; closing all; TAKEN_NUMBER; withdrawal, next year; DELIVERY
        => flag convention_renamed: from C, to C@2023;
           flag recovery_due: convention C@2023, amount_cents 60; 489: 90 available;
           C on 489: 50 released; C@2023 on 489: 40 released
    a grant without convention whose award of the new year fell
        vote 40; award 40, without convention; closing all; FELL; DELIVERY
        => flag convention_renamed: from G, to G@2023; 489: 90 available; G@2023 on 489: 40 released
""")

ROWS = [*ALONE_ROWS, *TAKEN_ROWS, *FELL_ROWS]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.says)
def test_rule_32_an_internal_event_finds_a_new_year_under_way(row: Row) -> None:
    check(row)


def test_rule_14_a_grant_that_is_carried_on_twice_keeps_the_sum_of_the_year_that_gave_it() -> None:
    scenario = Scenario(a_vote(100), an_award(100, requires_convention=False), a_closing("all"))
    scenario.tell(a_vote(50, **NEXT))
    scenario.tell(an_award(50, **NEXT))
    scenario.deliver()
    scenario.tell(a_closing("all", _id="second", **NEXT))
    [first, second] = scenario.internal_events()
    assert ("G", "G@2023") == (first["data"]["convention"], second["data"]["convention"])
    assert 100 == second["data"]["award"]["year_awards_cents"]

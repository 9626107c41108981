"""Rule 27, line by line: what may be asked back of a line, and on which lines money comes back."""

from services.ledger.domain.model.conventions import RecoveredLine
from tests.builders import (
    Scenario,
    a_collection,
    a_convention,
    a_payment,
    a_recovery,
    a_vote,
    an_amount,
    an_award,
    an_instalment,
)
from tests.unit.tables.event_notation import read_events
from tests.unit.tables.rows import AGAIN, Row, check, each_row, reader_of
from tests.unit.tables.test_recoveries import NEXT_YEAR

TWO_LINES = [an_amount(60), an_amount(40, "490")]
ON_TWO_LINES = read_events("""
    vote 60 on 489 + 40 on 490; award 60 on 489 + 40 on 490;
    convention [advance 30 on 490 + 20 on 489, balance 40 on 489 + 10 on 490]; payment 50;
    payment 50 of C/balance
""")
"""60 paid on line 489 and 40 on line 490, which the schedule names first."""


PARTLY_PAID = read_events("""
    vote 60 on 489 + 40 on 490; award 60 on 489 + 40 on 490;
    convention [advance 60 on 489 + 40 on 490]; payment 70
""")
"""An order of 60 and 40, of which 70 are paid: the first line in full, 10 of the second."""


read_rows = reader_of(globals())

ROOM_ROWS = read_rows("""
    by lines: what another recovery has named of one, and not yet brought, is no room there
        ON_TWO_LINES; recovery 50 on 489; recovery 11 on 489, recovery S, id again
        => refused recovery_exceeds: convention C, room_cents 10, asked_cents 11;
           489 for C: 60 paid; 490 for C: 40 paid; C/advance paid 50; C/balance paid 50
    nor is what its own number has named
        ON_TWO_LINES; recovery 50 on 489; recovery 11 on 489, id again
        => refused recovery_exceeds: convention C, room_cents 10, asked_cents 11;
           489 for C: 60 paid; 490 for C: 40 paid; C/advance paid 50; C/balance paid 50
    another line is free
        ON_TWO_LINES; recovery 60 on 489; recovery 40 on 490, recovery S, id again
        => 489 for C: 60 paid; 490 for C: 40 paid; C/advance paid 50; C/balance paid 50
    what came back on a line that was named is paid no more, and asked back no more
        ON_TWO_LINES; recovery 50 on 489; collection 30 on 489;
        recovery 11 on 489, recovery S, id again
        => refused recovery_exceeds: convention C, room_cents 10, asked_cents 11;
           489 for C: 60 = 30 available + 30 paid; 490 for C: 40 paid; C/advance paid 50;
           C/balance paid 50
    a recovery in one sum names no line
        ON_TWO_LINES; recovery 40; recovery 60 on 489, recovery S, id again
        => 489 for C: 60 paid; 490 for C: 40 paid; C/advance paid 50; C/balance paid 50
    what came in one sum, where others wait for all, leaves no room on the line
        ON_TWO_LINES; recovery 20, recovery S; recovery 40 on 490;
        recovery 40 on 489, recovery T, id third; collection 20, recovery S;
        recovery 1 on 489, recovery U, id again
        => refused recovery_exceeds: convention C, room_cents 0, asked_cents 1;
           489 for C: 60 = 20 available + 40 paid; 490 for C: 40 paid; C/advance paid 50;
           C/balance paid 50
    of a recovery that has all it waits for, no line is held
        ON_TWO_LINES; recovery 30 on 489 + 10 on 490; collection 40 on 489;
        recovery 40 on 490, recovery S, id again
        => 489 for C: 60 = 40 available + 20 paid; 490 for C: 40 paid; C/advance paid 50;
           C/balance paid 50
    of one that waits for less than it named of a line, that much is held
        ON_TWO_LINES; recovery 30 on 489 + 30 on 490; collection 50 on 489;
        recovery 31 on 490, recovery S, id again
        => refused recovery_exceeds: convention C, room_cents 30, asked_cents 31;
           489 for C: 60 = 50 available + 10 paid; 490 for C: 40 paid; C/advance paid 50;
           C/balance paid 50
    a line on which revenue came has less that stays paid
        ON_TWO_LINES; recovery 70; collection 50 on 489, on 2024-03-01;
        collection 11 on 489, id again
        => refused recovery_exceeds: convention C, room_cents 10, asked_cents 11;
           489 for C: 60 paid; 490 for C: 40 paid; C/advance paid 50; C/balance paid 50
    what came as revenue on a line is not asked back there again
        ON_TWO_LINES; recovery 30; collection 30, on 2024-03-01;
        recovery 11 on 490, recovery S, id again
        => refused recovery_exceeds: convention C, room_cents 10, asked_cents 11;
           489 for C: 60 paid; 490 for C: 40 paid; C/advance paid 50; C/balance paid 50
""")

LINE_ROWS = read_rows("""
    in one sum it comes back on the line that the schedule names first
        ON_TWO_LINES; recovery 40; collection 40
        => 489 for C: 60 paid; 490 for C: 40 available; C/advance paid 50; C/balance paid 50
    in one sum it comes back first on the line that its recovery named
        ON_TWO_LINES; recovery 30 on 489; collection 20
        => 489 for C: 60 = 20 available + 40 paid; 490 for C: 40 paid; C/advance paid 50;
           C/balance paid 50
    what it names no line of comes back on the first that no other waits for, its own too
        ON_TWO_LINES; recovery 30 on 490; recovery 40, id again; collection 65
        => 489 for C: 60 = 25 available + 35 paid; 490 for C: 40 available; C/advance paid 50;
           C/balance paid 50
    as far as what named it has not come back, then in the order of the schedule
        ON_TWO_LINES; recovery 30 on 489; recovery 20, id again; collection 25 on 489;
        collection 10, id rest
        => 489 for C: 60 = 30 available + 30 paid; 490 for C: 40 = 5 available + 35 paid;
           C/advance paid 50; C/balance paid 50
    what another has named of a line stays for it, as long as there is other money
        ON_TWO_LINES; recovery 35 on 490, recovery S; recovery 30; collection 30
        => 489 for C: 60 = 25 available + 35 paid; 490 for C: 40 = 5 available + 35 paid;
           C/advance paid 50; C/balance paid 50
    then all lines give, in the order of the schedule
        ON_TWO_LINES; recovery 30; recovery 40 on 490, recovery S;
        recovery 30 on 489, recovery S, id again; collection 30; collection 30 on 489, recovery S;
        collection 40, recovery S, id rest
        => 489 for C: 60 available; 490 for C: 40 available; C/advance paid 50; C/balance paid 50
    revenue counts on the lines on which it would have moved
        ON_TWO_LINES; recovery 30 on 489; collection 30, on 2024-03-01;
        recovery 31 on 489, recovery S, id again
        => refused recovery_exceeds: convention C, room_cents 30, asked_cents 31;
           489 for C: 60 paid; 490 for C: 40 paid; C/advance paid 50; C/balance paid 50
    and then on the next
        ON_TWO_LINES; recovery 45; collection 45
        => 489 for C: 60 = 5 available + 55 paid; 490 for C: 40 available; C/advance paid 50;
           C/balance paid 50
    what came back before leaves less on the first
        ON_TWO_LINES; recovery 45; collection 39; collection 6, id again
        => 489 for C: 60 = 5 available + 55 paid; 490 for C: 40 available; C/advance paid 50;
           C/balance paid 50
    what came as revenue on the first line does not come back on it again
        ON_TWO_LINES; recovery 40; collection 30, on 2024-03-01; collection 10, id again;
        recovery 5, recovery S; collection 5, recovery S
        => 489 for C: 60 = 5 available + 55 paid; 490 for C: 40 = 10 available + 30 paid;
           C/advance paid 50; C/balance paid 50
    a partly paid order that is rejected changes nothing of the order of lines
        PARTLY_PAID; C/advance rejected; recovery 50; collection 50
        => 489 for C: 60 = 50 available + 10 paid; 490 for C: 40 = 30 committed + 10 paid;
           C/advance rejected 100 (70 paid)
    nor does its re-issue
        PARTLY_PAID; C/advance rejected; new account; recovery 50; collection 50
        => 489 for C: 60 = 50 available + 10 paid; 490 for C: 40 = 30 ordered + 10 paid;
           C/advance rejected 100 (70 paid); C/advance/2 issued 30
    as if it had not been rejected
        PARTLY_PAID; recovery 50; collection 50
        => 489 for C: 60 = 50 available + 10 paid; 490 for C: 40 = 30 ordered + 10 paid;
           C/advance issued 100 (70 paid)
    by lines it comes back on those that it names
        ON_TWO_LINES; recovery 45; collection 44 on 489 + 1 on 490
        => 489 for C: 60 = 44 available + 16 paid; 490 for C: 40 = 1 available + 39 paid;
           C/advance paid 50; C/balance paid 50
    a line that an amendment took from the schedule comes last
        vote 60 on 489 + 40 on 490; award 60 on 489 + 40 on 490;
        convention [advance 60 on 489 + 40 on 490]; payment 70; C/advance rejected;
        amendment [rest 30 on 490]; recovery 15; collection 15
        => 489 for C: 60 = 5 available + 55 paid; 490 for C: 40 = 10 available + 30 ordered;
           C/advance rejected 100 (70 paid); C/rest issued 30
""")

ROWS = [*ROOM_ROWS, *LINE_ROWS]


@each_row(ROOM_ROWS)
def test_rule_27_what_is_asked_back_of_a_line_was_paid_on_it(row: Row) -> None:
    check(row)


@each_row(LINE_ROWS)
def test_rule_27_in_one_sum_it_comes_back_in_the_order_of_the_schedule(row: Row) -> None:
    check(row)


def test_rule_27_where_all_lines_are_waited_for_all_give_in_their_order() -> None:
    """R waits for 30 on either of two lines, since 30 of it came on the third."""
    lines = [an_amount(30), an_amount(30, "490"), an_amount(40, "491")]
    scenario = Scenario(
        a_vote(appropriations=lines),
        an_award(lines=lines),
        a_convention(instalments=[an_instalment(lines=lines)]),
        a_payment(100),
        a_recovery(lines=lines[:2]),
        a_recovery(40, recovery="S"),
        a_collection(lines=[an_amount(30, "491")]),
        a_collection(40, recovery="S"),
    )
    assert [("489", 30), ("491", 10)] == [
        (each.line.operation, each.amount_cents) for each in scenario.last.moves
    ]


def test_rule_27_a_line_that_had_more_back_than_it_had_gives_nothing() -> None:
    """So earlier rules decided: what they had accepted stays, and later sums go on."""
    scenario = Scenario(*ON_TWO_LINES, a_recovery(100), a_collection(50, **NEXT_YEAR))
    recovery = scenario.book.conventions["C"].recoveries["R"]
    first, second = recovery.lines
    too_much = {first: RecoveredLine(0, 55, 55), second: RecoveredLine(0, -5, -5)}
    known = {"R": recovery._replace(lines=too_much)}
    scenario.book.conventions["C"].recoveries = known
    scenario.tell(a_collection(10, **AGAIN))
    assert [(second, 10)] == [(each.line, each.amount_cents) for each in scenario.last.moves]

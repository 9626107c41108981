"""Rule 26, commitment control: no vote level below zero, the first group named; and rule 30."""

from typing import Any

from tests.builders import Json, a_line, a_vote, an_amount, an_award
from tests.unit.tables.rows import Row, check, each_row, reader_of


def a_voted_budget(*appropriations: Json, **more: Any) -> Json:
    return a_vote(appropriations=list(appropriations), **more)


TWO_LINES = a_voted_budget(an_amount(60, "489"), an_amount(40, "490"))
OTHER_ARTICLE = a_line("12", article="6574")

read_rows = reader_of(globals())

CHAPTER_ROWS = read_rows("""
    the initial vote opens credit
        vote 100
        => 489: 100 available; no entries
    the award takes all that chapter 65 has
        vote 100; award 100
        => 489: 100 reserved; accounting_commitment 489 100
    the award takes a cent more than chapter 65 has
        vote 100; award 101
        => refused insufficient_credit: level chapter, group '65', available_cents 100,
           asked_cents 101, shortfall_cents 1; 489: 100 available; no entries
    the lines of an award are asked for together
        TWO_LINES; award 60 on 489 + 41 on 490
        => refused insufficient_credit: level chapter, group '65', available_cents 100,
           asked_cents 101, shortfall_cents 1; 489: 60 available; 490: 40 available
    a second award finds only what the first has left
        vote 100; award 70; award 31, grant H
        => refused insufficient_credit: level chapter, group '65', available_cents 30,
           asked_cents 31, shortfall_cents 1; 489: 100 = 30 available + 70 reserved
    a line goes below zero inside its chapter: a flag, not a no
        TWO_LINES; award 80
        => flag line_overdrawn: line 489, available_cents -20;
           489: 60 = -20 available + 80 reserved; 490: 40 available
    a line needs no appropriation of its own
        vote 100; award 30 on 490
        => flag line_overdrawn: line 490, available_cents -30; 489: 100 available;
           490: 0 = -30 available + 30 reserved
    an overdrawn line that is lowered again is flagged again
        TWO_LINES; award 70; award 20, grant H
        => flag line_overdrawn: line 489, available_cents -30;
           489: 60 = -30 available + 90 reserved; 490: 40 available
    an overdrawn line is not flagged for what happens to another
        TWO_LINES; award 70; award 20 on 490, grant H
        => 489: 60 = -10 available + 70 reserved; 490: 40 = 20 available + 20 reserved
    a vote that raises an overdrawn line, not yet to zero, flags nothing
        TWO_LINES; award 70; amendment vote 5
        => 489: 65 = -5 available + 70 reserved; 490: 40 available
    of two chapters that lack credit the first in order is named, whatever the act's order
        vote 10 on 489 + 20 on 67/65748/61/12; award 21 on 67/65748/61/12 + 11 on 489
        => refused insufficient_credit: level chapter, group '65', available_cents 10,
           asked_cents 11, shortfall_cents 1; 489: 10 available; 67/65748/61/12: 20 available
    one chapter has credit, the other not: the other is named
        vote 100 on 489 + 20 on 67/65748/61/12; award 50 on 489 + 21 on 67/65748/61/12
        => refused insufficient_credit: level chapter, group '67', available_cents 20,
           asked_cents 21, shortfall_cents 1; 489: 100 available; 67/65748/61/12: 20 available
    a chapter that was never voted has nothing
        vote 100; award 1 on 67/65748/61/12
        => refused insufficient_credit: level chapter, group '67', available_cents 0, asked_cents 1,
           shortfall_cents 1; 489: 100 available
""")

VOTE_ROWS = read_rows("""
    a second initial vote is refused (rule 30)
        vote 100; vote 50, id again
        => refused budget_already_voted: budget 21590350100017-00-2023; 489: 100 available
    a supplementary budget opens more credit
        vote 100; supplementary vote 50
        => 489: 150 available; no entries
    an amendment takes credit away
        vote 100; amendment vote -40
        => 489: 60 available; no entries
    an amendment takes away a cent more than is still available
        vote 100; award 70; amendment vote -31
        => refused insufficient_credit: level chapter, group '65', available_cents 30,
           asked_cents 31, shortfall_cents 1; 489: 100 = 30 available + 70 reserved
    an amendment inside the chapter counts by its net effect
        vote 100; award 100; amendment vote -50 on 489 + 50 on 490
        => flag line_overdrawn: line 489, available_cents -50;
           489: 50 = -50 available + 100 reserved; 490: 50 available
    an amendment that is short by a cent in net is refused with the net figure
        vote 100; award 100; amendment vote -50 on 489 + 49 on 490
        => refused insufficient_credit: level chapter, group '65', available_cents 0, asked_cents 1,
           shortfall_cents 1; 489: 100 reserved
    what one chapter gains does not pay for what another loses
        vote 100; award 100; amendment vote -50 on 489 + 90 on 67/65748/61/12
        => refused insufficient_credit: level chapter, group '65', available_cents 0,
           asked_cents 50, shortfall_cents 50; 489: 100 reserved
    the refused award is given once an amendment has opened the credit
        vote 100; award 101; amendment vote 1; award 101, id 'second reading'
        => 489: 101 reserved
""")

TRANSFER_ROWS = read_rows("""
    a transfer inside the chapter
        vote 100; transfer 40 from 489 to 490
        => 489: 60 available; 490: 40 available; no entries
    a transfer inside the chapter from a line that has nothing left
        TWO_LINES; award 60; transfer 10 from 489 to 490
        => flag line_overdrawn: line 489, available_cents -10;
           489: 50 = -10 available + 60 reserved; 490: 50 available
    a transfer from an overdrawn line to itself lowers nothing
        TWO_LINES; award 70; transfer 5 from 489 to 489
        => 489: 60 = -10 available + 70 reserved; 490: 40 available
    a transfer to another chapter
        vote 100; transfer 100 from 489 to 67/65748/61/12
        => 489: 0; 67/65748/61/12: 100 available
    a transfer to another chapter of more than this one has available
        vote 100; award 70; transfer 31 from 489 to 67/65748/61/12
        => refused insufficient_credit: level chapter, group '65', available_cents 30,
           asked_cents 31, shortfall_cents 1; 489: 100 = 30 available + 70 reserved
""")

BY_ARTICLE = a_voted_budget(an_amount(100), an_amount(50, line=OTHER_ARTICLE), vote_level="article")
ARTICLE_ROWS = read_rows("""
    voted by article, the article may not be exceeded though the chapter has enough
        BY_ARTICLE; award 101
        => refused insufficient_credit: level article, group 65/65748, available_cents 100,
           asked_cents 101, shortfall_cents 1; 489: 100 available; 65/6574/61/12: 50 available
    voted by article, functions and operations of one article share its credit
        BY_ARTICLE; award 100 on 65/65748/30/–
        => flag line_overdrawn: line 65/65748/30/–, available_cents -100; 489: 100 available;
           65/6574/61/12: 50 available; 65/65748/30/–: 0 = -100 available + 100 reserved
    voted by article, a transfer from one article to another takes credit away
        BY_ARTICLE; award 90; transfer 11 from 489 to 65/6574/61/12
        => refused insufficient_credit: level article, group 65/65748, available_cents 10,
           asked_cents 11, shortfall_cents 1; 489: 100 = 10 available + 90 reserved;
           65/6574/61/12: 50 available
    voted by article, one article number in two chapters is two articles
        BY_ARTICLE; award 1 on 67/65748/61/12
        => refused insufficient_credit: level article, group 67/65748, available_cents 0,
           asked_cents 1, shortfall_cents 1; 489: 100 available; 65/6574/61/12: 50 available
""")

WITHOUT = a_line(None)
BY_OPERATION = a_voted_budget(an_amount(50), an_amount(100, line=WITHOUT), vote_level="operation")
OPERATION_ROWS = read_rows("""
    voted by operation, an operation may not be exceeded
        BY_OPERATION; award 51
        => refused insufficient_credit: level operation, group '489', available_cents 50,
           asked_cents 51, shortfall_cents 1; 489: 50 available; 65/65748/61/–: 100 available
    voted by operation, an operation has its credit across chapters
        BY_OPERATION; award 50 on 20/65748/61/489
        => flag line_overdrawn: line 20/65748/61/489, available_cents -50; 489: 50 available;
           65/65748/61/–: 100 available; 20/65748/61/489: 0 = -50 available + 50 reserved
    voted by operation, lines without one are controlled by chapter
        BY_OPERATION; award 101 on 65/65748/61/–
        => refused insufficient_credit: level operation, group '65', available_cents 100,
           asked_cents 101, shortfall_cents 1; 489: 50 available; 65/65748/61/–: 100 available
    voted by operation, lines without one share their chapter's credit
        BY_OPERATION; award 100 on 65/6574/61/–
        => flag line_overdrawn: line 65/6574/61/–, available_cents -100; 489: 50 available;
           65/65748/61/–: 100 available; 65/6574/61/–: 0 = -100 available + 100 reserved
    voted by operation, a line without one has no part in another chapter's
        BY_OPERATION; award 1 on 20/65748/61/–
        => refused insufficient_credit: level operation, group '20', available_cents 0,
           asked_cents 1, shortfall_cents 1; 489: 50 available; 65/65748/61/–: 100 available
    voted by operation, operation 65 is not the lines without one of chapter 65
        BY_OPERATION; award 1 on 65
        => refused insufficient_credit: level operation, group '65', available_cents 0,
           asked_cents 1, shortfall_cents 1; 489: 50 available; 65/65748/61/–: 100 available
""")

CREDIT_ROWS = [*CHAPTER_ROWS, *VOTE_ROWS, *TRANSFER_ROWS, *ARTICLE_ROWS, *OPERATION_ROWS]


@each_row(CREDIT_ROWS)
def test_rule_26_credit_is_controlled_where_the_council_votes_it(row: Row) -> None:
    check(row)


def award(*amounts: Json) -> Json:
    return an_award(lines=list(amounts))


def in_chapter(chapter: str, cents: int) -> Json:
    return an_amount(cents, line=a_line(chapter=chapter))


BY_CHAPTER = a_vote(appropriations=[an_amount(1, "1978")], vote_level="chapter")
VOTED_BY_ARTICLE = a_vote(appropriations=[an_amount(1, "1978")], vote_level="article")
VOTED_BY_OPERATION = a_vote(appropriations=[an_amount(1, "1978")], vote_level="operation")

SORTED_ROWS = [
    *read_rows("""
    of two chapters the first, though the act names it last and asks more of it
        BY_CHAPTER; award 2 on 67/65748/61/489 + 3 on 66/65748/61/489
        => refused insufficient_credit: level chapter, group '66', available_cents 0, asked_cents 3,
           shortfall_cents 3; 1978: 1 available
    """),
    Row(
        "as they are printed: 65.1/65748 stands before 65/99",
        [
            VOTED_BY_ARTICLE,
            award(
                an_amount(2, line=a_line(article="99")), an_amount(3, line=a_line(chapter="65.1"))
            ),
        ],
        "refused insufficient_credit: level article, group 65.1/65748, available_cents 0, "
        "asked_cents 3, shortfall_cents 3; 1978: 1 available",
    ),
    *read_rows("""
    operation 65 before the lines without one of chapter 65, which are printed alike
        VOTED_BY_OPERATION; award 2 on 65/65748/61/– + 3 on 65
        => refused insufficient_credit: level operation, group '65', available_cents 0,
           asked_cents 3, shortfall_cents 3; 1978: 1 available
    """),
    Row(
        "a code that ends with an X is printed as it is",
        [BY_CHAPTER, award(in_chapter("6X", 2))],
        "refused insufficient_credit: level chapter, group 6X, available_cents 0, asked_cents 2, "
        "shortfall_cents 2; 1978: 1 available",
    ),
]


@each_row(SORTED_ROWS)
def test_rule_26_of_several_groups_the_first_in_order_is_named(row: Row) -> None:
    check(row)


ROWS = [*CREDIT_ROWS, *SORTED_ROWS]

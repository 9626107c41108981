"""Rule 26: of several groups that would end below zero the first is named, in sorted order."""

from tests.builders import (
    Json,
    a_line,
    a_vote,
    an_amount,
    an_award,
)
from tests.unit.tables.rows import Money, Row, check, each_row


def short(level: str, group: str, asked: int) -> Json:
    return {
        "level": level,
        "group": group,
        "available_cents": 0,
        "asked_cents": asked,
        "shortfall_cents": asked,
    }


def award(*amounts: Json) -> Json:
    return an_award(lines=list(amounts))


def in_chapter(chapter: str, cents: int) -> Json:
    return an_amount(cents, line=a_line(chapter=chapter))


NOTHING_FREE = Money({"1978": {"appropriated": 1, "available": 1}})
BY_CHAPTER = a_vote(appropriations=[an_amount(1, "1978")], vote_level="chapter")
BY_ARTICLE = a_vote(appropriations=[an_amount(1, "1978")], vote_level="article")
BY_OPERATION = a_vote(appropriations=[an_amount(1, "1978")], vote_level="operation")

ROWS = [
    Row(
        "of two chapters the first, though the act names it last and asks more of it",
        [BY_CHAPTER, award(in_chapter("67", 2), in_chapter("66", 3))],
        "insufficient_credit",
        NOTHING_FREE,
        facts=short("chapter", "66", 3),
    ),
    Row(
        "as they are printed: 65.1/65748 stands before 65/99",
        [
            BY_ARTICLE,
            award(
                an_amount(2, line=a_line(article="99")),
                an_amount(3, line=a_line(chapter="65.1")),
            ),
        ],
        "insufficient_credit",
        NOTHING_FREE,
        facts=short("article", "65.1/65748", 3),
    ),
    Row(
        "operation 65 before the lines without one of chapter 65, which are printed alike",
        [
            BY_OPERATION,
            award(an_amount(2, line=a_line(None)), an_amount(3, "65")),
        ],
        "insufficient_credit",
        NOTHING_FREE,
        facts=short("operation", "65", 3),
    ),
    Row(
        "a code that ends with an X is printed as it is",
        [BY_CHAPTER, award(in_chapter("6X", 2))],
        "insufficient_credit",
        NOTHING_FREE,
        facts=short("chapter", "6X", 2),
    ),
]


@each_row(ROWS)
def test_rule_26_of_several_groups_the_first_in_order_is_named(row: Row) -> None:
    check(row)

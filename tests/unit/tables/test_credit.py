"""Rule 26, commitment control: no vote level below zero; and the votes that open credit (30)."""

from typing import Any

from tests.builders import BUDGET, Json, a_line, a_transfer, a_vote, an_amount, an_award
from tests.unit.tables.rows import Money, Row, check, each_row


def a_voted_budget(*appropriations: Json, **more: Any) -> Json:
    return a_vote(appropriations=list(appropriations), **more)


def an_amendment(*appropriations: Json, **more: Any) -> Json:
    return a_vote(stage="amendment", appropriations=list(appropriations), **more)


def short(level: str, group: str, available: int, asked: int) -> Json:
    return {
        "level": level,
        "group": group,
        "available_cents": available,
        "asked_cents": asked,
        "shortfall_cents": asked - available,
    }


def overdrawn(left_cents: int, line: Json) -> tuple[str, Json]:
    codes = {"chapter": None, "article": None, "function": None, "operation": None} | line
    return ("line_overdrawn", {"line": codes, "available_cents": left_cents})


def free(cents: int) -> dict[str, int]:
    return {"appropriated": cents, "available": cents}


TWO_LINES = a_voted_budget(an_amount(60, "489"), an_amount(40, "490"))
OTHER_CHAPTER = a_line("12", chapter="67")
OTHER_ARTICLE = a_line("12", article="6574")
ALL_TAKEN = {"489": {"appropriated": 100, "reserved": 100}}

CHAPTER_ROWS = [
    Row(
        "the initial vote opens credit",
        [a_vote(100)],
        "accepted",
        Money({"489": free(100)}),
        entries=[],
    ),
    Row(
        "the award takes all that chapter 65 has",
        [a_vote(100), an_award(100)],
        "accepted",
        Money(ALL_TAKEN),
        entries=[("accounting_commitment", "489", 100, None)],
    ),
    Row(
        "the award takes a cent more than chapter 65 has",
        [a_vote(100), an_award(101)],
        "insufficient_credit",
        Money({"489": free(100)}),
        facts=short("chapter", "65", 100, 101),
        entries=[],
    ),
    Row(
        "the lines of an award are asked for together",
        [TWO_LINES, an_award(lines=[an_amount(60, "489"), an_amount(41, "490")])],
        "insufficient_credit",
        Money({"489": free(60), "490": free(40)}),
        facts=short("chapter", "65", 100, 101),
    ),
    Row(
        "a second award finds only what the first has left",
        [a_vote(100), an_award(70), an_award(31, grant="H")],
        "insufficient_credit",
        Money({"489": {"appropriated": 100, "available": 30, "reserved": 70}}),
        facts=short("chapter", "65", 30, 31),
    ),
    Row(
        "a line goes below zero inside its chapter: a flag, not a no",
        [TWO_LINES, an_award(80)],
        "accepted",
        Money({"489": {"appropriated": 60, "available": -20, "reserved": 80}, "490": free(40)}),
        flags=[overdrawn(-20, a_line("489"))],
    ),
    Row(
        "a line needs no appropriation of its own",
        [a_vote(100), an_award(lines=[an_amount(30, "490")])],
        "accepted",
        Money({"489": free(100), "490": {"available": -30, "reserved": 30}}),
        flags=[overdrawn(-30, a_line("490"))],
    ),
    Row(
        "an overdrawn line that is lowered again is flagged again",
        [TWO_LINES, an_award(70), an_award(20, grant="H")],
        "accepted",
        Money({"489": {"appropriated": 60, "available": -30, "reserved": 90}, "490": free(40)}),
        flags=[overdrawn(-30, a_line("489"))],
    ),
    Row(
        "an overdrawn line is not flagged for what happens to another",
        [TWO_LINES, an_award(70), an_award(grant="H", lines=[an_amount(20, "490")])],
        "accepted",
        Money(
            {
                "489": {"appropriated": 60, "available": -10, "reserved": 70},
                "490": {"appropriated": 40, "available": 20, "reserved": 20},
            }
        ),
    ),
    Row(
        "a vote that raises an overdrawn line, not yet to zero, flags nothing",
        [TWO_LINES, an_award(70), an_amendment(an_amount(5))],
        "accepted",
        Money({"489": {"appropriated": 65, "available": -5, "reserved": 70}, "490": free(40)}),
    ),
    Row(
        "of two chapters that lack credit the first in order is named, whatever the act's order",
        [
            a_voted_budget(an_amount(10), an_amount(20, line=OTHER_CHAPTER)),
            an_award(lines=[an_amount(21, line=OTHER_CHAPTER), an_amount(11)]),
        ],
        "insufficient_credit",
        Money({"489": free(10), "67/65748/61/12": free(20)}),
        facts=short("chapter", "65", 10, 11),
    ),
    Row(
        "one chapter has credit, the other not: the other is named",
        [
            a_voted_budget(an_amount(100), an_amount(20, line=OTHER_CHAPTER)),
            an_award(lines=[an_amount(50), an_amount(21, line=OTHER_CHAPTER)]),
        ],
        "insufficient_credit",
        Money({"489": free(100), "67/65748/61/12": free(20)}),
        facts=short("chapter", "67", 20, 21),
    ),
    Row(
        "a chapter that was never voted has nothing",
        [a_vote(100), an_award(lines=[an_amount(1, line=OTHER_CHAPTER)])],
        "insufficient_credit",
        Money({"489": free(100)}),
        facts=short("chapter", "67", 0, 1),
    ),
]

VOTE_ROWS = [
    Row(
        "a second initial vote is refused (rule 30)",
        [a_vote(100), a_vote(50, _id="again")],
        "budget_already_voted",
        Money({"489": free(100)}),
        facts={"budget": BUDGET},
    ),
    Row(
        "a supplementary budget opens more credit",
        [a_vote(100), a_vote(stage="supplementary", appropriations=[an_amount(50)])],
        "accepted",
        Money({"489": free(150)}),
        entries=[],
    ),
    Row(
        "an amendment takes credit away",
        [a_vote(100), an_amendment(an_amount(-40))],
        "accepted",
        Money({"489": free(60)}),
        entries=[],
    ),
    Row(
        "an amendment takes away a cent more than is still available",
        [a_vote(100), an_award(70), an_amendment(an_amount(-31))],
        "insufficient_credit",
        Money({"489": {"appropriated": 100, "available": 30, "reserved": 70}}),
        facts=short("chapter", "65", 30, 31),
    ),
    Row(
        "an amendment inside the chapter counts by its net effect",
        [a_vote(100), an_award(100), an_amendment(an_amount(-50), an_amount(50, "490"))],
        "accepted",
        Money(
            {
                "489": {"appropriated": 50, "available": -50, "reserved": 100},
                "490": free(50),
            }
        ),
        flags=[overdrawn(-50, a_line("489"))],
    ),
    Row(
        "an amendment that is short by a cent in net is refused with the net figure",
        [a_vote(100), an_award(100), an_amendment(an_amount(-50), an_amount(49, "490"))],
        "insufficient_credit",
        Money(ALL_TAKEN),
        facts=short("chapter", "65", 0, 1),
    ),
    Row(
        "what one chapter gains does not pay for what another loses",
        [
            a_vote(100),
            an_award(100),
            an_amendment(an_amount(-50), an_amount(90, line=OTHER_CHAPTER)),
        ],
        "insufficient_credit",
        Money(ALL_TAKEN),
        facts=short("chapter", "65", 0, 50),
    ),
    Row(
        "the refused award is given once an amendment has opened the credit",
        [
            a_vote(100),
            an_award(101),
            an_amendment(an_amount(1)),
            an_award(101, _id="second reading"),
        ],
        "accepted",
        Money({"489": {"appropriated": 101, "reserved": 101}}),
    ),
]

TRANSFER_ROWS = [
    Row(
        "a transfer inside the chapter",
        [a_vote(100), a_transfer(40)],
        "accepted",
        Money({"489": free(60), "490": free(40)}),
        entries=[],
    ),
    Row(
        "a transfer inside the chapter from a line that has nothing left",
        [TWO_LINES, an_award(60), a_transfer(10)],
        "accepted",
        Money({"489": {"appropriated": 50, "available": -10, "reserved": 60}, "490": free(50)}),
        flags=[overdrawn(-10, a_line("489"))],
    ),
    Row(
        "a transfer from an overdrawn line to itself lowers nothing",
        [TWO_LINES, an_award(70), a_transfer(5, to_line=a_line())],
        "accepted",
        Money({"489": {"appropriated": 60, "available": -10, "reserved": 70}, "490": free(40)}),
    ),
    Row(
        "a transfer to another chapter",
        [a_vote(100), a_transfer(100, to_line=OTHER_CHAPTER)],
        "accepted",
        Money({"489": {}, "67/65748/61/12": free(100)}),
    ),
    Row(
        "a transfer to another chapter of more than this one has available",
        [a_vote(100), an_award(70), a_transfer(31, to_line=OTHER_CHAPTER)],
        "insufficient_credit",
        Money({"489": {"appropriated": 100, "available": 30, "reserved": 70}}),
        facts=short("chapter", "65", 30, 31),
    ),
]

BY_ARTICLE = a_voted_budget(an_amount(100), an_amount(50, line=OTHER_ARTICLE), vote_level="article")
ARTICLE_ROWS = [
    Row(
        "voted by article, the article may not be exceeded though the chapter has enough",
        [BY_ARTICLE, an_award(101)],
        "insufficient_credit",
        Money({"489": free(100), "65/6574/61/12": free(50)}),
        facts=short("article", "65/65748", 100, 101),
    ),
    Row(
        "voted by article, functions and operations of one article share its credit",
        [BY_ARTICLE, an_award(lines=[an_amount(100, line=a_line(None, function="30"))])],
        "accepted",
        Money(
            {
                "489": free(100),
                "65/6574/61/12": free(50),
                "65/65748/30/–": {"available": -100, "reserved": 100},
            }
        ),
        flags=[overdrawn(-100, a_line(None, function="30"))],
    ),
    Row(
        "voted by article, a transfer from one article to another takes credit away",
        [BY_ARTICLE, an_award(90), a_transfer(11, to_line=OTHER_ARTICLE)],
        "insufficient_credit",
        Money(
            {
                "489": {"appropriated": 100, "available": 10, "reserved": 90},
                "65/6574/61/12": free(50),
            }
        ),
        facts=short("article", "65/65748", 10, 11),
    ),
    Row(
        "voted by article, one article number in two chapters is two articles",
        [BY_ARTICLE, an_award(lines=[an_amount(1, line=OTHER_CHAPTER)])],
        "insufficient_credit",
        Money({"489": free(100), "65/6574/61/12": free(50)}),
        facts=short("article", "67/65748", 0, 1),
    ),
]

WITHOUT = a_line(None)
BY_OPERATION = a_voted_budget(an_amount(50), an_amount(100, line=WITHOUT), vote_level="operation")
UNTOUCHED = {"489": free(50), "65/65748/61/–": free(100)}
OPERATION_ROWS = [
    Row(
        "voted by operation, an operation may not be exceeded",
        [BY_OPERATION, an_award(51)],
        "insufficient_credit",
        Money(UNTOUCHED),
        facts=short("operation", "489", 50, 51),
    ),
    Row(
        "voted by operation, an operation has its credit across chapters",
        [BY_OPERATION, an_award(lines=[an_amount(50, line=a_line("489", chapter="20"))])],
        "accepted",
        Money(UNTOUCHED | {"20/65748/61/489": {"available": -50, "reserved": 50}}),
        flags=[overdrawn(-50, a_line("489", chapter="20"))],
    ),
    Row(
        "voted by operation, lines without one are controlled by chapter",
        [BY_OPERATION, an_award(lines=[an_amount(101, line=WITHOUT)])],
        "insufficient_credit",
        Money(UNTOUCHED),
        facts=short("operation", "65", 100, 101),
    ),
    Row(
        "voted by operation, lines without one share their chapter's credit",
        [BY_OPERATION, an_award(lines=[an_amount(100, line=a_line(None, article="6574"))])],
        "accepted",
        Money(UNTOUCHED | {"65/6574/61/–": {"available": -100, "reserved": 100}}),
        flags=[overdrawn(-100, a_line(None, article="6574"))],
    ),
    Row(
        "voted by operation, a line without one has no part in another chapter's",
        [BY_OPERATION, an_award(lines=[an_amount(1, line=a_line(None, chapter="20"))])],
        "insufficient_credit",
        Money(UNTOUCHED),
        facts=short("operation", "20", 0, 1),
    ),
    Row(
        "voted by operation, operation 65 is not the lines without one of chapter 65",
        [BY_OPERATION, an_award(lines=[an_amount(1, "65")])],
        "insufficient_credit",
        Money(UNTOUCHED),
        facts=short("operation", "65", 0, 1),
    ),
]

ROWS = [*CHAPTER_ROWS, *VOTE_ROWS, *TRANSFER_ROWS, *ARTICLE_ROWS, *OPERATION_ROWS]


@each_row(ROWS)
def test_rule_26_credit_is_controlled_where_the_council_votes_it(row: Row) -> None:
    check(row)

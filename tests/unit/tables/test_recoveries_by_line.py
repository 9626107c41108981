"""Rule 27, line by line: what may be asked back of a line, and on which lines money comes back."""

from services.ledger.domain.model.conventions import RecoveredLine
from tests.builders import (
    Scenario,
    a_collection,
    a_convention,
    a_new_account,
    a_payment,
    a_recovery,
    a_vote,
    an_acknowledgement,
    an_amendment,
    an_amount,
    an_award,
    an_instalment,
)
from tests.unit.tables.rows import Money, Row, check, each_row, figures
from tests.unit.tables.test_recoveries import AGAIN, NEXT_YEAR, exceeds

TWO_LINES = [an_amount(60), an_amount(40, "490")]
ON_TWO_LINES = [
    a_vote(appropriations=TWO_LINES),
    an_award(lines=TWO_LINES),
    a_convention(
        instalments=[
            an_instalment(lines=[an_amount(30, "490"), an_amount(20)]),
            an_instalment(name="balance", lines=[an_amount(40), an_amount(10, "490")]),
        ]
    ),
    a_payment(50),
    a_payment(50, "C/balance"),
]
"""60 paid on line 489 and 40 on line 490, which the schedule names first."""


def on_two_lines(from_489: int, from_490: int) -> Money:
    def line(whole: int, back: int) -> dict[str, int]:
        return figures(appropriated=whole, available=back, paid=whole - back)

    def share(whole: int, back: int) -> dict[str, int]:
        return figures(granted=whole, paid=whole - back, released=back)

    return Money(
        {"489": line(60, from_489), "490": line(40, from_490)},
        {"C": {"489": share(60, from_489), "490": share(40, from_490)}},
        {"C/advance": ("paid", 50, 50), "C/balance": ("paid", 50, 50)},
    )


PARTLY_PAID = [
    a_vote(appropriations=TWO_LINES),
    an_award(lines=TWO_LINES),
    a_convention(instalments=[an_instalment(lines=TWO_LINES)]),
    a_payment(70),
]
"""An order of 60 and 40, of which 70 are paid: the first line in full, 10 of the second."""


def partly_paid(back: int, order: tuple[str, int, int], **again: tuple[str, int, int]) -> Money:
    """All that came back did so on the first line."""
    live = order[0] == "issued" or bool(again)
    line, share = ("ordered", "ordered") if live else ("committed", "remaining")
    return Money(
        {
            "489": figures(appropriated=60, available=back, paid=60 - back),
            "490": {"appropriated": 40, "paid": 10, line: 30},
        },
        {
            "C": {
                "489": figures(granted=60, paid=60 - back, released=back),
                "490": {"granted": 40, "paid": 10, share: 30},
            }
        },
        {"C/advance": order, **again},
    )


ROOM_ROWS = [
    Row(
        "by lines: what another recovery has named of one, and not yet brought, is no room there",
        [
            *ON_TWO_LINES,
            a_recovery(lines=[an_amount(50)]),
            a_recovery(lines=[an_amount(11)], recovery="S", **AGAIN),
        ],
        "recovery_exceeds",
        on_two_lines(0, 0),
        facts=exceeds(10, 11),
    ),
    Row(
        "nor is what its own number has named",
        [
            *ON_TWO_LINES,
            a_recovery(lines=[an_amount(50)]),
            a_recovery(lines=[an_amount(11)], **AGAIN),
        ],
        "recovery_exceeds",
        on_two_lines(0, 0),
        facts=exceeds(10, 11),
    ),
    Row(
        "another line is free",
        [
            *ON_TWO_LINES,
            a_recovery(lines=[an_amount(60)]),
            a_recovery(lines=[an_amount(40, "490")], recovery="S", **AGAIN),
        ],
        "accepted",
        on_two_lines(0, 0),
    ),
    Row(
        "what came back on a line that was named is paid no more, and asked back no more",
        [
            *ON_TWO_LINES,
            a_recovery(lines=[an_amount(50)]),
            a_collection(lines=[an_amount(30)]),
            a_recovery(lines=[an_amount(11)], recovery="S", **AGAIN),
        ],
        "recovery_exceeds",
        on_two_lines(30, 0),
        facts=exceeds(10, 11),
    ),
    Row(
        "a recovery in one sum names no line",
        [*ON_TWO_LINES, a_recovery(40), a_recovery(lines=[an_amount(60)], recovery="S", **AGAIN)],
        "accepted",
        on_two_lines(0, 0),
    ),
    Row(
        "what came in one sum, where others wait for all, leaves no room on the line",
        [
            *ON_TWO_LINES,
            a_recovery(20, recovery="S"),
            a_recovery(lines=[an_amount(40, "490")]),
            a_recovery(lines=[an_amount(40)], recovery="T", _id="third"),
            a_collection(20, recovery="S"),
            a_recovery(lines=[an_amount(1)], recovery="U", **AGAIN),
        ],
        "recovery_exceeds",
        on_two_lines(20, 0),
        facts=exceeds(0, 1),
    ),
    Row(
        "of a recovery that has all it waits for, no line is held",
        [
            *ON_TWO_LINES,
            a_recovery(lines=[an_amount(30), an_amount(10, "490")]),
            a_collection(lines=[an_amount(40)]),
            a_recovery(lines=[an_amount(40, "490")], recovery="S", **AGAIN),
        ],
        "accepted",
        on_two_lines(40, 0),
    ),
    Row(
        "of one that waits for less than it named of a line, that much is held",
        [
            *ON_TWO_LINES,
            a_recovery(lines=[an_amount(30), an_amount(30, "490")]),
            a_collection(lines=[an_amount(50)]),
            a_recovery(lines=[an_amount(31, "490")], recovery="S", **AGAIN),
        ],
        "recovery_exceeds",
        on_two_lines(50, 0),
        facts=exceeds(30, 31),
    ),
    Row(
        "a line on which revenue came has less that stays paid",
        [
            *ON_TWO_LINES,
            a_recovery(70),
            a_collection(lines=[an_amount(50)], **NEXT_YEAR),
            a_collection(lines=[an_amount(11)], **AGAIN),
        ],
        "recovery_exceeds",
        on_two_lines(0, 0),
        facts=exceeds(10, 11),
    ),
    Row(
        "what came as revenue on a line is not asked back there again",
        [
            *ON_TWO_LINES,
            a_recovery(30),
            a_collection(30, **NEXT_YEAR),
            a_recovery(lines=[an_amount(11, "490")], recovery="S", **AGAIN),
        ],
        "recovery_exceeds",
        on_two_lines(0, 0),
        facts=exceeds(10, 11),
    ),
]

LINE_ROWS = [
    Row(
        "in one sum it comes back on the line that the schedule names first",
        [*ON_TWO_LINES, a_recovery(40), a_collection(40)],
        "accepted",
        on_two_lines(0, 40),
    ),
    Row(
        "in one sum it comes back first on the line that its recovery named",
        [*ON_TWO_LINES, a_recovery(lines=[an_amount(30)]), a_collection(20)],
        "accepted",
        on_two_lines(20, 0),
    ),
    Row(
        "what it names no line of comes back on the first that no other waits for, its own too",
        [
            *ON_TWO_LINES,
            a_recovery(lines=[an_amount(30, "490")]),
            a_recovery(40, **AGAIN),
            a_collection(65),
        ],
        "accepted",
        on_two_lines(25, 40),
    ),
    Row(
        "as far as what named it has not come back, then in the order of the schedule",
        [
            *ON_TWO_LINES,
            a_recovery(lines=[an_amount(30)]),
            a_recovery(20, **AGAIN),
            a_collection(lines=[an_amount(25)]),
            a_collection(10, _id="rest"),
        ],
        "accepted",
        on_two_lines(30, 5),
    ),
    Row(
        "what another has named of a line stays for it, as long as there is other money",
        [
            *ON_TWO_LINES,
            a_recovery(lines=[an_amount(35, "490")], recovery="S"),
            a_recovery(30),
            a_collection(30),
        ],
        "accepted",
        on_two_lines(25, 5),
    ),
    Row(
        "then all lines give, in the order of the schedule",
        [
            *ON_TWO_LINES,
            a_recovery(30),
            a_recovery(lines=[an_amount(40, "490")], recovery="S"),
            a_recovery(lines=[an_amount(30)], recovery="S", **AGAIN),
            a_collection(30),
            a_collection(lines=[an_amount(30)], recovery="S"),
            a_collection(40, recovery="S", _id="rest"),
        ],
        "accepted",
        on_two_lines(60, 40),
    ),
    Row(
        "revenue counts on the lines on which it would have moved",
        [
            *ON_TWO_LINES,
            a_recovery(lines=[an_amount(30)]),
            a_collection(30, **NEXT_YEAR),
            a_recovery(lines=[an_amount(31)], recovery="S", **AGAIN),
        ],
        "recovery_exceeds",
        on_two_lines(0, 0),
        facts=exceeds(30, 31),
    ),
    Row(
        "and then on the next",
        [*ON_TWO_LINES, a_recovery(45), a_collection(45)],
        "accepted",
        on_two_lines(5, 40),
    ),
    Row(
        "what came back before leaves less on the first",
        [*ON_TWO_LINES, a_recovery(45), a_collection(39), a_collection(6, **AGAIN)],
        "accepted",
        on_two_lines(5, 40),
    ),
    Row(
        "what came as revenue on the first line does not come back on it again",
        [
            *ON_TWO_LINES,
            a_recovery(40),
            a_collection(30, **NEXT_YEAR),
            a_collection(10, **AGAIN),
            a_recovery(5, recovery="S"),
            a_collection(5, recovery="S"),
        ],
        "accepted",
        on_two_lines(5, 10),
    ),
    Row(
        "a partly paid order that is rejected changes nothing of the order of lines",
        [*PARTLY_PAID, an_acknowledgement("rejected"), a_recovery(50), a_collection(50)],
        "accepted",
        partly_paid(50, ("rejected", 100, 70)),
    ),
    Row(
        "nor does its re-issue",
        [
            *PARTLY_PAID,
            an_acknowledgement("rejected"),
            a_new_account(),
            a_recovery(50),
            a_collection(50),
        ],
        "accepted",
        partly_paid(50, ("rejected", 100, 70), **{"C/advance/2": ("issued", 30, 0)}),
    ),
    Row(
        "as if it had not been rejected",
        [*PARTLY_PAID, a_recovery(50), a_collection(50)],
        "accepted",
        partly_paid(50, ("issued", 100, 70)),
    ),
    Row(
        "by lines it comes back on those that it names",
        [*ON_TWO_LINES, a_recovery(45), a_collection(lines=[an_amount(44), an_amount(1, "490")])],
        "accepted",
        on_two_lines(44, 1),
    ),
    Row(
        "a line that an amendment took from the schedule comes last",
        [
            a_vote(appropriations=TWO_LINES),
            an_award(lines=TWO_LINES),
            a_convention(instalments=[an_instalment(lines=TWO_LINES)]),
            a_payment(70),
            an_acknowledgement("rejected"),
            an_amendment(instalments=[an_instalment(name="rest", lines=[an_amount(30, "490")])]),
            a_recovery(15),
            a_collection(15),
        ],
        "accepted",
        Money(
            {
                "489": figures(appropriated=60, available=5, paid=55),
                "490": figures(appropriated=40, available=10, ordered=30),
            },
            {
                "C": {
                    "489": figures(granted=60, paid=55, released=5),
                    "490": figures(granted=40, ordered=30, released=10),
                }
            },
            {"C/advance": ("rejected", 100, 70), "C/rest": ("issued", 30, 0)},
        ),
    ),
]

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

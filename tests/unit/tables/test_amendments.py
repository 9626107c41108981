"""Rule 15: amendments plan anew what is not ordered: up, down, and beyond the award."""

from typing import Any

from tests.builders import (
    SIRET,
    Json,
    Scenario,
    a_convention,
    a_line,
    a_vote,
    an_acknowledgement,
    an_act,
    an_amendment,
    an_amount,
    an_award,
    an_instalment,
)
from tests.unit.tables.rows import Money, Row, check, each_row, figures

REPORT = [("activity_report", 2022)]
HALVES = a_convention(
    instalments=[an_instalment(60), an_instalment(40, "balance", documents=REPORT)]
)
IN_HALVES = [a_vote(200), an_award(150), HALVES]
"""150 awarded of 200; 100 under convention: 60 ordered at signature, 40 wait for a report."""

NUMBERED = [a_vote(200), an_award(150, act=an_act(number="40")), HALVES]

ADVANCE = {"C/advance": ("issued", 60, 0)}
REJECTED = an_acknowledgement("rejected")
ACT = an_act("2023-09-01", number="2023/99")


def waiting(amount_cents: int, name: str = "balance", **more: Any) -> Json:
    """An instalment that waits for a report: nothing of it is ordered yet."""
    return an_instalment(amount_cents, name, documents=REPORT, **more)


def amended(*instalments: Json, **more: Any) -> Json:
    return an_amendment(instalments=list(instalments), **more)


def beside(remaining: int, available: int, reserved: int, granted: int, released: int = 0) -> Money:
    """60 are ordered; where the rest of the 200 stands."""
    share = figures(granted=granted, remaining=remaining, ordered=60, released=released)
    line = figures(
        appropriated=200,
        available=available,
        reserved=reserved,
        committed=remaining,
        ordered=60,
    )
    return Money({"489": line}, {"C": {"489": share}}, ADVANCE)


def exceeds(award_cents: int, asked_cents: int) -> Json:
    return {
        "convention": "C",
        "line": a_line(),
        "award_cents": award_cents,
        "asked_cents": asked_cents,
    }


UNCHANGED = beside(remaining=40, available=50, reserved=50, granted=100)

AMENDMENT_ROWS = [
    Row(
        "down: what is given up is available again, granted stays",
        [*IN_HALVES, amended(waiting(15))],
        "accepted",
        beside(remaining=15, available=75, reserved=50, granted=100, released=25),
        entries=[("decommitment", "489", 25, "C")],
    ),
    Row(
        "an empty schedule releases everything that is not ordered",
        [*IN_HALVES, amended()],
        "accepted",
        beside(remaining=0, available=90, reserved=50, granted=100, released=40),
        entries=[("decommitment", "489", 40, "C")],
    ),
    Row(
        "the same amounts planned otherwise: no money moves",
        [*IN_HALVES, amended(waiting(30, "first"), waiting(10, "second"))],
        "accepted",
        UNCHANGED,
        entries=[],
    ),
    Row(
        "up within what the award still holds: legal commitment",
        [*IN_HALVES, amended(waiting(70))],
        "accepted",
        beside(remaining=70, available=50, reserved=20, granted=130),
        entries=[("legal_commitment", "489", 30, "C")],
    ),
    Row(
        "up to the last cent of the award",
        [*IN_HALVES, amended(waiting(90))],
        "accepted",
        beside(remaining=90, available=50, reserved=0, granted=150),
        entries=[("legal_commitment", "489", 50, "C")],
    ),
    Row(
        "a cent beyond the award without an act",
        [*IN_HALVES, amended(waiting(91))],
        "exceeds_award",
        UNCHANGED,
        facts=exceeds(90, 91),
    ),
    *(
        Row(
            f"a cent beyond the award, citing the act that awarded it{how}: nothing decided anew",
            [*IN_HALVES, amended(waiting(91), act=an_act(**number))],
            "exceeds_award",
            UNCHANGED,
            facts=exceeds(90, 91),
        )
        for how, number in [("", {}), (" and a number, which the award left out", {"number": "7"})]
    ),
    *(
        Row(
            f"a cent beyond the award, citing {which} raises it",
            [*NUMBERED, amended(waiting(91), act=act)],
            "accepted",
            beside(remaining=91, available=49, reserved=0, granted=151),
        )
        for which, act in [
            ("another act of that day", an_act(number="41")),
            ("an act of that day in another assembly", an_act(body="Conseil métropolitain")),
        ]
    ),
    Row(
        "beyond the award with the act that raises it: from the reserve, then from credit",
        [*IN_HALVES, amended(waiting(100), act=ACT)],
        "accepted",
        beside(remaining=100, available=40, reserved=0, granted=160),
        entries=[
            ("legal_commitment", "489", 50, "C"),
            ("supplementary_commitment", "489", 10, "C"),
        ],
    ),
    Row(
        "beyond the award and beyond the credit",
        [*IN_HALVES, amended(waiting(141), act=ACT)],
        "insufficient_credit",
        UNCHANGED,
        facts={
            "level": "chapter",
            "group": "65",
            "available_cents": 50,
            "asked_cents": 51,
            "shortfall_cents": 1,
        },
    ),
    Row(
        "what an act raised may be planned again without another",
        [
            *IN_HALVES,
            amended(waiting(100), act=ACT),
            amended(waiting(10), amendment="2", _id="down"),
            amended(waiting(100), amendment="3", _id="up again"),
        ],
        "accepted",
        beside(remaining=100, available=40, reserved=0, granted=250, released=90),
        entries=[("supplementary_commitment", "489", 90, "C")],
    ),
    Row(
        "and not a cent more",
        [
            *IN_HALVES,
            amended(waiting(100), act=ACT),
            amended(waiting(101), amendment="2", _id="again"),
        ],
        "exceeds_award",
        beside(remaining=100, available=40, reserved=0, granted=160),
        facts=exceeds(100, 101),
    ),
    Row(
        "what was released lives no more: it may be committed again within the award",
        [
            *IN_HALVES,
            amended(waiting(90)),
            amended(waiting(10), amendment="2", _id="down"),
            amended(waiting(50), amendment="3", _id="up again"),
        ],
        "accepted",
        beside(remaining=50, available=90, reserved=0, granted=190, released=80),
        entries=[("supplementary_commitment", "489", 40, "C")],
    ),
    Row(
        "what another convention of the grant holds is no room",
        [
            *IN_HALVES,
            a_convention(convention="D", instalments=[waiting(50)], _id="D"),
            amended(waiting(41)),
        ],
        "exceeds_award",
        Money(
            {"489": figures(appropriated=200, available=50, committed=90, ordered=60)},
            {
                "C": {"489": figures(granted=100, remaining=40, ordered=60)},
                "D": {"489": figures(granted=50, remaining=50)},
            },
            ADVANCE,
        ),
        facts=exceeds(40, 41),
    ),
    Row(
        "a line that the award does not know needs an act",
        [
            a_vote(appropriations=[an_amount(200), an_amount(9, "490")]),
            an_award(150),
            HALVES,
            amended(waiting(0, lines=[an_amount(9, "490")])),
        ],
        "exceeds_award",
        Money(
            {
                "489": figures(
                    appropriated=200, available=50, reserved=50, committed=40, ordered=60
                ),
                "490": figures(appropriated=9, available=9),
            },
            {"C": {"489": figures(granted=100, remaining=40, ordered=60)}},
            ADVANCE,
        ),
        facts=exceeds(0, 9) | {"line": a_line("490")},
    ),
    Row(
        "with an act it moves money from line to line, within the credit of their chapter",
        [
            a_vote(appropriations=[an_amount(100), an_amount(1, "490")]),
            an_award(100),
            HALVES,
            amended(waiting(0, lines=[an_amount(40, "490")]), act=ACT),
        ],
        "accepted",
        Money(
            {
                "489": figures(appropriated=100, available=40, ordered=60),
                "490": figures(appropriated=1, available=-39, committed=40),
            },
            {
                "C": {
                    "489": figures(granted=100, ordered=60, released=40),
                    "490": figures(granted=40, remaining=40),
                }
            },
            ADVANCE,
        ),
        flags=[("line_overdrawn", {"line": a_line("490"), "available_cents": -39})],
        entries=[
            ("supplementary_commitment", "490", 40, "C"),
            ("decommitment", "489", 40, "C"),
        ],
    ),
]

ROWS = AMENDMENT_ROWS


@each_row(AMENDMENT_ROWS)
def test_rule_15_an_amendment_plans_anew_what_is_not_ordered(row: Row) -> None:
    check(row)


def test_rule_15_an_act_raises_the_award_by_a_single_cent() -> None:
    scenario = Scenario(*IN_HALVES, amended(waiting(91), act=ACT))
    award = scenario.book.grants["G"].award
    assert award is not None
    assert 151 == award.total_cents == scenario.book.awarded_cents[SIRET]


def test_rule_15_an_act_that_is_not_needed_raises_nothing() -> None:
    scenario = Scenario(*IN_HALVES, amended(waiting(90), act=ACT))
    award = scenario.book.grants["G"].award
    assert award is not None
    assert 150 == award.total_cents == scenario.book.awarded_cents[SIRET]


def test_rule_15_an_act_raises_nothing_where_the_award_has_the_room() -> None:
    """Raised to 160 and planned down, it has room for what another act plans again."""
    raised = [*IN_HALVES, amended(waiting(100), act=ACT)]
    lowered = amended(waiting(10), amendment="2", _id="down")
    another = an_act("2023-10-01", number="2023/120")
    again = amended(waiting(100), amendment="3", act=another, _id="up again")
    scenario = Scenario(*raised, lowered, again)
    award = scenario.book.grants["G"].award
    assert award is not None
    assert 160 == award.total_cents == scenario.book.awarded_cents[SIRET]

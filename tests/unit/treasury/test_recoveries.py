"""Recoveries by line: where a sum is asked back, and where it comes back (rules, 27)."""

import pytest

from tests.builders import (
    NEXT_BUDGET,
    Json,
    Scenario,
    a_closing,
    a_collection,
    a_convention,
    a_new_account,
    a_notification,
    a_payment,
    a_recovery,
    a_vote,
    an_acknowledgement,
    an_amendment,
    an_amount,
    an_award,
    an_instalment,
)
from tests.unit.treasury.booking import Booked, balances, last
from tests.unit.treasury.test_entries import NEXT_YEAR, booked

WHOLE = [an_amount(60), an_amount(40, "490")]
PAID = [
    a_vote(appropriations=WHOLE),
    an_award(lines=WHOLE),
    a_convention(
        instalments=[
            an_instalment(lines=[an_amount(30, "490"), an_amount(20)]),
            an_instalment(name="balance", lines=[an_amount(40), an_amount(10, "490")]),
        ]
    ),
    a_payment(40, "C/balance"),
    a_payment(50),
    a_payment(10, "C/balance", _id="rest"),
]
"""60 paid on line 489 and 40 on 490: 489 was paid first, and money comes back on 490 first."""

AGAIN: Json = {"_id": "again"}


def moved(against: str, cents: int, origin: str, target: str) -> list[Booked]:
    """A recovery that leaves one line for another."""
    return [
        *booked("recovery_moved", against, "46721", cents, origin),
        *booked("recovery_moved", "46721", against, cents, target),
    ]


ROWS = [
    (
        "a sum is asked back on the line that was paid first",
        [a_recovery(50)],
        booked("recovery_ordered", "46721", "65748", 50),
    ),
    (
        "and then on the next",
        [a_recovery(70)],
        [
            *booked("recovery_ordered", "46721", "65748", 60),
            *booked("recovery_ordered", "46721", "65748", 10, "490"),
        ],
    ),
    (
        "by lines on those that are named",
        [a_recovery(lines=[an_amount(5, "490"), an_amount(1)])],
        [
            *booked("recovery_ordered", "46721", "65748", 5, "490"),
            *booked("recovery_ordered", "46721", "65748", 1),
        ],
    ),
    (
        "what another recovery asks back already is left out",
        [a_recovery(lines=[an_amount(55)]), a_recovery(10, recovery="S")],
        [
            *booked("recovery_ordered", "46721", "65748", 5),
            *booked("recovery_ordered", "46721", "65748", 5, "490"),
        ],
    ),
    (
        "what came back is as well",
        [
            a_recovery(lines=[an_amount(55)]),
            a_collection(lines=[an_amount(55)]),
            a_recovery(9, **AGAIN),
        ],
        [
            *booked("recovery_ordered", "46721", "65748", 5),
            *booked("recovery_ordered", "46721", "65748", 4, "490"),
        ],
    ),
    (
        "what comes back on the line on which it was asked moves nowhere",
        [a_recovery(lines=[an_amount(40, "490")]), a_collection(40)],
        booked("recovery_collected", "515", "46721", 40, "490"),
    ),
    (
        "what comes back on another line moves there first",
        [a_recovery(50), a_collection(45)],
        [
            *moved("65748", 40, "489", "490"),
            *booked("recovery_collected", "515", "46721", 40, "490"),
            *booked("recovery_collected", "515", "46721", 5),
        ],
    ),
    (
        "of two lines each takes its own first",
        [a_recovery(lines=[an_amount(30), an_amount(15, "490")]), a_collection(45)],
        [
            *booked("recovery_collected", "515", "46721", 15, "490"),
            *booked("recovery_collected", "515", "46721", 30),
        ],
    ),
    (
        "what is revenue moves as revenue",
        [a_recovery(40, **NEXT_YEAR), a_collection(40)],
        [
            *moved("773", 40, "489", "490"),
            *booked("recovery_collected", "515", "46721", 40, "490"),
        ],
    ),
    (
        "what comes later comes where it was asked back, whatever line it names",
        [a_recovery(70), a_collection(lines=[an_amount(40, "490")], **NEXT_YEAR)],
        booked("recovery_collected", "515", "46721", 40),
    ),
    (
        "and the next sum on what is left",
        [a_recovery(70), a_collection(65, **NEXT_YEAR), a_collection(5, **NEXT_YEAR, **AGAIN)],
        booked("recovery_collected", "515", "46721", 5, "490"),
    ),
    (
        "what came later is asked back no more",
        [a_recovery(55), a_collection(55, **NEXT_YEAR), a_recovery(9, **AGAIN)],
        [
            *booked("recovery_ordered", "46721", "65748", 5),
            *booked("recovery_ordered", "46721", "65748", 4, "490"),
        ],
    ),
]


@pytest.mark.parametrize(
    ("events", "expected"), [row[1:] for row in ROWS], ids=[r[0] for r in ROWS]
)
def test_rule_27_a_recovery_stands_on_a_line(events: list[Json], expected: list[Booked]) -> None:
    assert expected == last(*PAID, *events)


def test_once_all_has_come_back_the_expense_is_what_the_ledger_has() -> None:
    history = Scenario(*PAID, a_recovery(50), a_collection(50))
    expected = {"489": 50, "490": 0}
    paid = {each["line"]["operation"]: each["paid_cents"] for each in history.summary()["lines"]}
    assert expected == paid
    assert {("65748", "489"): 50, ("515", "489"): -50} == balances(history)


def test_rule_13_a_convention_is_asked_for_what_its_grant_was_paid() -> None:
    whole = [an_amount(100)]
    schedule = [
        an_instalment(name="now", lines=[an_amount(60)]),
        an_instalment(name="later", trigger="notification", lines=[an_amount(40)]),
    ]
    alone = an_award(lines=whole, requires_convention=False, instalments=schedule)
    above = an_award(2_300_000, grant="H", _id="above")
    history = [
        a_vote(9_000_000),
        a_new_account(),
        alone,
        a_payment(60, "G/now"),
        above,
        a_convention(40),
        a_payment(40),
    ]
    assert booked("recovery_ordered", "46721", "65748", 100) == last(*history, a_recovery(100))
    by_grant = a_recovery(100, convention="G")
    assert booked("recovery_ordered", "46721", "65748", 100) == last(*history, by_grant)
    came = a_collection(30, convention="G")
    assert booked("recovery_collected", "515", "46721", 30) == last(*history, by_grant, came)


PLANNED_ANEW = [
    a_payment(40, "G/now"),
    an_acknowledgement("rejected", "G/now"),
    an_amendment(instalments=[an_instalment(100, "rest", trigger="notification")]),
]
"""Of the grant's order a part is paid, and no instalment bears its name any more."""


@pytest.mark.parametrize("then", [[an_acknowledgement(order="G/now")], PLANNED_ANEW])
def test_rule_13_the_grant_may_be_named_in_the_next_year_too(then: list[Json]) -> None:
    schedule = [
        an_instalment(1_500_000, "now"),
        an_instalment(100, "later", trigger="notification"),
    ]
    history = Scenario(
        a_vote(9_000_000),
        a_new_account(),
        an_award(1_500_100, requires_convention=False, instalments=schedule),
        an_award(1_000_000, grant="H", _id="above"),
        a_convention(instalments=[an_instalment(100, "rest", trigger="notification")]),
        *then,
        a_closing(["C"]),
    )
    history.deliver()
    history.tell(a_notification(budget=NEXT_BUDGET))
    history.tell(a_payment(100, "C/rest", budget=NEXT_BUDGET))
    history.tell(a_recovery(30, budget=NEXT_BUDGET, convention="G", on="2024-10-01"))
    assert "accepted" == history.answer()
    assert {("65748", "489"): 70, ("515", "489"): -100, ("46721", "489"): 30} == balances(
        history, NEXT_BUDGET
    )


def test_rule_13_a_grant_that_nobody_was_paid_for_gives_its_name_up_as_well() -> None:
    history = [
        a_vote(),
        an_award(100, requires_convention=False),
        a_convention(100),
        a_payment(100),
    ]
    assert booked("recovery_ordered", "46721", "65748", 100) == last(*history, a_recovery(100))


def test_rule_32_a_grant_that_was_carried_over_is_asked_in_its_new_year() -> None:
    schedule = [
        an_instalment(name="now", lines=[an_amount(60)]),
        an_instalment(name="later", trigger="notification", lines=[an_amount(40)]),
    ]
    history = Scenario(
        a_vote(100),
        an_award(100, requires_convention=False, instalments=schedule),
        a_new_account(),
        an_acknowledgement(order="G/now"),
        a_closing(["G"]),
    )
    history.deliver()
    next_year = {"budget": NEXT_BUDGET, "convention": "G"}
    history.tell(a_notification(**next_year))
    history.tell(a_payment(40, "G/later", budget=NEXT_BUDGET))
    history.tell(a_recovery(30, **next_year, on="2024-10-01"))
    assert {("65748", "489"): 10, ("515", "489"): -40, ("46721", "489"): 30} == balances(
        history, NEXT_BUDGET
    )

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
    an_amount,
    an_award,
    an_instalment,
)
from tests.unit.tables.event_notation import read_events
from tests.unit.tables.rows import read_table
from tests.unit.treasury.booking import Booked, balances, last, read_row
from tests.unit.treasury.test_entries import booked

PAID = read_events("""
    vote 60 on 489 + 40 on 490; award 60 on 489 + 40 on 490;
    convention [advance 30 on 490 + 20 on 489, balance 40 on 489 + 10 on 490];
    payment 40 of C/balance; payment 50; payment 10 of C/balance, id rest
""")
"""60 paid on line 489 and 40 on 490: 489 was paid first, and money comes back on 490 first."""

AGAIN: Json = {"_id": "again"}


def moved(against: str, cents: int, origin: str, target: str) -> list[Booked]:
    """A recovery that leaves one line for another."""
    return [
        *booked("recovery_moved", against, "46721", cents, origin),
        *booked("recovery_moved", "46721", against, cents, target),
    ]


ROWS = read_table(
    """
    a sum is asked back on the line that was paid first
        recovery 50
        => recovery_ordered 50 on 489: debit 46721, credit 65748
    and then on the next
        recovery 70
        => recovery_ordered 60 on 489: debit 46721, credit 65748;
           recovery_ordered 10 on 490: debit 46721, credit 65748
    by lines on those that are named
        recovery 5 on 490 + 1 on 489
        => recovery_ordered 5 on 490: debit 46721, credit 65748;
           recovery_ordered 1 on 489: debit 46721, credit 65748
    what another recovery asks back already is left out
        recovery 55 on 489; recovery 10, recovery S
        => recovery_ordered 5 on 489: debit 46721, credit 65748;
           recovery_ordered 5 on 490: debit 46721, credit 65748
    what came back is as well
        recovery 55 on 489; collection 55 on 489; recovery 9, id again
        => recovery_ordered 5 on 489: debit 46721, credit 65748;
           recovery_ordered 4 on 490: debit 46721, credit 65748
    what comes back on the line on which it was asked moves nowhere
        recovery 40 on 490; collection 40
        => recovery_collected 40 on 490: debit 515, credit 46721
    what comes back on another line moves there first
        recovery 50; collection 45
        => recovery_moved 40 on 489: debit 65748, credit 46721;
           recovery_moved 40 on 490: debit 46721, credit 65748;
           recovery_collected 40 on 490: debit 515, credit 46721;
           recovery_collected 5 on 489: debit 515, credit 46721
    of two lines each takes its own first
        recovery 30 on 489 + 15 on 490; collection 45
        => recovery_collected 15 on 490: debit 515, credit 46721;
           recovery_collected 30 on 489: debit 515, credit 46721
    what is revenue moves as revenue
        recovery 40, on 2024-02-01; collection 40
        => recovery_moved 40 on 489: debit 773, credit 46721;
           recovery_moved 40 on 490: debit 46721, credit 773;
           recovery_collected 40 on 490: debit 515, credit 46721
    what comes later comes where it was asked back, whatever line it names
        recovery 70; collection 40 on 490, on 2024-02-01
        => recovery_collected 40 on 489: debit 515, credit 46721
    and the next sum on what is left
        recovery 70; collection 65, on 2024-02-01; collection 5, on 2024-02-01, id again
        => recovery_collected 5 on 490: debit 515, credit 46721
    what came later is asked back no more
        recovery 55; collection 55, on 2024-02-01; recovery 9, id again
        => recovery_ordered 5 on 489: debit 46721, credit 65748;
           recovery_ordered 4 on 490: debit 46721, credit 65748
""",
    globals(),
    read_row,
)


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


PLANNED_ANEW = read_events(
    "payment 40 of G/now; G/now rejected; amendment [rest 100 at notification]"
)
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
    history = read_events("vote; award 100, without convention; convention 100; payment 100")
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

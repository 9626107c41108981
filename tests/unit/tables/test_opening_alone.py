"""Rules 13, 14 and 32: grants without convention over the end of a year; numbers that are taken."""

import pytest

from tests.builders import (
    NEXT_BUDGET,
    SIRET,
    Json,
    Scenario,
    a_closing,
    a_concurring_act,
    a_convention,
    a_new_account,
    a_notification,
    a_report,
    a_vote,
    a_withdrawal,
    an_acknowledgement,
    an_act,
    an_award,
    an_instalment,
)
from tests.unit.tables.rows import Money
from tests.unit.tables.test_closing import ALONE, PAID
from tests.unit.tables.years import NEXT, OPENED, Row, check

BIG = 5_000_000

ALONE_YEAR = [a_vote(100), ALONE, a_new_account(), an_acknowledgement(order="G/advance")]
G_OPENED = Money(
    {"489": {"appropriated": 40, "committed": 40}},
    {"G": {"489": {"granted": 40, "remaining": 40}}},
)
ALONE_ROWS = [
    Row("a grant without convention goes on under its reference", ALONE_YEAR, "accepted", G_OPENED),
    Row(
        "its report sets the balance off",
        ALONE_YEAR,
        "accepted",
        Money(
            {"489": {"appropriated": 40, "ordered": 40}},
            {"G": {"489": {"granted": 40, "ordered": 40}}},
            {"G/balance": ("issued", 40, 0)},
        ),
        after=[a_report(year=2023, convention="G", **NEXT)],
    ),
    Row(
        "something was ordered in the year before, and nothing is held back: too late for one",
        ALONE_YEAR,
        "convention_exists",
        G_OPENED,
        after=[a_convention(40, **NEXT)],
        facts={"convention": "C"},
    ),
    Row(
        "nothing was: a convention may",
        [a_vote(100), an_award(100, requires_convention=False)],
        "accepted",
        Money(
            {"489": {"appropriated": 100, "available": 30, "ordered": 70}},
            {"C": {"489": {"granted": 100, "released": 30, "ordered": 70}}},
            {"C/advance": ("issued", 70, 0)},
        ),
        after=[a_convention(70, **NEXT)],
    ),
    Row(
        "a convention that came before the internal event waits for the award",
        [a_vote(100), an_award(100, requires_convention=False)],
        "accepted",
        Money(
            {"489": {"appropriated": 100, "available": 30, "ordered": 70}},
            {"C": {"489": {"granted": 100, "released": 30, "ordered": 70}}},
            {"C/advance": ("issued", 70, 0)},
        ),
        before=[a_convention(70, **NEXT)],
    ),
    Row(
        "the award of the year before does not count towards 23,000 € in the new one",
        [a_vote(2_000_000), an_award(2_000_000, requires_convention=False)],
        "accepted",
        Money(
            {"489": {"appropriated": 4_000_000, "committed": 4_000_000}},
            {
                "G": {"489": {"granted": 2_000_000, "remaining": 2_000_000}},
                "H": {"489": {"granted": 2_000_000, "remaining": 2_000_000}},
            },
        ),
        after=[
            a_vote(2_000_000, **NEXT),
            an_award(2_000_000, grant="H", requires_convention=False, **NEXT),
        ],
    ),
    Row(
        "nor is it held back by what the new year awards",
        [a_vote(2_000_000), an_award(2_000_000, requires_convention=False)],
        "accepted",
        Money(
            {
                "489": {
                    "appropriated": 2_000_000 + BIG,
                    "reserved": BIG,
                    "ordered": 2_000_000,
                }
            },
            {"G": {"489": {"granted": 2_000_000, "ordered": 2_000_000}}},
            {"G/1": ("issued", 2_000_000, 0)},
        ),
        after=[a_vote(BIG, **NEXT), an_award(BIG, grant="H", **NEXT), a_new_account(**NEXT)],
    ),
    Row(
        "an order that its own year held back stays held back",
        [
            a_vote(BIG + 100),
            an_award(100, requires_convention=False),
            an_award(BIG, grant="H"),
            a_new_account(),
        ],
        "accepted",
        Money(
            {"489": {"appropriated": 100, "committed": 100}},
            {"G": {"489": {"granted": 100, "remaining": 100}}},
        ),
        after=[a_notification(convention="G", **NEXT)],
        flags=[
            (
                "convention_required",
                {
                    "convention": "G",
                    "siret": SIRET,
                    "total_cents": BIG + 100,
                    "limit_cents": 2_300_000,
                },
            )
        ],
    ),
]

TAKEN_NUMBER = [
    a_vote(50, **NEXT),
    an_award(50, **NEXT),
    a_convention(instalments=[an_instalment(50, trigger="notification")], **NEXT),
]
"""Convention C of the new year itself, of which nothing is due."""

QUARTER = [an_instalment(25, trigger="notification")]
LATER = [an_instalment(BIG - 50, trigger="notification")]
G_PAID = {"ordered": 100}


def renamed(name: str) -> tuple[str, Json]:
    return ("convention_renamed", {"from": name, "to": f"{name}@2023"})


TAKEN_ROWS = [
    Row(
        "the new year has a convention of that number: it goes on under another",
        PAID,
        "accepted",
        Money(
            {"489": {"appropriated": 90, "committed": 90}},
            {
                "C": {"489": {"granted": 50, "remaining": 50}},
                "C@2023": {"489": {"granted": 40, "remaining": 40}},
            },
        ),
        before=TAKEN_NUMBER,
        flags=[renamed("C")],
    ),
    Row(
        "whoever names it so reaches it: its report sets the balance off",
        PAID,
        "accepted",
        Money(
            {"489": {"appropriated": 90, "committed": 50, "ordered": 40}},
            {
                "C": {"489": {"granted": 50, "remaining": 50}},
                "C@2023": {"489": {"granted": 40, "ordered": 40}},
            },
            {"C@2023/balance": ("issued", 40, 0)},
        ),
        before=TAKEN_NUMBER,
        after=[a_report(year=2023, convention="C@2023", **NEXT)],
    ),
    Row(
        "a report that came before waits for it by that name, and goes on",
        PAID,
        "accepted",
        Money(
            {"489": {"appropriated": 90, "committed": 50, "ordered": 40}},
            {
                "C": {"489": {"granted": 50, "remaining": 50}},
                "C@2023": {"489": {"granted": 40, "ordered": 40}},
            },
            {"C@2023/balance": ("issued", 40, 0)},
        ),
        before=[*TAKEN_NUMBER, a_report(year=2023, convention="C@2023", **NEXT)],
    ),
    Row(
        "the grant was awarded here without convention, and its reference is that number",
        [a_vote(100), an_award(100), a_convention(100, convention="H", bank_account=...)],
        "accepted",
        Money(
            {"489": {"appropriated": 150, "committed": 150}},
            {
                "H": {"489": {"granted": 50, "remaining": 50}},
                "H@2023": {"489": {"granted": 100, "remaining": 100}},
            },
        ),
        before=[a_vote(50, **NEXT), an_award(50, grant="H", requires_convention=False, **NEXT)],
        flags=[renamed("H")],
    ),
    Row(
        "even that name is taken: it has the year behind it twice",
        PAID,
        "accepted",
        Money(
            {"489": {"appropriated": 90, "committed": 90}},
            {
                "C": {"489": {"granted": 25, "remaining": 25}},
                "C@2023": {"489": {"granted": 25, "remaining": 25}},
                "C@2023@2023": {"489": {"granted": 40, "remaining": 40}},
            },
        ),
        before=[
            a_vote(50, **NEXT),
            an_award(50, **NEXT),
            a_convention(instalments=QUARTER, **NEXT),
            a_convention(convention="C@2023", instalments=QUARTER, **NEXT),
        ],
        flags=[("convention_renamed", {"from": "C", "to": "C@2023@2023"})],
    ),
    Row(
        "a grant without convention whose reference the new year awards itself",
        [a_vote(100), an_award(100, requires_convention=False)],
        "accepted",
        Money(
            {"489": {"appropriated": 150, "reserved": 50, "committed": 100}},
            {"G@2023": {"489": {"granted": 100, "remaining": 100}}},
        ),
        before=[a_vote(50, **NEXT), an_award(50, **NEXT)],
        flags=[renamed("G")],
    ),
    Row(
        "it is held back by the sum of its own year alone",
        [
            a_vote(BIG + 100),
            an_award(100, requires_convention=False),
            an_award(BIG, grant="H"),
        ],
        "accepted",
        Money(
            {"489": {"appropriated": 150, "reserved": 50, "committed": 100}},
            {"G@2023": {"489": {"granted": 100, "remaining": 100}}},
        ),
        before=[a_vote(50, **NEXT), an_award(50, **NEXT)],
        after=[a_new_account(**NEXT)],
        flags=[
            (
                "convention_required",
                {
                    "convention": "G@2023",
                    "siret": SIRET,
                    "total_cents": BIG + 100,
                    "limit_cents": 2_300_000,
                },
            )
        ],
    ),
    Row(
        "and not by that of the new one; the new year's convention is not signed for it",
        [a_vote(100), an_award(100, requires_convention=False)],
        "accepted",
        Money(
            {"489": {"appropriated": BIG + 100, "committed": BIG - 50, "available": 50} | G_PAID},
            {
                "C": {"489": {"granted": BIG - 50, "remaining": BIG - 50}},
                "G@2023": {"489": {"granted": 100, "ordered": 100}},
            },
            {"G@2023/1": ("issued", 100, 0)},
        ),
        before=[a_vote(BIG, **NEXT), an_award(BIG - 50, **NEXT)],
        after=[
            a_convention(BIG - 50, instalments=LATER, bank_account=..., **NEXT),
            a_new_account(**NEXT),
        ],
    ),
    Row(
        "a convention goes on beside the new year's own award of its grant",
        PAID,
        "accepted",
        Money({"489": {"appropriated": 90, "reserved": 50, "committed": 40}}, OPENED.conventions),
        before=[a_vote(50, **NEXT), an_award(50, act=an_act("2024-03-01"), **NEXT)],
    ),
    Row(
        "a concurring act of the new year came first",
        PAID,
        "accepted",
        OPENED,
        before=[a_concurring_act(**NEXT)],
    ),
    Row(
        "the next year is closed already: the internal event is refused",
        PAID,
        "fiscal_year_closed",
        Money(),
        before=[a_closing("none", **NEXT)],
        facts={"budget": NEXT_BUDGET},
    ),
]

FELL = [a_vote(50, **NEXT), an_award(50, **NEXT), a_withdrawal(**NEXT)]
GIVEN_BACK = Money(
    {"489": {"appropriated": 90, "available": 90}},
    {"C": {"489": {"granted": 40, "released": 40}}},
)
FELL_ROWS = [
    Row(
        "the new year withdrew its grant: the money is available again, what was paid is owed",
        PAID,
        "accepted",
        GIVEN_BACK,
        before=FELL,
        flags=[("recovery_due", {"convention": "C", "amount_cents": 60})],
    ),
    Row(
        "what was ordered when the year was closed is owed too",
        [*PAID[:-1]],
        "accepted",
        GIVEN_BACK,
        before=FELL,
        flags=[("recovery_due", {"convention": "C", "amount_cents": 60})],
    ),
    Row(
        "nothing was paid: nothing is owed",
        [a_vote(40), an_award(40), a_convention(40, bank_account=...)],
        "accepted",
        GIVEN_BACK,
        before=FELL,
    ),
    Row(
        "it is known there, as one that was withdrawn",
        PAID,
        "convention_terminated",
        GIVEN_BACK,
        before=FELL,
        after=[a_notification(**NEXT)],
        facts={"convention": "C"},
    ),
    Row(
        "its number is taken: it is renamed first",
        PAID,
        "accepted",
        Money(
            {"489": {"appropriated": 90, "available": 90}},
            {
                "C": {"489": {"granted": 50, "released": 50}},
                "C@2023": {"489": {"granted": 40, "released": 40}},
            },
        ),
        before=[*TAKEN_NUMBER, a_withdrawal(**NEXT)],
        flags=[renamed("C"), ("recovery_due", {"convention": "C@2023", "amount_cents": 60})],
    ),
    Row(
        "a grant without convention whose award of the new year fell",
        [a_vote(40), an_award(40, requires_convention=False)],
        "accepted",
        Money(
            {"489": {"appropriated": 90, "available": 90}},
            {"G@2023": {"489": {"granted": 40, "released": 40}}},
        ),
        before=FELL,
        flags=[renamed("G")],
    ),
]

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

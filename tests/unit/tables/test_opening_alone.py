"""Rules 13, 14 and 32: grants without convention over the end of a year; numbers that are taken."""

import pytest

from tests.builders import (
    NEXT_BUDGET,
    SIRET,
    a_closing,
    a_concurring_act,
    a_convention,
    a_new_account,
    a_notification,
    a_report,
    a_vote,
    an_acknowledgement,
    an_act,
    an_award,
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
        "something was ordered in the year before: no convention takes its place any more",
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
        "a convention that came before the letter waits for the award",
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

TAKEN_ROWS = [
    Row(
        "the new year has a convention of that number: the letter is refused",
        PAID,
        "convention_exists",
        Money(
            {"489": {"appropriated": 50, "committed": 50}},
            {"C": {"489": {"granted": 50, "remaining": 50}}},
        ),
        before=[
            a_vote(50, **NEXT),
            an_award(50, **NEXT),
            a_convention(50, bank_account=..., **NEXT),
        ],
        facts={"convention": "C"},
    ),
    Row(
        "a grant without convention that the new year awards itself: the letter is refused",
        [a_vote(100), an_award(100, requires_convention=False)],
        "convention_exists",
        Money({"489": {"appropriated": 50, "reserved": 50}}),
        before=[a_vote(50, **NEXT), an_award(50, **NEXT)],
        facts={"convention": "G"},
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
        "the next year is closed already: the letter is refused",
        PAID,
        "fiscal_year_closed",
        Money(),
        before=[a_closing("none", **NEXT)],
        facts={"budget": NEXT_BUDGET},
    ),
]

ROWS = [*ALONE_ROWS, *TAKEN_ROWS]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.says)
def test_rule_32_a_letter_finds_a_new_year_under_way(row: Row) -> None:
    check(row)

"""Where two rules meet: what one of them leaves behind, the other has to find."""

from typing import Any

import pytest

from tests.builders import (
    NEXT_BUDGET,
    Json,
    Story,
    a_closing,
    a_concurring_act,
    a_convention,
    a_line,
    a_new_account,
    a_notification,
    a_payment,
    a_reduction,
    a_rejected_report,
    a_report,
    a_transfer,
    a_vote,
    a_withdrawal,
    an_acknowledgement,
    an_act,
    an_amendment,
    an_amount,
    an_award,
    an_instalment,
)
from tests.unit.tables import years
from tests.unit.tables.rows import Money, Row, check, each_row, figures, flags_of
from tests.unit.tables.years import NEXT, OPENED, next_money

REPORT = [("activity_report", 2022)]
AGAIN: dict[str, Any] = {"_id": "again"}

# -- rules 15, 22 and 26: an amendment under a ceiling whose report is there

SPENT = [
    a_vote(1_000),
    an_award(1_000),
    a_convention(instalments=[an_instalment(1_000, "all", documents=[("evaluation", 2022)])]),
    a_report(eligible_cost_cents=600),
]
"""All credit is committed; a cost of 600 is proved."""

RAISED = an_amendment(
    act=an_act("2023-09-01"),
    instalments=[an_instalment(1_200, "all", documents=REPORT, ceiling=True)],
)

CUT = Money(
    {"489": figures(appropriated=1_000, available=400, ordered=600)},
    {"C": {"489": figures(granted=1_200, released=600, ordered=600)}},
    {"C/all": ("issued", 600, 0)},
)

CREDIT_ROWS = [
    Row(
        "what the ceiling cuts at once pays for what the amendment adds, and nothing is overdrawn",
        [*SPENT, RAISED],
        "accepted",
        CUT,
    ),
    Row(
        "what is cut on one line of the chapter pays for another, which is overdrawn",
        [
            *SPENT,
            an_amendment(
                act=an_act("2023-09-01"),
                instalments=[
                    an_instalment(1_000, "all", documents=REPORT, ceiling=True),
                    an_instalment(lines=[an_amount(300, "490")], trigger="notification"),
                ],
            ),
        ],
        "accepted",
        Money(
            {
                "489": figures(appropriated=1_000, available=400, ordered=600),
                "490": {"available": -300, "committed": 300},
            },
            {
                "C": {
                    "489": figures(granted=1_000, released=400, ordered=600),
                    "490": figures(granted=300, remaining=300),
                }
            },
            {"C/all": ("issued", 600, 0)},
        ),
        flags=[
            (
                "line_overdrawn",
                {"line": an_amount(1, "490")["line"], "available_cents": -300},
            )
        ],
    ),
    Row(
        "what remains asked above the credit is refused, net",
        [
            *SPENT,
            an_amendment(
                act=an_act("2023-09-01"),
                instalments=[
                    an_instalment(1_000, "all", documents=REPORT, ceiling=True),
                    an_instalment(401, "more", trigger="notification"),
                ],
            ),
        ],
        "insufficient_credit",
        Money(
            {"489": figures(appropriated=1_000, committed=1_000)},
            {"C": {"489": figures(granted=1_000, remaining=1_000)}},
        ),
        facts={
            "level": "chapter",
            "group": "65",
            "available_cents": 0,
            "asked_cents": 1,
            "shortfall_cents": 1,
        },
    ),
]

# -- rule 22: one event, several instalments under ceilings

TWO_CEILINGS = [
    a_vote(1_000),
    an_award(1_000),
    a_convention(
        instalments=[
            an_instalment(400),
            an_instalment(300, "second", documents=REPORT, ceiling=True),
            an_instalment(300, "third", documents=REPORT, ceiling=True),
        ]
    ),
]

CEILING_ROWS = [
    Row(
        "two instalments wait for the report that shows too low a cost: one excess, said once",
        [*TWO_CEILINGS, a_report(eligible_cost_cents=150)],
        "accepted",
        Money(
            {"489": figures(appropriated=1_000, available=600, ordered=400)},
            {"C": {"489": figures(granted=1_000, released=600, ordered=400)}},
            {"C/advance": ("issued", 400, 0)},
        ),
        flags=[("recovery_due", {"convention": "C", "amount_cents": 250})],
    ),
]

# -- rules 14 and 21: a rejected order of a grant without convention, held back

ALONE = an_award(1_000_000, requires_convention=False)
SENT_BACK = [
    a_vote(9_000_000),
    a_new_account(_id="first account"),
    ALONE,
    an_acknowledgement("rejected", "G/1"),
    an_award(1_300_001, grant="H"),
]
"""Its order is rejected, and then the sum of the year goes a cent too high."""

HELD = [*SENT_BACK, a_new_account()]
FALLEN = [*HELD, a_withdrawal(grant="H")]
REQUIRED = {"siret": "37887770800040", "total_cents": 2_300_001, "limit_cents": 2_300_000}


def sent_back(*, ordered: int = 0, reserved: int = 0, again: int = 0, third: int = 0) -> Money:
    left = 1_000_000 - ordered
    line = figures(
        appropriated=9_000_000,
        available=8_000_000 - reserved,
        reserved=reserved,
        committed=left,
        ordered=ordered,
    )
    orders = {"G/1": ("rejected", 1_000_000, 0)}
    states = {1: "issued", 2: "rejected"}
    if again:
        orders["G/1/2"] = (states[again], 1_000_000, 0)
    return Money(
        {"489": line},
        {"G": {"489": figures(granted=1_000_000, remaining=left, ordered=ordered)}},
        orders,
    )


HELD_ROWS = [
    Row(
        "a new account would issue it again: it is held back",
        HELD,
        "accepted",
        sent_back(reserved=1_300_001),
        flags=[("convention_required", {"convention": "G"} | REQUIRED)],
    ),
    Row(
        "the sum falls back: whatever touches the convention next issues it again",
        [*FALLEN, a_notification(convention="G")],
        "accepted",
        sent_back(ordered=1_000_000, again=1),
    ),
    Row(
        "where nothing came that issues rejected orders again, it waits on",
        [*SENT_BACK, a_withdrawal(grant="H"), a_notification(convention="G")],
        "accepted",
        sent_back(),
    ),
    Row(
        "issued again and rejected again, it waits for another reason to be issued",
        [
            *FALLEN,
            a_notification(convention="G"),
            an_acknowledgement("rejected", "G/1/2"),
            a_notification(convention="G", **AGAIN),
        ],
        "accepted",
        sent_back(again=2),
    ),
]

ROWS = [*CREDIT_ROWS, *CEILING_ROWS, *HELD_ROWS]


@each_row(CREDIT_ROWS)
def test_rule_26_an_amendment_is_judged_with_what_a_ceiling_cuts_of_it(row: Row) -> None:
    check(row)


@each_row(CEILING_ROWS)
def test_rule_22_one_excess_is_flagged_once(row: Row) -> None:
    check(row)


@each_row(HELD_ROWS)
def test_rules_14_and_21_what_was_set_off_is_held_back_and_not_forgotten(row: Row) -> None:
    check(row)


def test_rule_22_of_several_costs_the_lowest_says_what_was_had_too_much() -> None:
    """Each balance has its own report; the account that all wait for completes them together."""
    schedule = [
        an_instalment(400),
        an_instalment(300, "second", documents=REPORT, ceiling=True),
        an_instalment(300, "third", documents=[("evaluation", 2022)], ceiling=True),
    ]
    unpaid = a_convention(instalments=schedule, bank_account=...)
    story = Story(a_vote(1_000), an_award(1_000), unpaid)
    story.tell(a_report(eligible_cost_cents=390))
    story.tell(a_report("evaluation", eligible_cost_cents=150))
    story.tell(a_new_account())
    owed = {"convention": "C", "amount_cents": 250}
    assert [("recovery_due", owed)] == flags_of(story)
    assert {"C/advance": ("issued", 400, 0)} == story.orders()


def test_rule_25_an_act_that_concurred_and_then_awards_alone_stands_once_on_the_order() -> None:
    same = an_act()
    story = Story(
        a_vote(),
        a_new_account(),
        a_concurring_act(act=same, _id="first said"),
        an_award(act=same, requires_convention=False),
    )
    [change] = story.last.payment_orders
    assert change.issued is not None
    assert [{"number": None} | same] == change.issued["acts"]


# -- over the end of a year

BALANCE = an_instalment(40, "balance", documents=[("activity_report", 2023)], ceiling=True)
ADVANCE = an_instalment(60, documents=REPORT)
ORDERED: list[Json] = [
    a_vote(100),
    an_award(100),
    a_convention(instalments=[ADVANCE, BALANCE]),
    a_report(),
]
TAKEN = [*ORDERED, an_acknowledgement()]
REJECTED = [*ORDERED, an_acknowledgement("rejected")]
CONCURRING = [
    a_concurring_act(act=an_act(f"2023-05-{day:02}"), _id=str(day)) for day in range(1, 26)
]
OWED = {"convention": "C", "amount_cents": 60}
REJECTED_IN_THE_NEXT = a_rejected_report(**NEXT)


def rests() -> list[tuple[str, Json]]:
    facts = {
        "convention": "C",
        "document": {"kind": "activity_report", "year": 2022},
        "payment_order": "C/advance",
    }
    return [("report_rejected_after_order", facts)]


OTHER_ARTICLE = a_line(article="6574")
BEFORE_THE_VOTE = [
    a_reduction(30, **NEXT),
    an_amendment(
        act=an_act("2024-02-01"),
        instalments=[
            an_instalment(name="rest", lines=[an_amount(10), an_amount(20, line=OTHER_ARTICLE)])
        ],
        **NEXT,
    ),
    a_vote(5, vote_level="article", **NEXT),
]
"""What was reduced on one article was committed on another, before credit was voted by article."""

YEAR_ROWS = [
    years.Row(
        "an article that was overdrawn before the vote is given credit: who adds may leave it so",
        [*ORDERED, an_acknowledgement(), a_payment(60)],
        "accepted",
        Money(
            {
                "489": figures(appropriated=35, available=25, ordered=10),
                "65/6574/61/489": figures(appropriated=10, available=-10, ordered=20),
            },
            {
                "C": {
                    "489": figures(granted=40, ordered=10, released=30),
                    "65/6574/61/489": figures(granted=20, ordered=20),
                }
            },
            {"C/rest": ("issued", 30, 0)},
        ),
        after=[
            *BEFORE_THE_VOTE,
            a_transfer(10, to_line=OTHER_ARTICLE, **NEXT),
        ],
    ),
    years.Row(
        "the new account came before the letter: the rejected order is issued with it",
        REJECTED,
        "accepted",
        Money(
            {"489": {"appropriated": 100, "committed": 40, "ordered": 60}},
            {"C": {"489": {"granted": 100, "remaining": 40, "ordered": 60}}},
            {"C/advance/2": ("issued", 60, 0)},
        ),
        before=[a_new_account(**NEXT)],
    ),
    years.Row(
        "the account that rejected it, told again before the letter, is no newer one",
        REJECTED,
        "accepted",
        Money(
            {"489": {"appropriated": 100, "committed": 100}},
            {"C": {"489": {"granted": 100, "remaining": 100}}},
        ),
        before=[a_new_account("FR7610278027150004578690110", **NEXT)],
    ),
    years.Row(
        "the 25th concurring act is withdrawn in the new year: a flag, and nothing falls",
        [*CONCURRING, *TAKEN, a_payment(60)],
        "accepted",
        OPENED,
        after=[a_withdrawal(act=an_act("2023-05-25"), **NEXT)],
        flags=[
            (
                "concurring_act_withdrawn",
                {"grant": "G", "act": {"number": None} | an_act("2023-05-25")},
            )
        ],
    ),
    years.Row(
        "a report is rejected on which an earlier year's order rests",
        [*TAKEN, a_payment(60)],
        "accepted",
        OPENED,
        after=[REJECTED_IN_THE_NEXT],
        flags=rests(),
    ),
    years.Row(
        "rejected once more: nothing rests on it any longer",
        [*TAKEN, a_payment(60)],
        "accepted",
        OPENED,
        after=[REJECTED_IN_THE_NEXT, a_rejected_report(**NEXT, **AGAIN)],
    ),
    years.Row(
        "its award falls while an order of the closed year is with the treasury: it may be paid",
        TAKEN,
        "accepted",
        next_money({"available": 40}, {"released": 40}),
        after=[a_withdrawal(**NEXT)],
        flags=[("recovery_due", OWED)],
    ),
]


@pytest.mark.parametrize("row", YEAR_ROWS, ids=lambda row: row.says)
def test_rules_17_21_and_24_what_an_earlier_year_did_counts_in_the_next(row: years.Row) -> None:
    years.check(row)


def test_rule_25_of_many_acts_that_a_letter_brings_an_order_carries_twenty() -> None:
    story = Story(*CONCURRING, *TAKEN, a_closing("all"))
    [letter] = story.letters()
    assert 26 == len(letter["data"]["acts"])
    story.deliver()
    story.tell(a_report(year=2023, **NEXT))
    [change] = story.last.payment_orders
    assert change.issued is not None
    assert 20 == len(change.issued["acts"])
    assert {"C/balance": ("issued", 40, 0)} == story.orders(NEXT_BUDGET)

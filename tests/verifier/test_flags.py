"""Review flags that are computed again, in journals written by hand."""

from collections.abc import Sequence
from typing import NamedTuple

import pytest

from tests.builders import (
    NEXT_BUDGET,
    Json,
    Scenario,
    a_closing,
    a_collection,
    a_convention,
    a_deadline,
    a_new_account,
    a_payment,
    a_recovery,
    a_reduction,
    a_rejected_report,
    a_report,
    a_termination,
    a_vote,
    a_withdrawal,
    an_acknowledgement,
    an_amendment,
    an_award,
    an_instalment,
)
from tests.verifier.by_hand import REVENUE, ByHand, a_move, flagged
from tests.verifier.settled import PAID, TAKEN_IN_CHARGE

YEARS: list[tuple[str, int | None, list[int], list[int], list[int] | None]] = [
    ("a plan alone may ask for several years", None, [], [2022, 2023], None),
    ("the award names one of them", 2022, [], [2022, 2023], None),
    ("the award names none of them", 2021, [], [2022, 2023], [2022, 2023]),
    ("the text names another than the award", 2022, [2023], [], [2023]),
    ("the text names one beside the plan's", None, [2021], [2022], [2021, 2022]),
    ("the text names two of the plan's", None, [2022, 2023], [2022, 2023], [2022, 2023]),
    ("award, text and plan name one", 2022, [2022], [2022], None),
    ("without documents one year is enough", 2022, [2022], [], None),
]


@pytest.mark.parametrize(
    ("awarded", "stated", "documents", "differing"),
    [row[1:] for row in YEARS],
    ids=[row[0] for row in YEARS],
)
def test_condition_year_differs_where_the_words_of_the_acts_do(
    awarded: int | None, stated: list[int], documents: list[int], differing: list[int] | None
) -> None:
    award = an_award(conditions_year=awarded if awarded is not None else ...)
    owed = [("activity_report", year) for year in documents]
    schedule = [
        an_instalment(name="later", documents=owed)
        if owed
        else an_instalment(name="later", trigger="notification")
    ]
    signed = a_convention(instalments=schedule, stated_condition_years=stated or ...)
    moves = [a_move("reserved committed", 100_000)]
    facts = {"deliberation": awarded, "convention": differing}
    raised = flagged("condition_year_differs", **facts)
    right, wrong = (raised, {}) if differing else ({}, raised)
    for members, codes in ((right, set()), (wrong, {"flag_differs"})):
        journal = ByHand(Scenario(a_vote(), award)).tell(signed, moves, **members)
        assert codes == journal.codes()


def test_recovery_is_revenue_where_it_comes_after_the_year() -> None:
    for day, members, codes in (
        ("2024-01-01", REVENUE, set()),
        ("2024-01-01", {}, {"flag_differs"}),
        ("2023-12-31", REVENUE, {"flag_differs"}),
    ):
        moves = [a_move("paid available", 500)] if day < "2024" else []
        journal = ByHand(Scenario(*PAID, a_recovery(500)))
        assert codes == journal.tell(a_collection(500, on=day), moves, **members).codes()


DOCUMENT = ("activity_report", 2022)
ACCOUNTS = ("certified_accounts", 2022)
DUE_ON = "2023-07-14"
LATE = a_deadline("report_due", due_on=DUE_ON)
RECEIVED = a_report()
REJECTED = a_rejected_report()
AGAIN = a_rejected_report(_id="again")
BY_REPORT = an_instalment(40, "balance", documents=[DOCUMENT])
BY_ACCOUNTS = an_instalment(40, "balance", documents=[DOCUMENT], ceiling=True)


def a_year(*schedule: Json, obligations: Sequence[tuple[str, int, str]] = ()) -> list[Json]:
    """A convention of 60 cents paid at once and of `schedule`, owing documents by their days."""
    first, owed = an_instalment(60), [dict(zip(OWED, each, strict=True)) for each in obligations]
    cents = 60 + sum(each["lines"][0]["amount_cents"] for each in schedule)
    signed = a_convention(instalments=[first, *schedule], obligations=owed or ...)
    return [a_vote(1_000), an_award(cents), signed]


OWED = ("kind", "year", "due_on")
BY_DAY = a_year(obligations=[(*DOCUMENT, DUE_ON), (*ACCOUNTS, "2023-07-15")])
WAITS = a_year(BY_REPORT)
ORDERED = [*WAITS, RECEIVED]
ADVANCE_PAID = a_payment(60)
IN_CHARGE = an_acknowledgement(order="C/balance")
SENT_BACK = an_acknowledgement("rejected", "C/balance", _id="sent back")
PAID_IN_PART = a_payment(10, "C/balance")
SECOND_SENT_BACK = an_acknowledgement("rejected", "C/balance/2", _id="sent back twice")
SENT_BACK_TWICE = [SENT_BACK, a_new_account(), SECOND_SENT_BACK]
ORDERED_ANEW = an_amendment(instalments=[an_instalment(30, "balance", documents=[DOCUMENT])])
PLANNED_ANEW = an_amendment(
    instalments=[an_instalment(30, "balance", documents=[DOCUMENT, ACCOUNTS])]
)
ALL_BACK = [a_recovery(60), a_collection(60)]
IN_NEXT_YEAR = a_deadline("report_due", due_on=DUE_ON, budget=NEXT_BUDGET)
OPEN_AT_CLOSING = [
    *a_year(BY_REPORT, an_instalment(10, "rest", trigger="notification")),
    RECEIVED,
    TAKEN_IN_CHARGE,
    IN_CHARGE,
]


class Row(NamedTuple):
    """Events, the one in hand, and the facts of each flag that it must raise."""

    says: str
    events: list[Json]
    event: Json
    raised: list[Json]


def late(*documents: tuple[str, int]) -> list[Json]:
    rows = [{"kind": kind, "year": year} for kind, year in documents]
    return [{"convention": "C", "documents": rows, "due_on": DUE_ON}]


def rested(*orders: str) -> list[Json]:
    document = dict(zip(OWED, DOCUMENT, strict=False))
    return [{"convention": "C", "document": document, "payment_order": each} for each in orders]


PAYMENT = a_deadline(payment_order="C/advance", due_on=DUE_ON)
PAYMENT_LATE: list[Json] = [{"payment_order": "C/advance", "due_on": DUE_ON}]
NOTHING: list[Json] = []

OF_REPORTS = [
    Row("the schedule waits for it", WAITS, LATE, late(DOCUMENT)),
    Row("it came", ORDERED, LATE, NOTHING),
    Row("obligations owe it by that day, others later", BY_DAY, LATE, late(DOCUMENT)),
    Row(
        "obligations owe it by an earlier day",
        a_year(obligations=[(*DOCUMENT, "2023-07-13")]),
        LATE,
        late(DOCUMENT),
    ),
    Row("what an obligation owes came", [*BY_DAY, RECEIVED], LATE, NOTHING),
    Row(
        "obligations owe nothing by that day yet: the schedule's",
        a_year(BY_REPORT, obligations=[(*ACCOUNTS, "2023-07-15")]),
        LATE,
        late(DOCUMENT),
    ),
    Row("rejected, an order rests on it", [*ORDERED, REJECTED], LATE, late(DOCUMENT)),
    Row("rejected, and received again", [*ORDERED, REJECTED, a_report(_id="again")], LATE, NOTHING),
    Row(
        "rejected, it settled an instalment at nothing",
        [*a_year(BY_ACCOUNTS), a_report(eligible_cost_cents=0), REJECTED],
        LATE,
        late(DOCUMENT),
    ),
    Row("nobody waits for it any more", [*WAITS, a_reduction(40)], LATE, NOTHING),
    Row("a terminated one owes it, nothing was paid", [*BY_DAY, a_termination()], LATE, NOTHING),
    Row(
        "a terminated one owes it, something stays paid",
        [*BY_DAY, ADVANCE_PAID, a_termination()],
        LATE,
        late(DOCUMENT),
    ),
    Row(
        "a withdrawn one owes it, something stays paid",
        [*BY_DAY, ADVANCE_PAID, a_withdrawal()],
        LATE,
        late(DOCUMENT),
    ),
    Row(
        "a terminated one owes it, all came back",
        [*BY_DAY, ADVANCE_PAID, a_termination(), *ALL_BACK],
        LATE,
        NOTHING,
    ),
    Row(
        "the schedule of a terminated one waits for nothing",
        [*WAITS, ADVANCE_PAID, a_termination()],
        LATE,
        NOTHING,
    ),
    Row(
        "rejected after the order of a terminated one",
        [*ORDERED, ADVANCE_PAID, a_termination(), REJECTED],
        LATE,
        late(DOCUMENT),
    ),
    Row(
        "rejected after the order of a terminated one, and that was sent back unpaid",
        [*ORDERED, ADVANCE_PAID, REJECTED, SENT_BACK, a_termination()],
        LATE,
        NOTHING,
    ),
    Row(
        "so where it is sent back behind the termination",
        [*ORDERED, ADVANCE_PAID, a_termination(), REJECTED, SENT_BACK],
        LATE,
        NOTHING,
    ),
    Row(
        "an amendment has left the order behind",
        [*ORDERED, PAID_IN_PART, SENT_BACK, REJECTED, PLANNED_ANEW, a_termination()],
        LATE,
        NOTHING,
    ),
    Row("a closing released it", [*WAITS, TAKEN_IN_CHARGE, a_closing()], LATE, late(DOCUMENT)),
    Row(
        "a closing released it, and the last order was paid",
        [*WAITS, TAKEN_IN_CHARGE, a_closing(), ADVANCE_PAID],
        LATE,
        late(DOCUMENT),
    ),
    Row(
        "a terminated one of a year that is closed out, something stays paid",
        [*BY_DAY, TAKEN_IN_CHARGE, a_termination(), a_closing(), ADVANCE_PAID],
        LATE,
        late(DOCUMENT),
    ),
    Row(
        "a terminated one of a year that is closed out, all came back",
        [*BY_DAY, ADVANCE_PAID, a_termination(), a_closing(), *ALL_BACK],
        LATE,
        NOTHING,
    ),
    Row(
        "rejected in a closed year, an order rests on it",
        [*OPEN_AT_CLOSING, a_closing(), REJECTED],
        LATE,
        late(DOCUMENT),
    ),
    Row(
        "rejected in the year before, its order rests on it",
        [*OPEN_AT_CLOSING, REJECTED, a_closing("all")],
        IN_NEXT_YEAR,
        late(DOCUMENT),
    ),
    Row("came in the year before", [*OPEN_AT_CLOSING, a_closing("all")], IN_NEXT_YEAR, NOTHING),
]
OF_REJECTED = [
    Row("no order rests on it", a_year(BY_REPORT), REJECTED, NOTHING),
    Row("its order is open", ORDERED, REJECTED, rested("C/balance")),
    Row(
        "its order was paid", [*ORDERED, a_payment(40, "C/balance")], REJECTED, rested("C/balance")
    ),
    Row("its order was sent back unpaid", [*ORDERED, SENT_BACK], REJECTED, NOTHING),
    Row(
        "its order was paid in part, the next sent back unpaid",
        [*ORDERED, PAID_IN_PART, *SENT_BACK_TWICE],
        REJECTED,
        rested("C/balance"),
    ),
    Row(
        "an amendment has planned it anew since",
        [*ORDERED, PAID_IN_PART, SENT_BACK, PLANNED_ANEW],
        REJECTED,
        NOTHING,
    ),
    Row(
        "an amendment has planned it anew since, and the next was sent back unpaid",
        [*ORDERED, PAID_IN_PART, SENT_BACK, ORDERED_ANEW, SECOND_SENT_BACK],
        REJECTED,
        NOTHING,
    ),
    Row(
        "planned anew and sent back unpaid, and a third is open",
        [*ORDERED, PAID_IN_PART, SENT_BACK, ORDERED_ANEW, SECOND_SENT_BACK, a_new_account()],
        REJECTED,
        rested("C/balance/3"),
    ),
    Row(
        "the orders of two instalments",
        [*a_year(BY_REPORT, an_instalment(10, "last", documents=[DOCUMENT])), RECEIVED],
        REJECTED,
        rested("C/balance", "C/last"),
    ),
    Row("it was rejected before", [*ORDERED, REJECTED], AGAIN, NOTHING),
    Row("in a closed year", [*OPEN_AT_CLOSING, a_closing()], REJECTED, rested("C/balance")),
    Row(
        "the order of the year before",
        [*OPEN_AT_CLOSING, a_closing("all")],
        a_rejected_report(budget=NEXT_BUDGET),
        rested("C/balance"),
    ),
]
OF_PAYMENTS = [
    Row("issued", WAITS, PAYMENT, PAYMENT_LATE),
    Row("taken in charge", [*WAITS, TAKEN_IN_CHARGE], PAYMENT, PAYMENT_LATE),
    Row("on hold", [*WAITS, an_acknowledgement("on_hold")], PAYMENT, PAYMENT_LATE),
    Row("paid in part", [*WAITS, a_payment(59)], PAYMENT, PAYMENT_LATE),
    Row("paid", [*WAITS, ADVANCE_PAID], PAYMENT, NOTHING),
    Row("rejected", [*WAITS, an_acknowledgement("rejected")], PAYMENT, NOTHING),
    Row("cancelled", [*WAITS, a_withdrawal()], PAYMENT, NOTHING),
]


def codes_of(row: Row, code: str, raised: list[Json]) -> set[str]:
    scenario = Scenario(*row.events)
    scenario.deliver()
    flags = [{"code": code, "facts": facts} for facts in raised]
    return ByHand(scenario).tell(row.event, review_flags=flags or None).codes()


@pytest.mark.parametrize(
    ("code", "row"),
    [
        pytest.param(code, row, id=f"{code}: {row.says}")
        for code, rows in (
            ("report_late", OF_REPORTS),
            ("report_rejected_after_order", OF_REJECTED),
            ("payment_late", OF_PAYMENTS),
        )
        for row in rows
    ],
)
def test_a_flag_is_raised_where_the_rules_say_so_with_its_facts(code: str, row: Row) -> None:
    assert set() == codes_of(row, code, row.raised)
    one_more = [*row.raised, {"convention": "C"}]
    otherwise = [{**facts, "due_on": "2023-07-13"} for facts in row.raised]
    for wrong in (one_more, row.raised[1:], otherwise):
        assert wrong == row.raised or {"flag_differs"} == codes_of(row, code, wrong)


def test_no_other_event_raises_a_flag_that_is_computed() -> None:
    row = Row("", WAITS, RECEIVED, NOTHING)
    for code in ("report_late", "condition_year_differs"):
        assert "flag_differs" in codes_of(row, code, late(DOCUMENT))
    assert "flag_differs" not in codes_of(row, "figures_differ", late(DOCUMENT))

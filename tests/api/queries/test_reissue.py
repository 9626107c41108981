"""Rejected orders: which are to be issued again, where they went on, and what their pages say."""

from typing import Any, Final

import pytest

from services.api.queries import orders
from services.api.queries.reissue import TO_REISSUE, goes_on_as
from tests.api.made import Made
from tests.api.queries.asked import BUDGET, LILLE, ask
from tests.api.queries.test_grants import FOR_THE_REST, START, TWO, page_of
from tests.builders import (
    Json,
    a_closing,
    a_convention,
    a_new_account,
    a_payment,
    a_reduction,
    a_report,
    a_suspension,
    a_termination,
    a_vote,
    a_withdrawal,
    an_acknowledgement,
    an_amendment,
    an_award,
    an_instalment,
    encoded,
)
from tests.read_model.filling import journal_of_events

NEXT: Final = f"{LILLE}-00-2024"
REJECTED: Final = [
    a_vote(),
    an_award(),
    a_convention(instalments=TWO),
    an_acknowledgement("rejected"),
]
LATE: Final = an_acknowledgement("rejected", _time="2024-02-02T09:00:00+01:00")
ALONE: Final = [
    a_vote(),
    a_new_account(),
    an_award(requires_convention=False, instalments=None),
    an_acknowledgement("rejected", "G/1"),
]


def statuses(url: str) -> dict[str, int]:
    found = ask(url, lambda conn: orders.count_by_state(conn, None, orders.ALL))
    return {state: each.count for state, each in found.items()}


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        (REJECTED, {TO_REISSUE: 1}),
        ([*REJECTED, a_suspension()], {TO_REISSUE: 1}),
        ([*REJECTED, a_new_account()], {"rejected": 1, "issued": 1}),
        ([*REJECTED, a_report()], {"rejected": 1, "issued": 2}),
        ([*REJECTED, a_termination()], {"rejected": 1}),
        ([*REJECTED, a_withdrawal()], {"rejected": 1}),
        ([*REJECTED, a_reduction(100_000)], {"rejected": 1}),
        ([*REJECTED, a_reduction(60_000)], {TO_REISSUE: 1}),
        ([*REJECTED, an_amendment(1)], {"rejected": 1, "issued": 1}),
        ([*REJECTED, a_closing()], {"rejected": 1}),
        ([*REJECTED, a_closing("all")], {"rejected": 1}),
        ([*REJECTED[:3], an_amendment(60_000), REJECTED[3]], {TO_REISSUE: 1, "issued": 1}),
        ([*REJECTED[:3], a_payment(1), REJECTED[3], a_reduction(99_999)], {"rejected": 1}),
        ([*REJECTED[:3], a_payment(1), REJECTED[3], a_reduction(99_998)], {TO_REISSUE: 1}),
        ([*REJECTED, a_new_account(), an_acknowledgement("rejected", "C/advance/2")],
         {"rejected": 1, TO_REISSUE: 1}),
        (ALONE, {TO_REISSUE: 1}),
        ([*ALONE, a_convention(instalments=TWO)], {"rejected": 1, "issued": 1}),
        ([*REJECTED[:3], an_acknowledgement(), a_closing(), LATE], {"rejected": 1}),
    ],
)  # fmt: skip
def test_a_rejected_order_is_to_be_issued_again_as_long_as_another_may_come(
    made: Made, events: list[Json], expected: dict[str, int]
) -> None:
    assert expected == statuses(made(journal_of_events(map(encoded, events))))


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([REJECTED], None),
        ([[*REJECTED, a_new_account()]], (BUDGET, "C/advance/2")),
        ([[*REJECTED, a_closing()]], None),
        ([[*REJECTED, a_closing("all")]], (NEXT, None)),
        (
            [[*REJECTED, a_closing("all")], [a_new_account(budget=NEXT, _id="new")]],
            (NEXT, "C/advance/2"),
        ),
        ([[*REJECTED[:3], an_acknowledgement(), a_closing("all"), LATE]], None),
        (
            [
                [
                    *REJECTED,
                    a_vote(budget=NEXT),
                    an_award(7, budget=NEXT),
                    a_convention(instalments=[an_instalment(7)], budget=NEXT),
                    a_new_account(budget=NEXT),
                    a_closing("all"),
                ]
            ],
            (NEXT, "C@2023/advance/2"),  # The new year knew an account.
        ),
    ],
)
def test_a_rejected_order_goes_on_in_another_of_its_year_or_of_the_next(
    made: Made, events: list[list[Json]], expected: Any
) -> None:
    url = made(journal_of_events(*(map(encoded, each) for each in events)))
    assert expected == ask(url, lambda conn: goes_on_as(conn, BUDGET, "C/advance"))


def test_what_an_order_holds_is_planned_on_whatever_comes_after_it(made: Made) -> None:
    events = [*START, a_convention(instalments=TWO), an_amendment(60_000)]
    for page, expected in (
        (page_of(made, events), {"advance": None, "rest": None}),
        (page_of(made, [*events, an_acknowledgement("rejected")]), {"advance": None, "rest": None}),
        (page_of(made, FOR_THE_REST), {"G/1": None, "1": None}),
    ):
        (convention,) = page.conventions
        assert expected == {each.instalment: each.left_out_by for each in convention.instalments}

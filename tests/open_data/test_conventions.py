"""What is published of a convention: once, with what it grants."""

from collections.abc import Callable
from datetime import date

import pytest

from services.open_data.conventions import Convention, Scope
from tests.builders import (
    BUDGET,
    NEXT_BUDGET,
    Json,
    a_closing,
    a_collection,
    a_convention,
    a_notification,
    a_payment,
    a_recovery,
    a_reduction,
    a_report,
    a_termination,
    a_vote,
    a_withdrawal,
    an_acknowledgement,
    an_amendment,
    an_amount,
    an_award,
    an_instalment,
)
from tests.open_data.published import conventions_of, published

AWARDED = 5_000_000
START: list[Json] = [
    a_vote(10 * AWARDED),
    an_award(AWARDED, act={"body": "Conseil", "number": "23/7", "date": "2023-04-12"}),
]
HALF = AWARDED // 2
IN_TWO: Json = a_convention(
    instalments=[
        an_instalment(HALF, "advance"),
        an_instalment(HALF, "balance", documents=[("activity_report", 2022)], ceiling=True),
    ]
)
PAID: list[Json] = [an_acknowledgement(), a_payment(HALF, executed_on="2023-05-30")]

Publish = Callable[..., list[Convention]]


@pytest.fixture
def publish(shared_read_model: str) -> Publish:
    return lambda *events: published(shared_read_model, *events)


def only(conventions: list[Convention]) -> Convention:
    (convention,) = conventions
    return convention


def test_a_convention_is_published_as_it_was_signed(publish: Publish) -> None:
    found = only(publish(*START, IN_TWO))
    assert (BUDGET, "C", False) == (found.budget, found.convention, found.stands_alone)
    assert date(2023, 5, 15) == found.signed_on
    assert ("23/7", "Subvention 2023") == (found.act_number, found.title)
    assert (AWARDED, AWARDED) == (found.amount_cents, found.highest_cents)
    assert not found.is_at_once


def test_an_award_without_its_convention_is_not_published(publish: Publish) -> None:
    assert [] == publish(*START)


UP = an_amendment(
    instalments=[an_instalment(HALF + 700, "balance", trigger="notification")],
    act={"body": "Conseil", "date": "2023-09-01"},
)
DOWN = an_amendment(instalments=[an_instalment(HALF - 700, "balance", trigger="notification")])
GIVEN_UP = a_reduction(lines=[an_amount(1_000)])
REPORTED = a_report(eligible_cost_cents=AWARDED - 300)
BACK = [a_recovery(400), a_collection(400)]
ENDED = a_termination()


@pytest.mark.parametrize(
    ("events", "amount_cents", "highest_cents"),
    [
        ([UP], AWARDED + 700, AWARDED + 700),
        ([DOWN], AWARDED - 700, AWARDED),
        ([GIVEN_UP], AWARDED - 1_000, AWARDED),
        # An instalment that paid less leaves the convention as it was signed; so does a recovery.
        ([REPORTED], AWARDED, AWARDED),
        ([*PAID, *BACK], AWARDED, AWARDED),
        ([a_closing("none")], AWARDED, AWARDED),
        # Terminated, it grants what was ordered of it and not taken back.
        ([*PAID, ENDED], HALF, AWARDED),
        ([*PAID, ENDED, *BACK], HALF - 400, AWARDED),
    ],
)
def test_the_amount_is_what_was_agreed(
    publish: Publish, events: list[Json], amount_cents: int, highest_cents: int
) -> None:
    before = PAID if any(each["type"].startswith("ecluse.fiscal") for each in events) else []
    found = only(publish(*START, IN_TWO, *before, *events))
    assert (amount_cents, highest_cents) == (found.amount_cents, found.highest_cents)


def test_one_of_which_the_award_fell_never_was(publish: Publish) -> None:
    assert [] == publish(*START, IN_TWO, *PAID, a_withdrawal())


def test_one_that_is_carried_over_is_one(publish: Publish) -> None:
    found = only(publish(*START, IN_TWO, *PAID, a_closing("all")))
    assert (BUDGET, AWARDED, AWARDED) == (found.budget, found.amount_cents, found.highest_cents)
    assert not found.is_at_once
    assert (date(2023, 5, 30), date(2023, 12, 31)) == (found.begins_on, found.ends_on)


OF_2024: list[Json] = [
    a_vote(10 * AWARDED, budget=NEXT_BUDGET),
    an_award(AWARDED - 1, budget=NEXT_BUDGET, grant="H"),
    a_convention(AWARDED - 1, budget=NEXT_BUDGET, grant="H", signed_on="2024-02-01"),
]
"""Next year has a convention C of its own."""


def test_one_that_goes_on_under_another_name_is_one(publish: Publish) -> None:
    found = publish(*OF_2024, *START, IN_TWO, *PAID, a_closing("all"))
    assert [(BUDGET, "C", AWARDED), (NEXT_BUDGET, "C", AWARDED - 1)] == [
        (each.budget, each.convention, each.amount_cents) for each in found
    ]


def test_an_amendment_in_the_next_year_counts(shared_read_model: str) -> None:
    more = an_amendment(
        budget=NEXT_BUDGET,
        instalments=[an_instalment(HALF - 5, "balance", trigger="notification")],
    )
    # The opening comes before it: it is an internal event of the closing.
    found = published(shared_read_model, *START, IN_TWO, *PAID, a_closing("all"), more)
    assert AWARDED - 5 == only(found).amount_cents


def test_a_grant_without_convention_is_one_of_its_own(publish: Publish) -> None:
    alone = an_award(700, requires_convention=False)
    found = only(publish(a_vote(), alone))
    assert ("G", True, 700) == (found.convention, found.stands_alone, found.amount_cents)
    assert found.is_at_once


def test_a_convention_signed_in_the_place_of_a_grant_is_one(publish: Publish) -> None:
    alone = an_award(700, requires_convention=False)
    found = only(publish(a_vote(), alone, a_convention(600)))
    assert ("C", False, 600) == (found.convention, found.stands_alone, found.amount_cents)


def test_a_single_payment_has_its_day_and_others_a_period(publish: Publish) -> None:
    whole = an_instalment(AWARDED)
    signed = [*START, a_convention(instalments=[whole])]
    paid = only(publish(*signed, a_payment(AWARDED, executed_on="2023-06-02")))
    assert (True, date(2023, 6, 2), date(2023, 6, 2)) == (
        paid.is_at_once,
        paid.begins_on,
        paid.ends_on,
    )


def test_what_is_still_to_be_paid_ends_the_period(publish: Publish) -> None:
    found = only(publish(*START, IN_TWO))
    assert (date(2023, 5, 15), date(2023, 12, 31)) == (found.begins_on, found.ends_on)


def test_an_order_that_waits_to_be_paid_ends_the_period_by_its_due_day(publish: Publish) -> None:
    found = only(publish(*START, a_convention(instalments=[an_instalment(AWARDED)])))
    assert (True, date(2023, 7, 14)) == (found.is_at_once, found.ends_on)


@pytest.mark.parametrize(
    ("scope", "found"),
    [
        (Scope(), ["C", "C"]),
        (Scope(budget=BUDGET), ["C"]),
        (Scope(year=2024), ["C"]),
        (Scope(entity="21590350100017"), ["C", "C"]),
        (Scope(entity="37887770800040"), []),
        (Scope(year=2022), []),
    ],
)
def test_conventions_are_asked_for_by_budget_entity_and_year_of_signature(
    shared_sqlite: str, scope: Scope, found: list[str]
) -> None:
    published(shared_sqlite, *OF_2024, *START, IN_TWO, *PAID, a_closing("all"))
    assert found == [each.convention for each in conventions_of(shared_sqlite, scope)]


def test_a_notification_changes_nothing(publish: Publish) -> None:
    assert AWARDED == only(publish(*START, IN_TWO, a_notification())).amount_cents

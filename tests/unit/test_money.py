"""Rules 20 and 23: cents are shared and filled exactly, whatever the figures."""

from itertools import accumulate, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ledger.domain.model.orders import cumulative_shares, fill_in_order

CENTS_MAX = 2**53 - 1
weights = st.lists(st.integers(1, CENTS_MAX), min_size=1, max_size=20)


@st.composite
def totals_within_weights(draw: st.DrawFn) -> tuple[int, list[int]]:
    drawn = draw(weights)
    return draw(st.integers(0, sum(drawn))), drawn


@pytest.mark.parametrize(
    ("total", "weights", "shares"),
    [
        (100, [60, 40], [60, 40]),
        (50, [60, 40], [30, 20]),
        (1, [1, 1, 1], [0, 0, 1]),
        (2, [1, 1, 1], [0, 1, 1]),
        (5, [3, 3, 4], [1, 2, 2]),
        (0, [3, 4], [0, 0]),
        (7, [1], [7]),
        (99, [33, 33, 33, 1], [32, 33, 33, 1]),
        (CENTS_MAX, [CENTS_MAX, CENTS_MAX], [CENTS_MAX // 2, CENTS_MAX // 2 + 1]),
    ],
)
def test_shares_are_what_the_running_sum_gives(
    total: int, weights: list[int], shares: list[int]
) -> None:
    assert shares == cumulative_shares(total, weights)


@given(totals_within_weights())
def test_shares_add_up_to_the_total(case: tuple[int, list[int]]) -> None:
    total, drawn = case
    assert total == sum(cumulative_shares(total, drawn))


@given(totals_within_weights())
def test_no_share_exceeds_its_weight_or_stands_below_zero(case: tuple[int, list[int]]) -> None:
    total, drawn = case
    shares = cumulative_shares(total, drawn)
    assert len(drawn) == len(shares)
    assert all(0 <= share <= weight for share, weight in zip(shares, drawn, strict=True))


@given(totals_within_weights())
def test_each_share_is_the_difference_of_two_rounded_running_sums(
    case: tuple[int, list[int]],
) -> None:
    total, drawn = case
    whole = sum(drawn)
    upto = [0, *(total * reached // whole for reached in accumulate(drawn))]
    expected = [after - before for before, after in pairwise(upto)]
    assert expected == cumulative_shares(total, drawn)


@given(totals_within_weights())
def test_shares_are_within_a_cent_of_what_is_due(case: tuple[int, list[int]]) -> None:
    total, drawn = case
    whole = sum(drawn)
    for share, weight in zip(cumulative_shares(total, drawn), drawn, strict=True):
        assert abs(share * whole - total * weight) < whole


@given(totals_within_weights(), st.integers(1, CENTS_MAX))
def test_the_full_amount_gives_each_its_own_in_order(
    case: tuple[int, list[int]], more: int
) -> None:
    _, drawn = case
    assert [*drawn, more] == cumulative_shares(sum(drawn) + more, [*drawn, more])


@pytest.mark.parametrize(
    ("amount", "capacities", "filled"),
    [
        (0, [60, 40], [0, 0]),
        (50, [60, 40], [50, 0]),
        (60, [60, 40], [60, 0]),
        (61, [60, 40], [60, 1]),
        (100, [60, 40], [60, 40]),
        (5, [0, 5], [0, 5]),
        (0, [], []),
    ],
)
def test_each_is_full_before_the_next_has_anything(
    amount: int, capacities: list[int], filled: list[int]
) -> None:
    assert filled == fill_in_order(amount, capacities)


@given(totals_within_weights())
def test_what_is_filled_adds_up_and_leaves_at_most_one_in_part(case: tuple[int, list[int]]) -> None:
    amount, capacities = case
    filled = fill_in_order(amount, capacities)
    assert amount == sum(filled)
    in_part = [
        index
        for index, (part, capacity) in enumerate(zip(filled, capacities, strict=True))
        if part < capacity
    ]
    for index, part in enumerate(filled):
        assert 0 <= part <= capacities[index]
        if in_part and index > in_part[0]:
            assert 0 == part


@given(totals_within_weights(), st.data())
def test_two_payments_fill_what_one_of_their_sum_fills(
    case: tuple[int, list[int]], data: st.DataObject
) -> None:
    amount, capacities = case
    first = data.draw(st.integers(0, amount))
    then = fill_in_order(first, capacities)
    left = [capacity - part for capacity, part in zip(capacities, then, strict=True)]
    rest = fill_in_order(amount - first, left)
    together = [one + other for one, other in zip(then, rest, strict=True)]
    assert fill_in_order(amount, capacities) == together


def test_more_than_there_is_room_for_is_a_bug_of_ours() -> None:
    with pytest.raises(AssertionError, match="more than the capacities hold"):
        fill_in_order(101, [60, 40])


def test_shares_of_nothing_are_a_bug_of_ours() -> None:
    with pytest.raises(AssertionError, match="shares need a positive weight"):
        cumulative_shares(1, [])

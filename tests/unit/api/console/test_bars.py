"""Bars: parts that fill the whole, each visible, in whole units."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.api.console.elements import BAR_WIDTH, VISIBLE_PARTS, Segment, segments


@pytest.mark.parametrize(
    ("parts", "drawn"),
    [
        ([("paid", 5)], [Segment("paid", 0, 1000)]),
        ([("ordered", 1), ("paid", 3)], [Segment("ordered", 0, 250), Segment("paid", 250, 750)]),
        # Overdrawn: what is below zero has its part too.
        ([("available", -5), ("paid", 15)], [Segment("below", 0, 250), Segment("paid", 250, 750)]),
        ([("available", 0), ("paid", 0)], []),
        ([], []),
    ],
)
def test_a_bar(parts: list[tuple[str, int]], drawn: list[Segment]) -> None:
    assert drawn == segments(parts)


@given(st.lists(st.integers(0, 2**53), max_size=6))
def test_the_parts_fill_the_bar_and_none_is_lost(amounts: list[int]) -> None:
    drawn = segments([(str(at), cents) for at, cents in enumerate(amounts)])
    assert [str(at) for at, cents in enumerate(amounts) if cents] == [each.name for each in drawn]
    ends = [each.start + each.width for each in drawn]
    assert [0, *ends[:-1]] == [each.start for each in drawn] or not drawn
    assert not drawn or ends[-1] == BAR_WIDTH
    # Five others may each be widened to a hundredth: what is left is still to be seen.
    assert all(each.width >= BAR_WIDTH // VISIBLE_PARTS // 2 for each in drawn)

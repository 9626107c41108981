"""Positions in the journal, as listeners bring them back."""

import pytest

from services.api.outcomes.feed import Position


def test_a_position_is_read_as_it_was_spelled() -> None:
    position = Position.from_offsets([(3, 7), (0, 13)])
    assert "0-13.3-7" == str(position)
    assert position == Position.read("0-13.3-7")


@pytest.mark.parametrize(
    "text",
    ["", "0", "0-", "0-1.", "a-1", "0-1,1-2", "0--1", "0-1\n", "12345678901-1", "0-" + "1" * 19],
)
def test_what_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 # it holds the text, which may be anything
        Position.read(text)


def test_what_is_left_between_two_positions() -> None:
    end = Position.from_offsets([(0, 13), (1, 7), (2, 5)])
    assert [(1, 3, 7), (2, 0, 5)] == Position.read("0-13.1-3").list_unread(end)
    assert [] == end.list_unread(end)
    assert [] == Position.read("0-14.1-7.2-5").list_unread(end), "a read model that is made again"


def test_a_partition_moves_alone() -> None:
    assert "0-13.1-8" == str(Position.read("0-13.1-7").replace_offset(1, 8))

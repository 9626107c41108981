"""Watermarks of partitions, reconciliation by reconciliation."""

import pytest

from events.topics import JOURNAL, REFUSALS, Place
from services.watch.tables.partitions import ReadProgress
from services.watch.tables.watermarks import MARKS_MAX, Watermarks

PLACE = Place(JOURNAL, 0)
OTHER = Place(JOURNAL, 1)


def at(worked: int, end: int) -> ReadProgress:
    return ReadProgress(worked, worked, worked, end)


@pytest.mark.parametrize(
    ("cycles", "until_s"),
    [
        pytest.param([], None, id="never asked"),
        pytest.param([(0, 10)], None, id="it has read nothing yet"),
        pytest.param([(10, 10)], 0, id="it has read all"),
        pytest.param([(10, 10), (15, 20)], 0, id="a new one came meanwhile"),
        pytest.param([(10, 10), (15, 20), (20, 30)], 1, id="always a cycle behind"),
        pytest.param([(0, 10), (10, 90), (50, 99), (95, 99)], 1, id="behind, and catching up"),
        pytest.param([(0, 10), (10, 90), (50, 99), (99, 99)], 3, id="caught up at once"),
    ],
)
def test_it_is_known_up_to_the_last_cycle_of_which_all_was_read(
    cycles: list[tuple[int, int]], until_s: float | None
) -> None:
    read = Watermarks()
    for asked_s, reached in enumerate(cycles):
        read.note_reconciliation({PLACE: at(*reached)}, asked_s)
    assert until_s == read.find_watermark_s(PLACE) == read.find_topic_watermark_s(JOURNAL)


def test_behind_the_last_record_stand_markers_alone() -> None:
    read = Watermarks()
    read.note_reconciliation(
        {PLACE: ReadProgress(worked=8, position=10, behind_last=8, end=10)}, 5.0
    )
    assert 5.0 == read.find_watermark_s(PLACE)


def test_a_topic_is_known_as_of_the_partition_that_is_furthest_behind() -> None:
    read = Watermarks()
    read.note_reconciliation({PLACE: at(10, 10), OTHER: at(0, 10)}, 5.0)
    assert read.find_topic_watermark_s(JOURNAL) is None
    read.note_reconciliation({PLACE: at(10, 10), OTHER: at(10, 20)}, 6.0)
    assert 5.0 == read.find_topic_watermark_s(JOURNAL)
    assert read.find_topic_watermark_s(REFUSALS) is None


def test_what_others_read_from_now_on_is_dropped() -> None:
    read = Watermarks()
    read.note_reconciliation({PLACE: at(10, 10), OTHER: at(10, 10)}, 5.0)
    read.keep_only({OTHER})
    assert (None, 5.0) == (read.find_watermark_s(PLACE), read.find_watermark_s(OTHER))


def test_cycles_are_remembered_in_bounded_number() -> None:
    read = Watermarks()
    for asked_s in range(2 * MARKS_MAX):
        read.note_reconciliation({PLACE: at(0, 10 + asked_s)}, asked_s)
    read.note_reconciliation({PLACE: at(10 + 2 * MARKS_MAX, 10 + 2 * MARKS_MAX)}, 1000.0)
    assert MARKS_MAX - 1 == read.find_watermark_s(PLACE), "too early a moment, never too late a one"
    read.note_reconciliation({PLACE: at(10 + 2 * MARKS_MAX, 10 + 2 * MARKS_MAX)}, 1001.0)
    assert 1001.0 == read.find_watermark_s(PLACE)

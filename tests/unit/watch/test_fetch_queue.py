"""The first record that waits for its agent is the oldest that the watch has not done."""

import pytest

from events.topics import JOURNAL, Place
from services.watch.tables.waiting_times import FetchedRange, FetchQueue

PLACE = Place(JOURNAL, 0)
FETCHED = [FetchedRange(3, 9, b"3"), FetchedRange(12, 19, b"12"), FetchedRange(20, 29, b"20")]


@pytest.mark.parametrize(
    ("worked", "found"),
    [
        pytest.param(3, b"3", id="nothing is done of it"),
        pytest.param(4, None, id="in the midst of it nobody knows the next one"),
        pytest.param(10, b"12", id="between two stand markers"),
        pytest.param(20, b"20", id="the last waits"),
        pytest.param(30, None, id="all is done"),
    ],
)
def test_the_first_that_is_not_done_is_known(worked: int, found: bytes | None) -> None:
    queue = FetchQueue()
    for each in FETCHED:
        queue.add(PLACE, each, worked=3)
    assert found == queue.first(PLACE, worked, worked)


def test_of_whoever_stands_elsewhere_it_is_not_known() -> None:
    queue = FetchQueue()
    queue.add(PLACE, FETCHED[0], worked=3)
    assert queue.first(PLACE, 2, worked=3) is None
    assert queue.first(PLACE, 5, worked=3) is None
    assert queue.first(Place(JOURNAL, 1), 3, worked=3) is None


def test_what_others_read_from_now_on_is_dropped() -> None:
    queue = FetchQueue()
    queue.add(PLACE, FETCHED[0], worked=3)
    queue.keep_only([Place(JOURNAL, 1)])
    assert queue.first(PLACE, 3, worked=3) is None


def test_what_is_done_is_not_kept() -> None:
    """Nobody asks for long: what was fetched is let go of all the same."""
    queue = FetchQueue()
    for number in range(100):
        queue.add(PLACE, FetchedRange(number, number, b""), worked=number)
    assert 1 == len(queue._waiting[PLACE])  # memory is not seen from outside

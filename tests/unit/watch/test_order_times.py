"""Event time of the oldest payment order that the treasury has not read."""

import pytest

from services.watch.tables.waiting_times import OrderTimes


def an_order(second: int) -> bytes:
    return b'{"id":"B/C/1/issued","time":"1970-01-01T00:%02d:%02dZ"}' % divmod(second, 60)


def some(count: int, kept: int = 1_000) -> OrderTimes:
    """Orders at every other offset, with transaction markers in between."""
    times = OrderTimes(kept)
    for number in range(count):
        times.add(0, 2 * number, an_order(number))
    return times


@pytest.mark.parametrize(
    ("committed", "oldest_s"), [(0, 0.0), (1, 1.0), (2, 1.0), (7, 4.0), (8, 4.0), (9, None)]
)
def test_it_is_the_first_at_or_behind_what_is_committed(
    committed: int, oldest_s: float | None
) -> None:
    assert oldest_s == some(5).oldest_s(0, committed)


def test_a_treasury_that_was_set_back_has_its_old_orders_before_it() -> None:
    times = some(5)
    assert (4.0, 1.0) == (times.oldest_s(0, 8), times.oldest_s(0, 2))


def test_orders_that_are_no_longer_kept_are_unknown() -> None:
    times = some(20, kept=10)
    assert (None, None, 10.0) == tuple(times.oldest_s(0, each) for each in (0, 19, 20))
    assert 19.0 == times.latest_s(0)
    assert 10 == len(times._partitions[0].offsets)


def test_an_order_that_comes_again_at_its_place_changes_nothing() -> None:
    times = some(3)
    times.add(0, 2, an_order(59))
    assert (5, 1.0, 2.0) == (times.next_offset(0), times.oldest_s(0, 2), times.latest_s(0))


@pytest.mark.parametrize("raw", [None, b"", b"[]", b"{}", b'{"time":"soon"}'])
def test_a_record_without_time_has_none(raw: bytes | None) -> None:
    times = some(1)
    times.add(0, 2, raw)
    assert (None, 0.0) == (times.oldest_s(0, 1), times.latest_s(0))
    assert 0.0 == times.oldest_s(0, 0)


def test_the_latest_stays_the_latest_when_an_order_is_dated_earlier() -> None:
    times = some(3)
    times.add(0, 6, an_order(1))
    assert 2.0 == times.latest_s(0)


def test_partitions_are_apart_and_dropped_when_others_read_them() -> None:
    times = some(3)
    assert (None, None, 0) == (times.oldest_s(1, 0), times.latest_s(1), times.next_offset(1))
    times.keep_only([1])
    assert (None, None, 0) == (times.oldest_s(0, 0), times.latest_s(0), times.next_offset(0))

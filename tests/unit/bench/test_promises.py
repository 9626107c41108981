"""What the lag page promised of a burst, held against what it took; and how that is reported."""

import pytest

from bench.kafka import watch_page
from bench.kafka.promises import Promise, kept

# Published at 100 s, drained at 120 s.
SEEN = [
    Promise(98.0, 5, None),
    Promise(102.0, 9_000, None),
    Promise(104.0, 8_000, 20.0),
    Promise(110.0, 5_000, 10.0),
    Promise(118.0, 1_000, 1.0),
    Promise(121.0, 0, None),
]


def test_each_promise_is_held_against_what_it_took() -> None:
    found = kept(SEEN, 100.0, 120.0)
    assert (20.0, 4, 3) == (found["took_s"], found["looks"], found["promises"])
    assert [4.0, 10.0, 18.0] == [each["at_s"] for each in found["moments"]]
    assert [16.0, 10.0, 2.0] == [each["took_s"] for each in found["moments"]]
    assert [4.0, 0.0, -1.0] == [each["error_s"] for each in found["moments"]]
    assert pytest.approx([0.25, 0.0, -0.5]) == [each["error"] for each in found["moments"]]
    assert (0.25, 4.0) == (found["median_error"], found["worst_error_s"])


def test_a_page_that_promises_nothing_has_no_error() -> None:
    found = kept(SEEN[:2], 100.0, 120.0)
    assert (1, 0, []) == (found["looks"], found["promises"], found["moments"])
    assert (None, None) == (found["median_error"], found["worst_error_s"])


def test_of_many_promises_some_are_shown_the_first_and_the_last_among_them() -> None:
    assert [1, 2, 3] == watch_page.chosen([1, 2, 3])
    chosen = watch_page.chosen(list(range(100)))
    assert (0, 99, watch_page.MOMENTS_MAX) == (chosen[0], chosen[-1], len(chosen))
    assert chosen == sorted(set(chosen))


@pytest.mark.parametrize(("seen", "said"), [(SEEN, "| 10.0 | 5,000 | 10.0 | 10.0 | +0.0 s, +0% |")])
def test_the_page_prints_the_error_of_each(seen: list[Promise], said: str) -> None:
    row = {
        "events_per_s": 9_000.0,
        "rounds": [9_000.0],
        "cores": 0.9,
        "broker_cores": 0.2,
        "other_cores": 0.5,
    }
    found = {
        "cores": 2,
        "busy_cores_before": 0.1,
        "alone": row,
        "watched": row,
        "ratios": [0.97],
        "watch_cost_percent": 3.0,
        "watch_cores": 0.4,
        "watch_cpu_us_per_event": 45.0,
        "watch_peak_bytes": 2**28,
        "behind_at_end": None,
        "caught_up_s": 1.5,
        "burst": {"events": 200_000, "published_s": 5.0, **kept(seen, 100.0, 120.0)},
    }
    page = "\n".join(watch_page.lines(found))
    assert said in page
    assert "the watch costs 3.0 %" in page
    assert "has — records left to read" in page, "what it does not know is no 0"
    assert "the worst is 4.0 s off" in page

"""The failure tracker of a task."""

from services.runtime.processing.failure_tracker import FailureTracker
from tests.unit.runtime.harness import a_record


def test_a_failure_is_counted_by_its_record() -> None:
    trouble = FailureTracker()
    assert [1, 2] == [trouble.count(a_record(4)) for _ in range(2)]
    assert 1 == trouble.count(a_record(5))
    assert 1 == trouble.count(a_record(4, topic="internal_events"))


def test_what_got_past_has_a_clean_slate() -> None:
    trouble = FailureTracker()
    trouble.suspect([a_record(4)])
    trouble.count(a_record(4))
    trouble.succeeded([a_record(3)])
    assert 2 == trouble.count(a_record(4))
    trouble.succeeded([a_record(4)])
    assert 1 == trouble.count(a_record(4))
    trouble.clear(a_record(4))
    assert 1 == trouble.count(a_record(4))


def test_the_records_of_a_batch_that_failed_are_suspected_until_they_got_past() -> None:
    trouble = FailureTracker()
    assert not trouble.suspects(a_record(5))
    trouble.suspect([a_record(3), a_record(4), a_record(5), a_record(1, topic="internal_events")])
    assert [False, True, True, False] == [trouble.suspects(a_record(each)) for each in (2, 3, 5, 6)]
    assert trouble.suspects(a_record(1, topic="internal_events"))
    trouble.succeeded([a_record(3)])
    assert [False, True] == [trouble.suspects(a_record(each)) for each in (3, 4)]


def test_an_outage_begins_with_its_first_failure_after_a_success() -> None:
    trouble = FailureTracker()
    assert [10.0, 10.0] == [trouble.dependency_failed(10.0), trouble.dependency_failed(11.0)]
    assert 2 == trouble.retries
    trouble.succeeded([a_record(0)])
    assert 0 == trouble.retries
    assert 20.0 == trouble.dependency_failed(20.0)

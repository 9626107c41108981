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
    trouble.note_success([a_record(3)])
    assert 2 == trouble.count(a_record(4))
    trouble.note_success([a_record(4)])
    assert 1 == trouble.count(a_record(4))
    trouble.clear(a_record(4))
    assert 1 == trouble.count(a_record(4))


def test_where_nothing_failed_a_batch_takes_everything() -> None:
    assert 5 == FailureTracker().batch_size([a_record(each) for each in range(5)])


def test_half_of_a_batch_that_failed_is_tried_next_and_what_got_past_is_free() -> None:
    trouble = FailureTracker()
    records = [a_record(each) for each in range(1, 10)]
    trouble.suspect(records[2:7])
    assert [2, 3] == [trouble.batch_size(records), trouble.batch_size(records[2:])]
    trouble.note_success(records[2:5])
    assert [5, 1] == [trouble.batch_size(records), trouble.batch_size(records[5:])]
    trouble.note_success(records[5:7])
    assert 9 == trouble.batch_size(records)


def test_a_half_that_fails_frees_the_other_half() -> None:
    trouble = FailureTracker()
    records = [a_record(each) for each in range(8)]
    trouble.suspect(records)
    trouble.suspect(records[:4])
    assert [2, 4] == [trouble.batch_size(records), trouble.batch_size(records[4:])]


def test_a_record_that_failed_goes_alone_after_all_before_it() -> None:
    trouble = FailureTracker()
    records = [a_record(each) for each in range(8)]
    trouble.suspect(records)
    trouble.count(records[6])
    trouble.suspect(records[:2])
    assert [1, 4, 1, 1] == [trouble.batch_size(records[at:]) for at in (0, 2, 6, 7)]
    assert 2 == trouble.count(records[6])


def test_a_record_of_another_topic_is_another_record() -> None:
    trouble = FailureTracker()
    trouble.suspect([a_record(each, topic="internal_events") for each in range(4)])
    trouble.count(a_record(9, topic="internal_events"))
    assert 10 == trouble.batch_size([a_record(each) for each in range(10)])


def test_an_outage_begins_with_its_first_failure_after_a_success() -> None:
    trouble = FailureTracker()
    assert [10.0, 10.0] == [trouble.dependency_failed(10.0), trouble.dependency_failed(11.0)]
    assert 2 == trouble.retries
    trouble.note_success([a_record(0)])
    assert 0 == trouble.retries
    assert 20.0 == trouble.dependency_failed(20.0)


def test_what_was_taken_long_ago_is_no_longer_in_a_row() -> None:
    tracker, session_s = FailureTracker(), 5.0
    assert [1, 2, 3] == [tracker.count_taken(at_s, session_s) for at_s in (100.0, 124.0, 148.0)]
    tracker.note_success(())
    assert 4 == tracker.count_taken(172.0, session_s)
    tracker.note_success(())
    assert 1 == tracker.count_taken(197.0, session_s)


def test_what_is_taken_again_and_again_without_work_in_between_is_in_a_row() -> None:
    tracker = FailureTracker()
    assert [1, 2, 3] == [tracker.count_taken(at_s, 5.0) for at_s in (100.0, 1000.0, 5000.0)]

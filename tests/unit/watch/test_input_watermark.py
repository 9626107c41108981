"""Watermarks of the input: a sample, a later sample, and a reconciliation after it."""

from typing import Any

import pytest

from events.topics import EVENTS, INPUT_TOPICS, INTERNAL_EVENTS, JOURNAL, Place
from services.lag.judge.model import Sample
from services.watch.tables.partitions import ReadProgress
from services.watch.tables.watermarks import InputWatermarks
from tests.unit.lag.builders import a_sample


class Scene:
    """One partition: its input topics, sampled every ten seconds, and its journal."""

    def __init__(self) -> None:
        self.watermarks = InputWatermarks()

    def sample(self, at_s: float, **input_topics: Any) -> None:
        """A sample that takes a second.

        `events=(3, 5)` are what is committed and where the input topic ends.
        """
        pairs = {"events": (5, 5), "deadline_events": (0, 0)} | input_topics
        names = dict(zip(("events", "deadline_events"), INPUT_TOPICS, strict=True))
        samples: dict[Place, Sample] = {
            Place(names[name], 0): a_sample(committed=pair[0], end=pair[1])
            for name, pair in pairs.items()
            if pair is not None
        }
        self.watermarks.note_samples(samples, at_s, at_s + 1)

    def cycle(self, at_s: float, worked: int = 9, end: int = 9) -> float | None:
        """The watermark after a reconciliation with the journal read so far."""
        self.watermarks.note_reconciliation(
            {Place(JOURNAL, 0): ReadProgress(worked, 0, worked, end)}, at_s
        )
        return self.watermarks.find_watermark_s(0)


def test_where_nothing_is_left_in_the_input_topics_all_is_known_up_to_the_sample() -> None:
    scene = Scene()
    scene.sample(10)
    assert 10 == scene.cycle(11)


def test_a_ledger_that_stands_before_something_keeps_all_of_it_unknown() -> None:
    scene = Scene()
    for at_s in range(0, 100, 10):
        scene.sample(at_s, events=(3, 5))
        assert scene.cycle(at_s + 1) is None


def test_a_ledger_that_is_never_done_has_still_done_what_had_come_before() -> None:
    scene = Scene()
    known = []
    for number, at_s in enumerate(range(0, 40, 10)):
        scene.sample(at_s, events=(5 * number, 5 * number + 5))
        known.append(scene.cycle(at_s + 1))
    assert [None, 0, 10, 20] == known


@pytest.mark.parametrize("input_topic", ["events", "deadline_events"])
@pytest.mark.parametrize("seen", [(None, 5), (5, None), (4, 5), None])
def test_both_input_topics_must_be_known_and_done(input_topic: str, seen: Any) -> None:
    scene = Scene()
    scene.sample(10, **{input_topic: seen})
    assert scene.cycle(11) is None


def test_the_journal_is_asked_behind_the_sample_and_read_that_far() -> None:
    scene = Scene()
    scene.sample(10)
    too_early = scene.cycle(10.5)
    not_read = scene.cycle(12, worked=7)
    # What came into the journal since does not count.
    read = scene.cycle(13, worked=9, end=30)
    assert (None, None, 10) == (too_early, not_read, read)


def test_a_later_sample_does_not_move_the_end_that_the_journal_is_read_to() -> None:
    scene = Scene()
    scene.sample(10)
    scene.cycle(11, worked=7)
    scene.sample(20)
    assert 10 == scene.cycle(21, worked=9, end=30)
    scene.sample(30)
    assert 30 == scene.cycle(31, worked=30, end=30)


def test_what_is_known_stays_known_when_the_ledger_stops() -> None:
    scene = Scene()
    scene.sample(10)
    scene.cycle(11)
    scene.sample(20, events=(5, 8))
    scene.sample(30, events=(5, 8))
    assert 10 == scene.cycle(31)


def test_a_topic_that_was_made_anew_begins_anew() -> None:
    scene = Scene()
    scene.sample(10, events=(3, 5))
    scene.sample(20, events=(3, 2))
    before = scene.cycle(21)
    scene.sample(30, events=(1, 2))
    scene.sample(40, events=(2, 4))
    assert (None, 30) == (before, scene.cycle(41))


def test_a_input_topic_that_ends_earlier_than_it_did_begins_anew() -> None:
    scene = Scene()
    scene.sample(10, events=(1, 5))
    scene.sample(20, events=(1, 2))
    scene.sample(30, events=(2, 4))
    assert 20 == scene.cycle(31)


def test_a_partition_without_its_journal_is_known_up_to_no_moment() -> None:
    scene = Scene()
    scene.sample(10)
    scene.watermarks.note_reconciliation({Place(JOURNAL, 1): ReadProgress(0, 0, 0, 0)}, 12)
    assert (None, None) == (
        scene.watermarks.find_watermark_s(0),
        scene.watermarks.find_watermark_s(1),
    )


def test_what_others_read_is_dropped() -> None:
    scene = Scene()
    scene.sample(10)
    scene.cycle(11)
    scene.watermarks.keep_only([0])
    kept = scene.watermarks.find_watermark_s(0)
    scene.watermarks.keep_only([1])
    assert (10, None) == (kept, scene.watermarks.find_watermark_s(0))
    assert {EVENTS, INTERNAL_EVENTS} == set(INPUT_TOPICS)

"""Watermarks: the moment up to which everything that had arrived was read, or decided and read.

The figures of a watch that is behind describe the past. And a deadline event says that something
has not come by a day, so everything that had arrived in the ledger's input by then must be known:
an unread record may be the very thing. It is known in three steps: a sample has the ends of both
input topics of a partition; a later one shows that the ledger has committed that far, so that the
journal holds all of it; and after that sample the journal's end is asked for, and the journal is
read that far.
"""

from collections import deque
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from events.topics import INPUT_TOPICS, JOURNAL, Place
from services.lag.judge.model import Sample
from services.watch.tables.partitions import ReadProgress, only

MARKS_MAX: Final = 64
"""Marks kept for each partition: a watch that is further behind shows nothing anyway."""


class _Mark(NamedTuple):
    """The end of a partition: everything that had arrived by `at_s` lies before it."""

    at_s: float
    end: int


class Watermarks:
    """The watermarks of the partitions that are read here."""

    def __init__(self) -> None:
        self._marks: dict[Place, deque[_Mark]] = {}
        self._until_s: dict[Place, float] = {}

    def keep_only(self, places: Collection[Place]) -> None:
        """Drop the partitions that others read from now on."""
        self._marks, self._until_s = only(places, self._marks), only(places, self._until_s)

    def note_reconciliation(self, reached: Mapping[Place, ReadProgress], asked_s: float) -> None:
        """Take note of a reconciliation whose offsets were asked for after `asked_s`."""
        for place, each in reached.items():
            marks = self._marks.setdefault(place, deque())
            if len(marks) < MARKS_MAX:
                marks.append(_Mark(asked_s, each.end))
            while marks and each.is_worked(marks[0].end):
                self._until_s[place] = marks.popleft().at_s

    def find_watermark_s(self, place: Place) -> float | None:
        """The watermark of a partition; None without any."""
        return self._until_s.get(place)

    def find_topic_watermark_s(self, topic: str) -> float | None:
        """The lowest watermark of a topic's partitions that are read here; None without any."""
        moments = [self._until_s.get(place) for place in self._marks if place.topic == topic]
        known = [each for each in moments if each is not None]
        return min(known) if known and len(known) == len(moments) else None


class _InputMark(NamedTuple):
    """The ends of both input topics: everything that had arrived by `at_s` lies before them."""

    at_s: float
    ends: tuple[int, ...]


class _DecidedMark(NamedTuple):
    """Everything that had arrived by `at_s` was decided, and in the journal by `seen_s`."""

    at_s: float
    seen_s: float
    journal_end: int | None = None
    """The end of the journal, asked for after that."""


@dataclass(slots=True)
class _Input:
    """Progress of one partition. Times are seconds since 1970, by the watch's clock."""

    mark: _InputMark | None = None
    decided: _DecidedMark | None = None
    until_s: float | None = None


class InputWatermarks:
    """The watermarks of the ledger's input in the partitions that are read here."""

    def __init__(self) -> None:
        self._partitions: dict[int, _Input] = {}

    def keep_only(self, numbers: Collection[int]) -> None:
        """Drop the partitions that others read from now on."""
        self._partitions = only(numbers, self._partitions)

    def find_watermark_s(self, number: int) -> float | None:
        """The watermark of a partition; None without any."""
        partition = self._partitions.get(number)
        return None if partition is None else partition.until_s

    def note_samples(self, samples: Mapping[Place, Sample], begun_s: float, ended_s: float) -> None:
        """Take note of a sample of the ledger, begun and ended at these moments."""
        for number in {place.partition for place in samples}:
            input_topics = [samples.get(Place(topic, number)) for topic in INPUT_TOPICS]
            ends = tuple(each.end for each in input_topics if each and each.end is not None)
            done = tuple(
                each.committed for each in input_topics if each and each.committed is not None
            )
            if len(ends) == len(done) == len(INPUT_TOPICS):
                partition = self._partitions.setdefault(number, _Input())
                _note(partition, _InputMark(begun_s, ends), done, ended_s)

    def note_reconciliation(self, reached: Mapping[Place, ReadProgress], asked_s: float) -> None:
        """Take note of a reconciliation that asked for the journal's ends after `asked_s`."""
        for number, partition in self._partitions.items():
            decided, journal = partition.decided, reached.get(Place(JOURNAL, number))
            if decided is None or journal is None or asked_s < decided.seen_s:
                continue
            if decided.journal_end is None:
                partition.decided = decided = decided._replace(journal_end=journal.end)
            assert decided.journal_end is not None, "just set"
            if journal.is_worked(decided.journal_end):
                partition.until_s, partition.decided = decided.at_s, None


def _note(partition: _Input, now: _InputMark, done: tuple[int, ...], ended_s: float) -> None:
    if any(each > end for each, end in zip(done, now.ends, strict=True)):
        partition.mark = None  # The topic was made anew: the committed offset was of the former.
        return
    before = partition.mark
    if before is None or any(end < was for end, was in zip(now.ends, before.ends, strict=True)):
        before = partition.mark = now
    for mark in (now, before):
        if all(each >= end for each, end in zip(done, mark.ends, strict=True)):
            partition.mark = now
            if partition.decided is None or partition.decided.journal_end is None:
                partition.decided = _DecidedMark(mark.at_s, ended_s)
            return

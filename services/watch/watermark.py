"""Watermarks of partitions: the moment up to which everything that had arrived was read.

The figures of a watch that is behind describe the past.
"""

from collections import deque
from collections.abc import Collection, Mapping
from typing import Final, NamedTuple

from services.watch.balances import Partition
from services.watch.reconciliation import Reached

MARKS_MAX: Final = 64
"""Marks kept for each partition: a watch that is further behind shows nothing anyway."""


class _Mark(NamedTuple):
    """The end of a partition: everything that had arrived by `at_s` lies before it."""

    at_s: float
    end: int


class Watermarks:
    """The watermarks of the partitions that are read here."""

    def __init__(self) -> None:
        self._marks: dict[Partition, deque[_Mark]] = {}
        self._until_s: dict[Partition, float] = {}

    def keep_only(self, places: Collection[Partition]) -> None:
        """Drop the partitions that others read from now on."""
        self._marks = {place: each for place, each in self._marks.items() if place in places}
        self._until_s = {place: each for place, each in self._until_s.items() if place in places}

    def reconciled(self, reached: Mapping[Partition, Reached], asked_s: float) -> None:
        """Take note of a reconciliation whose offsets were asked for after `asked_s`."""
        for place, each in reached.items():
            marks = self._marks.setdefault(place, deque())
            if len(marks) < MARKS_MAX:
                marks.append(_Mark(asked_s, each.end))
            while marks and each.is_worked(marks[0].end):
                self._until_s[place] = marks.popleft().at_s

    def until_s(self, place: Partition) -> float | None:
        """The watermark of a partition; None without any."""
        return self._until_s.get(place)

    def of_topic_s(self, topic: str) -> float | None:
        """The lowest watermark of a topic's partitions that are read here; None without any."""
        moments = [self._until_s.get(place) for place in self._marks if place.topic == topic]
        known = [each for each in moments if each is not None]
        return min(known) if known and len(known) == len(moments) else None

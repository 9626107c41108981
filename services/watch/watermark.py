"""As of when each partition is known: up to that moment all that had come to it was read. Pure.

A watch that has fallen behind has figures of then, and not of now.
"""

from collections import deque
from collections.abc import Collection, Mapping
from typing import Final, NamedTuple

from services.watch.balances import Partition
from services.watch.reconciliation import Reached

MARKS_MAX: Final = 64
"""How many rounds are remembered: who is further behind is so for longer than anything is shown."""


class _Mark(NamedTuple):
    """Where a partition ended; all that had come by `at_s` lies before that."""

    at_s: float
    end: int


class ReadUpTo:
    """The partitions that are read here, each with its moment."""

    def __init__(self) -> None:
        self._marks: dict[Partition, deque[_Mark]] = {}
        self._until_s: dict[Partition, float] = {}

    def keep_only(self, places: Collection[Partition]) -> None:
        """Forget what others read from now on."""
        self._marks = {place: each for place, each in self._marks.items() if place in places}
        self._until_s = {place: each for place, each in self._until_s.items() if place in places}

    def turned(self, reached: Mapping[Partition, Reached], asked_s: float) -> None:
        """Take note of a round, in which all partitions were asked after `asked_s`."""
        for place, each in reached.items():
            marks = self._marks.setdefault(place, deque())
            if len(marks) < MARKS_MAX:
                marks.append(_Mark(asked_s, each.end))
            while marks and each.is_worked(marks[0].end):
                self._until_s[place] = marks.popleft().at_s

    def until_s(self, place: Partition) -> float | None:
        """Up to when all that came to a partition was read; None: up to no moment."""
        return self._until_s.get(place)

    def of_topic_s(self, topic: str) -> float | None:
        """The same of all partitions of a topic that are read here; None without any."""
        moments = [self._until_s.get(place) for place in self._marks if place.topic == topic]
        known = [each for each in moments if each is not None]
        return min(known) if known and len(known) == len(moments) else None

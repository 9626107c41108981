"""Up to which moment all that had come to the ledger's input topics is in the tables. Pure.

A deadline event that says that a day has passed speaks of what did not come. So everything that had
come by then must be known: what still lies in an input topic, unread by the ledger, may be the very
thing. It is known in three steps: a look sees where both input topics of a partition end; a later
one sees that the ledger has committed that far, so that the journal tells of all of it; and behind
that look the journal is asked where it ends, and is read that far.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from events.topics import INPUT_TOPICS, JOURNAL
from services.watch.balances import Partition
from services.watch.lag.model import Look, Place
from services.watch.reconciliation import Reached


class _Mark(NamedTuple):
    """Where both input topics ended; all that had come by `at_s` lies before that."""

    at_s: float
    ends: tuple[int, ...]


class _Told(NamedTuple):
    """The ledger had done all that had come by `at_s`, and the journal told of it by `told_s`."""

    at_s: float
    told_s: float
    journal_end: int | None = None
    """Where the journal ended when it was asked after that."""


@dataclass(slots=True)
class _Partition:
    """How far one partition has come. Times are seconds since 1970, by the watch's clock."""

    mark: _Mark | None = None
    told: _Told | None = None
    settled_s: float | None = None


class Settled:
    """The partitions that are read here, each with its moment."""

    def __init__(self) -> None:
        self._partitions: dict[int, _Partition] = {}

    def keep_only(self, numbers: Collection[int]) -> None:
        """Forget what others read from now on."""
        self._partitions = {
            number: each for number, each in self._partitions.items() if number in numbers
        }

    def until_s(self, number: int) -> float | None:
        """Up to when all that had come is known; None: up to no moment."""
        partition = self._partitions.get(number)
        return None if partition is None else partition.settled_s

    def looked(self, looks: Mapping[Place, Look], begun_s: float, ended_s: float) -> None:
        """Take note of a look at the ledger, which was begun and ended at these moments."""
        for number in {place.partition for place in looks}:
            input_topics = [looks.get(Place(topic, number)) for topic in INPUT_TOPICS]
            ends = tuple(each.end for each in input_topics if each and each.end is not None)
            done = tuple(
                each.committed for each in input_topics if each and each.committed is not None
            )
            if len(ends) == len(done) == len(INPUT_TOPICS):
                partition = self._partitions.setdefault(number, _Partition())
                _note(partition, _Mark(begun_s, ends), done, ended_s)

    def turned(self, reached: Mapping[Partition, Reached], asked_s: float) -> None:
        """Take note of a round, in which the journal was asked after `asked_s` where it ends."""
        for number, partition in self._partitions.items():
            told, journal = partition.told, reached.get(Partition(JOURNAL, number))
            if told is None or journal is None or asked_s < told.told_s:
                continue
            if told.journal_end is None:
                partition.told = told = told._replace(journal_end=journal.end)
            assert told.journal_end is not None, "just set"
            if journal.is_worked(told.journal_end):
                partition.settled_s, partition.told = told.at_s, None


def _note(partition: _Partition, now: _Mark, done: tuple[int, ...], ended_s: float) -> None:
    if any(each > end for each, end in zip(done, now.ends, strict=True)):
        partition.mark = None  # The input topic was made anew: what is committed was in another.
        return
    before = partition.mark
    if before is None or any(end < was for end, was in zip(now.ends, before.ends, strict=True)):
        before = partition.mark = now
    for mark in (now, before):
        if all(each >= end for each, end in zip(done, mark.ends, strict=True)):
            partition.mark = now
            if partition.told is None or partition.told.journal_end is None:
                partition.told = _Told(mark.at_s, ended_s)
            return

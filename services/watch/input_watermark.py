"""Watermarks of the ledger's input: up to that moment everything that arrived is in the tables.

A deadline event says that something has not come by a day. So everything that had arrived by then
must be known: an unread record of an input topic may be the very thing. It is known in three
steps: a sample has the ends of both input topics of a partition; a later one shows that the ledger
has committed that far, so that the journal holds all of it; and after that sample the journal's
end is asked for, and the journal is read that far.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from events.topics import INPUT_TOPICS, JOURNAL
from services.lag.judge.model import Place, Sample
from services.watch.balances import Partition
from services.watch.reconciliation import Reached


class _Mark(NamedTuple):
    """The ends of both input topics: everything that had arrived by `at_s` lies before them."""

    at_s: float
    ends: tuple[int, ...]


class _Decided(NamedTuple):
    """Everything that had arrived by `at_s` was decided, and in the journal by `seen_s`."""

    at_s: float
    seen_s: float
    journal_end: int | None = None
    """The end of the journal, asked for after that."""


@dataclass(slots=True)
class _Partition:
    """Progress of one partition. Times are seconds since 1970, by the watch's clock."""

    mark: _Mark | None = None
    decided: _Decided | None = None
    until_s: float | None = None


class InputWatermarks:
    """The watermarks of the partitions that are read here."""

    def __init__(self) -> None:
        self._partitions: dict[int, _Partition] = {}

    def keep_only(self, numbers: Collection[int]) -> None:
        """Drop the partitions that others read from now on."""
        self._partitions = {
            number: each for number, each in self._partitions.items() if number in numbers
        }

    def until_s(self, number: int) -> float | None:
        """The watermark of a partition; None without any."""
        partition = self._partitions.get(number)
        return None if partition is None else partition.until_s

    def sampled(self, samples: Mapping[Place, Sample], begun_s: float, ended_s: float) -> None:
        """Take note of a sample of the ledger, begun and ended at these moments."""
        for number in {place.partition for place in samples}:
            input_topics = [samples.get(Place(topic, number)) for topic in INPUT_TOPICS]
            ends = tuple(each.end for each in input_topics if each and each.end is not None)
            done = tuple(
                each.committed for each in input_topics if each and each.committed is not None
            )
            if len(ends) == len(done) == len(INPUT_TOPICS):
                partition = self._partitions.setdefault(number, _Partition())
                _note(partition, _Mark(begun_s, ends), done, ended_s)

    def reconciled(self, reached: Mapping[Partition, Reached], asked_s: float) -> None:
        """Take note of a reconciliation that asked for the journal's ends after `asked_s`."""
        for number, partition in self._partitions.items():
            decided, journal = partition.decided, reached.get(Partition(JOURNAL, number))
            if decided is None or journal is None or asked_s < decided.seen_s:
                continue
            if decided.journal_end is None:
                partition.decided = decided = decided._replace(journal_end=journal.end)
            assert decided.journal_end is not None, "just set"
            if journal.is_worked(decided.journal_end):
                partition.until_s, partition.decided = decided.at_s, None


def _note(partition: _Partition, now: _Mark, done: tuple[int, ...], ended_s: float) -> None:
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
                partition.decided = _Decided(mark.at_s, ended_s)
            return

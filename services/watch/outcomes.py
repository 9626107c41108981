"""Outcomes of all records that the ledger read, counted from the journal.

A record of the journal counts once, by its offset. One that resumes is the second of its source
record: it replaces the one that parked it, so that the outcomes add up to what was read.
"""

from collections import Counter
from collections.abc import Collection
from typing import Final, NamedTuple

from events.journal import Record
from services.runtime.ops.clock import later_s, seconds_of

PARKED: Final = "parked"


class OutcomeCounts(NamedTuple):
    """The outcomes of source records. `received` is their sum."""

    received: int
    accepted: int
    duplicate: int
    refused: int
    parked: int
    """Events that still wait: one that was decided later counts by that decision."""
    dead_letter: int
    resumed: int
    """Events that waited and were decided since."""
    repeated: int
    """Source records with two records in the journal."""
    unreadable: int
    """Records of the journal without an outcome."""


class _Partition:
    """One partition of the journal."""

    def __init__(self) -> None:
        self.next = 0
        self.outcomes: Counter[str] = Counter()
        self.resumed = 0
        self.repeated = 0
        self.unreadable = 0
        self.seen: dict[tuple[str, int, str | None], int] = {}
        """The highest offset with an outcome, by source; of imported records by budget too."""
        self.latest_s: dict[str | None, float | None] = {}
        """The latest event time, as senders wrote it: of all, and by topic."""


class Outcomes:
    """The outcomes of all records whose journal is read here."""

    def __init__(self) -> None:
        self._partitions: dict[int, _Partition] = {}

    def keep_only(self, numbers: Collection[int]) -> None:
        """Drop the partitions that others read from now on."""
        self._partitions = {
            number: each for number, each in self._partitions.items() if number in numbers
        }

    def add(
        self, number: int, offset: int, record: Record | None, *, imported: bool = False
    ) -> bool:
        """Count one record of the journal's partition `number`; False where it was counted before.

        The source of an imported record is a place of another cluster. There the records of a
        budget stood in one partition, in their order; those of several may come here in any.
        """
        partition = self._partitions.setdefault(number, _Partition())
        if offset < partition.next:
            return False
        partition.next = offset + 1
        if record is None:
            partition.unreadable += 1
            return True
        source, event_s = record.source, event_s_of(record)
        for topic in (None, source.topic):
            latest_s = partition.latest_s.get(topic)
            partition.latest_s[topic] = later_s(latest_s, event_s)
        partition.outcomes[record.outcome] += 1
        if record.resumes is not None:
            partition.resumed += 1
            return True
        place = (source.topic, source.partition, record.budget if imported else None)
        if source.offset <= partition.seen.get(place, -1):
            partition.repeated += 1
        else:
            partition.seen[place] = source.offset
        return True

    def counts(self) -> OutcomeCounts:
        """The outcomes, added up."""
        parts = self._partitions.values()
        outcomes: Counter[str] = Counter()
        for each in parts:
            outcomes.update(each.outcomes)
        resumed = sum(each.resumed for each in parts)
        # A record that resumes ends the wait of another.
        outcomes[PARKED] -= resumed
        return OutcomeCounts(
            received=sum(outcomes.values()),
            accepted=outcomes["accepted"],
            duplicate=outcomes["duplicate"],
            refused=outcomes["refused"],
            parked=outcomes[PARKED],
            dead_letter=outcomes["dead_letter"],
            resumed=resumed,
            repeated=sum(each.repeated for each in parts),
            unreadable=sum(each.unreadable for each in parts),
        )

    def latest_event_s(self, number: int, topic: str | None = None) -> float | None:
        """The latest event time in a partition, in seconds since 1970; None without any.

        With a topic, by its name on the cluster, of the events read there.
        """
        partition = self._partitions.get(number)
        return None if partition is None else partition.latest_s.get(topic)


def event_s_of(record: Record) -> float | None:
    """The time of a record's event, in seconds since 1970; None without a readable one."""
    return None if record.event is None else seconds_of(record.event.time)

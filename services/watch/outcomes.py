"""What became of every record that the ledger read, counted from the journal. Pure.

A record of the journal counts once, by its place. One that resumes is the second of its source
record: it takes the place of the one that had parked it, so that the outcomes add up to what was
read.
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
    """Those that still wait: one that was decided later counts by what it became."""
    dead_letter: int
    resumed: int
    """How many waited once, and were decided since."""
    repeated: int
    """Source records of which the journal tells twice."""
    unreadable: int
    """Records of the journal that tell no outcome."""


def event_time_s(record: Record) -> float | None:
    """The time of a record's event, in seconds since 1970; None of a dead letter."""
    return None if record.event is None else seconds_of(record.event.time)


class _Partition:
    """What one partition of the journal tells."""

    def __init__(self) -> None:
        self.next = 0
        self.outcomes: Counter[str] = Counter()
        self.resumed = 0
        self.repeated = 0
        self.unreadable = 0
        self.seen: dict[tuple[str, int, str | None], int] = {}
        """The highest offset with a known outcome, by source; imported ones by budget too."""
        self.latest_s: dict[str | None, float | None] = {}
        """The latest time that a sender wrote into an event: of all, and by its topic."""


class Outcomes:
    """The outcomes of all records whose journal is read here."""

    def __init__(self) -> None:
        self._partitions: dict[int, _Partition] = {}

    def keep_only(self, numbers: Collection[int]) -> None:
        """Forget what others read from now on."""
        self._partitions = {
            number: each for number, each in self._partitions.items() if number in numbers
        }

    def add(
        self, number: int, offset: int, record: Record | None, *, imported: bool = False
    ) -> bool:
        """Count one record of the journal's partition `number`; False where it was counted before.

        The source of an imported one is a place of another cluster. There the records of a budget
        stood in one partition, in their order; those of several may come here in any.
        """
        partition = self._partitions.setdefault(number, _Partition())
        if offset < partition.next:
            return False
        partition.next = offset + 1
        if record is None:
            partition.unreadable += 1
            return True
        event_s = event_time_s(record)
        for topic in (None, record.source.topic):
            partition.latest_s[topic] = later_s(partition.latest_s.get(topic), event_s)
        partition.outcomes[record.outcome] += 1
        if record.resumes is not None:
            partition.resumed += 1
            return True
        source = record.source
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

        With a topic, as it is called on the cluster, of the events that were read there.
        """
        partition = self._partitions.get(number)
        return None if partition is None else partition.latest_s.get(topic)

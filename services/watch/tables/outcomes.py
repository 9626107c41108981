"""Outcomes of all records that the ledger read, and its refusals and dead letters by code.

The outcomes are counted from the journal. A record of it counts once, by its offset. One that
resumes is the second of its source record: it replaces the one that parked it, so that the outcomes
add up to what was read. Refusals and dead letters are counted from their own topics, by the time at
which the ledger wrote them there: Kafka's timestamp, which no sender can choose.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Final

import msgspec

from events.follow_up import RecordReviewed
from events.journal import Record
from events.lag import DeadLetters, Outcomes, Refusals
from events.outbound import EventRefused
from services.due.deadline_events import WATCH
from services.lag.judge.model import earliest, greatest, instant_of
from services.runtime.ops.clock import later_s, seconds_of
from services.watch.tables.partitions import ReadOnce

PARKED: Final = "parked"

REASON: Final = "ecluse_dlq_reason"
"""The header of a dead letter with its reason: a code, and a position."""

NO_REASON: Final = "unknown"
"""The code of a rejection that has none."""


class _Journal:
    """One partition of the journal."""

    def __init__(self) -> None:
        self.outcomes: Counter[str] = Counter()
        self.resumed = 0
        self.repeated = 0
        self.unreadable = 0
        self.redriven = 0
        self.seen: dict[tuple[str, int, str | None], int] = {}
        """The highest offset with an outcome, by source; of imported records by budget too."""
        self.latest_s: dict[str | None, float | None] = {}
        """The latest event time, as senders wrote it: of all, and by topic."""


class OutcomeCounts(ReadOnce[_Journal]):
    """The outcomes of all records whose journal is read here."""

    def __init__(self) -> None:
        super().__init__(_Journal)

    def add(
        self, number: int, offset: int, record: Record | None, *, imported: bool = False
    ) -> bool:
        """Count one record of the journal's partition `number`; False where it was counted before.

        The source of an imported record is a place of another cluster. There the records of a
        budget stood in one partition, in their order; those of several may come here in any.
        """
        partition = self._table(number, offset)
        if partition is None:
            return False
        if record is None:
            partition.unreadable += 1
            return True
        source, event_s = record.source, event_s_of(record)
        for topic in (None, source.topic):
            partition.latest_s[topic] = later_s(partition.latest_s.get(topic), event_s)
        partition.outcomes[record.outcome] += 1
        if record.resumes is not None:
            partition.resumed += 1
            return True
        partition.redriven += _sends_again(record)
        place = (source.topic, source.partition, record.budget if imported else None)
        if source.offset <= partition.seen.get(place, -1):
            partition.repeated += 1
        else:
            partition.seen[place] = source.offset
        return True

    def counts(self) -> Outcomes:
        """The outcomes, added up; `gap` counts the records of the journal without an outcome."""
        parts = self._partitions.values()
        outcomes: Counter[str] = Counter()
        for each in parts:
            outcomes.update(each.outcomes)
        resumed = sum(each.resumed for each in parts)
        # A record that resumes ends the wait of another.
        outcomes[PARKED] -= resumed
        return Outcomes(
            received=sum(outcomes.values()),
            accepted=outcomes["accepted"],
            duplicate=outcomes["duplicate"],
            refused=outcomes["refused"],
            parked=outcomes[PARKED],
            dead_letter=outcomes["dead_letter"],
            resumed=resumed,
            gap=sum(each.unreadable for each in parts),
            repeated=sum(each.repeated for each in parts),
        )

    def redriven(self) -> int:
        """The dead letters that were sent again, by the notes about them."""
        return sum(each.redriven for each in self._partitions.values())

    def latest_event_s(self, number: int, topic: str | None = None) -> float | None:
        """The latest event time in a partition, in seconds since 1970; None without any.

        With a topic, by its name on the cluster, of the events read there.
        """
        partition = self._partitions.get(number)
        return None if partition is None else partition.latest_s.get(topic)


def _sends_again(record: Record) -> bool:
    """True of an accepted note that a dead letter was sent again."""
    event = record.event
    if event is None or event.type != RecordReviewed.TYPE or record.outcome != "accepted":
        return False
    return event.data.event is not None


def event_s_of(record: Record) -> float | None:
    """The time of a record's event, in seconds since 1970; None without a readable one."""
    return None if record.event is None else seconds_of(record.event.time)


class _Rejections:
    """One partition of a topic of rejections. Times are seconds since 1970."""

    def __init__(self) -> None:
        self.oldest_s: float | None = None
        self.newest_s: float | None = None
        self.by_code: Counter[str] = Counter()

    def count(self, code: str, at_s: float) -> None:
        """Count one rejection."""
        self.by_code[code] += 1
        self.oldest_s = earliest((self.oldest_s, at_s))
        self.newest_s = greatest((self.newest_s, at_s))


class _RejectionCounts(ReadOnce[_Rejections]):
    """A topic of rejections, counted by code."""

    def __init__(self) -> None:
        super().__init__(_Rejections)

    def _count_by_code(self) -> dict[str, int]:
        """Counts by code, the most frequent first."""
        by_code: Counter[str] = Counter()
        for each in self._partitions.values():
            by_code.update(each.by_code)
        return dict(sorted(by_code.items(), key=lambda each: (-each[1], each[0])))


class _Refusal(msgspec.Struct):
    code: str | None = None
    event_source: str | None = None


class _Answer(msgspec.Struct):
    type: str
    data: _Refusal


_answer: Final = msgspec.json.Decoder(_Answer).decode


class RefusalCounts(_RejectionCounts):
    """Refused events by code; parked events, unreadable records and the watch's own are none."""

    def add(self, number: int, offset: int, raw: bytes | None, at_s: float) -> None:
        """Add one record of the topic of refusals; records of other types are ignored."""
        partition = self._table(number, offset)
        if partition is None:
            return
        try:
            answer = _answer(raw or b"")
        except msgspec.MsgspecError:
            return
        if answer.type == EventRefused.TYPE and answer.data.event_source != WATCH:
            partition.count(answer.data.code or NO_REASON, at_s)

    def counts(self) -> Refusals:
        """The refusals of all partitions."""
        by_code, parts = self._count_by_code(), self._partitions.values()
        newest = greatest(each.newest_s for each in parts)
        return Refusals(sum(by_code.values()), instant_of(newest), by_code)


class DeadLetterCounts(_RejectionCounts):
    """Unreadable records, by the code of their reason."""

    def add(
        self, number: int, offset: int, headers: Iterable[tuple[str, bytes | None]], at_s: float
    ) -> None:
        """Add one record of the topic of dead letters: its own headers precede the ledger's."""
        partition = self._table(number, offset)
        if partition is None:
            return
        reason = b""
        for name, value in headers:
            if name == REASON:
                reason = value or b""
        code = reason.decode(errors="replace").partition(":")[0]
        partition.count(code or NO_REASON, at_s)

    def counts(self) -> DeadLetters:
        """The dead letters of all partitions."""
        by_code, parts = self._count_by_code(), self._partitions.values()
        oldest = earliest(each.oldest_s for each in parts)
        newest = greatest(each.newest_s for each in parts)
        return DeadLetters(sum(by_code.values()), instant_of(oldest), instant_of(newest), by_code)

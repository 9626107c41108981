"""Failures of a partition task: the records suspected, their counts, and the outage so far."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from aiokafka.structs import ConsumerRecord

RETRY_FIRST_S: Final = 0.5
RETRY_MAX_S: Final = 10.0
"""The back-off between two attempts: doubled each time, up to the second."""

DOUBLINGS_MAX: Final = 10


class Bug(Exception):
    """Our own code failed, at `record` where that is known."""

    def __init__(self, record: ConsumerRecord | None) -> None:
        super().__init__(record)
        self.record = record


RecordId = tuple[str, int]
"""The topic and offset of a record of the task's partition."""


def _id(record: ConsumerRecord) -> RecordId:
    return record.topic, record.offset


@dataclass(slots=True)
class FailureTracker:
    """Failures of one partition since its last success."""

    retries: int = 0
    failing_since_s: float | None = None
    _failures: Counter[RecordId] = field(default_factory=Counter)
    _suspects: set[RecordId] = field(default_factory=set)

    def suspects(self, record: ConsumerRecord) -> bool:
        """Return whether a record may be the one that failed: it is then processed alone."""
        return _id(record) in self._suspects

    def suspect(self, records: Iterable[ConsumerRecord]) -> None:
        """Suspect all of these: each is processed alone next time, to find the one that fails."""
        self._suspects.update(map(_id, records))

    def count(self, record: ConsumerRecord) -> int:
        """Count one more failure of a record; return how many that makes."""
        self._failures[_id(record)] += 1
        return self._failures[_id(record)]

    def clear(self, record: ConsumerRecord) -> None:
        """Drop a record's failures: it is past, or will be tried afresh."""
        del self._failures[_id(record)]
        self._suspects.discard(_id(record))

    def succeeded(self, batch: Iterable[ConsumerRecord]) -> None:
        """Note a committed batch: dependencies are up, and its records have not failed."""
        self.retries, self.failing_since_s = 0, None
        if self._suspects:
            for record in batch:
                self.clear(record)

    def dependency_failed(self, now_s: float) -> float:
        """Note a failure of Kafka or the database; return when the outage began."""
        self.retries += 1
        if self.failing_since_s is None:
            self.failing_since_s = now_s
        return self.failing_since_s

    @property
    def delay_s(self) -> float:
        """The pause before the next attempt, after a failure of Kafka or the database."""
        doublings = min(self.retries - 1, DOUBLINGS_MAX)
        return min(RETRY_FIRST_S * float(2**doublings), RETRY_MAX_S)

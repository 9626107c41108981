"""Failures of a partition task: the records suspected, their counts, and the outage so far."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from math import inf
from typing import Final

from aiokafka.structs import ConsumerRecord

RETRY_FIRST_S: Final = 0.5
RETRY_MAX_S: Final = 10.0
"""The back-off between two attempts: doubled each time, up to the second."""

DOUBLINGS_MAX: Final = 10

TAKEN_MAX: Final = 3
"""The most times in a row that a partition is taken from its owner: a process that was frozen, and
whose group has not said yet that it lost it, does so once or twice."""

IN_A_ROW_SESSIONS: Final = 5
"""The number of session timeouts between two such times that are in a row; more where nothing was
committed in between, as where a large state takes longer to be read."""


class Bug(Exception):
    """Our own code failed, at `record` where that is known."""

    def __init__(self, record: ConsumerRecord | None) -> None:
        super().__init__(record)
        self.record = record


class GaveUp(Exception):
    """Kafka or the database was down for longer than this worker waits."""


RecordId = tuple[str, int]
"""The topic and offset of a record of the task's partition."""


def _id(record: ConsumerRecord) -> RecordId:
    return record.topic, record.offset


@dataclass(slots=True)
class FailureTracker:
    """Failures of one partition since its last success."""

    retries: int = 0
    failing_since_s: float | None = None
    _taken: int = 0
    _taken_s: float = -inf
    _worked: bool = True
    """True once something was committed since the partition was last taken."""
    _failures: Counter[RecordId] = field(default_factory=Counter)
    _suspects: set[RecordId] = field(default_factory=set)

    def batch_size(self, records: Sequence[ConsumerRecord]) -> int:
        """Return how many of these records, the first ones, the next transaction takes.

        All of them where nothing failed. A record that failed goes alone, after all before it. Of a
        batch whose commit failed, half: so the record that fails is found in steps, not one by one.
        """
        if not self._suspects and not self._failures:
            return len(records)
        failed, suspected = grade = self._grade(records[0])
        if failed:
            return 1
        size = sum(1 for _ in takewhile(lambda record: self._grade(record) == grade, records))
        return (size + 1) // 2 if suspected else size

    def _grade(self, record: ConsumerRecord) -> tuple[bool, bool]:
        """Return if a record failed, and if it is suspected."""
        return _id(record) in self._failures, _id(record) in self._suspects

    def suspect(self, batch: Iterable[ConsumerRecord]) -> None:
        """Suspect these records and no others: their commit failed, because of one of them."""
        self._suspects = set(map(_id, batch))

    def count(self, record: ConsumerRecord) -> int:
        """Count one more failure of a record; return how many that makes."""
        self._failures[_id(record)] += 1
        return self._failures[_id(record)]

    def clear(self, record: ConsumerRecord) -> None:
        """Drop a record's failures: it is past, or will be tried afresh."""
        del self._failures[_id(record)]
        self._suspects.discard(_id(record))

    def note_success(self, batch: Iterable[ConsumerRecord]) -> None:
        """Note a committed batch: dependencies are up, and its records have not failed."""
        self.retries, self.failing_since_s, self._worked = 0, None, True
        if self._suspects or self._failures:
            for record in batch:
                self.clear(record)

    def dependency_failed(self, now_s: float) -> float:
        """Note a failure of Kafka or the database; return when the outage began."""
        self.retries += 1
        if self.failing_since_s is None:
            self.failing_since_s = now_s
        return self.failing_since_s

    def count_taken(self, now_s: float, session_s: float) -> int:
        """Count one more time that another process took our partition; return how many in a row."""
        soon = now_s - self._taken_s < IN_A_ROW_SESSIONS * session_s
        self._taken = self._taken + 1 if soon or not self._worked else 1
        self._taken_s, self._worked = now_s, False
        return self._taken

    @property
    def delay_s(self) -> float:
        """The pause before the next attempt, after a failure of Kafka or the database."""
        doublings = min(self.retries - 1, DOUBLINGS_MAX)
        return min(RETRY_FIRST_S * float(2**doublings), RETRY_MAX_S)

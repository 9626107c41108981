"""What a partition task remembers of its failures: which record, how often, since when."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from aiokafka.structs import ConsumerRecord


class Bug(Exception):
    """Our own code failed, at `record` where that is known."""

    def __init__(self, record: ConsumerRecord | None) -> None:
        super().__init__(record)
        self.record = record


class Spot(NamedTuple):
    """A record's place in a source."""

    topic: str
    offset: int


@dataclass(slots=True)
class Trouble:
    """Failures of one partition, until it gets past them."""

    retries: int = 0
    failing_since_s: float | None = None
    _failures: dict[Spot, int] = field(default_factory=dict)
    _one_by_one_until: dict[str, int] = field(default_factory=dict)

    def is_near(self, topic: str, offset: int) -> bool:
        """Whether a record stands in a batch that failed: there they go one by one."""
        return offset < self._one_by_one_until.get(topic, 0)

    def note(self, batch: Iterable[ConsumerRecord]) -> None:
        """This batch failed: once more, record by record, so that the guilty one stands alone."""
        for record in batch:
            until = self._one_by_one_until.get(record.topic, 0)
            self._one_by_one_until[record.topic] = max(until, record.offset + 1)

    def count(self, record: ConsumerRecord) -> int:
        """How often this record has failed, this time included."""
        spot = Spot(record.topic, record.offset)
        self._failures[spot] = self._failures.get(spot, 0) + 1
        return self._failures[spot]

    def forget(self, record: ConsumerRecord) -> None:
        """The record is out of the way, or will be tried afresh."""
        self._failures.pop(Spot(record.topic, record.offset), None)

    def passed(self, batch: Iterable[ConsumerRecord]) -> None:
        """This batch is committed: the world works, and its records are no trouble."""
        self.retries, self.failing_since_s = 0, None
        if self._failures:
            for record in batch:
                self.forget(record)

    def fails(self, now_s: float) -> float:
        """The world failed once more; since when it does without a success in between."""
        self.retries += 1
        if self.failing_since_s is None:
            self.failing_since_s = now_s
        return self.failing_since_s

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
    _suspects: set[Spot] = field(default_factory=set)

    def suspects(self, record: ConsumerRecord) -> bool:
        """Whether a record may be the one that failed: it is taken alone."""
        return Spot(record.topic, record.offset) in self._suspects

    def note(self, records: Iterable[ConsumerRecord]) -> None:
        """One of these failed: once more, each alone, so that the guilty one is known."""
        self._suspects.update(Spot(record.topic, record.offset) for record in records)

    def count(self, record: ConsumerRecord) -> int:
        """How often this record has failed, this time included."""
        spot = Spot(record.topic, record.offset)
        self._failures[spot] = self._failures.get(spot, 0) + 1
        return self._failures[spot]

    def forget(self, record: ConsumerRecord) -> None:
        """The record is out of the way, or will be tried afresh."""
        spot = Spot(record.topic, record.offset)
        self._failures.pop(spot, None)
        self._suspects.discard(spot)

    def passed(self, batch: Iterable[ConsumerRecord]) -> None:
        """This batch is committed: the world works, and its records are no trouble."""
        self.retries, self.failing_since_s = 0, None
        if self._suspects:
            for record in batch:
                self.forget(record)

    def fails(self, now_s: float) -> float:
        """The world failed once more; since when it does without a success in between."""
        self.retries += 1
        if self.failing_since_s is None:
            self.failing_since_s = now_s
        return self.failing_since_s

"""Status metadata of the workers: latencies of their stages, and records without an outcome.

Workers commit a status about once a second; it describes the last record of their last
transaction. One latency is taken of each status that covers new records: a sample of all records,
spread evenly over the time in which anything is done. The first status of a partition may be of
any age, and only begins the count.
"""

from collections.abc import Mapping
from typing import Final

from events.lag import LEDGER_STAGE, PROJECTOR_STAGE
from events.topics import EVENTS, Place
from services.lag.judge.model import Consumer, Sample
from services.runtime.processing.offset_metadata import Status
from services.watch.tables.latencies import Latencies, Step

ARRIVALS: Final[Mapping[str, Step]] = {EVENTS: Step.BROKER}
"""Input topics whose arrivals are timed: deadline events bear the time of their subject."""

HANDLINGS: Final[Mapping[str, Step]] = {
    LEDGER_STAGE: Step.DECIDED,
    PROJECTOR_STAGE: Step.PROJECTED,
}


class StatusSamples:
    """The last status of each partition of each group."""

    def __init__(self, latencies: Latencies) -> None:
        self._latencies = latencies
        self._statuses: dict[Consumer, dict[Place, Status | None]] = {}

    def add(self, consumer: Consumer, samples: Mapping[Place, Sample], now_s: float) -> None:
        """Take note of the statuses in a sample of one group."""
        before = self._statuses.get(consumer, {})
        for place, sample in samples.items():
            last = before.get(place)
            if sample.status is not None and last is not None and _is_new(sample.status, last):
                self._time(consumer.stage, place.topic, sample.status, now_s)
        self._statuses[consumer] = {place: sample.status for place, sample in samples.items()}

    def gap(self, consumer: Consumer) -> int | None:
        """Records that a group has read and not accounted for; None where a status is missing."""
        statuses = self._statuses.get(consumer)
        if not statuses:
            return None
        gap = 0
        for status in statuses.values():
            if status is None or status.outcomes is None:
                return None
            gap += status.taken - status.outcomes
        return gap

    def _time(self, stage: str, topic: str, status: Status, now_s: float) -> None:
        timed = (
            (ARRIVALS.get(topic), status.arrival_s),
            (HANDLINGS.get(stage), status.handling_s),
        )
        for step, took_s in timed:
            if step is not None and took_s is not None:
                self._latencies.observe(step, took_s, status.at_s, now_s)


def _is_new(status: Status, last: Status) -> bool:
    """True if a status covers records that the last one did not."""
    return status.taken > 0 and status.taken != last.taken

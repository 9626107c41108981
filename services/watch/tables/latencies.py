"""Latencies of each step over the last hour, and the time until the treasury answers.

Every figure is counted in a bucket that is 4 % wide, minute by minute. So a percentile is right to
2 %, the greatest is exact, and an hour takes a few hundred numbers a minute and step at most.
"""

import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from enum import StrEnum
from typing import Final

from events.journal import Record
from events.lag import LEDGER_STAGE, PROJECTOR_STAGE, Latency
from events.topics import EVENTS, Place
from services.lag.judge.model import Consumer, Sample
from services.runtime.processing.status import Status
from services.watch.tables.outcomes import event_s_of
from services.watch.tables.partitions import only

MINUTE_S: Final = 60
MINUTES: Final = 60
"""The minutes of the last hour, the current one included."""

WIDTH: Final = 1.04
"""The ratio between the bounds of a bucket."""

SHORTEST_S: Final = 0.001
"""The bound of the first bucket: Kafka's timestamps are milliseconds."""

BOUNDS_S: Final = (
    *(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0),
    *(1_800.0, 7_200.0, 43_200.0, 86_400.0, 432_000.0, 2_592_000.0),
)
"""The buckets of the Prometheus histogram: from a transaction to a month."""

_LOG_WIDTH: Final = math.log(WIDTH)


class Step(StrEnum):
    """The steps of an event through the services, in order."""

    BROKER = "broker"
    """From its event time until Kafka had it."""
    DECIDED = "decided"
    """From there until the ledger's transaction had ended."""
    PUBLISHED = "published"
    """From its record in the journal until a reader of committed records, the watch, saw it."""
    PROJECTED = "projected"
    """From its record in the journal until it was in the read model."""
    TREASURY = "treasury"
    """From the issue of a payment order until the treasury answered, in event time."""


class _Minute:
    """One minute of one step."""

    __slots__ = ("buckets", "max_s")

    def __init__(self) -> None:
        self.buckets: Counter[int] = Counter()
        self.max_s = 0.0


class _StepCounts:
    """One step."""

    def __init__(self) -> None:
        self.minutes: dict[int, _Minute] = {}
        self.counts = [0] * (len(BOUNDS_S) + 1)
        self.sum_s = 0.0


class Latencies:
    """The latencies of all steps."""

    def __init__(self) -> None:
        self._steps = {step: _StepCounts() for step in Step}

    def observe(self, step: Step, took_s: float, at_s: float, now_s: float) -> None:
        """Count a step that took `took_s` and ended at `at_s`, if within the last hour.

        A negative duration, by clocks that differ, counts as 0.
        """
        minute = int(min(at_s, now_s) // MINUTE_S)
        oldest = int(now_s // MINUTE_S) - MINUTES
        if minute <= oldest:
            return
        counted, took_s = self._steps[step], max(took_s, 0.0)
        kept = counted.minutes.get(minute)
        if kept is None:
            counted.minutes = {
                each: counted.minutes[each] for each in counted.minutes if each > oldest
            }
            kept = counted.minutes[minute] = _Minute()
        kept.buckets[_bucket_of(took_s)] += 1
        kept.max_s = max(kept.max_s, took_s)
        counted.counts[bisect_left(BOUNDS_S, took_s)] += 1
        counted.sum_s += took_s

    def list_last_hour(self, now_s: float) -> list[Latency]:
        """The latencies of the last hour, in the order of the steps."""
        oldest = int(now_s // MINUTE_S) - MINUTES
        return [_latency(step, counted, oldest) for step, counted in self._steps.items()]

    def totals(self) -> list[tuple[Step, Sequence[int], float]]:
        """By step, latencies since the start: the count in each bucket, then their sum."""
        return [(step, counted.counts, counted.sum_s) for step, counted in self._steps.items()]


def _bucket_of(took_s: float) -> int:
    if took_s <= SHORTEST_S:
        return 0
    return math.ceil(math.log(took_s / SHORTEST_S) / _LOG_WIDTH)


def _latency(step: Step, counted: _StepCounts, oldest: int) -> Latency:
    buckets: Counter[int] = Counter()
    max_s = 0.0
    for minute, each in counted.minutes.items():
        if minute > oldest:
            buckets.update(each.buckets)
            max_s = max(max_s, each.max_s)
    count = buckets.total()
    if not count:
        return Latency(step, 0)
    p50_s, p95_s = (_percentile(buckets, math.ceil(count * each / 100)) for each in (50, 95))
    return Latency(step, count, min(p50_s, max_s), min(p95_s, max_s), max_s)


def _percentile(buckets: Counter[int], rank: int) -> float:
    """The middle of the bucket that holds the figure of this rank, counted from 1."""
    for number in sorted(buckets):  # pragma: no branch # a rank is no more than there are
        rank -= buckets[number]
        if rank <= 0:
            break
    return SHORTEST_S * WIDTH ** (number - 0.5) if number else SHORTEST_S


ISSUED: Final = "issued"
CANCELLED: Final = "cancelled"
"""The states of an order that are no answer: all others come of the accountant or a payment."""


class UnansweredOrders:
    """Payment orders without an answer of the treasury, each with the time of its issue."""

    def __init__(self) -> None:
        self._since_s: dict[int, dict[tuple[str, str], float]] = {}

    def keep_only(self, numbers: Collection[int]) -> None:
        """Drop the partitions that others read from now on."""
        self._since_s = only(numbers, self._since_s)

    def take_answered(self, number: int, record: Record) -> list[float]:
        """The waits of the orders that this record of the journal answers, in seconds."""
        # Most records have no orders: their time is not even read.
        if not record.payment_orders or (event_s := event_s_of(record)) is None:
            return []
        waiting, waited = self._since_s.setdefault(number, {}), list[float]()
        for order in record.payment_orders:
            name = (record.budget, order.payment_order)
            if order.state == ISSUED and not order.paid_cents:
                waiting.setdefault(name, event_s)
                continue
            since_s = waiting.pop(name, None)
            if since_s is not None and order.state != CANCELLED:
                waited.append(event_s - since_s)
        return waited


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

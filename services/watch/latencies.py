"""How long each step took over the last hour, and how long the treasury takes to answer. Pure.

Nothing is sampled away: every figure is counted in a class that is 4 % wide, minute by minute. So
a percentile is right to 2 %, the greatest is exact, and an hour takes no more room than its classes
however much passes: at most a few hundred numbers a minute and step.
"""

import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple

from events.journal import Record
from services.watch.outcomes import event_time_s

MINUTE_S: Final = 60
MINUTES: Final = 60
"""The last hour is the minute that runs, and this many less one before it."""

WIDTH: Final = 1.04
"""How much longer the longest of a class is than the shortest."""

SHORTEST_S: Final = 0.001
"""What is shorter is of one class: Kafka's timestamps are milliseconds."""

BOUNDS_S: Final = (
    *(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0),
    *(1_800.0, 7_200.0, 43_200.0, 86_400.0, 432_000.0, 2_592_000.0),
)
"""The classes that Prometheus sees: from a transaction to a month."""

_LOG_WIDTH: Final = math.log(WIDTH)


class Step(StrEnum):
    """A step of an event's way, in the order of the way."""

    BROKER = "broker"
    """From its event time until Kafka had it."""
    DECIDED = "decided"
    """From there until the ledger's transaction had ended."""
    PUBLISHED = "published"
    """From its record in the journal until a reader of committed records saw it: this one."""
    PROJECTED = "projected"
    """From its record in the journal until it stood in the read model."""
    TREASURY = "treasury"
    """From the issue of a payment order until the treasury answered, in event time."""


@dataclass(frozen=True, slots=True)
class Latency:
    """One step over the last hour; None where nothing passed, or nobody knows."""

    step: Step
    count: int | None
    p50_s: float | None
    p95_s: float | None
    max_s: float | None


class Total(NamedTuple):
    """One step since the start, as a histogram of Prometheus."""

    step: Step
    counts: tuple[int, ...]
    """How many fell into each class of `BOUNDS_S`, and beyond the last."""
    sum_s: float


class _Minute:
    """One minute of one step."""

    __slots__ = ("classes", "max_s")

    def __init__(self) -> None:
        self.classes: Counter[int] = Counter()
        self.max_s = 0.0


class _Tally:
    """One step."""

    def __init__(self) -> None:
        self.minutes: dict[int, _Minute] = {}
        self.counts = [0] * (len(BOUNDS_S) + 1)
        self.sum_s = 0.0


class Latencies:
    """The steps, each with its last hour."""

    def __init__(self) -> None:
        self._tallies = {step: _Tally() for step in Step}

    def observe(self, step: Step, took_s: float, at_s: float, now_s: float) -> None:
        """Count what took `took_s` and ended at `at_s`, unless that is more than an hour ago.

        What ended before it began, by clocks that differ, took no time.
        """
        minute = int(min(at_s, now_s) // MINUTE_S)
        oldest = int(now_s // MINUTE_S) - MINUTES
        if minute <= oldest:
            return
        tally, took_s = self._tallies[step], max(took_s, 0.0)
        kept = tally.minutes.get(minute)
        if kept is None:
            tally.minutes = {each: tally.minutes[each] for each in tally.minutes if each > oldest}
            kept = tally.minutes[minute] = _Minute()
        kept.classes[_class_of(took_s)] += 1
        kept.max_s = max(kept.max_s, took_s)
        tally.counts[bisect_left(BOUNDS_S, took_s)] += 1
        tally.sum_s += took_s

    def of_the_last_hour(self, now_s: float) -> list[Latency]:
        """Every step, in the order of the way."""
        oldest = int(now_s // MINUTE_S) - MINUTES
        return [_latency(step, tally, oldest) for step, tally in self._tallies.items()]

    def totals(self) -> list[Total]:
        """Every step since the start."""
        return [
            Total(step, tuple(tally.counts), tally.sum_s) for step, tally in self._tallies.items()
        ]


def _class_of(took_s: float) -> int:
    if took_s <= SHORTEST_S:
        return 0
    return math.ceil(math.log(took_s / SHORTEST_S) / _LOG_WIDTH)


def _latency(step: Step, tally: _Tally, oldest: int) -> Latency:
    classes: Counter[int] = Counter()
    max_s = 0.0
    for minute, each in tally.minutes.items():
        if minute > oldest:
            classes.update(each.classes)
            max_s = max(max_s, each.max_s)
    count = classes.total()
    if not count:
        return Latency(step, 0, None, None, None)
    p50_s, p95_s = (_percentile(classes, math.ceil(count * each / 100)) for each in (50, 95))
    return Latency(step, count, min(p50_s, max_s), min(p95_s, max_s), max_s)


def _percentile(classes: Counter[int], rank: int) -> float:
    """The middle of the class that holds the figure of this rank, counted from 1."""
    for number in sorted(classes):  # pragma: no branch # a rank is no more than there are
        rank -= classes[number]
        if rank <= 0:
            break
    return SHORTEST_S * WIDTH ** (number - 0.5) if number else SHORTEST_S


ISSUED: Final = "issued"
CANCELLED: Final = "cancelled"
"""The two states of an order that are no answer: all others the accountant or a payment brings."""


class Issued:
    """The payment orders that nobody has answered yet, each with the time of its issue."""

    def __init__(self) -> None:
        self._since_s: dict[int, dict[tuple[str, str], float]] = {}

    def keep_only(self, numbers: Collection[int]) -> None:
        """Forget what others read from now on."""
        self._since_s = {
            number: each for number, each in self._since_s.items() if number in numbers
        }

    def answered_by(self, number: int, record: Record) -> list[float]:
        """How long each order waited that this record of the journal answers, in seconds."""
        # Most records have no orders: their time is not even read.
        if not record.payment_orders or (event_s := event_time_s(record)) is None:
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

"""The window of samples by which the rules judge a partition, and the pace of its lag."""

import math
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from itertools import islice, takewhile
from statistics import fmean, linear_regression
from typing import Final, NamedTuple

from services.lag.judge.model import Sample, Trend

GAP_S: Final = 10.0
"""The longest gap between two samples: across a longer one a consumer may have done anything."""

TAIL_S: Final = 62.0
"""The length of the tail: the longest span of a rule or trend is a minute."""


class Window:
    """The samples of one partition, at a moment.

    Only the samples without a gap up to the last one are evidence: the tail. While the cluster is
    away, for instance, nobody can read. And of the tail only the samples since something moved: a
    lag that was 0 once hides nothing that came later.
    """

    def __init__(
        self, samples: Sequence[Sample], now_s: float, *, begun_s: float, silent: bool
    ) -> None:
        """A window over these samples.

        Args:
            samples: the oldest first, at least one, each later than the one before.
            now_s: the present.
            begun_s: when the last run of samples began in which the cluster answered each time.
            silent: whether the cluster did not answer when it was asked last.
        """
        self.samples: Final = samples
        self.silent: Final = silent
        self.last: Final = samples[-1]
        self.age_s: Final = abs(now_s - self.last.at_s)
        self._begun_s = begun_s

    @cached_property
    def tail(self) -> list[Sample]:
        """The last samples without a gap, oldest first, with known offset and end."""
        found: list[Sample] = []
        for sample in reversed(self.samples):
            after = found[-1] if found else sample
            if (
                sample.left is None
                or sample.at_s < self._begun_s
                or after.at_s - sample.at_s > GAP_S
                or self.last.at_s - sample.at_s > TAIL_S
            ):
                break
            found.append(sample)
        return found[::-1]

    @property
    def previous(self) -> Sample | None:
        """The sample before the last, if there was no gap."""
        return self.tail[-2] if len(self.tail) > 1 else None

    @cached_property
    def stalled_s(self) -> float:
        """Time for which nothing new was committed while there was something to read."""
        return self._measure_s(
            lambda sample: bool(sample.left) and sample.committed == self.last.committed
        )

    @cached_property
    def has_moved(self) -> bool:
        """True if the tail shows progress: a new committed offset, or nothing left."""
        return any(
            sample.left == 0 or sample.committed != self.last.committed for sample in self.tail
        )

    @property
    def ends_alike_s(self) -> float:
        """Time without arrivals, as far back as the tail goes."""
        return self._measure_s(lambda sample: sample.end == self.last.end)

    @property
    def ownerless_samples(self) -> int:
        """The number of last samples without owner, while the group is not rebalancing.

        And while nobody commits: a consumer that does is at work, whatever the group reports.
        """
        return sum(1 for _ in takewhile(self._is_ownerless, self._back()))

    @property
    def ownerless_s(self) -> float:
        """The time for which these samples show it."""
        return self._measure_s(self._is_ownerless)

    @property
    def has_lost_its_owner(self) -> bool:
        """True if the last sample is the first without owner."""
        previous = self.previous
        if previous is None or self.ownerless_samples != 1:
            return False
        return previous.owner is not None or previous.rebalancing

    @property
    def silent_s(self) -> float:
        """Time since the worker's last status, by the watch's own clock; 0 without any."""
        status = self.last.status
        if status is None:
            return 0.0
        return self._measure_s(
            lambda sample: sample.status is not None and sample.status.at_s == status.at_s
        )

    def list_since(self, ago_s: float) -> list[Sample]:
        """The samples of the tail from the last one that is at least so old; empty without any."""
        begin = next(
            (n for n, each in enumerate(self._back()) if self.last.at_s - each.at_s >= ago_s), None
        )
        return [] if begin is None else self.tail[-1 - begin :]

    @property
    def highest_before(self) -> int | None:
        """The highest committed offset of all samples before the last two."""
        before = islice(self.samples, max(0, len(self.samples) - 2))
        offsets = [each.committed for each in before if each.committed is not None]
        return max(offsets, default=None)

    @property
    def watched_s(self) -> float:
        """Time for which it has been sampled, as far as samples are kept."""
        return self.last.at_s - self.samples[0].at_s

    @property
    def quiet_s(self) -> float:
        """Time without arrivals, as far back as the samples go."""
        since_s, end = self.last.at_s, self.last.end
        for sample in reversed(self.samples):
            if sample.end is not None:
                if sample.end != end:
                    break
                since_s = sample.at_s
        return self.last.at_s - since_s

    def _is_ownerless(self, sample: Sample) -> bool:
        is_free = sample.owner is None and not sample.rebalancing
        return is_free and sample.committed == self.last.committed

    def _back(self) -> Iterator[Sample]:
        return reversed(self.tail)

    def _measure_s(self, is_so: Callable[[Sample], bool]) -> float:
        """Time for which the condition has held at each sample of the tail, up to the last."""
        *_, earliest = (self.last, *takewhile(is_so, self._back()))
        return self.last.at_s - earliest.at_s


TREND_S: Final = 60.0
"""The span of a trend: slow growth, a record now and then, shows in no shorter one."""

TREND_QUICK_S: Final = 10.0
"""The span of a trend that has changed since: after a burst, an arrow that still points up would
contradict the time to drain beside it."""

TREND_LEAST_S: Final = 4.0
"""The shortest span of a trend: three samples."""

LEVEL_SHARE: Final = 0.1
"""A change by less than a tenth is level."""

LEVEL_S: Final = 2.0
"""So is a change by less than the arrivals between two samples: offsets and ends are not asked for
in the same instant, and some workers commit once a second."""

DRAIN_S: Final = 30.0
"""The span of the pace by which the time to drain is computed: in a shorter one, one slow
transaction would show; in a longer one, a burst would be over before the figure is right."""

DRAIN_LEAST_S: Final = 4.0
"""The shortest such span, three samples: workers commit once a second, half of a sample's span."""


class Point(NamedTuple):
    """The offsets left, and the end of the partition, at one moment."""

    at_s: float
    left: int
    end: int


def points(samples: Sequence[Sample], span_s: float) -> list[Point]:
    """The points of the last `span_s` seconds of some samples."""
    return [
        Point(sample.at_s, sample.left, sample.end)
        for sample in samples
        if sample.left is not None
        and sample.end is not None
        and samples[-1].at_s - sample.at_s <= span_s
    ]


def _arrivals(seen: Sequence[Point]) -> float:
    """Average arrivals between two samples; of at least two points, some time apart."""
    first, last = seen[0], seen[-1]
    return (last.end - first.end) / (last.at_s - first.at_s) * LEVEL_S


def is_shrinking(samples: Sequence[Sample]) -> bool:
    """True if any of these samples has much less left than the first of them."""
    seen = points(samples, math.inf)
    return len(seen) > 1 and min(each.left for each in seen) < seen[0].left - _arrivals(seen)


def trend_of(samples: Sequence[Sample]) -> Trend | None:
    """The trend; None where the samples are too few."""
    quick = _trend(points(samples, TREND_QUICK_S))
    return _trend(points(samples, TREND_S)) if quick == "level" else quick


def _trend(seen: Sequence[Point]) -> Trend | None:
    """The first third compared with the last."""
    span_s = seen[-1].at_s - seen[0].at_s if seen else 0.0
    if span_s < TREND_LEAST_S:
        return None
    before = fmean(each.left for each in seen if each.at_s - seen[0].at_s <= span_s / 3)
    after = fmean(each.left for each in seen if seen[-1].at_s - each.at_s <= span_s / 3)
    if abs(after - before) <= max(LEVEL_SHARE * max(before, after), _arrivals(seen)):
        return "level"
    return "up" if after > before else "down"


def drain_s(samples: Sequence[Sample]) -> float | None:
    """The time to drain, at the pace since the peak; None where the backlog does not shrink."""
    seen = points(samples, DRAIN_S)
    most = max((each.left for each in seen), default=0)
    peak = max((number for number, each in enumerate(seen) if each.left == most), default=0)
    falling = seen[peak:]
    if not falling or falling[-1].at_s - falling[0].at_s < DRAIN_LEAST_S:
        return None
    began_s = falling[0].at_s
    slope, _ = linear_regression(
        [each.at_s - began_s for each in falling], [each.left for each in falling]
    )
    left = falling[-1].left
    return left / -slope if left > 0 > slope else None

"""Pace of a lag: its trend, and the time to drain."""

import math
from collections.abc import Sequence
from statistics import fmean, linear_regression
from typing import Final, NamedTuple

from services.lag.judge.model import Sample, Trend

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

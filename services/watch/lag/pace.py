"""At what pace a lag grows or falls: its trend, and how long it will take to be gone. Pure."""

import math
from collections.abc import Sequence
from statistics import fmean, linear_regression
from typing import Final, NamedTuple

from services.watch.lag.model import Look, Trend

TREND_S: Final = 60.0
"""A trend is that of the last minute: what grows by a record now and then shows in no less."""

TREND_QUICK_S: Final = 10.0
"""Where it has turned in between, that of the last ten seconds: when a burst is over, the arrow
that still points up would deny the time to drain beside it."""

TREND_LEAST_S: Final = 4.0
"""Of less than three looks there is no trend."""

LEVEL_SHARE: Final = 0.1
"""What changes by less than a tenth is level."""

LEVEL_S: Final = 2.0
"""And so is what changes by less than what comes between two looks: offsets and ends are not asked
for in the same instant, and some workers commit once a second."""

DRAIN_S: Final = 30.0
"""A promise is made of the last half minute: of less, one slow transaction would be felt; of more,
a burst would long be over before it is right."""

DRAIN_LEAST_S: Final = 4.0
"""Three looks: between two, the second at which a worker tells its place is half of the pace."""


class Point(NamedTuple):
    """How much was left, and where the partition ended."""

    at_s: float
    left: int
    end: int


def points(looks: Sequence[Look], span_s: float) -> list[Point]:
    """What looks show of the pace, over the last seconds before the last of them."""
    return [
        Point(look.at_s, look.left, look.end)
        for look in looks
        if look.left is not None and look.end is not None and looks[-1].at_s - look.at_s <= span_s
    ]


def _came(seen: Sequence[Point]) -> float:
    """How much came in between two looks, on average; at least two points, some time apart."""
    first, last = seen[0], seen[-1]
    return (last.end - first.end) / (last.at_s - first.at_s) * LEVEL_S


def gets_less(looks: Sequence[Look]) -> bool:
    """Whether at any of these looks much less was left than at the first of them."""
    seen = points(looks, math.inf)
    return len(seen) > 1 and min(each.left for each in seen) < seen[0].left - _came(seen)


def trend_of(looks: Sequence[Look]) -> Trend | None:
    """Which way it goes; None where too little was seen."""
    quickly = _trend(points(looks, TREND_QUICK_S))
    return _trend(points(looks, TREND_S)) if quickly == "level" else quickly


def _trend(seen: Sequence[Point]) -> Trend | None:
    """The first third against the last."""
    span_s = seen[-1].at_s - seen[0].at_s if seen else 0.0
    if span_s < TREND_LEAST_S:
        return None
    before = fmean(each.left for each in seen if each.at_s - seen[0].at_s <= span_s / 3)
    after = fmean(each.left for each in seen if seen[-1].at_s - each.at_s <= span_s / 3)
    if abs(after - before) <= max(LEVEL_SHARE * max(before, after), _came(seen)):
        return "level"
    return "up" if after > before else "down"


def drain_s(looks: Sequence[Look]) -> float | None:
    """How long what is left will take, at the pace since there was most; None: it does not fall."""
    seen = points(looks, DRAIN_S)
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

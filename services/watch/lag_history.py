"""The last hour of the lag document: a point every ten seconds, for charts."""

from collections import deque
from collections.abc import Mapping
from typing import Final, NamedTuple

from events.lag import POINT_S, POINTS


class StagePoint(NamedTuple):
    """One stage at one moment; None is an unknown figure."""

    behind: int | None
    late_s: float | None


NOT_KNOWN: Final = StagePoint(None, None)


class Point(NamedTuple):
    """One moment: its time in seconds since 1970, the stages by name, waiting payment orders."""

    at_s: float
    stages: Mapping[str, StagePoint]
    orders: int | None


class LagHistory:
    """The points of the last hour, the oldest first."""

    def __init__(self) -> None:
        self._points: deque[Point] = deque(maxlen=POINTS)

    def add(self, point: Point) -> None:
        """Add a point, and fill missed points before it with unknown ones."""
        if self._points:
            last = self._points[-1]
            missing = min(round((point.at_s - last.at_s) / POINT_S) - 1, POINTS)
            for number in range(1, missing + 1):
                self._points.append(Point(last.at_s + number * POINT_S, {}, None))
        self._points.append(point)

    @property
    def points(self) -> tuple[Point, ...]:
        """The points, the oldest first."""
        return tuple(self._points)

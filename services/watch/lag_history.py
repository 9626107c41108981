"""The last hour of the board: a point every ten seconds, as its charts draw it. Pure."""

from collections import deque
from collections.abc import Mapping
from typing import Final, NamedTuple

EVERY_S: Final = 10.0
KEPT: Final = 360
"""An hour of points."""


class Standing(NamedTuple):
    """How a stage stood at one moment; None where nobody knew."""

    behind: int | None
    late_s: float | None


NOT_KNOWN: Final = Standing(None, None)


class Point(NamedTuple):
    """One moment: its time in seconds since 1970, the stages by name, and orders that waited."""

    at_s: float
    stages: Mapping[str, Standing]
    orders: int | None


class Past:
    """The points of the last hour, the oldest first."""

    def __init__(self) -> None:
        self._points: deque[Point] = deque(maxlen=KEPT)

    def add(self, point: Point) -> None:
        """Note a point. Where some are missing before it, it is known that nothing is known."""
        if self._points:
            last = self._points[-1]
            missing = min(round((point.at_s - last.at_s) / EVERY_S) - 1, KEPT)
            for number in range(1, missing + 1):
                self._points.append(Point(last.at_s + number * EVERY_S, {}, None))
        self._points.append(point)

    @property
    def points(self) -> tuple[Point, ...]:
        """The points, the oldest first."""
        return tuple(self._points)

"""The last hour of the lag document: a point every ten seconds, for charts."""

from collections import deque
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from events.lag import POINT_S, POINTS, VERSION, Board, History, StageHistory
from services.lag.judge.sums import late_s

INTERVAL: Final = timedelta(seconds=POINT_S)
UNKNOWN: Final = (None, None)


class _Point(NamedTuple):
    """A moment: the records behind and the lateness of each stage, and waiting payment orders."""

    at: datetime
    stages: Mapping[str, tuple[int | None, float | None]]
    orders: int | None


class LagHistory:
    """The points of the last hour, the oldest first."""

    def __init__(self) -> None:
        self._points: deque[_Point] = deque(maxlen=POINTS)

    def add(self, board: Board) -> None:
        """Add a point, and fill missed points before it with unknown ones."""
        if self._points:
            last = self._points[-1].at
            missing = min(round((board.at - last) / INTERVAL) - 1, POINTS)
            for number in range(1, missing + 1):
                self._points.append(_Point(last + number * INTERVAL, {}, None))
        stages = {each.stage: (each.behind, late_s(each, board.at)) for each in board.stages}
        orders = None if board.orders is None else board.orders.count
        self._points.append(_Point(board.at, stages, orders))

    def document(self, stages: Iterable[str], at: datetime) -> History:
        """The last hour of these stages."""
        points = self._points
        series = {name: [each.stages.get(name, UNKNOWN) for each in points] for name in stages}
        return History(
            VERSION,
            at,
            float(POINT_S),
            points[0].at if points else None,
            {
                name: StageHistory(
                    tuple(behind for behind, _ in known), tuple(late for _, late in known)
                )
                for name, known in series.items()
            },
            tuple(each.orders for each in points),
        )

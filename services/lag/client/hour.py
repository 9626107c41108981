"""The last hour of several watches: how late each stage was, how much waited before it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final, TypeVar

from events.lag import POINT_S, POINTS, History, StageHistory
from services.lag.judge.sums import total

LATE_MAX_S: Final = 60.0
"""How late the last point may be: many short delays add up to seconds, a stopped watch to more."""

N = TypeVar("N")


def last_hour(histories: Sequence[History | None], now: datetime) -> History | None:
    """The hour until now of several watches; None stands for a watch that does not answer.

    Each samples all consumers, so these come from the first that still adds points; without any,
    from the first. Orders are added up where all watches know them.
    """
    known = [each for each in histories if each is not None]
    if not known:
        return None
    late_max = timedelta(seconds=LATE_MAX_S)
    first = max(known, key=lambda each: now - _last_point(each) <= late_max)
    ended = _last_point(first)
    counts = [_until(each.orders, _last_point(each), now) for each in known]
    whole = len(known) == len(histories)
    return replace(
        first,
        at=now,
        since=now - timedelta(seconds=POINT_S * (POINTS - 1)),
        stages={
            name: StageHistory(_until(each.behind, ended, now), _until(each.late_s, ended, now))
            for name, each in first.stages.items()
        },
        orders=tuple(total(each) if whole else None for each in zip(*counts, strict=True)),
    )


def _last_point(history: History) -> datetime:
    """Time of the last point: a watch that adds none any more answers all the same."""
    if history.since is None:
        return history.at
    last = history.since + timedelta(seconds=POINT_S * (len(history.orders) - 1))
    late_s = (history.at - last).total_seconds()
    return last if late_s > LATE_MAX_S else history.at


def _until(series: Sequence[N | None], at: datetime, now: datetime) -> tuple[N | None, ...]:
    """The series as an hour that ends now: points that are missing since are unknown."""
    missed: int = min(POINTS, max(0, int((now - at).total_seconds()) // POINT_S))
    # An hour of unknown points precedes the series: what is older than an hour is cut off.
    found: list[N | None] = [*[None] * POINTS, *series, *[None] * missed]
    return tuple(found[-POINTS:])

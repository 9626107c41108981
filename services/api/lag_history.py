"""The last hour as the watch kept it: how late each stage was, how much waited before it. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, TypeVar

import msgspec

from services.api.lag_board import When, check_version
from services.api.lag_stages import total

POINTS: Final = 360
"""How many looks an hour has here: one every ten seconds."""

EVERY_S: Final = 3600 // POINTS
STANDS_STILL_S: Final = 60.0
"""A last look may be late by a little, and many little add up; by more than that it is old."""

N = TypeVar("N")


@dataclass(frozen=True, slots=True)
class StageHistory:
    """One stage over the hour, from its oldest look on; None where nobody knew."""

    behind: tuple[int | None, ...] = ()
    late_s: tuple[float | None, ...] = ()


@dataclass(frozen=True, slots=True)
class History:
    """Looks `every_s` apart, the last of them at `at`."""

    version: int
    at: When
    every_s: float
    since: When | None = None
    stages: Mapping[str, StageHistory] = field(default_factory=dict)
    orders: tuple[int | None, ...] = ()
    """How many payment orders waited."""


@dataclass(frozen=True, slots=True)
class Hour:
    """The hour until `ends`: `POINTS` looks of each series, `EVERY_S` apart."""

    ends: datetime
    stages: Mapping[str, StageHistory]
    orders: tuple[int | None, ...]


def read_history(raw: bytes) -> History:
    """The answer of a watch.

    Raises:
        ValueError: it is none, or one of another version, or of another rhythm.
    """
    history = msgspec.json.decode(raw, type=History)
    check_version(history.version)
    if history.every_s != EVERY_S:
        raise ValueError(f"a look every {history.every_s} s, and {EVERY_S} s are known here")
    return history


def the_hour(histories: Sequence[History | None], now: datetime) -> Hour | None:
    """The last hour of several watches; None is one that does not answer.

    Each sees all consumers, so those are told by the first whose looks go on; where none does, by
    the first. Orders are added up where all know them.
    """
    known = [each for each in histories if each is not None]
    if not known:
        return None
    still = timedelta(seconds=STANDS_STILL_S)
    first = max(known, key=lambda each: now - _last_look(each) <= still)
    ended = _last_look(first)
    counts = [_until(each.orders, _last_look(each), now) for each in known]
    whole = len(known) == len(histories)
    return Hour(
        now,
        {
            name: StageHistory(_until(each.behind, ended, now), _until(each.late_s, ended, now))
            for name, each in first.stages.items()
        },
        tuple(total(each) if whole else None for each in zip(*counts, strict=True)),
    )


def _last_look(history: History) -> datetime:
    """When the watch last looked: one whose looks stand still answers all the same."""
    if history.since is None:
        return history.at
    looked = history.since + timedelta(seconds=EVERY_S * (len(history.orders) - 1))
    late_s = (history.at - looked).total_seconds()
    return looked if late_s > STANDS_STILL_S else history.at


def _until(series: Sequence[N | None], at: datetime, now: datetime) -> tuple[N | None, ...]:
    """The series as an hour that ends now: what nobody looked at since is unknown."""
    missed: int = min(POINTS, max(0, int((now - at).total_seconds()) // EVERY_S))
    # The whole hour as unknown before what is known: what is older than it falls out.
    found: list[N | None] = [*[None] * POINTS, *series, *[None] * missed]
    return tuple(found[-POINTS:])

"""The only clock of the runtime and the watch, and the parsing of timestamps.

A worker's decisions never depend on it: only its status and its timings do. The watch uses it for
ages, deadlines and the last hour. It stands alone so that time enters at one place.
"""

import time
from collections.abc import Callable
from datetime import datetime

Clock = Callable[[], float]
"""Returns the time in seconds since 1970; tests set their own."""


def wall_clock() -> float:
    """Now, in seconds since 1970."""
    return time.time()  # noqa: TID251 # here it enters, and nowhere else


def seconds_of(text: str | None) -> float | None:
    """Parse an RFC 3339 timestamp, to seconds since 1970; None where it is none."""
    try:
        instant = datetime.fromisoformat((text or "").upper())
    except ValueError:
        return None
    return None if instant.tzinfo is None else instant.timestamp()


def later_s(one_s: float | None, other_s: float | None) -> float | None:
    """The later of two instants; the other one where one is None."""
    if one_s is None or other_s is None:
        return other_s if one_s is None else one_s
    return max(one_s, other_s)

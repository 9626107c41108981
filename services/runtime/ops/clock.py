"""The one place where time enters the runtime and the watch, and how times of others are read.

What a worker does never depends on it: only what it says of itself, and how long things took. The
watch goes by it: ages, deadlines, the last hour.
"""

import time
from collections.abc import Callable
from datetime import datetime

Clock = Callable[[], float]
"""What tells the time in seconds since 1970; a test turns one by hand."""


def wall_clock() -> float:
    """Now, in seconds since 1970."""
    return time.time()  # noqa: TID251 # here it enters, and nowhere else


def seconds_of(text: str | None) -> float | None:
    """The instant that RFC 3339 spells so, in seconds since 1970; None where it spells none."""
    try:
        said = datetime.fromisoformat((text or "").upper())
    except ValueError:
        return None
    return None if said.tzinfo is None else said.timestamp()


def later_s(one_s: float | None, other_s: float | None) -> float | None:
    """The later of two instants; of one that nobody knows, the other."""
    if one_s is None or other_s is None:
        return other_s if one_s is None else one_s
    return max(one_s, other_s)

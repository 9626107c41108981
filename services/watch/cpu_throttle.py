"""CPU throttle of the watch: while the ledger works off a backlog, it takes part of one core.

Both often run on one machine, and monitoring must not slow down the ledger. The watch falls behind
meanwhile, reports by how much, and catches up afterwards. Positions of the groups stay known all
the time, since they are asked for and need no reading. A module apart from the process: here is
neither clock nor I/O.
"""

from collections.abc import Mapping
from typing import Final

from events.topics import Place
from services.lag.judge.model import Sample

BACKLOG: Final = 5_000
"""Records before the ledger from which on the watch is throttled: half a second of the ledger's
work at its peak. The arrivals of a normal day never leave so many."""

MOVED_S: Final = 10.0
"""Time for which the ledger counts as working after its offsets moved: a ledger that is held or
stopped needs no processor. Its workers commit their status at least every five seconds."""

PAUSE_MAX_S: Final = 0.5
"""The longest pause: the end of the backlog is noticed as soon."""


class CpuThrottle:
    """Pauses of the watch."""

    def __init__(self, share: float) -> None:
        """A throttle to `share` of one core while the ledger has a backlog."""
        self._share = share
        self._committed: dict[Place, int] = {}
        self._moved_s: float | None = None
        self._is_on = False
        self._since: tuple[float, float] | None = None
        """A moment by a monotonic clock, and in processor time of this process."""

    def note_samples(self, ledger: Mapping[Place, Sample], now_s: float) -> None:
        """Take note of a sample of the ledger's group; `now_s` is of the same clock each time."""
        committed = {
            place: sample.committed
            for place, sample in ledger.items()
            if sample.committed is not None
        }
        if any(at > self._committed.get(place, at) for place, at in committed.items()):
            self._moved_s = now_s
        self._committed = committed
        left = sum(sample.left or 0 for sample in ledger.values())
        works = self._moved_s is not None and now_s - self._moved_s <= MOVED_S
        self._is_on = works and left >= BACKLOG

    def no_answer(self) -> None:
        """Take note that the position of the ledger is unknown: the watch is not throttled."""
        self._is_on = False

    def pause_s(self, now_s: float, cpu_s: float) -> float:
        """The pause that keeps the share; 0 where none is needed.

        Args:
            now_s: the present, by a monotonic clock.
            cpu_s: the processor time of this process.
        """
        if not self._is_on:
            self._since = None
            return 0.0
        since_s, since_cpu_s = self._since or (now_s, cpu_s)
        over_s = (cpu_s - since_cpu_s) / self._share - (now_s - since_s)
        self._since = (since_s, since_cpu_s)
        if over_s <= 0:
            self._since = (now_s, cpu_s)  # Unused time is not saved up.
            return 0.0
        return min(over_s, PAUSE_MAX_S)

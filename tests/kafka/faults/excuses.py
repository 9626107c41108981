"""Why a worker may end by itself: its only broker was away; nothing else will do.

Of several brokers one may be away: then a worker asks the others. One that was frozen hears from
its group what it has lost, and goes on.
"""

import math
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from tests.kafka.faults.workers import End

AFTER_S: Final = 20.0
"""For how long after the broker's return a worker may end because of it."""

CANNOT_GO_ON: Final = 3
"""The exit code of whoever cannot reach or trust what it needs."""

CODES: Final = frozenset((CANNOT_GO_ON, -signal.SIGTERM))
"""A worker that has said why it ends and is on its way out then dies of the SIGTERM it is sent."""


class Excuses:
    """When the broker was away: of several, one of them."""

    def __init__(self, brokers: int = 1) -> None:
        self._needs_each = brokers == 1
        self.away_s: list[tuple[float, float]] = []
        """From, to, on the clock of `time.monotonic`; to infinity while it lasts."""

    @contextmanager
    def broker_is_away(self) -> Iterator[None]:
        """Meanwhile the broker answers nobody."""
        since_s = time.monotonic()
        self.away_s.append((since_s, math.inf))
        try:
            yield
        finally:
            self.away_s[-1] = since_s, time.monotonic()

    def accept(self, end: End) -> bool:
        """Whether a worker had a reason to end so, then."""
        if end.was_asked:
            return True
        could_not = end.code in CODES and "worker_cannot_go_on" in end.why
        return self._needs_each and could_not and self.was_away(end.at_s, end.at_s)

    def was_away(self, since_s: float, until_s: float) -> bool:
        """Whether the broker was away, or shortly before, at any moment of a time."""
        return any(from_s <= until_s and since_s <= to_s + AFTER_S for from_s, to_s in self.away_s)

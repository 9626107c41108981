"""Why a worker may end by itself: it was frozen, or its broker was away; nothing else will do.

Of several brokers one may be away: then a worker asks the others, and has no reason to end because
of it. That its partitions went to another meanwhile is one. There a coordinator that moves tells
the one that was thawed later, which may then open what another has taken: the other is fenced.
"""

import math
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from tests.kafka.faults.workers import End

AFTER_S: Final = 20.0
"""For how long after its thaw, or the broker's return, a worker may end because of it."""

NOTICED_S: Final = 1.0
"""A freeze shorter than this is noticed by nobody, and excuses nothing."""

CANNOT_GO_ON: Final = 3
"""The exit code of whoever cannot reach or trust what it needs."""

SAME_NAME: Final = "keeps joining the group under the name"
"""On three brokers a worker may say so of itself: an answer to its join was lost, it joined again,
and the group takes the first of the two for another (decision 61; to be mended)."""

CODES: Final = frozenset((CANNOT_GO_ON, -signal.SIGTERM))
"""A worker that has said why it ends and is on its way out then dies of the SIGTERM it is sent."""

Spans = list[tuple[float, float]]
"""From, to, on the clock of `time.monotonic`; to infinity while it lasts."""


class Excuses:
    """What was done to whom and when, as far as it may end a worker."""

    def __init__(self, brokers: int = 1) -> None:
        self._needs_each = brokers == 1
        self.away_s: Spans = []
        """When the broker was away."""
        self.frozen_s: dict[str, Spans] = {}
        """When each worker was frozen."""

    @contextmanager
    def broker_is_away(self) -> Iterator[None]:
        """Meanwhile the broker answers nobody."""
        with _noted(self.away_s):
            yield

    @contextmanager
    def is_frozen(self, worker: str) -> Iterator[None]:
        """Meanwhile this worker is frozen."""
        with _noted(self.frozen_s.setdefault(worker, [])):
            yield

    def was_frozen(self, worker: str, since_s: float) -> None:
        """It was frozen from then until now."""
        until_s = time.monotonic()
        if until_s - since_s >= NOTICED_S:
            self.frozen_s.setdefault(worker, []).append((since_s, until_s))

    def accept(self, end: End) -> bool:
        """Whether a worker had a reason to end so, then."""
        if end.was_asked:
            return True
        if end.code not in CODES:
            return False
        frozen = [self.frozen_s.get(end.worker, [])] if self._needs_each else self.frozen_s.values()
        if "worker_fenced" in end.why and any(_meet(spans, end.at_s) for spans in frozen):
            return True
        if not self._needs_each and SAME_NAME in end.why:
            return True
        could_not = self._needs_each and "worker_cannot_go_on" in end.why
        return ("worker_fenced" in end.why or could_not) and _meet(self.away_s, end.at_s)

    def was_away(self, since_s: float, until_s: float) -> bool:
        """Whether the broker was away, or shortly before, at any moment of a time."""
        return _meet(self.away_s, since_s, until_s)


@contextmanager
def _noted(spans: Spans) -> Iterator[None]:
    since_s = time.monotonic()
    spans.append((since_s, math.inf))
    try:
        yield
    finally:
        spans[-1] = since_s, time.monotonic()


def _meet(spans: Spans, since_s: float, until_s: float | None = None) -> bool:
    until_s = since_s if until_s is None else until_s
    return any(from_s <= until_s and since_s <= to_s + AFTER_S for from_s, to_s in spans)

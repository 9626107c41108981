"""What was seen of every consumer at every place, for a while; and what follows from it. Pure."""

import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from services.runtime.ops.clock import later_s
from services.watch.lag.model import Consumer, Judged, Look, Place, State
from services.watch.lag.pace import drain_s, trend_of
from services.watch.lag.states import WINDOW_S, Rule, judge
from services.watch.lag.window import Window

OldestOf = Callable[[Place, int], float | None]
"""Tells the event time of the first record from an offset on; None where it does not know."""

NOT_KNOWN_NOW: Final = frozenset({Rule.CLUSTER_SILENT, Rule.NOT_LOOKED})
"""By these rules what was seen is too old to be shown as if it were so now."""

NOT_MOVING: Final = frozenset({State.BROKEN, State.STALLED, State.STOPPED, State.UNKNOWN})
"""In these states nothing is promised, whatever pace it had before."""


class _Wait(NamedTuple):
    """What waits at a place: the record at an offset, and since when at least."""

    committed: int
    since_s: float


@dataclass(slots=True)
class _Track:
    """The looks at one place."""

    looks: deque[Look] = field(default_factory=deque)
    begun_s: float = -math.inf
    """Since when the cluster has answered each time, and the clock has gone on."""
    interrupted: bool = False
    """Whether that begins with the next look."""
    wait: _Wait | None = None
    """Remembered for longer than the window: who died in the evening is late all night."""
    done_event_s: float | None = None
    """The latest that any word told: a worker that was started anew may tell an earlier one."""

    def add(self, look: Look) -> None:
        looks = self.looks
        while looks and looks[-1].at_s >= look.at_s:
            looks.pop()  # The clock was set back: what came later by it would never grow old.
            self.interrupted = True
        if self.interrupted:
            self.begun_s, self.interrupted = look.at_s, False
        looks.append(look)
        self._note_wait(look)
        if look.word is not None:
            self.done_event_s = later_s(self.done_event_s, look.word.done_event_s)
        while look.at_s - looks[0].at_s > WINDOW_S:
            looks.popleft()

    def _note_wait(self, look: Look) -> None:
        if look.committed is None or look.end is None:
            return  # What waited may wait still.
        if not look.left:
            self.wait = None
        elif (
            self.wait is None
            or self.wait.committed != look.committed
            or self.wait.since_s > look.at_s  # The clock was set back.
        ):
            self.wait = _Wait(look.committed, look.at_s)


class History:
    """What was seen; no more than `WINDOW_S` of it, whatever comes."""

    def __init__(self) -> None:
        self._tracks: dict[tuple[Consumer, Place], _Track] = {}
        self._silent = False

    def add(self, consumer: Consumer, place: Place, look: Look) -> None:
        """Note one look; looks at one place come in the order of their time."""
        self._silent = False
        self._tracks.setdefault((consumer, place), _Track()).add(look)

    def no_answer(self) -> None:
        """The cluster did not answer: who reads nothing meanwhile does not stand still."""
        self._silent = True
        for track in self._tracks.values():
            track.interrupted = True

    def has_lost_an_owner(self) -> bool:
        """Whether at the last look of all somebody was missing who had been there before."""
        latest_s = self._latest_s()
        return any(
            self._seen(track, latest_s).has_lost_its_owner
            for track in self._tracks.values()
            if track.looks[-1].at_s == latest_s
        )

    def judged(self, now_s: float, oldest_of: OldestOf | None = None) -> list[Judged]:
        """What is to be said of each consumer at each place, in the order of their first looks.

        A place that is looked at no longer while others are is forgotten with its last look.

        Args:
            now_s: the present, by the clock of the looks.
            oldest_of: asked for the event time of what is left where the word does not tell it.
        """
        latest_s = self._latest_s()
        return [
            self._judged(consumer, place, track, now_s, oldest_of)
            for (consumer, place), track in self._tracks.items()
            if latest_s - track.looks[-1].at_s <= WINDOW_S
        ]

    def _latest_s(self) -> float:
        return max((each.looks[-1].at_s for each in self._tracks.values()), default=0.0)

    def _seen(self, track: _Track, now_s: float) -> Window:
        return Window(track.looks, now_s, begun_s=track.begun_s, silent=self._silent)

    def _judged(
        self,
        consumer: Consumer,
        place: Place,
        track: _Track,
        now_s: float,
        oldest_of: OldestOf | None,
    ) -> Judged:
        seen = self._seen(track, now_s)
        rule, state, *_ = judge(seen)
        look, word = seen.last, seen.last.word
        if rule in NOT_KNOWN_NOW:
            nothing = (None,) * 5
            return Judged(consumer, place, state, rule, *nothing, track.done_event_s, *nothing)
        left = look.left
        oldest_event_s = None if word is None or left == 0 else word.oldest_event_s
        oldest_recorded_s = None if word is None or left == 0 else word.oldest_recorded_s
        if oldest_event_s is None and oldest_of and left and look.committed is not None:
            oldest_event_s = oldest_of(place, look.committed)
        return Judged(
            consumer,
            place,
            state,
            rule,
            look.committed,
            look.end,
            left,
            oldest_event_s,
            oldest_recorded_s,
            track.done_event_s,
            look.owner,
            trend_of(seen.tail),
            None if state in NOT_MOVING else drain_s(seen.tail),
            None if word is None else word.held,
            None if word is None else word.state,
            track.wait.since_s if left and track.wait and rule is not Rule.MARKERS_ALONE else None,
            seen.watched_s,
        )

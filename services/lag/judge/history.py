"""Recent samples of every consumer in every partition, and their judgement."""

import math
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from events.lag import Held, Partition, Stage, State
from events.topics import Place
from services.lag.judge.model import Consumer, Judgement, Sample, instant_of, stage_of
from services.lag.judge.states import WINDOW_S, Rule, judge
from services.lag.judge.window import Window, drain_s, trend_of
from services.runtime.ops.clock import later_s

OldestOf = Callable[[Place, int], float | None]
"""A source of the event time of the first record from an offset on; None where unknown."""

LatestOf = Callable[[Place], float | None]
"""A source of the event time of the last record of a partition; None where unknown."""

NOT_KNOWN_NOW: Final = frozenset({Rule.CLUSTER_SILENT, Rule.NOT_SAMPLED})
"""Rules by which the samples are too old to be shown as of now."""

NOT_DATED: Final = frozenset({State.UNKNOWN, State.OK, State.NO_TRAFFIC})
"""States of which nobody asks since when."""

NOT_MOVING: Final = frozenset({State.BROKEN, State.STALLED, State.STOPPED, State.UNKNOWN})
"""States without a time to drain, whatever the pace was before."""


class _Wait(NamedTuple):
    """The oldest waiting record of a partition: its offset, and since when it waits at least."""

    committed: int
    since_s: float


@dataclass(slots=True)
class _Track:
    """The samples of one partition."""

    samples: deque[Sample] = field(default_factory=deque)
    begun_s: float = -math.inf
    """The moment since which the cluster has answered each time, and the clock was not set back."""
    interrupted: bool = False
    """True if `begun_s` is to be set by the next sample."""
    wait: _Wait | None = None
    """Kept for longer than the window: a worker that died in the evening is late all night."""
    done_event_s: float | None = None
    """The latest of any status: a restarted worker may report an earlier one."""
    state: State = State.UNKNOWN
    """Its state at the last sample."""
    state_since_s: float | None = None
    """The begin of that state; None where the samples do not show it."""

    def add(self, sample: Sample) -> None:
        samples = self.samples
        while samples and samples[-1].at_s >= sample.at_s:
            samples.pop()  # The clock was set back: later samples would never expire.
            self.interrupted = True
        if self.interrupted:
            self.begun_s, self.interrupted = sample.at_s, False
        samples.append(sample)
        self._note_wait(sample)
        if sample.status is not None:
            self.done_event_s = later_s(self.done_event_s, sample.status.done_event_s)
        while sample.at_s - samples[0].at_s > WINDOW_S:
            samples.popleft()

    def note_state(self, seen: Window) -> None:
        """Note the state, and when it began: between two samples, or before all of them."""
        rule, at_s = judge(seen), seen.last.at_s
        if rule.state is self.state and (self.state_since_s or at_s) <= at_s:
            return  # Unless the clock was set back.
        begun_s = at_s - rule.lasted_s(seen)
        is_seen = rule.state not in NOT_DATED and bool(seen.tail) and begun_s > seen.tail[0].at_s
        self.state, self.state_since_s = rule.state, begun_s if is_seen else None

    def _note_wait(self, sample: Sample) -> None:
        if sample.committed is None or sample.end is None:
            return  # The record may still wait.
        if not sample.left:
            self.wait = None
        elif (
            self.wait is None
            or self.wait.committed != sample.committed
            or self.wait.since_s > sample.at_s  # The clock was set back.
        ):
            self.wait = _Wait(sample.committed, sample.at_s)


class History:
    """The samples of the last `WINDOW_S`."""

    def __init__(self) -> None:
        self._tracks: dict[tuple[Consumer, Place], _Track] = {}
        self._silent = False

    def add(self, consumer: Consumer, place: Place, sample: Sample) -> None:
        """Add one sample; those of one partition come in the order of their time."""
        self._silent = False
        track = self._tracks.setdefault((consumer, place), _Track())
        track.add(sample)
        track.note_state(self._build_window(track, sample.at_s))

    def no_answer(self) -> None:
        """Note that the cluster did not answer: a consumer that read nothing is not stalled."""
        self._silent = True
        for track in self._tracks.values():
            track.interrupted = True

    def has_lost_an_owner(self) -> bool:
        """True if a partition lost its owner between its last two samples."""
        latest_s = self._latest_s()
        return any(
            self._build_window(track, latest_s).has_lost_its_owner
            for track in self._tracks.values()
            if track.samples[-1].at_s == latest_s
        )

    def judge(
        self,
        now_s: float,
        oldest_of: OldestOf = lambda *_: None,
        latest_of: LatestOf = lambda _: None,
    ) -> list[Judgement]:
        """The judgement of each consumer in each partition, in the order of their first samples.

        A partition that is sampled no longer, while others are, expires with its last sample.

        Args:
            now_s: the present, by the clock of the samples.
            oldest_of: asked for the event time of the oldest record where no status has it.
            latest_of: asked for the last record of a partition that is processed to its end.
        """
        latest_s = self._latest_s()
        found = []
        for (consumer, place), track in self._tracks.items():
            if latest_s - track.samples[-1].at_s <= WINDOW_S:
                seen = self._build_window(track, now_s)
                found.append(Judgement(consumer, _row(place, track, seen, oldest_of, latest_of)))
        return found

    def _latest_s(self) -> float:
        return max((each.samples[-1].at_s for each in self._tracks.values()), default=0.0)

    def _build_window(self, track: _Track, now_s: float) -> Window:
        return Window(track.samples, now_s, begun_s=track.begun_s, silent=self._silent)


def _row(
    place: Place, track: _Track, seen: Window, oldest_of: OldestOf, latest_of: LatestOf
) -> Partition:
    rule, state, *_ = judge(seen)
    sample, status = seen.last, seen.last.status
    if rule in NOT_KNOWN_NOW:
        latest = instant_of(track.done_event_s)
        return Partition(*place, state, rule, latest_event_at=latest)
    left = sample.left
    oldest_event_s = None if status is None or left == 0 else status.oldest_event_s
    oldest_recorded_s = None if status is None or left == 0 else status.oldest_recorded_s
    if oldest_event_s is None and left and sample.committed is not None:
        oldest_event_s = oldest_of(place, sample.committed)
    # The status of a worker covers the last record of each transaction since its start, if any; a
    # consumer without anything left has processed every record of the partition.
    latest_of_all_s = latest_of(place) if left == 0 else None
    held = None if status is None else status.held
    # Kafka had the record when it was first seen, and its event had happened: it waits since then
    # at least.
    wait = track.wait if left and oldest_event_s is None and rule != Rule.MARKERS_ALONE else None
    return Partition(
        *place,
        state,
        rule,
        sample.committed,
        sample.end,
        left,
        instant_of(oldest_event_s),
        instant_of(oldest_recorded_s),
        instant_of(later_s(track.done_event_s, latest_of_all_s)),
        seen.watched_s,
        sample.owner,
        None if status is None else status.state,
        trend_of(seen.tail),
        None if state in NOT_MOVING else drain_s(seen.tail),
        None if held is None else Held(*held),
        instant_of(track.state_since_s) if state is track.state else None,
        None if wait is None else instant_of(wait.since_s),
    )


def stages_of(
    consumers: Iterable[Consumer], judged: Sequence[Judgement], members: Mapping[Consumer, int]
) -> tuple[Stage, ...]:
    """Every stage, in the order of `consumers`; one without samples is unknown.

    Args:
        consumers: the consumer groups of the deployment.
        judged: the judgement of each partition.
        members: the number of members of each group, where it is known now.
    """
    return tuple(
        stage_of(
            consumer.stage,
            consumer.group,
            [each.row for each in judged if each.consumer == consumer],
            members.get(consumer),
        )
        for consumer in consumers
    )

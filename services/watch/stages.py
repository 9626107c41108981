"""The stages of an event's way, each added up from the partitions that its group reads. Pure.

What one partition does not know, their sum does not know either.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from events.topics import (
    INPUT_TOPICS,
    JOURNAL,
    LEDGER_GROUP,
    PAYMENT_ORDERS,
    PROJECTOR_GROUP,
    WATCH_GROUP,
)
from services.runtime.ops.clock import later_s
from services.watch.lag.model import Consumer, Judged, Place, State, Trend
from services.watch.lag.states import Rule
from services.watch.settings import WATCHED

WORST_FIRST: Final = tuple(State)
"""The state of several is the first of these that one of them is in."""

TRENDS: Final[tuple[Trend, ...]] = ("up", "down", "level")
"""Likewise: what grows somewhere is not level."""

LEDGER_STAGE: Final = "ledger"
PROJECTOR_STAGE: Final = "projector"
WATCH_STAGE: Final = "watch"
TREASURY_STAGE: Final = "treasury"

LatestOf = Callable[[Place], float | None]
"""The event time of the last record of a partition, in seconds since 1970, as far as is known."""


class Row(NamedTuple):
    """One partition of a stage."""

    judged: Judged
    latest_event_s: float | None
    """The latest event time of what was done, in seconds since 1970."""


class Stage(NamedTuple):
    """All partitions of all topics that one group reads. Times are seconds since 1970."""

    consumer: Consumer
    state: State
    rule: str
    members: int | None
    behind: int | None
    oldest_event_s: float | None
    """Of what is known of the records that are not done; None: there are none, or none is known."""
    latest_event_s: float | None
    """The latest event time of what was done, as senders wrote it."""
    watched_s: float | None
    """For how long each of its partitions has been watched at least."""
    trend: Trend | None
    drain_s: float | None
    rows: tuple[Row, ...]

    def late_s(self, now_s: float) -> float | None:
        """For how long its oldest record waits, by event time; None where nobody knows."""
        if self.behind == 0:
            return 0.0
        return None if self.oldest_event_s is None else max(now_s - self.oldest_event_s, 0.0)


def consumers_of(treasury_group: str) -> tuple[Consumer, ...]:
    """The consumer groups of the deployment, in the order of an event's way.

    No treasury is expected where its group has no name.
    """
    own = (
        Consumer(LEDGER_STAGE, LEDGER_GROUP, INPUT_TOPICS),
        Consumer(PROJECTOR_STAGE, PROJECTOR_GROUP, (JOURNAL,)),
        Consumer(WATCH_STAGE, WATCH_GROUP, WATCHED),
    )
    if not treasury_group:
        return own
    return (*own, Consumer(TREASURY_STAGE, treasury_group, (PAYMENT_ORDERS,)))


def worst_of(states: Iterable[State]) -> State:
    """The state of all of them together; where there is none, nothing is known."""
    return min(states, key=WORST_FIRST.index, default=State.UNKNOWN)


def stages_of(
    consumers: Iterable[Consumer],
    judged: Sequence[Judged],
    latest_of: LatestOf,
    members: Mapping[Consumer, int],
) -> list[Stage]:
    """Every stage, in the order of `consumers`; one of which nothing was seen is unknown.

    `members` says how many each group has, where that is known just now.
    """
    return [
        _stage(
            consumer,
            [_row(each, latest_of) for each in judged if each.consumer == consumer],
            members.get(consumer),
        )
        for consumer in consumers
    ]


def _row(judged: Judged, latest_of: LatestOf) -> Row:
    # A word tells of the last record of each transaction since its worker started, if there is one;
    # who has nothing left has done all that stands there.
    latest_of_all_s = latest_of(judged.place) if judged.behind == 0 else None
    return Row(judged, later_s(judged.done_event_s, latest_of_all_s))


def _stage(consumer: Consumer, rows: Sequence[Row], members: int | None) -> Stage:
    judged = [row.judged for row in rows]
    worst = min(judged, key=lambda each: WORST_FIRST.index(each.state), default=None)
    late = [each for each in judged if each.behind != 0]
    oldest_s = [each.oldest_event_s for each in late if each.oldest_event_s is not None]
    return Stage(
        consumer,
        State.UNKNOWN if worst is None else worst.state,
        Rule.NOT_LOOKED if worst is None else worst.rule,
        members,
        _sum([each.behind for each in judged]),
        min(oldest_s, default=None),
        max((row.latest_event_s for row in rows if row.latest_event_s is not None), default=None),
        min((each.watched_s for each in judged if each.watched_s is not None), default=None),
        next((trend for trend in TRENDS if trend in {each.trend for each in judged}), None),
        _longest_s([each.drain_s for each in late]),
        tuple(rows),
    )


def _sum(counts: Sequence[int | None]) -> int | None:
    known = [each for each in counts if each is not None]
    return sum(known) if counts and len(known) == len(counts) else None


def _longest_s(spans_s: Sequence[float | None]) -> float | None:
    known = [each for each in spans_s if each is not None]
    return max(known) if known and len(known) == len(spans_s) else None
